// The results for people: one table on the terminal, and docs/BENCHMARKS.md.

import { SCALE } from './page.mjs';

export const median = (values) => {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (!sorted.length) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const number = (value) => {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 || value === 0 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
};
const mebibytes = (bytes) => bytes / 2 ** 20;

/** Rows of a scenario: what, unit, how to read it from a turn, whether less is better. */
const ROWS = [
  ['answered, p50', 'ms', (t) => t.answer_ms.p50],
  ['answered, p95', 'ms', (t) => t.answer_ms.p95],
  ['answered, p99', 'ms', (t) => t.answer_ms.p99],
  ['on the phone, p50', 'ms', (t) => t.live_ms.p50],
  ['on the phone, p95', 'ms', (t) => t.live_ms.p95],
  ['on the phone, p99', 'ms', (t) => t.live_ms.p99],
  ['on the phone, p99 from sending', 'ms', (t) => t.live_from_sending_ms.p99],
  ['server, processor time per 1,000 leads', 's', (t) => t.server_cpu_per_1000],
  ['PostgreSQL, processor time per 1,000 leads', 's', (t) => t.postgres_cpu_per_1000],
  ['resident memory before', 'MiB', (t) => mebibytes(t.resident_before_bytes)],
  ['resident memory after', 'MiB', (t) => mebibytes(t.resident_bytes)],
];

function compare(ours, peer) {
  return { ours: median(ours), peer: median(peer), ratio: median(ours) / median(peer), ahead: ours.filter((value, n) => value < peer[n]).length, of: ours.length };
}

/** Everything that is compared: `{ title, rows: [{ what, unit, ours, peer, ratio, ahead, of }] }`. */
function sections(results) {
  const all = Object.values(results.live).map(({ title, turns }) => {
    const of = (name, read) => turns.filter((turn) => turn.side === name).map(read);
    const rows = ROWS.map(([what, unit, read]) => ({ what, unit, ...compare(of('NextMove', read), of('peer', read)) }));
    const sums = (name) => {
      const sum = (read) => of(name, read).reduce((a, b) => a + b, 0);
      return [sum((t) => t.posted), sum((t) => t.refused), sum((t) => t.lost), sum((t) => t.lost_on_phones), sum((t) => t.doubled)].join(' / ');
    };
    rows.push({ what: 'posted / refused / lost / not on a phone / doubled', ours: sums('NextMove'), peer: sums('peer') });
    return { title, rows };
  });
  const of = (list, name, read) => list.filter(({ side }) => side === name).map(read);
  const rest = [];
  if (results.search.length) {
    const rates = (name) => of(results.search, name, (s) => s.rate);
    const [ours, peer] = [rates('NextMove'), rates('peer')];
    rest.push({ what: 'highest rate held', unit: 'leads/s', ours: median(ours), peer: median(peer), ratio: median(ours) / median(peer), ahead: ours.filter((v, n) => v > peer[n]).length, of: ours.length });
  }
  if (results.idle.length) {
    const row = (what, unit, read) => ({ what, unit, ...compare(of(results.idle, 'NextMove', read), of(results.idle, 'peer', read)) });
    rest.push(row('resident memory, nobody connected', 'MiB', (i) => mebibytes(i.before_bytes)));
    rest.push(row('resident memory, 2,000 idle phones', 'MiB', (i) => mebibytes(i.steps.at(-1).resident_bytes)));
    rest.push(row('an idle phone', 'kB', (i) => i.bytes_per_socket / 1000));
    rest.push(row('2,000 phones connect, one after the other', 's', (i) => i.steps.reduce((sum, s) => sum + s.milliseconds, 0) / 1000));
  }
  if (rest.length) all.push({ title: 'Limits', rows: rest });
  return all;
}

const cell = (value) => (typeof value === 'number' ? number(value) : value);
const cells = (row) => [
  row.unit ? `${row.what}, ${row.unit}` : row.what,
  cell(row.ours),
  cell(row.peer),
  row.ratio === undefined ? '' : `${number(row.ratio)} ×`,
  row.of === undefined ? '' : `${row.ahead} of ${row.of}`,
];
const HEAD = ['', 'NextMove', 'peer', 'ours ÷ peer', 'ahead in pairs'];

/** What PRODUCT promises, and whether this run kept it: `{ target, kept, measured }`. */
export function verdicts(results) {
  const told = [];
  const say = (target, kept, measured) => told.push({ target, kept, measured });
  const turns = (id, name) => results.live[id]?.turns.filter((turn) => turn.side === name) ?? [];
  const middle = (id, read) => median(turns(id, 'NextMove').map(read));
  const pairs = (id, read) => {
    const [ours, peer] = [turns(id, 'NextMove').map(read), turns(id, 'peer').map(read)];
    return [ours.filter((value, n) => value <= peer[n]).length, ours.length];
  };
  const ahead = (target, id, read) => {
    const [won, of] = pairs(id, read);
    say(target, won === of, `${won} of ${of} pairs`);
  };
  if (turns('live-300', 'NextMove').length) {
    const p99 = middle('live-300', (t) => t.answer_ms.p99);
    say('webhook answered: p99 ≤ 10 ms at 300/s', p99 <= 10, `${number(p99)} ms`);
    ahead('webhook answered: p99 at 300/s not behind the peer', 'live-300', (t) => t.answer_ms.p99);
  }
  if (turns('live-100', 'NextMove').length) {
    const [p50, p99] = [middle('live-100', (t) => t.live_ms.p50), middle('live-100', (t) => t.live_ms.p99)];
    say('webhook → phone: p50 ≤ 6 ms at 100/s, 500 phones', p50 <= 6, `${number(p50)} ms`);
    say('webhook → phone: p99 ≤ 60 ms at 100/s, 500 phones', p99 <= 60, `${number(p99)} ms`);
    for (const q of ['p50', 'p95', 'p99']) ahead(`webhook → phone: ${q} at 100/s not behind the peer`, 'live-100', (t) => t.live_ms[q]);
  }
  if (results.search.length) {
    const rate = (name) => median(results.search.filter(({ side }) => side === name).map((s) => s.rate));
    const ratio = rate('NextMove') / rate('peer');
    say('highest rate held ≥ 1.5 × the peer’s', ratio >= 1.5, `${number(ratio)} ×`);
  }
  const wrong = Object.values(results.live)
    .flatMap(({ turns: all }) => all)
    .filter((turn) => turn.side === 'NextMove')
    .reduce((sum, t) => sum + t.refused + t.lost + t.lost_on_phones + t.doubled, 0);
  say('nothing refused, lost or doubled', wrong === 0, String(wrong));
  return told;
}

function remarks(results) {
  const turns = Object.values(results.live).flatMap(({ turns: all }) => all);
  const probes = results.search.flatMap(({ probes: all }) => all);
  const told = [];
  const others = Math.max(...[...turns, ...probes].map((turn) => turn.machine.others), 0);
  if (turns.length + probes.length) told.push(`Other programs of the machine took up to ${number(others)} of its ${results.facts.cores} cores during a turn.`);
  const full = turns.filter((turn) => turn.saturated);
  if (full.length) {
    told.push(`In ${full.length} of ${turns.length} turns the poster was late by more than 20 ms at p99 although a connection was free: it shares the cores with what it measures. Latency counts from the schedule, so this is in the numbers.`);
  }
  const late = probes.filter((probe) => probe.saturated).length;
  if (late) told.push(`In ${late} of ${probes.length} probes of the search the poster was late: there the machine was full, generator and all.`);
  return told;
}

export function table(results) {
  const lines = [];
  for (const { title, rows } of sections(results)) {
    const all = [[title, ...HEAD.slice(1)], ...rows.map(cells)];
    const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column].length)));
    for (const row of all) lines.push(row.map((text, column) => (column ? text.padStart(widths[column]) : text.padEnd(widths[column]))).join('  '));
    lines.push('');
  }
  for (const { target, kept, measured } of verdicts(results)) lines.push(`${kept ? '✓' : '✗'} ${target}: ${measured}`);
  lines.push('', ...remarks(results));
  return lines.join('\n');
}

