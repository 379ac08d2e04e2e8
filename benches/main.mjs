// Both servers, turn by turn. `benches/run` prepares what this needs.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PARTS, alerts } from './alerts.mjs';
import { alertsMarkdown, alertsTable } from './alerts/report.mjs';
import { HalfOpen } from './lib/half-open.mjs';
import { ALERTS, renew, SCALE } from './lib/page.mjs';
import { freePort, lines, sleep, start, stopAll } from './lib/processes.mjs';
import { markdown, scaleMarkdown, scaleTable, table } from './lib/report.mjs';
import { Ours, Peer } from './lib/sides.mjs';
import { machine, resident } from './lib/system.mjs';
import { Phones, drive } from './lib/turn.mjs';
import { Scale } from './scale.mjs';

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '3' },
    only: { type: 'string', default: 'live-100,live-300,few-400,search,idle,alerts' },
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    leads: { type: 'string' },
    organizations: { type: 'string', default: '100' },
  },
});
const only = flags.only.split(',');
const pairs = flags.quick ? 1 : Math.min(Math.max(+flags.pairs || 3, 1), 10);
const seconds = flags.quick ? 5 : 10;
const warm = flags.quick ? 3 : 5;

const LIVE = [
  { id: 'live-100', title: '500 phones, 100 leads/s', phones: 500, rate: 100 },
  { id: 'live-300', title: '500 phones, 300 leads/s', phones: 500, rate: 300 },
  { id: 'few-400', title: '20 phones, 400 leads/s', phones: 20, rate: 400 },
];
/** The search: this many phones, p99 from the scheduled instant to the phone at most this, nothing lost. */
const SEARCH = { phones: 50, p99: 250, from: 200, to: 6400, steps: 4, seconds: 5, warm: 2 };
/** Not in a home, which the database's user may not be able to pass. */
const SEEDED = '/var/tmp/nextmove-bench';
/** No run takes longer. */
const LONGEST = 45 * 60_000;
/** Connections that never become requests, while leads come in. Ours alone: the peer has no answer to them. */
const HALF_OPEN = { sockets: 10_000, phones: 20, rate: 100 };
const IDLE = { steps: [500, 1000, 1500, 2000] };

const folder = mkdtempSync(path.join(os.tmpdir(), 'nextmove-bench-'));
chmodSync(folder, 0o711); // PostgreSQL's user passes
const logs = path.join(folder, 'logs');
mkdirSync(logs);
const { NEXTMOVE_BIN, PG_BIN, LOAD_BIN } = process.env;
const heading = (text) => console.log(`\n\x1b[1m▸ ${text}\x1b[0m`);

/** All that was measured, as it is. */
function keep(name, result) {
  const out = path.join(import.meta.dirname, 'results');
  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}

/** Both have lived a little: leads, and the statistics that autovacuum would have gathered within a minute. */
async function seed(side, graphPid) {
  await side.start();
  const phones = new Phones(side, { bin: LOAD_BIN, logs });
  await phones.open(10);
  const { lost, refused } = await drive(side, phones, { rate: 150, warm: 1, seconds: 10, bin: LOAD_BIN, folder, logs, graphPid });
  await phones.close();
  await side.analyze();
  await side.stop();
  if (lost || refused) console.log(`  ${side.name}: ${refused} refused and ${lost} lost already here`);
}

async function live(side, scenario, graphPid) {
  await side.start();
  const residentBefore = resident(side.server.pid);
  const phones = new Phones(side, { bin: LOAD_BIN, logs });
  await phones.open(scenario.phones);
  const result = await drive(side, phones, { rate: scenario.rate, warm, seconds, bin: LOAD_BIN, folder, logs, graphPid });
  await phones.close();
  await side.stop();
  return { side: side.name, resident_before_bytes: residentBefore, ...result };
}

/** Until what is under way is stored: a server that keeps what it could not do yet must not pay for it in the next turn. */
async function settle(side) {
  let before = -1;
  for (let waited = 0; waited < 120; waited++) {
    const { rows } = await side.stored();
    if (rows === before) return;
    before = rows;
    await sleep(1000);
  }
}

