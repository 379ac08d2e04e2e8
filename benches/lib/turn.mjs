// One turn of one server: phones connect, leads are posted on a schedule, everything is counted. The same for both.

import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fork } from 'node:child_process';
import path from 'node:path';
import { lines, sleep, start, stop } from './processes.mjs';
import { cpu, cpuWithChildren, machineCpu, resident } from './system.mjs';
import { PAGE } from './sides.mjs';

/** Connections that post: as many as the peer has to Graph. */
const SENDERS = 64;
/** Phones with the official client, whose latency is taken. The others are held by the crowd. */
const WATCHED = 10;
/** How long is waited for leads that are still under way when the last one was posted, seconds. */
const DRAIN = 15;
/** A poster that sends later than this although a connection is free, in milliseconds at p99, is short of processor: it is said. */
const LATE = 20;

/** Lead ids are numbers that no turn has used before, below 2^53. */
let nextLead = Math.floor(Date.now() / 1000) * 1_000_000;

export function quantiles(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (p) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] : NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** The phones: a crowd, and some with the official client. */
export class Phones {
  constructor(side, { bin, logs }) {
    Object.assign(this, { side, bin, logs });
  }

  /** A watched phone after each tenth of the crowd: a server that tells its sockets in the order they came is not timed at its first ones. */
  async open(count, watched = Math.min(WATCHED, count)) {
    const { side } = this;
    this.watched = watched;
    this.watch = fork(path.join(import.meta.dirname, '../load/watch.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    if (count > watched) {
      const args = [side.address, side.event, JSON.stringify(side.auth), ...(side.cookie ? [side.cookie] : [])];
      this.crowd = start('crowd', path.join(this.bin, 'crowd'), args, { folder: this.logs, input: 'pipe' });
      this.line = lines(this.crowd);
    }
    let crowded = 0;
    for (let n = 1; n <= watched; n++) {
      const share = Math.round(((count - watched) * n) / watched) - crowded;
      if (share) await this.add(share);
      crowded += share;
      await this.ask({ open: { url: side.url, count: 1, auth: side.auth, cookie: side.cookie, event: side.event } });
    }
  }

  async add(count) {
    this.crowd.child.stdin.write(`open ${count}\n`);
    const { error } = JSON.parse(await this.line('opening sockets', 120));
    if (error) throw new Error(`${this.side.name}: ${error}`);
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      this.watch.once('message', (answer) => (answer.error ? reject(new Error(`a phone: ${answer.error}`)) : resolve(answer)));
      this.watch.send(message);
    });
  }

  async crowdCount() {
    if (!this.crowd) return undefined;
    this.crowd.child.stdin.write('count\n');
    return JSON.parse(await this.line('counting frames'));
  }

  async close() {
    if (this.watch?.connected) {
      const gone = new Promise((resolve) => this.watch.once('exit', resolve));
      this.watch.send({ close: true });
      await gone;
    }
    if (this.crowd) {
      this.crowd.child.stdin.end('quit\n');
      await Promise.race([this.crowd.end, sleep(3000)]);
      await stop(this.crowd);
    }
  }
}

