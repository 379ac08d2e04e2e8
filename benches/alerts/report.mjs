// What was measured of who is told, for people: on the terminal, and its part of docs/BENCHMARKS.md.

import { ALERTS } from '../lib/page.mjs';
import { number } from '../lib/report.mjs';

const HEAD = ['', 'times', 'p50, ms', 'p95, ms', 'p99, ms', 'longest, ms'];
const whole = (value) => value.toLocaleString('en');

/** What was timed, how often, and how long it took. */
function rows({ push, timers, claims, sequences }) {
  const row = (what, times, q) => [what, whole(times), ...[q.p50, q.p95, q.p99, q.max].map(number)];
  const all = [];
  for (const one of push ? [push.calm, push.busy] : []) {
    const rate = one.rate < 1 ? `a lead every ${number(1 / one.rate).replace(/\.0+$/, '')} s` : `${one.rate} leads/s`;
    all.push(row(`webhook → push accepted, ${rate}`, one.measured, one.taken_ms));
    all.push(row(`… by the first of its people’s browsers`, one.measured_leads, one.first_ms));
  }
  if (timers) {
    all.push(row('a step is due → taken', timers.fired, timers.late_ms));
    all.push(row('a step is due → push accepted', timers.pushed, timers.pushed_ms));
    all.push(row('a snooze is over → the lead is back', timers.woken, timers.woken_ms));
  }
  if (claims) {
    all.push(row('a tap that wins, answered', claims.won, claims.won_ms));
    all.push(row('a tap that is too late, answered', claims.lost, claims.refused_ms));
  }
  if (sequences) {
    all.push(row('a step of a sequence is due → its SMS accepted', sequences.taken, sequences.taken_ms));
    all.push(row('webhook → push accepted, while they are taken', sequences.meanwhile.measured, sequences.meanwhile.taken_ms));
  }
  return all;
}

/** What must not be, by part: `[what, how often]`. */
function faults({ push, timers, claims, sequences, unanswered, unreadable, buried }) {
  const all = [];
  for (const one of push ? [push.calm, push.busy] : []) all.push(['webhooks refused', one.refused], ['pushes missing', one.missing], ['pushes doubled', one.doubled]);
  if (timers) {
    const { refused, missing, doubled, stray, early, unpushed, asleep, woken_twice } = timers;
    all.push(['webhooks refused', refused], ['steps missing', missing], ['steps doubled', doubled + stray], ['timers early', early]);
    all.push(['pushes missing', unpushed], ['snoozes missing', asleep], ['snoozes doubled', woken_twice]);
  }
  if (claims) {
    const other = Object.values(claims.other).reduce((sum, n) => sum + n, 0);
    all.push(['taps answered otherwise', other], ['refusals that name nobody', claims.unclear], ['claims stored otherwise', claims.wrong]);
  }
  if (sequences) {
    const { leads, missing, doubled, numbers, done, delivered, early, meanwhile } = sequences;
    all.push(['webhooks refused', meanwhile.refused], ['pushes missing', meanwhile.missing], ['pushes doubled', meanwhile.doubled]);
    all.push(['SMS missing', missing], ['SMS doubled', doubled + (leads - numbers)], ['SMS early', early], ['runs not over', leads - done], ['SMS not reported', leads - delivered]);
  }
  all.push(['reports not taken', unanswered], ['pushes nobody could read', unreadable], ['jobs given up', buried.reduce((sum, { count }) => sum + count, 0)]);
  return all.filter(([, count]) => count !== 0);
}