/** The highest rate that is held: doubled until it is not, then halved in between. What fails is tried once more. */
async function search(side, graphPid) {
  const probes = [];
  async function once(rate) {
    await side.start();
    const phones = new Phones(side, { bin: LOAD_BIN, logs });
    await phones.open(SEARCH.phones);
    const options = { rate, warm: SEARCH.warm, seconds: SEARCH.seconds, bin: LOAD_BIN, folder, logs, graphPid };
    const result = await drive(side, phones, options);
    await phones.close();
    await settle(side);
    await side.stop();
    const held = result.live_ms.p99 <= SEARCH.p99 && !result.refused && !result.lost && !result.lost_on_phones;
    probes.push({ held, ...result });
    console.log(
      `  ${side.name.padEnd(9)} ${String(rate).padStart(5)}/s  p99 ${result.live_ms.p99.toFixed(0)} ms  ${held ? 'held' : 'not held'}` +
        `${result.saturated ? `  (the poster was ${result.poster_late_ms.toFixed(0)} ms late)` : ''}`,
    );
    return held;
  }
  const holds = async (rate) => (await once(rate)) || (await once(rate));
  let held = 0;
  let rate = SEARCH.from;
  while (rate <= SEARCH.to && (await holds(rate))) [held, rate] = [rate, rate * 2];
  let broken = rate;
  for (let step = 0; held && rate <= SEARCH.to && step < SEARCH.steps; step++) {
    const middle = Math.round((held + broken) / 2);
    if (await holds(middle)) held = middle;
    else broken = middle;
  }
  return { side: side.name, rate: held, probes };
}

async function idle(side) {
  await side.start();
  const phones = new Phones(side, { bin: LOAD_BIN, logs });
  await phones.open(11, 10); // the code is warm
  await sleep(1000);
  const before = resident(side.server.pid);
  const steps = [];
  for (const [n, many] of IDLE.steps.entries()) {
    const opening = Date.now();
    await phones.add(many - (IDLE.steps[n - 1] ?? 0));
    const milliseconds = Date.now() - opening;
    await sleep(1000);
    steps.push({ sockets: many, resident_bytes: resident(side.server.pid), milliseconds });
  }
  const { open, sockets } = await phones.crowdCount();
  await phones.close();
  await side.stop();
  const last = steps.at(-1);
  return { side: side.name, before_bytes: before, steps, dropped_sockets: sockets - open, bytes_per_socket: (last.resident_bytes - before) / last.sockets };
}

/** Ours alone: the rival tells nobody. `alerts-push` and so on run one part of it, and record nothing. */
async function told(facts, common) {
  const parts = only.includes('alerts') ? PARTS : PARTS.filter((part) => only.includes(`alerts-${part}`));
  heading('Who is told, and how soon');
  const say = (line) => console.log(`  ${line}`);
  const leads = flags.leads && +flags.leads;
  const options = { ...common, folder: path.join(folder, 'alerts'), bin: NEXTMOVE_BIN, loadBin: LOAD_BIN, app: '/nonexistent' };
  mkdirSync(options.folder, { mode: 0o711 });
  const result = { facts, ...(await alerts({ ...options, quick: flags.quick, leads, parts, say })) };
  console.log(`\n${alertsTable(result)}`);
  keep('alerts', result);
  if (flags.record && parts.length === PARTS.length) renew(alertsMarkdown(result), ALERTS);
}

/** Ours alone: the rival has no tenants, and nothing that is sealed. */
async function scale(facts) {
  const [leads, organizations] = [+(flags.leads ?? 1_000_000), +flags.organizations];
  heading(`${leads} leads in ${organizations} organizations`);
  const world = new Scale({ folder, bin: NEXTMOVE_BIN, pgBin: PG_BIN, cache: SEEDED, leads, organizations });
  await world.prepare();
  await world.start();
  const result = { facts, ...(await world.drive(flags.quick ? 10 : 60, flags.quick ? 5 : 20)) };
  await world.stop();
  console.log(`\n${scaleTable(result)}`);
  if (flags.record) renew(scaleMarkdown(result), SCALE);
}

async function halfOpen(side, graphPid) {
  await side.start();
  const crowd = new HalfOpen(side.port, HALF_OPEN.sockets);
  const phones = new Phones(side, { bin: LOAD_BIN, logs });
  await phones.open(HALF_OPEN.phones);
  await crowd.begin();
  const open = crowd.open.size;
  const result = await drive(side, phones, { rate: HALF_OPEN.rate, warm, seconds: 2 * seconds, bin: LOAD_BIN, folder, logs, graphPid });
  const { thrownOut } = crowd;
  crowd.close();
  await phones.close();
  await side.stop();
  return { side: side.name, open, thrown_out: thrownOut, ...result };
}

async function main() {
  const facts = machine(PG_BIN);
  if (only.includes('scale')) await scale(facts);
  if (only.every((id) => id === 'scale')) return;
  const port = await freePort();
  const graph = start('graph', process.execPath, [path.join(import.meta.dirname, 'graph.mjs'), String(port)], { folder: logs });
  await lines(graph)('starting Graph');
  const common = { folder, graph: `http://127.0.0.1:${port}`, pgBin: PG_BIN };
  const isOwn = (id) => id === 'scale' || id.startsWith('alerts');
  if (!only.every(isOwn)) await beside(facts, common, graph);
  if (only.some((id) => id.startsWith('alerts'))) await told(facts, common);
}