/** Signed webhooks, prepared beforehand: signing is Meta's work, and no part of what is measured. */
function prepare(side, ids) {
  return ids.map((id) => {
    const at = Math.floor(Date.now() / 1000);
    const value = { leadgen_id: String(id), page_id: PAGE, form_id: '900', created_time: at };
    const body = JSON.stringify({ object: 'page', entry: [{ id: PAGE, time: at, changes: [{ field: 'leadgen', value }] }] });
    const signature = createHmac('sha256', side.secret).update(body).digest('hex');
    const head = [
      'POST /webhooks/meta-lead HTTP/1.1',
      `Host: ${side.address}`,
      'User-Agent: facebookexternalua',
      'Content-Type: application/json',
      `X-Hub-Signature-256: sha256=${signature}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(request.length);
    return Buffer.concat([length, request]);
  });
}

/** `total` leads that are posted on an open schedule, `rate` a second, by a process of its own. */
export class Poster {
  constructor(side, { rate, total, bin, folder, logs }) {
    this.ids = Array.from({ length: total }, (_, n) => nextLead + n);
    nextLead += total;
    const [requests, results] = ['requests', 'results'].map((name) => path.join(folder, `${name}.bin`));
    writeFileSync(requests, Buffer.concat(prepare(side, this.ids)));
    this.results = results;
    // No more than there are posts a second: a connection that says nothing for long is ended by the server.
    const senders = Math.min(SENDERS, Math.max(2, Math.ceil(rate)));
    const args = [side.address, String(rate), String(senders), requests, results];
    this.poster = start('post', path.join(bin, 'post'), args, { folder: logs, input: 'pipe' });
    this.pid = this.poster.pid;
    this.line = lines(this.poster);
  }

  /** Connected, with everything prepared. */
  async ready() {
    await this.line('preparing to post');
  }

  /** The first one is due at the instant that this tells, in nanoseconds of `process.hrtime`. */
  begin() {
    const begin = Number(process.hrtime.bigint()) + 200_000_000;
    this.poster.child.stdin.write(`${begin}\n`);
    return begin;
  }

  /** When all are answered: each with its instants. */
  async posts(patience = 120) {
    await this.line('posting', patience);
    this.poster.child.stdin.end();
    await this.poster.end;
    const bytes = readFileSync(this.results);
    const rows = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
    return this.ids.map((id, n) => {
      const [due, takenUp, sent, answered, status] = [0, 1, 2, 3, 4].map((k) => Number(rows[n * 5 + k]));
      return { id: String(id), due, takenUp, sent, answered, accepted: status === 200 };
    });
  }
}

/**
 * Posts `rate` leads a second: `warm` seconds that only warm up, then `seconds` that count.
 * The phones must be open, and the server is left running.
 */
export async function drive(side, phones, { rate, warm, seconds, bin, folder, logs, graphPid }) {
  const skipped = Math.round(rate * warm);
  const poster = new Poster(side, { rate, total: skipped + Math.round(rate * seconds), bin, folder, logs });
  const storedBefore = await side.stored();
  const countBefore = await phones.crowdCount();
  await phones.ask({ take: true });

  await poster.ready();
  const begin = poster.begin();

  const costs = () => ({
    at: Number(process.hrtime.bigint()),
    server: cpu(side.server.pid),
    postgres: cpuWithChildren(side.postgres),
    graph: cpu(graphPid),
    load: cpu(poster.pid) + (phones.crowd ? cpu(phones.crowd.pid) : 0) + cpu(phones.watch.pid) + process.cpuUsage().user / 1e6,
    machine: machineCpu(),
  });
  await sleep((begin - Number(process.hrtime.bigint())) / 1e6 + warm * 1000);
  const before = costs();
  await sleep((begin - Number(process.hrtime.bigint())) / 1e6 + (warm + seconds) * 1000);
  const scheduleOver = costs();
  const posts = (await poster.posts()).map((post, n) => ({ ...post, counts: n >= skipped }));
  const accepted = posts.filter((post) => post.accepted);

  // What is under way may arrive.
  const deadline = Date.now() + DRAIN * 1000;
  const onPhones = async () => (await phones.ask({ count: true })).least >= accepted.length;
  while (!(await onPhones()) && Date.now() < deadline) await sleep(100);
  const after = costs();
  let storedNow = await side.stored();
  while (storedNow.leads - storedBefore.leads < accepted.length && Date.now() < deadline) {
    await sleep(200);
    storedNow = await side.stored();
  }
  await sleep(100); // the crowd looks every 50 ms
  const count = await phones.crowdCount();
  const { seen, dropped } = await phones.ask({ take: true });

  const measured = posts.filter((post) => post.counts);
  const came = seen.map((entries) => new Map(entries));
  const live = { due: [], sent: [] };
  for (const post of measured) {
    for (const phone of came) {
      const at = phone.get(post.id)?.[0];
      if (at === undefined) continue;
      live.due.push((at - post.due) / 1e6);
      live.sent.push((at - post.sent) / 1e6);
    }
  }
  const lostOnPhones = came.reduce((sum, phone) => sum + accepted.filter((post) => !phone.has(post.id)).length, 0);
  const doubledOnPhones = came.reduce((sum, phone) => sum + [...phone.values()].filter((times) => times.length > 1).length, 0);
  // Of the crowd only numbers are known; a warm-up's stragglers would show as too many.
  const crowd = count && { least: count.least - countBefore.least, most: count.most - countBefore.most, open: count.open, of: count.sockets };
  const stored = { rows: storedNow.rows - storedBefore.rows, leads: storedNow.leads - storedBefore.leads };

  const late = quantiles(measured.map((post) => (post.sent - Math.max(post.due, post.takenUp)) / 1e6)).p99;
  const waiting = measured.filter((post) => post.takenUp > post.due + 1e6).length / measured.length;
  const window = (scheduleOver.at - before.at) / 1e9;
  const spent = (name, end = after) => end[name] - before[name];
  const [busy, stolen] = ['busy', 'stolen'].map((name) => scheduleOver.machine[name] - before.machine[name]);
  const known = ['server', 'postgres', 'graph', 'load'].reduce((sum, name) => sum + spent(name, scheduleOver), 0);
  return {
    rate,
    posted: posts.length,
    measured: measured.length,
    refused: posts.length - accepted.length,
    lost: Math.max(accepted.length - stored.leads, 0),
    lost_on_phones: lostOnPhones + (crowd ? Math.max(accepted.length - crowd.least, 0) : 0),
    doubled: stored.rows - stored.leads + doubledOnPhones + (crowd ? Math.max(crowd.most - accepted.length, 0) : 0),
    dropped_sockets: dropped + (crowd ? crowd.of - crowd.open : 0),
    late_seconds: (after.at - scheduleOver.at) / 1e9,
    answer_ms: quantiles(measured.filter((post) => post.accepted).map((post) => (post.answered - post.sent) / 1e6)),
    answer_from_schedule_ms: quantiles(measured.filter((post) => post.accepted).map((post) => (post.answered - post.due) / 1e6)),
    live_ms: quantiles(live.due),
    live_from_sending_ms: quantiles(live.sent),
    server_cpu_per_1000: (spent('server') / measured.length) * 1000,
    postgres_cpu_per_1000: (spent('postgres') / measured.length) * 1000,
    resident_bytes: resident(side.server.pid),
    poster_late_ms: late,
    saturated: late > LATE,
    // The share of posts that found every connection waiting for an answer.
    queued: waiting,
    // Shares of the whole machine while the schedule ran.
    machine: {
      seconds: window,
      server: spent('server', scheduleOver) / window,
      postgres: spent('postgres', scheduleOver) / window,
      graph: spent('graph', scheduleOver) / window,
      load: spent('load', scheduleOver) / window,
      others: Math.max(busy - known, 0) / window,
      stolen: stolen / window,
    },
  };
}
