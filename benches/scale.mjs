// A million leads in a hundred organizations, and people who look at them: lists, leads, searches and counts on an open schedule.
// `benches/run --only scale`; the seeded database is kept in the cache and used again as long as the migrations are the same.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { freePort, sleep, start, stop, until } from './lib/processes.mjs';
import { quantiles } from './lib/turn.mjs';
import { cpu, cpuWithChildren, machineCpu } from './lib/system.mjs';

/** Requests a second, and how long: first only to warm up. */
const RATE = 200;
const CONNECTIONS = 64;
/** What is asked, in hundredths. */
const MIX = [
  ['list', 40],
  ['lead', 30],
  ['search', 15],
  ['counts', 15],
];
/** Names and beginnings that people type: common ones with thousands of hits, and rare ones. */
const WORDS = ['no', 'kari', 'li', 'bjørn', 'ha', 'åse nordmann', 'kari haugen', 'so', 'nordmann', 'ma ha', 'li no', 'xa'];
/** Whose people ask: the largest, one whose agents see their own only, and smaller ones. By rank. */
const DESKS = [1, 1, 1, 2, 2, 3, 5, 8, 20, 60];

/** The same numbers each time: a fair choice that is no part of what is measured. */
function choices(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export class Scale {
  constructor({ folder, bin, pgBin, cache, leads, organizations }) {
    const migrations = path.join(import.meta.dirname, '../migrations');
    const hash = createHash('sha256').update(`${leads} ${organizations}`);
    for (const name of readdirSync(migrations).sort()) hash.update(name);
    Object.assign(this, { bin, leads, organizations, logs: path.join(folder, 'logs') });
    this.home = path.join(cache, `scale-${leads}-${hash.digest('hex').slice(0, 10)}`);
    this.data = path.join(this.home, 'data');
    this.pgBin = pgBin;
  }

  environment() {
    return {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATA_DIR: this.data,
      PG_BIN_DIR: this.pgBin,
      LISTEN_ADDR: this.address,
      PUBLIC_URL: this.url,
      META_APP_SECRET: randomBytes(24).toString('hex'),
      META_VERIFY_TOKEN: randomBytes(24).toString('hex'),
      PWA_DIR: '/nonexistent',
      LOG_FORMAT: 'text',
      RUST_LOG: 'warn',
    };
  }

  /** Seeds, unless that was done before. */
  async prepare() {
    const ready = path.join(this.home, 'ready.json');
    const port = await freePort();
    this.address = `127.0.0.1:${port}`;
    this.url = `http://${this.address}`;
    this.env = this.environment();
    if (existsSync(ready)) {
      Object.assign(this, JSON.parse(readFileSync(ready, 'utf8')));
      return;
    }
    rmSync(this.home, { recursive: true, force: true });
    mkdirSync(this.data, { recursive: true });
    for (const folder of [this.home, this.data]) chmodSync(folder, 0o711);
    this.password = randomBytes(18).toString('base64url');
    const begun = Date.now();
    await new Promise((resolve, reject) => {
      const args = ['bench', 'seed', '--leads', String(this.leads), '--organizations', String(this.organizations)];
      const child = spawn(this.bin, args, { env: this.env, stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin.end(this.password);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`nextmove bench seed ended with ${code}`))));
    });
    this.seeded_seconds = (Date.now() - begun) / 1000;
    writeFileSync(ready, JSON.stringify({ password: this.password, seeded_seconds: this.seeded_seconds }), { mode: 0o600 });
  }

  async start() {
    this.server = start('nextmove-scale', this.bin, ['serve'], { folder: this.logs, env: this.env });
    await until('starting NextMove', this.server, () => fetch(`${this.url}/readyz`).then((r) => r.ok).catch(() => false), 120);
    this.postgres = +readFileSync(path.join(this.data, 'pg/postmaster.pid'), 'utf8').split('\n', 1)[0];
  }

  async stop() {
    await stop(this.server);
  }

  /** A person of each desk, signed in, with what they look at. */
  async people() {
    const people = [];
    for (const [n, rank] of DESKS.entries()) {
      if (rank > this.organizations) continue;
      const slug = `seed1-${String(rank).padStart(3, '0')}`;
      const who = n % 3 === 0 ? 'manager' : `agent${1 + (n % 2)}`;
      const answer = await fetch(`${this.url}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.url },
        body: JSON.stringify({ email: `${who}@${slug}.example`, password: this.password }),
      });
      if (!answer.ok) throw new Error(`${who} of ${slug} cannot sign in: ${answer.status} ${await answer.text()}`);
      const cookie = answer.headers.getSetCookie()[0].split(';', 1)[0];
      const ask = async (path) => (await fetch(this.url + path, { headers: { cookie } })).json();
      const leads = [];
      const cursors = [];
      for (const view of ['todo', 'mine', 'all']) {
        let cursor = '';
        for (let page = 0; page < 6; page++) {
          const answer = await ask(`/api/leads?view=${view}&limit=200${cursor && `&cursor=${cursor}`}`);
          leads.push(...answer.items.map(({ id }) => id));
          cursor = answer.next_cursor ?? '';
          if (!cursor) break;
          cursors.push(`view=${view}&cursor=${cursor}`);
        }
      }
      const { items: campaigns } = await ask('/api/campaigns');
      const { items: forms } = await ask('/api/forms');
      people.push({ cookie, slug, who, leads, cursors, campaigns, forms });
    }
    return people;
  }

  /** The path of request `n`. */
  request(kind, person, choose) {
    const one = (list) => list[choose(list.length)];
    if (kind === 'counts') return '/api/leads/counts';
    if (kind === 'lead') return `/api/leads/${one(person.leads)}${choose(2) ? '' : '/timeline'}`;
    if (kind === 'search') {
      const which = choose(10);
      if (which === 0) return `/api/leads?q=${encodeURIComponent(`+47${40_000_000 + ((choose(2000) * 7919) % 9_999_999)}`)}`;
      if (which === 1) return `/api/leads?q=person${choose(2000)}%40example.com`;
      return `/api/leads?q=${encodeURIComponent(one(WORDS))}${choose(5) ? '' : '&view=todo'}`;
    }
    const filters = [
      'view=todo',
      'view=todo',
      'view=todo',
      'view=mine',
      'view=all',
      'view=all&status=scheduled,won',
      'view=all&status=new',
      'view=all&assignee=none',
      `view=all&campaign=${one(person.campaigns).id}`,
      `view=all&form=${one(person.forms).id}`,
      `view=all&status=won&campaign=${one(person.campaigns).id}`,
      `view=all&to=${new Date(Date.now() - choose(500) * 86_400_000).toISOString()}`,
      one(person.cursors) ?? 'view=all',
    ];
    return `/api/leads?${one(filters)}`;
  }

  /** Asks on the schedule; what each kind took from when it was due and from when it was sent. */
  async drive(seconds, warm) {
    const people = await this.people();
    const choose = choices(1);
    const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const total = RATE * (warm + seconds);
    const kinds = MIX.flatMap(([kind, share]) => Array(share).fill(kind));
    const asked = Array.from({ length: total }, () => {
      const person = people[choose(people.length)];
      const kind = kinds[choose(kinds.length)];
      return { kind, cookie: person.cookie, path: this.request(kind, person, choose) };
    });
    const done = [];
    const once = (one, due) =>
      new Promise((resolve) => {
        const sent = performance.now();
        const request = http.get(this.url + one.path, { agent, headers: { cookie: one.cookie, 'accept-encoding': 'gzip' } }, (answer) => {
          answer.resume();
          answer.on('end', () => {
            const now = performance.now();
            resolve({ ...one, status: answer.statusCode, from_due: now - due, from_sent: now - sent });
          });
        });
        request.on('error', () => resolve({ ...one, status: 0, from_due: 0, from_sent: 0 }));
      });
    const begin = performance.now() + 200;
    const cost = () => ({ server: cpu(this.server.pid), postgres: cpuWithChildren(this.postgres), machine: machineCpu().busy, at: performance.now() });
    let before;
    for (const [n, one] of asked.entries()) {
      const due = begin + (n * 1000) / RATE;
      const wait = due - performance.now();
      if (wait > 1) await sleep(wait);
      if (n === RATE * warm) before = cost();
      done.push(once(one, due));
    }
    const after = cost();
    const answers = (await Promise.all(done)).slice(RATE * warm);
    agent.destroy();
    const window = (after.at - before.at) / 1000;
    const kindsSeen = Object.fromEntries(
      MIX.map(([kind]) => {
        const of = answers.filter((answer) => answer.kind === kind && answer.status === 200);
        return [kind, { asked: of.length, from_due: quantiles(of.map((a) => a.from_due)), from_sent: quantiles(of.map((a) => a.from_sent)) }];
      }),
    );
    const good = answers.filter((answer) => answer.status === 200);
    const slowest = [...good].sort((a, b) => b.from_due - a.from_due).slice(0, 8).map((a) => ({ path: a.path.replace(/cursor=.*/, 'cursor=…'), ms: a.from_due }));
    return {
      rate: RATE,
      seconds,
      leads: this.leads,
      organizations: this.organizations,
      seeded_seconds: this.seeded_seconds,
      refused: answers.length - good.length,
      all: { asked: good.length, from_due: quantiles(good.map((a) => a.from_due)), from_sent: quantiles(good.map((a) => a.from_sent)) },
      kinds: kindsSeen,
      slowest,
      machine: {
        server: (after.server - before.server) / window,
        postgres: (after.postgres - before.postgres) / window,
        busy: (after.machine - before.machine) / window,
      },
    };
  }
}
