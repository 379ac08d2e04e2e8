// How soon people are told: from the webhook to a push that its service took, timers that fire among a hundred thousand, claims that come at
// once. `benches/run --only alerts`. Ours alone: the peer tells nobody.

import { createECDH, randomBytes } from 'node:crypto';
import http from 'node:http';
import { query } from './lib/postgres.mjs';
import { freePort, run, sleep } from './lib/processes.mjs';
import { Phones, drive, quantiles } from './lib/turn.mjs';

const PUSH = { rate: 20, seconds: 20, browsers: 3 };
/** Leads that are watched, and of these the ones that fall due while it is measured. */
const TIMERS = { pending: 100_000, due: 5_000, seconds: 30 };
const CLAIMS = { people: 8, taps: 6, rounds: 60 };

/** A push service that takes everything, and counts. */
class Service {
  async start() {
    this.port = await freePort();
    this.origin = `http://127.0.0.1:${this.port}`;
    this.taken = 0;
    this.server = http.createServer((request, answer) => {
      request.resume().on('end', () => {
        this.taken += 1;
        answer.writeHead(201).end();
      });
    });
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  subscription() {
    const key = createECDH('prime256v1');
    key.generateKeys();
    return {
      endpoint: `${this.origin}/push/${randomBytes(8).toString('hex')}`,
      keys: { p256dh: key.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') },
    };
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function post(side, path, cookie, body) {
  const headers = { 'content-type': 'application/json', origin: side.url, cookie };
  return fetch(side.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function sign(side, email, password) {
  const answer = await post(side, '/api/session', '', { email, password });
  if (!answer.ok) throw new Error(`${email} cannot sign in: ${answer.status}`);
  return answer.headers.getSetCookie()[0].split(';', 1)[0];
}

const milliseconds = (rows) => quantiles(rows.map((row) => +row.ms));

/** From the delivery of a webhook to the push service's 201, for each lead: both by the server's clock. */
async function pushes(side, service, options) {
  for (let n = 0; n < PUSH.browsers; n++) {
    const answer = await post(side, '/api/me/devices', side.cookie, service.subscription());
    if (!answer.ok) throw new Error(`a browser is refused: ${await answer.text()}`);
  }
  const phones = new Phones(side, options);
  await phones.open(10);
  const since = new Date().toISOString();
  const { lost, refused } = await drive(side, phones, { rate: PUSH.rate, warm: 2, seconds: PUSH.seconds, ...options });
  await phones.close();
  await sleep(4000);
  const rows = await query(
    side.where(),
    `select extract(epoch from min(d.settled_at) - l.received_at) * 1000 as ms
     from leads l join notifications n on n.lead_id = l.id and n.kind = 'new_lead'
          left join alert_deliveries d on d.alert_id = n.alert_id and d.channel = 'push' and d.state in ('accepted', 'arrived')
     where l.received_at > '${since}' group by l.id, l.received_at`,
  );
  const untold = rows.filter((row) => row.ms === null).length;
  return { leads: rows.length, lost, refused, untold, taken: service.taken, ...milliseconds(rows.filter((row) => row.ms !== null)) };
}

/** How late a step of the ladder is taken, while a hundred thousand others wait. */
async function timers(side, options) {
  const where = side.where();
  const [{ id }] = await query(where, "select id from organizations where slug = 'bench'");
  const begin = new Date(Date.now() + 20_000).toISOString();
  await query(
    where,
    `with new as (
       insert into leads (organization_id, id, source, created_at, received_at, updated_at, opens_at, due_at, next_at)
       select '${id}', gen_random_uuid(), 'meta', due - interval '15 min', due - interval '15 min', due, due - interval '15 min', due, due
       from (select case when n <= ${TIMERS.due} then '${begin}'::timestamptz + n * interval '${TIMERS.seconds * 1000} ms' / ${TIMERS.due}
                         else '${begin}'::timestamptz + interval '1 day' + n * interval '1 s' end as due
             from generate_series(1, ${TIMERS.pending}) n) times
       returning organization_id, id, due_at)
     insert into lead_watches (organization_id, lead_id, at, due_at, step) select organization_id, id, due_at, due_at, 0 from new`,
  );
  await query(where, 'analyze leads');
  await query(where, 'analyze lead_watches');
  // A lead comes: the desk looks, and sets its alarm.
  const phones = new Phones(side, options);
  await phones.open(1);
  await drive(side, phones, { rate: 1, warm: 0, seconds: 1, ...options });
  await phones.close();
  await sleep(Math.max(0, Date.parse(begin) + TIMERS.seconds * 1000 + 8_000 - Date.now()));
  const rows = await query(
    where,
    `select extract(epoch from n.at - (n.data->>'due_at')::timestamptz) * 1000 as ms
     from notifications n where n.kind = 'lead_waiting' and (n.data->>'step')::int = 0 and (n.data->>'due_at')::timestamptz >= '${begin}'`,
  );
  return { pending: TIMERS.pending, due: TIMERS.due, fired: rows.length, ...milliseconds(rows) };
}

/** Several people tap the same lead at once, several times each. */
async function claims(side) {
  const people = [];
  for (let n = 1; n <= CLAIMS.people; n++) {
    const email = `agent${n}@example.com`;
    const password = randomBytes(18).toString('base64url');
    const args = ['user', 'create', '--email', email, '--name', `Agent ${n}`, '--organization', 'bench', '--role', 'agent'];
    await run('nextmove user create', side.bin, args, { env: side.env, input: password });
    people.push(await sign(side, email, password));
  }
  const list = await (await fetch(`${side.url}/api/leads?view=all&limit=200`, { headers: { cookie: side.cookie } })).json();
  const free = list.items.filter((lead) => !lead.assignee_id).slice(0, CLAIMS.rounds);
  const times = [];
  const winners = [];
  const other = new Map();
  for (const lead of free) {
    const taps = people.flatMap((cookie, person) => Array.from({ length: CLAIMS.taps }, () => ({ cookie, person })));
    const won = new Set();
    await Promise.all(
      taps.map(async ({ cookie, person }) => {
        const begun = performance.now();
        const answer = await post(side, `/api/leads/${lead.id}/claim`, cookie, {});
        await answer.arrayBuffer();
        times.push(performance.now() - begun);
        if (answer.ok) won.add(person);
        else other.set(answer.status, (other.get(answer.status) ?? 0) + 1);
      }),
    );
    winners.push(won.size);
  }
  return { rounds: free.length, taps: CLAIMS.people * CLAIMS.taps, one_winner: winners.filter((n) => n === 1).length, refused: Object.fromEntries(other), ...quantiles(times) };
}

/** All of it, on a server of its own. */
export async function alerts(side, options) {
  const service = new Service();
  await service.start();
  side.env.PUSH_ORIGINS = service.origin;
  try {
    await side.start();
    const result = { push: await pushes(side, service, options), timers: await timers(side, options), claims: await claims(side) };
    await side.stop();
    return result;
  } finally {
    service.stop();
  }
}

const ms = (value) => (Number.isFinite(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : '–');

export function alertsMarkdown({ push, timers, claims }, machine) {
  return `## Who is told, and how soon

\`benches/run --only alerts --record\`, ${machine}. The push service is on this machine and answers at once.

| | p50 | p95 | p99 | longest | |
|---|---|---|---|---|---|
| webhook received → push taken by its service | ${ms(push.p50)} | ${ms(push.p95)} | ${ms(push.p99)} | ${ms(push.max)} | ${PUSH.rate} leads/s, ${PUSH.browsers} browsers; ${push.leads} leads, ${push.untold} not told of; wanted: p95 ≤ 2 s |
| a step of the ladder falls due → taken | ${ms(timers.p50)} | ${ms(timers.p95)} | ${ms(timers.p99)} | ${ms(timers.max)} | ${timers.pending.toLocaleString('en')} pending, ${timers.due.toLocaleString('en')} due within ${TIMERS.seconds} s, ${timers.fired.toLocaleString('en')} fired; wanted: p99 ≤ 5 s |
| a claim among ${claims.taps} at once → answered | ${ms(claims.p50)} | ${ms(claims.p95)} | ${ms(claims.p99)} | ${ms(claims.max)} | ${claims.one_winner} of ${claims.rounds} leads with exactly one winner |
`;
}
