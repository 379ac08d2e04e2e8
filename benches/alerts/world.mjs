// Where people are told: a few organizations with a hundred thousand leads that nobody has called yet, each of which waits for its step of the
// ladder, and as many jobs that wait for their day. The people of the largest one take pushes.

import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { query } from '../lib/postgres.mjs';
import { run, until } from '../lib/processes.mjs';
import { Ours } from '../lib/sides.mjs';
import { cpu, cpuWithChildren, machineCpu } from '../lib/system.mjs';

export const ORGANIZATIONS = 3;
/** The first that is seeded, and the largest. */
const SLUG = 'seed1-001';
/** An address may try so many logins within minutes, the owner's among them. */
const MOST = 24;

export class Desk extends Ours {
  email = `owner@${SLUG}.example`;

  constructor({ leads, ...options }) {
    super(options);
    this.leads = leads;
  }

  async found() {
    await this.nextmove('nextmove migrate', '', 'migrate');
    // So that the database tells when a row was committed, which no row can know of itself.
    appendFileSync(path.join(this.cluster, 'postgresql.auto.conf'), 'track_commit_timestamp = on\n');
    const begun = Date.now();
    const args = ['bench', 'seed', '--leads', String(this.leads), '--organizations', String(ORGANIZATIONS)];
    await run('nextmove bench seed', this.bin, args, { env: this.env, input: this.password, timeout: 30 * 60_000 });
    await this.connect(SLUG);
    this.seeded_seconds = (Date.now() - begun) / 1000;
  }

  ask(text) {
    return query(this.where(), text);
  }

  /** Nobody has called anybody: every lead waits for its first step, some from tomorrow on. Nine of ten are somebody's. */
  async watch() {
    // The desks have seen what was seeded of the last days, and told of it.
    await until('the desks look at what was seeded', this.server, async () => (await this.attended()) && (await this.idle()), 120);
    await this.ask(`
      truncate contact_attempts cascade;
      truncate lead_watches, notifications;
      delete from jobs where kind = 'end_snooze';
      create table bench_people as select organization_id, array_agg(user_id order by user_id) as agents from memberships where role = 'agent' group by 1;
      update leads l set status = 'new', lost_reason = null, attempt_count = 0, first_attempt_at = null, last_attempt_at = null, first_contact_at = null,
             last_contact_at = null, snoozed_until = null, due_at = times.due, next_at = times.due,
             assignee_id = case when n % 10 > 0 then agents[1 + n % cardinality(agents)] end, claimed_at = case when n % 10 > 0 then l.created_at end
      from (select organization_id, id, n, now() + interval '1 day' + n * interval '1 s' as due
            from (select organization_id, id, (row_number() over (order by created_at, id))::int as n from leads) numbered) times
           join bench_people using (organization_id)
      where l.organization_id = times.organization_id and l.id = times.id;
      insert into lead_watches (organization_id, lead_id, at, due_at, step) select organization_id, id, due_at, due_at, 0 from leads;
      insert into jobs (organization_id, kind, key, payload, run_at, created_at)
      select organization_id, 'end_snooze', id || ':' || due_at, jsonb_build_object('lead', id, 'until', due_at), due_at, now() from leads;`);
    await this.ask('vacuum analyze');
    const [{ watched, jobs }] = await this.ask(
      `select (select count(*)::int from lead_watches) as watched, (select count(*)::int from jobs where kind = 'end_snooze') as jobs`,
    );
    Object.assign(this, { watched, jobs });
  }

  /** The agents of the largest organization, signed in, each with so many browsers. */
  async people(service, browsers) {
    const [{ id, agents }] = await this.ask(
      `select o.id, cardinality(agents) as agents from organizations o join bench_people p on p.organization_id = o.id where slug = '${SLUG}'`,
    );
    this.organization = id;
    this.agents = [];
    for (let n = 1; n <= Math.min(agents, MOST); n++) {
      const { cookie, session } = await this.signIn(`agent${n}@${SLUG}.example`);
      const agent = { cookie, user: session.user.id, browsers: [] };
      for (let b = 0; b < browsers; b++) {
        const { number, subscription } = service.subscribe();
        const answer = await this.post('/api/me/devices', cookie, subscription);
        if (!answer.ok) throw new Error(`a browser was answered ${answer.status}: ${await answer.text()}`);
        agent.browsers.push(number);
      }
      this.agents.push(agent);
    }
    if (agents > MOST) throw new Error(`${agents} agents are more than may sign in from one address`);
  }

  post(where, cookie, body) {
    const headers = { 'content-type': 'application/json', origin: this.url, cookie };
    return fetch(this.url + where, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Every desk has read its organization's stream to the end. */
  async attended() {
    const [{ behind }] = await this.ask(
      `select count(*)::int as behind from event_heads h left join desk_heads d on d.organization_id = h.organization_id
       where d.sequence is distinct from (select max(sequence) from events e where e.organization_id = h.organization_id)`,
    );
    return behind === 0;
  }

  /** Nothing that is due is left undone. */
  async idle() {
    const [{ due }] = await this.ask("select count(*)::int as due from jobs where state <> 'dead' and run_at <= now()");
    return due === 0;
  }

  async buried() {
    return this.ask("select kind, count(*)::int as count, min(last_error) as why from jobs where state = 'dead' group by kind");
  }

  /** What of the machine is used from now on; what it gives tells it, in cores. */
  meter() {
    const read = () => [performance.now() / 1000, cpu(this.server.pid), cpuWithChildren(this.postgres), machineCpu().busy];
    const before = read();
    return () => {
      const [window, server, postgres, machine] = read().map((value, n) => value - before[n]);
      return { server: server / window, postgres: postgres / window, machine: machine / window };
    };
  }
}
