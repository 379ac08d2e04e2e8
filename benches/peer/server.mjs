// The rival; see README.md. DATABASE_URL, GRAPH, SECRET and PORT come from the environment.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import express from 'express';
import pg from 'pg';
import { Server } from 'socket.io';
import { Agent, request, setGlobalDispatcher } from 'undici';

const { DATABASE_URL, GRAPH, SECRET, PORT } = process.env;
const ORGANIZATION = 1;

setGlobalDispatcher(new Agent({ connections: 64, pipelining: 1 }));
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 16 });
await pool.query(`
  create table if not exists receipts (
    leadgen_id text primary key, page_id text, at timestamptz default now(), done bool default false);
  create table if not exists leads (
    id bigserial primary key, org int not null, leadgen_id text unique, full_name text, phone text, email text,
    postal_code text, status text default 'new', created_at timestamptz default now());
  create index if not exists leads_org on leads (org, id desc);`);

const app = express();
const server = createServer(app);

const io = new Server(server, { transports: ['websocket'] });
io.use((socket, next) => {
  socket.data.org = socket.handshake.auth.org;
  next(socket.data.org ? undefined : new Error('unauthenticated'));
});
io.on('connection', (socket) => socket.join(`org:${socket.data.org}`));

const statements = {
  receipt: {
    name: 'receipt',
    text: 'insert into receipts (leadgen_id, page_id) values ($1, $2) on conflict do nothing',
  },
  lead: {
    name: 'lead',
    text: `insert into leads (org, leadgen_id, full_name, phone, email, postal_code) values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing returning *`,
  },
  done: { name: 'done', text: 'update receipts set done = true where leadgen_id = $1' },
  list: { name: 'list', text: 'select * from leads where org = $1 and id < $2 order by id desc limit 50' },
};
const run = (statement, ...values) => pool.query({ ...statement, values });

function isSigned(body, given = '') {
  const wanted = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

async function fetchLead(id) {
  const { body } = await request(`${GRAPH}/v26.0/${id}?fields=field_data&access_token=t`);
  const lead = await body.json();
  const field = Object.fromEntries(lead.field_data.map(({ name, values }) => [name, values[0]]));
  const { rows } = await run(statements.lead, ORGANIZATION, id, field.full_name, field.phone_number, field.email, field.post_code);
  await run(statements.done, id);
  if (rows[0]) io.to(`org:${ORGANIZATION}`).emit('lead.created', rows[0]);
}

app.post('/webhooks/meta-lead', express.raw({ type: '*/*' }), async (req, res) => {
  if (!isSigned(req.body, req.get('x-hub-signature-256'))) return res.sendStatus(401);
  const fresh = [];
  for (const entry of JSON.parse(req.body).entry) {
    for (const { value } of entry.changes) {
      const { rowCount } = await run(statements.receipt, String(value.leadgen_id), String(value.page_id));
      if (rowCount) fresh.push(String(value.leadgen_id));
    }
  }
  res.sendStatus(200);
  for (const id of fresh) fetchLead(id).catch((error) => console.error(error.message));
});

app.get('/api/leads', async (req, res) => {
  const { rows } = await run(statements.list, ORGANIZATION, req.query.before ?? '9223372036854775807');
  res.json({ items: rows });
});

server.listen(+PORT, '127.0.0.1', () => console.log('listening'));
