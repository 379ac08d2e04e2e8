// How many steps of sequences are taken a second: leads are put into a sequence of one SMS by the people's own way, then all of them fall due at one
// instant. A step is over when the vendor has taken its message. Leads come in meanwhile, of which people want to be told as at any other time.

import { sleep } from '../lib/processes.mjs';
import { Poster, quantiles } from '../lib/turn.mjs';
import { reached } from './push.mjs';

/** Requests at a time by which leads are put into it. */
const AT_ONCE = 8;
/** Leads that come meanwhile, a second, and for how long: from when the steps fall due. */
const RATE = 2;
const MEANWHILE = 20;
/** So long nothing comes when the last one has come, seconds. */
const SILENCE = 30;

export async function sequences(side, service, pushService, { leads: many }, load) {
  const step = { kind: 'sms', after_minutes: 600, subject: null, text: "Hei {{ first_name or 'der' }}, her er {{ organization }}. Når passer det at vi ringer?" };
  const draft = { name: 'Bench', is_active: true, trigger: 'by_hand', filter: { forms: [], campaigns: [] }, steps: [step] };
  const leads = await reachable(side, many, draft);
  const { id } = await answered(201, side.post('/api/sequences', side.cookie, draft));
  const begun = performance.now();
  await atOnce(leads, async (lead, n) => {
    const { cookie } = side.agents[n % side.agents.length];
    await answered(201, side.post(`/api/leads/${lead}/sequence`, cookie, { sequence_id: id }));
  });
  const begin_seconds = (performance.now() - begun) / 1000;
  const poster = new Poster(side, { rate: RATE, total: RATE * MEANWHILE, ...load });
  await poster.ready();
  const due = Date.now() + 4000;
  await side.ask(`
    update sequence_runs set next_at = '${new Date(due).toISOString()}' where state = 'running';
    update jobs set run_at = '${new Date(due).toISOString()}' where kind = 'run_sequence_step';`);
  const before = service.taken.length;
  await sleep(due - Date.now());
  const spent = side.meter();
  poster.begin();
  const coming = async (done) => {
    for (let [seen, at] = [-1, Date.now()]; !(await done()) && Date.now() < at + SILENCE * 1000; await sleep(50)) {
      if (service.taken.length + service.reported !== seen) [seen, at] = [service.taken.length + service.reported, Date.now()];
    }
  };
  await coming(() => service.taken.length - before >= many);
  const cores = spent();
  await coming(async () => !service.under_way && (await side.idle()));
  const meanwhile = await reached(side, pushService, await poster.posts());
  await sleep(2000); // what comes twice comes now
  const taken = service.taken.slice(before);
  const seconds = (Math.max(...taken.map(({ at }) => at)) - due) / 1000;
  const [{ done, delivered, known }] = await side.ask(
    `select (select count(*)::int from sequence_runs where state = 'done') as done,
            (select count(*)::int from messages where purpose = 'sequence' and state = 'delivered') as delivered,
            (select count(*)::int from sequence_runs r join messages m on m.organization_id = r.organization_id and m.id = r.message_id
             where m.id = any('{${taken.map(({ message }) => message)}}')) as known`,
  );
  return {
    leads: many,
    begin_seconds,
    seconds,
    per_second: many / seconds,
    taken: taken.length,
    // A run's own message, each once; and numbers, of which every lead has another.
    missing: many - known,
    doubled: taken.length - new Set(taken.map(({ message }) => message)).size,
    numbers: new Set(taken.map(({ to }) => to)).size,
    done,
    delivered,
    early: taken.filter(({ at }) => at < due).length,
    meanwhile,
    taken_ms: quantiles(taken.map(({ at }) => at - due)),
    cores,
  };
}

/** Leads that the sequence would reach: it is asked of each, since some of what is seeded are numbers that take no SMS. */
async function reachable(side, many, sequence) {
  const found = [];
  for (let cursor = ''; found.length < many; ) {
    const answer = await fetch(`${side.url}/api/leads?view=all&status=new&limit=200${cursor && `&cursor=${cursor}`}`, { headers: { cookie: side.cookie } });
    const { items, next_cursor } = await answer.json();
    await atOnce(items, async ({ id }) => {
      const { steps } = await answered(200, side.post('/api/sequences/preview', side.cookie, { sequence, lead_id: id }));
      if (steps[0].obstacle === null) found.push(id);
    });
    cursor = next_cursor;
    if (!cursor) break;
  }
  if (found.length < many) throw new Error(`only ${found.length} leads can be written to`);
  return found.slice(0, many);
}

async function answered(status, asked) {
  const answer = await asked;
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${answer.url} was answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** Each of them, some at a time. */
async function atOnce(items, act) {
  const waiting = items.map((item, n) => [item, n]);
  const one = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await act(...next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
