// What falls due while a hundred thousand others wait: steps of the ladder, half of them over the whole time and half of them at one instant, as when
// a business opens; and snoozes that end. Late is from when it was due to the commit by which it is done: the database tells of each row when that was.

import { sleep } from '../lib/processes.mjs';
import { Poster, quantiles } from '../lib/turn.mjs';

/** Leads that come meanwhile, a second. */
const RATE = 10;
/** From when they are set to the first that is due, and how long is waited for those that are late, seconds. */
const BEFORE = 5;
const AFTER = 30;

export async function timers(side, service, { steps, snoozes, seconds }, load) {
  const poster = new Poster(side, { rate: RATE, total: RATE * seconds, ...load });
  await poster.ready();
  const begin = Date.now() + BEFORE * 1000;
  await set(side, { steps, snoozes, seconds, begin });
  await sleep(begin - Date.now());
  const spent = side.meter();
  poster.begin();
  const posts = await poster.posts(2 * seconds + 120);
  await sleep(begin + seconds * 1000 - Date.now());
  const cores = spent();
  const deadline = Date.now() + AFTER * 1000;
  let taken;
  do {
    await sleep(1000);
    taken = await look(side, service);
  } while ((taken.missing || taken.asleep || taken.unpushed) && Date.now() < deadline);
  await sleep(2000); // what comes twice comes now
  taken = await look(side, service);
  return { watched: side.watched, jobs: side.jobs, steps, snoozes, seconds, refused: posts.filter((post) => !post.accepted).length, ...taken, cores };
}

/** Which are due, and when. The desks are woken, as by a lead that comes: each then sets its alarm. */
async function set(side, { steps, snoozes, seconds, begin }) {
  const at = (share) => `'${new Date(begin).toISOString()}'::timestamptz + ${share} * interval '${seconds} s'`;
  await side.ask(`
    create table bench_due as
      select organization_id, lead_id, ${at(`case when n <= ${steps / 2} then n / ${steps / 2}.0 else 0.5 end`)} as due
      from (select organization_id, lead_id, row_number() over (order by md5(lead_id::text)) as n from lead_watches) w where n <= ${steps};
    update lead_watches w set at = d.due, due_at = d.due from bench_due d where w.organization_id = d.organization_id and w.lead_id = d.lead_id;
    create table bench_asleep as
      select organization_id, id as job, (payload->>'lead')::uuid as lead_id, ${at(`n / ${snoozes}.0`)} as due
      from (select *, row_number() over (order by md5(key)) as n from jobs where kind = 'end_snooze') w where n <= ${snoozes};
    update leads l set snoozed_until = s.due from bench_asleep s where l.organization_id = s.organization_id and l.id = s.lead_id;
    update jobs j set run_at = s.due, payload = jsonb_build_object('lead', s.lead_id, 'until', s.due) from bench_asleep s where j.id = s.job;
    insert into jobs (organization_id, kind, key, payload, priority, run_at, created_at)
      select organization_id, 'attend', organization_id, jsonb_build_object('organization', organization_id), 60, now(), now() from bench_people
      on conflict do nothing;`);
}

/** What was done of it. A step tells whoever has the lead, or where nobody has it everybody who is there. */
async function look(side, service) {
  const due = await side.ask(
    `select extract(epoch from d.due)::float8 * 1000 as due, l.assignee_id, p.agents,
            array_agg(n.user_id) filter (where n.id is not null) as told, array_agg(n.alert_id) filter (where n.id is not null) as alerts,
            extract(epoch from min(pg_xact_commit_timestamp(n.xmin)))::float8 * 1000 as at
     from bench_due d join leads l on l.organization_id = d.organization_id and l.id = d.lead_id
          join bench_people p on p.organization_id = d.organization_id
          left join notifications n on n.organization_id = d.organization_id and n.lead_id = d.lead_id and n.kind = 'lead_waiting'
     group by d.organization_id, d.lead_id, d.due, l.assignee_id, p.agents`,
  );
  const pushes = new Map(service.taken.map((push) => [`${push.browser} ${push.alert}`, push]));
  const browsers = new Map(side.agents.map((agent) => [agent.user, agent.browsers]));
  const [late, pushed] = [[], []];
  let [missing, doubled, unpushed] = [0, 0, 0];
  for (const row of due) {
    const wanted = row.assignee_id ? [row.assignee_id] : row.agents;
    const told = row.told ?? [];
    missing += wanted.filter((user) => !told.includes(user)).length;
    // Twice, or somebody who has nothing to do with it.
    doubled += told.length - wanted.filter((user) => told.includes(user)).length;
    if (row.at !== null) late.push(row.at - row.due);
    for (const [n, user] of told.entries()) {
      for (const browser of browsers.get(user) ?? []) {
        const push = pushes.get(`${browser} ${row.alerts[n]}`);
        if (push) pushed.push(push.wall - row.due);
        else unpushed += 1;
      }
    }
  }
  const woken = await side.ask(
    `select extract(epoch from s.due)::float8 * 1000 as due, count(h.id)::int as times, extract(epoch from min(pg_xact_commit_timestamp(h.xmin)))::float8 * 1000 as at
     from bench_asleep s left join lead_history h on h.organization_id = s.organization_id and h.lead_id = s.lead_id and h.kind = 'woken' and h.at > s.due - interval '1 min'
     group by s.organization_id, s.lead_id, s.due`,
  );
  const [{ stray }] = await side.ask(
    `select count(*)::int as stray from lead_watches w where step > 0
     and not exists (select from bench_due d where d.organization_id = w.organization_id and d.lead_id = w.lead_id)`,
  );
  const ended = woken.filter((row) => row.at !== null).map((row) => row.at - row.due);
  return {
    fired: late.length,
    missing,
    doubled,
    early: [...late, ...ended].filter((ms) => ms < 0).length,
    // Steps of leads that were not due: those that came meanwhile are due later.
    stray,
    unpushed,
    pushed: pushed.length,
    woken: ended.length,
    asleep: woken.length - ended.length,
    woken_twice: woken.filter((row) => row.times > 1).length,
    late_ms: quantiles(late),
    pushed_ms: quantiles(pushed),
    woken_ms: quantiles(ended),
  };
}