/** Ours and the rival, pair by pair. */
async function beside(facts, common, graph) {
  const ours = new Ours({ ...common, bin: NEXTMOVE_BIN, app: path.join(import.meta.dirname, '../pwa/dist') });
  const peer = new Peer(common);
  heading('Preparing both');
  await ours.prepare();
  await peer.prepare();
  for (const side of [ours, peer]) await seed(side, graph.pid);

  const results = { facts, load_before: os.loadavg(), pairs, seconds, warm, live: {}, search: [], idle: [] };
  for (const scenario of LIVE.filter(({ id }) => only.includes(id))) {
    heading(scenario.title);
    results.live[scenario.id] = { ...scenario, turns: [] };
    for (let pair = 1; pair <= pairs; pair++) {
      for (const side of [ours, peer]) {
        const turn = { pair, ...(await live(side, scenario, graph.pid)) };
        results.live[scenario.id].turns.push(turn);
        const { answer_ms: a, live_ms: l, machine: m } = turn;
        const ms = (q) => [q.p50, q.p95, q.p99].map((v) => v.toFixed(1).padStart(6)).join(' ');
        console.log(
          `  ${pair} ${side.name.padEnd(9)} answered ${ms(a)}  on the phone ${ms(l)} ms (p50 p95 p99)  cores: server ${m.server.toFixed(2)} ` +
            `database ${m.postgres.toFixed(2)} Graph ${m.graph.toFixed(2)} load ${m.load.toFixed(2)} others ${m.others.toFixed(2)}` +
            `${turn.refused + turn.lost + turn.lost_on_phones + turn.doubled + turn.dropped_sockets ? `  REFUSED ${turn.refused} LOST ${turn.lost} NOT SEEN ${turn.lost_on_phones} DOUBLED ${turn.doubled} DROPPED ${turn.dropped_sockets}` : ''}` +
            `${turn.saturated ? `  (the poster was ${turn.poster_late_ms.toFixed(0)} ms late)` : ''}`,
        );
      }
    }
  }
  if (only.includes('search')) {
    heading(`The highest rate held: ${SEARCH.phones} phones, p99 ≤ ${SEARCH.p99} ms`);
    for (let pair = 1; pair <= (pairs >= 3 ? 2 : 1); pair++) {
      for (const side of [ours, peer]) results.search.push({ pair, ...(await search(side, graph.pid)) });
    }
  }
  if (only.includes('idle')) {
    heading('Idle phones');
    for (const side of [ours, peer]) {
      const result = await idle(side);
      results.idle.push(result);
      console.log(`  ${side.name.padEnd(9)} ${result.steps.map((s) => `${s.sockets}: ${(s.resident_bytes / 2 ** 20).toFixed(0)} MiB`).join('  ')}`);
    }
  }
  if (only.includes('half-open')) {
    heading(`${HALF_OPEN.sockets} half-open connections, ${HALF_OPEN.rate} leads/s`);
    const result = await halfOpen(ours, graph.pid);
    results.half_open = result;
    const ms = (q) => [q.p50, q.p95, q.p99].map((v) => v.toFixed(1).padStart(6)).join(' ');
    console.log(
      `  ${result.open} open, ${result.thrown_out} thrown out and back; answered ${ms(result.answer_ms)}  on the phone ${ms(result.live_ms)} ms (p50 p95 p99)` +
        `  refused ${result.refused} lost ${result.lost} not seen ${result.lost_on_phones} dropped ${result.dropped_sockets}`,
    );
    if (result.refused + result.lost + result.lost_on_phones) throw new Error('half-open connections kept leads out');
  }
  results.load_after = os.loadavg();
  console.log(`\n${table(results)}`);
  keep('latest', results);
  if (flags.record) renew(markdown(results));
}

let ending;
async function end(code) {
  ending ??= stopAll().then(() => {
    if (code === 0 && !flags.keep) rmSync(folder, { recursive: true, force: true });
    else console.error(`The logs are in ${logs}`);
    process.exit(code);
  });
  await ending;
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(1));
// A closed pipe is one, when the output goes to `head`: no server may be left behind.
process.on('uncaughtException', (error) => {
  process.exitCode = 1;
  try {
    console.error(`benches/run: ${error.message}`);
  } catch {
    // nobody reads
  }
  end(1);
});
const deadline = setTimeout(() => process.emit('SIGTERM'), LONGEST);
deadline.unref();

main().then(
  () => end(0),
  (error) => {
    console.error(`\nbenches/run: ${error.message}`);
    if (process.env.DEBUG) console.error(error);
    return end(1);
  },
);
