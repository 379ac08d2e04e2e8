// The two that are compared. Each is started anew for every turn, with its own PostgreSQL, and is the only one that runs.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Postgres, query } from './postgres.mjs';
import { freePort, run, start, stop, until } from './processes.mjs';

export const PAGE = '100';
const SLUG = 'bench';
/** How long a session is used before the login is renewed: it ends after 30 idle minutes. */
const SESSION = 20 * 60_000;

const postmaster = (cluster) => +readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0];

export class Ours {
  name = 'NextMove';
  email = 'bench@example.com';
  event = 'lead.created';
  secret = randomBytes(24).toString('hex');
  auth = { since: null };

  constructor({ folder, graph, bin, pgBin, app }) {
    Object.assign(this, { folder: path.join(folder, 'ours'), logs: path.join(folder, 'logs'), graph, bin, pgBin, app });
    this.data = path.join(this.folder, 'data');
    this.cluster = path.join(this.data, 'pg');
    mkdirSync(this.data, { recursive: true, mode: 0o711 });
  }

  async prepare() {
    await this.configure();
    await this.found();
  }

  async configure() {
    this.port = await freePort();
    this.address = `127.0.0.1:${this.port}`;
    this.url = `http://${this.address}`;
    this.password = randomBytes(18).toString('base64url');
    this.env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATA_DIR: this.data,
      PG_BIN_DIR: this.pgBin,
      LISTEN_ADDR: this.address,
      PUBLIC_URL: this.url,
      MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      META_APP_SECRET: this.secret,
      META_VERIFY_TOKEN: randomBytes(24).toString('hex'),
      META_GRAPH_URL: this.graph,
      PWA_DIR: this.app,
      LOG_FORMAT: 'text',
      RUST_LOG: process.env.RUST_LOG ?? 'info',
    };
  }

  nextmove(what, input, ...args) {
    return run(what, this.bin, args, { env: this.env, input });
  }

  /** An organization with its owner and a page. */
  async found() {
    await this.nextmove('nextmove migrate', '', 'migrate');
    const place = ['--country', 'NO', '--time-zone', 'Europe/Oslo', '--locale', 'nb'];
    await this.nextmove('nextmove organization create', '', 'organization', 'create', '--slug', SLUG, '--name', 'Bench', ...place);
    const person = ['--email', this.email, '--name', 'Bench', '--organization', SLUG, '--role', 'owner'];
    await this.nextmove('nextmove user create', this.password, 'user', 'create', ...person);
    await this.connect(SLUG);
  }

  async connect(slug) {
    const page = ['--organization', slug, '--page-id', PAGE, '--name', 'Bench'];
    await this.nextmove('nextmove page connect', randomBytes(24).toString('hex'), 'page', 'connect', ...page);
  }

  async start() {
    this.server = start('nextmove', this.bin, ['serve'], { folder: this.logs, env: this.env });
    const answers = () => fetch(`${this.url}/readyz`).then((r) => r.ok).catch(() => false);
    await until('starting NextMove', this.server, answers);
    this.postgres = postmaster(this.cluster);
    await this.login();
  }

  /** Once, and again only when the session grows old: logins are limited. */
  async login() {
    if (this.loggedIn && Date.now() - this.loggedIn < SESSION) return;
    this.cookie = (await this.signIn(this.email)).cookie;
    this.loggedIn = Date.now();
  }

  /** A session of somebody's: its cookie, and what the server tells of it. */
  async signIn(email) {
    const answer = await fetch(`${this.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.url },
      body: JSON.stringify({ email, password: this.password }),
    });
    if (!answer.ok) throw new Error(`the login of ${email} was answered ${answer.status}: ${await answer.text()}`);
    return { cookie: answer.headers.getSetCookie()[0].split(';', 1)[0], session: await answer.json() };
  }

  async stop() {
    await stop(this.server);
  }

  where() {
    const socket = readFileSync(path.join(this.cluster, 'postmaster.pid'), 'utf8').split('\n')[4].trim();
    return { host: socket, user: 'postgres', database: 'nextmove' };
  }

  async analyze() {
    await query(this.where(), 'vacuum analyze');
  }

  /** Leads in the database, and how many different ones. */
  async stored() {
    const [row] = await query(this.where(), 'select count(*)::int as rows, count(distinct meta_lead_id)::int as leads from leads');
    return row;
  }
}

export class Peer {
  name = 'peer';
  event = 'lead.created';
  secret = randomBytes(24).toString('hex');
  auth = { org: 1 };

  constructor({ folder, graph, pgBin }) {
    Object.assign(this, { folder: path.join(folder, 'peer'), logs: path.join(folder, 'logs'), graph, pgBin });
  }

  async prepare() {
    this.port = await freePort();
    this.address = `127.0.0.1:${this.port}`;
    this.url = `http://${this.address}`;
    this.database = new Postgres(this.pgBin, this.folder, this.logs);
    await this.database.create('peer');
    this.env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: this.database.url('peer'),
      GRAPH: this.graph,
      SECRET: this.secret,
      PORT: String(this.port),
    };
  }

  async start() {
    await this.database.start();
    this.postgres = this.database.server.pid;
    const program = path.join(import.meta.dirname, '../peer/server.mjs');
    this.server = start('peer', process.execPath, [program], { folder: this.logs, env: this.env });
    const answers = () => fetch(`${this.url}/api/leads`).then((r) => r.ok).catch(() => false);
    await until('starting the peer', this.server, answers);
  }

  async stop() {
    await stop(this.server);
    await this.database.stop();
  }

  where() {
    return { host: this.database.socket, user: 'postgres', database: 'peer' };
  }

  async analyze() {
    await query(this.where(), 'vacuum analyze');
  }

  async stored() {
    const [row] = await query(this.where(), 'select count(*)::int as rows, count(distinct leadgen_id)::int as leads from leads');
    return row;
  }
}
