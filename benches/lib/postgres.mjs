// The rival's PostgreSQL: the same programs, the same settings, the same kind of connection as the one our server starts for itself
// (src/db/embedded). Commits reach the disk (fsync is on).

import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { run, start, stop, until } from './processes.mjs';

const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '64',
  timezone: 'UTC',
  jit: 'off',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** PostgreSQL refuses to run as root; our server takes the same two users in this order. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag) => +execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // the next one
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}

export class Postgres {
  constructor(bin, folder, logs) {
    Object.assign(this, { bin, logs, cluster: path.join(folder, 'cluster'), socket: path.join(folder, 'socket') });
    this.options = { cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' }, ...unprivileged() };
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    for (const dir of [this.cluster, this.socket]) {
      mkdirSync(dir, { mode: 0o700 });
      if (this.options.uid !== undefined) chownSync(dir, this.options.uid, this.options.gid);
    }
  }

  async create(database) {
    const flags = ['-U', 'postgres', '-E', 'UTF8', '--no-locale', '-A', 'trust', '-k', '--no-instructions'];
    await run('initdb', path.join(this.bin, 'initdb'), [...flags, '-D', this.cluster], this.options);
    await this.start();
    await query({ host: this.socket, user: 'postgres', database: 'postgres' }, `create database ${database}`);
    await this.stop();
  }

  async start() {
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', this.cluster, '-k', this.socket, ...settings];
    this.server = start('postgres', path.join(this.bin, 'postgres'), args, { folder: this.logs, ...this.options });
    const socket = path.join(this.socket, '.s.PGSQL.5432');
    const answers = () => existsSync(socket) && query({ host: this.socket, user: 'postgres', database: 'postgres' }, 'select 1').catch(() => undefined);
    await until('starting PostgreSQL', this.server, answers);
  }

  async stop() {
    await stop(this.server, 'SIGINT'); // fast shutdown
  }

  url(database) {
    return `postgres://postgres@localhost/${database}?host=${encodeURIComponent(this.socket)}`;
  }
}

/** One question, over a connection of its own. */
export async function query(where, text) {
  const client = new pg.Client(where);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