export function markdown(results) {
  const { facts } = results;
  const row = (list) => `| ${list.join(' | ')} |`;
  const block = ({ title, rows }) =>
    [`### ${title}`, '', row(['', ...HEAD.slice(1)]), '|---|---:|---:|---:|---:|', ...rows.map((r) => row(cells(r))), ''].join('\n');
  const kept = verdicts(results).map(({ target, kept: is, measured }) => row([target, measured, is ? 'kept' : '**not kept**']));
  return `# Benchmarks

\`make bench\` measures the server beside the stack that the lead specification names (Node, Express, Socket.IO, PostgreSQL: \`benches/peer\`),
on the same machine, one right after the other. \`make bench ARGS=--record\` renews this page. Only the ratios of one run mean anything elsewhere.

## What is measured

- Leads are posted as Meta posts them: signed, one a post, over ${64} kept connections, on an **open schedule**. *On the phone* is the time from the instant
  at which a post was *due* to the event in the official Socket.IO client, so a stall is not hidden by the load waiting for it.
  *Answered* is from sending to the answer, which both give when the receipt is on disk.
- 10 phones have the official client, in a process of its own, and are timed. All others are WebSockets that only count frames
  (\`benches/load/crowd.rs\`): on two cores an honest client for each of 500 phones would cost more than either server. Those frames are
  counted too: *not on a phone* and *doubled* are over all phones and the database.
- Both fetch each lead from the same Graph, a Node process that answers at once (\`benches/graph.mjs\`). What it and the load cost is taken from both alike.
- Each has a PostgreSQL of its own, the same programs and settings, reached over a unix socket, commits flushed to disk. A server and its database are started anew for
  every turn, and only one of the two runs. Before the first turn both take in 1,650 leads and are analyzed, as autovacuum would within a minute. ${results.warm} seconds of the same load warm it up, ${results.seconds} are measured.
- Our side has tenancy (row-level security), sealed fields, the event log, the job queue and the latency trace switched on; the peer has none of them.
- Phones do not acknowledge leads here. The numbers of several pairs are their medians.
- Who is told of a lead and how soon, timers, claims and sequences (\`--only alerts\`) have a server and a part of this page of their own: the peer has none of that.

## ${facts.at.slice(0, 10)}

${facts.processor}, ${facts.cores} cores, ${(facts.memory_bytes / 2 ** 30).toFixed(0)} GiB; ${facts.kernel}; PostgreSQL ${facts.postgresql}; Node ${facts.node}; commit \`${facts.commit}\`; ${results.pairs} pairs.

| target | measured | |
|---|---:|---|
${kept.join('\n')}

${sections(results).map(block).join('\n')}
${remarks(results).join('\n')}
`;
}