function verdicts(result) {
  const told = [];
  const say = (target, kept, measured) => told.push({ target, kept, measured });
  const { push, timers, claims, sequences } = result;
  if (push) {
    const p95 = Math.max(push.calm.taken_ms.p95, push.busy.taken_ms.p95);
    say('webhook → push accepted: p95 ≤ 2 s', p95 <= 2000, `${number(p95 / 1000)} s`);
  }
  if (timers) {
    const p99 = Math.max(timers.late_ms.p99, timers.woken_ms.p99);
    say(`timers late by: p99 ≤ 5 s with ${whole(timers.watched)} pending`, p99 <= 5000, `${number(p99 / 1000)} s`);
  }
  if (claims) say('claims: one winner each round', claims.one_winner === claims.rounds, `${claims.one_winner} of ${claims.rounds}`);
  if (sequences) {
    say('sequences: steps a second, each once', sequences.missing + sequences.doubled === 0, `${number(sequences.per_second)}/s`);
    const { p95 } = sequences.meanwhile.taken_ms;
    say('webhook → push accepted while sequences write: p95 ≤ 2 s', p95 <= 2000, `${number(p95 / 1000)} s`);
  }
  const wrong = faults(result);
  say('nothing refused, lost, doubled or early', wrong.length === 0, wrong.map(([what, count]) => `${count} ${what}`).join(', ') || '0');
  return told;
}

/** In cores, part by part. */
function used({ push, timers, claims, sequences }) {
  const parts = { pushes: push?.busy, timers, claims, sequences };
  const cores = Object.entries(parts).flatMap(([name, part]) =>
    part ? [`${name} ${part.cores.server.toFixed(2)}, ${part.cores.postgres.toFixed(2)}, ${part.cores.machine.toFixed(2)}`] : [],
  );
  return `Cores in use (server, database, the whole machine): ${cores.join('; ')}.`;
}

export function alertsTable(result) {
  const all = [HEAD, ...rows(result)];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return [
    ...all.map((row) => row.map((text, column) => (column ? text.padStart(widths[column]) : text.padEnd(widths[column]))).join('  ')),
    '',
    ...verdicts(result).map(({ target, kept, measured }) => `${kept ? '✓' : '✗'} ${target}: ${measured}`),
    '',
    used(result),
    ...result.buried.map(({ kind, count, why }) => `given up: ${count} ${kind}: ${why}`),
  ].join('\n');
}

export function alertsMarkdown(result) {
  const { facts, push, timers, claims, sequences } = result;
  const row = (list) => `| ${list.join(' | ')} |`;
  const kept = verdicts(result).map(({ target, kept: is, measured }) => row([target, measured, is ? 'kept' : '**not kept**']));
  return `${ALERTS}

\`make bench ARGS="--only alerts --record"\` renews this part. Ours alone: the peer tells nobody.

- ${whole(timers.watched)} leads of three organizations that nobody has called wait for their step of the ladder, and ${whole(timers.jobs)} jobs for their day, all the time.
  The largest has ${push.busy.people} agents with two browsers each, which open every push and say that it arrived, as the service worker does.
- *Webhook → push accepted* is from the instant at which the post was *due* to the one at which the push service has taken it, for each lead at each browser: ${push.calm.seconds} s at one rate,
  ${push.busy.seconds} s at the other. A person is rung once a second at most, and a push tells of all that came since the last one; so what comes right behind another waits for up to a second.
- *Timers*: of those who wait ${whole(timers.steps)} steps and ${whole(timers.snoozes)} snoozes fall due within ${timers.seconds} s, half of the steps at one instant, as when a business opens, while 10 leads/s come in. Late is until the
  commit, by the database's own note of when that was.
- *Claims*: ${claims.people} people tap the same lead at once, ${whole(claims.rounds)} leads one after the other: ${number(claims.per_second)} taps/s. Whoever is too late is told so (409), and by whom they were beaten.
- *Sequences*: ${whole(sequences.leads)} leads of one organization are in a sequence of one SMS, all due at one instant. The vendor (a Node process's part that answers as Twilio does) takes each at once and reports it delivered,
  and those reports are taken in meanwhile: ${number(sequences.per_second)} steps/s until the last was accepted. Leads come in as well, two a second, and their pushes are timed.
- The push service and the vendor run in the process that measures. What they cost is part of the machine's, as is what posts.

${facts.at.slice(0, 10)}: ${facts.processor}, ${facts.cores} cores; PostgreSQL ${facts.postgresql}; Node ${facts.node}; commit \`${facts.commit}\`; seeded in ${number(result.seeded_seconds)} s.

| target | measured | |
|---|---:|---|
${kept.join('\n')}

${row(HEAD)}
|---|${'---:|'.repeat(HEAD.length - 1)}
${rows(result).map(row).join('\n')}

${used(result)}
`;
}