const scaleRows = ({ all, kinds }) =>
  Object.entries({ ...kinds, all }).map(([kind, { asked, from_due: due, from_sent: sent }]) => [
    { list: 'lists', lead: 'a lead, its timeline', search: 'search', counts: 'counts', all: 'all' }[kind],
    String(asked),
    ...[due.p50, due.p95, due.p99, due.max, sent.p99].map(number),
  ]);
const SCALE_HEAD = ['', 'answered', 'p50, ms', 'p95, ms', 'p99, ms', 'longest, ms', 'p99 from sending, ms'];

export function scaleTable(result) {
  const all = [SCALE_HEAD, ...scaleRows(result)];
  const widths = SCALE_HEAD.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const { machine: m, slowest, refused } = result;
  return [
    ...all.map((row) => row.map((text, column) => (column ? text.padStart(widths[column]) : text.padEnd(widths[column]))).join('  ')),
    '',
    `${result.all.from_due.p99 <= 50 && !refused ? '✓' : '✗'} p99 ≤ 50 ms at ${result.rate} requests/s: ${number(result.all.from_due.p99)} ms; ${refused} refused`,
    `cores: server ${m.server.toFixed(2)}, database ${m.postgres.toFixed(2)}, the whole machine ${m.busy.toFixed(2)}; seeded in ${number(result.seeded_seconds)} s`,
    ...slowest.map(({ path, ms }) => `  ${number(ms)} ms  ${path}`),
  ].join('\n');
}

export function scaleMarkdown(result) {
  const { facts, machine: m } = result;
  const row = (list) => `| ${list.join(' | ')} |`;
  return `${SCALE}

\`make bench ARGS="--only scale --record"\` renews this part: \`nextmove bench seed\` makes ${result.leads.toLocaleString('en')} leads in ${result.organizations} organizations, the largest with a tenth
of them (once; it is kept in the cache), then people of ten desks, most of them of the three largest, ask ${result.rate} times a second on an open schedule:
lists with and without filters and deep in them, leads and timelines, searches with thousands of hits and with one, counts. Measured at loopback, by the client,
from when a request was *due* to the last byte of its answer: the network is not in it, the load's own share of the two cores is.

${facts.at.slice(0, 10)}: ${facts.processor}, ${facts.cores} cores; PostgreSQL ${facts.postgresql}; commit \`${facts.commit}\`; ${result.seconds} s measured; seeded in ${number(result.seeded_seconds)} s.

${row(SCALE_HEAD)}
|---|${'---:|'.repeat(SCALE_HEAD.length - 1)}
${scaleRows(result).map(row).join('\n')}

The target is p99 ≤ 50 ms: ${result.all.from_due.p99 <= 50 && !result.refused ? 'kept' : '**not kept**'}; ${result.refused} refused. Cores in use: server ${m.server.toFixed(2)}, database ${m.postgres.toFixed(2)}, the whole machine ${m.busy.toFixed(2)}.
`;
}
