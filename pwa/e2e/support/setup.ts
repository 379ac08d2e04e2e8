import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Wire } from './wire'

const here = path.dirname(fileURLToPath(import.meta.url))
const pwa = path.resolve(here, '../../dist')
const target = process.env.CARGO_TARGET_DIR ?? path.join(os.homedir(), '.cache/nextmove/target')
const program = process.env.NEXTMOVE_BIN ?? path.join(target, 'debug/nextmove')

/** What a developer has set for a server of their own must not reach this one. */
const FOREIGN = ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'MASTER_KEYS', 'METRICS_ADDR', 'META_GRAPH_URL', 'TRUSTED_PROXY_HOPS', 'RUST_LOG', 'SMTP_URL', 'MAIL_URL', 'MAIL_FROM', 'SMS_URL', 'SMS_FROM']

/** A demo world of its own in a temporary folder, a Meta beside it that outlives it, and a remote control for both. */
export default async function setup(): Promise<() => Promise<void>> {
  for (const needed of [program, path.join(pwa, 'index.html')]) {
    if (!fs.existsSync(needed)) throw new Error(`${needed} is missing: build the server and the app first (make test-e2e).`)
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nextmove-e2e-'))
  // As root the database runs as another user, who has to pass through.
  fs.chmodSync(folder, 0o711)
  const [serverPort, sandboxPort, wirePort, controlPort, mailPort, pushPort] = await freePorts()
  // By name: an IP address has no passkeys.
  const url = `http://localhost:${wirePort}`
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  const log = fs.openSync(path.join(folder, 'log'), 'a')
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    DATA_DIR: path.join(folder, 'data'),
    LISTEN_ADDR: `127.0.0.1:${serverPort}`,
    PUBLIC_URL: url,
    PWA_DIR: pwa,
    META_APP_SECRET: 'the-secret-of-the-browser-tests',
    META_VERIFY_TOKEN: 'the-token-of-the-browser-tests',
    LOG_FORMAT: 'json',
  }
  for (const name of FOREIGN) delete environment[name]
  Object.assign(environment, { SMTP_URL: `smtp://127.0.0.1:${mailPort}`, MAIL_FROM: 'NextMove <nextmove@example.com>', PUSH_ORIGINS: `http://127.0.0.1:${pushPort}` })

  // Ends when its standard input does, so also when this process is killed.
  const sandbox = spawn(
    program,
    [
      'sandbox',
      '--until-input-ends',
      '--demo-pages',
      ...['--listen', `127.0.0.1:${sandboxPort}`, '--mail-listen', `127.0.0.1:${mailPort}`],
      ...['--webhook-url', `http://127.0.0.1:${serverPort}/webhooks/meta-lead`],
    ],
    { env: environment, stdio: ['pipe', log, log] },
  )
  let server: ChildProcess | undefined
  const start = async () => {
    // A test that failed may have left it killed, or not.
    if (server && server.exitCode === null && server.signalCode === null) return
    server = spawn(program, ['demo', '--meta', sandboxUrl], { env: environment, stdio: ['ignore', log, log] })
    const child = server
    await ready(`http://127.0.0.1:${serverPort}/readyz`, () => child.exitCode !== null)
  }
  const wire = new Wire(serverPort)
  const actions: Record<string, () => Promise<void> | void> = {
    '/kill': () => end(server, 'SIGKILL'),
    '/start': start,
    '/cut': () => wire.cut(),
    '/deafen': () => wire.deafen(),
    '/mend': () => wire.mend(),
  }
  const control = http.createServer((request, response) => {
    const action = actions[request.url ?? '']
    const done = (status: number) => response.writeHead(status).end()
    if (!action) return done(404)
    Promise.resolve()
      .then(action)
      .then(() => done(204), () => done(500))
  })

  const stop = async () => {
    control.close()
    await end(server, 'SIGINT')
    await end(sandbox, 'SIGTERM')
    wire.close()
    fs.closeSync(log)
    if (!process.env.E2E_KEEP) fs.rmSync(folder, { recursive: true, force: true })
  }
  try {
    await wire.listen(wirePort)
    await new Promise<void>((resolve) => control.listen(controlPort, '127.0.0.1', resolve))
    await start()
  } catch (error) {
    const said = fs.readFileSync(path.join(folder, 'log'), 'utf8').split('\n').slice(-20).join('\n')
    await stop()
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${said}`)
  }
  // The tests run in another process, which inherits this.
  Object.assign(process.env, { E2E_URL: url, E2E_SANDBOX: sandboxUrl, E2E_CONTROL: `http://127.0.0.1:${controlPort}`, E2E_PUSH: String(pushPort) })
  return stop
}

async function freePorts(): Promise<[number, number, number, number, number, number]> {
  const probes = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(
      () =>
        new Promise<net.Server>((resolve) => {
          const probe = net.createServer()
          probe.listen(0, '127.0.0.1', () => resolve(probe))
        }),
    ),
  )
  const ports = probes.map((probe) => (probe.address() as net.AddressInfo).port)
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return ports as [number, number, number, number, number, number]
}

async function ready(url: string, hasEnded: () => boolean): Promise<void> {
  const until = Date.now() + 90_000
  while (Date.now() < until) {
    if (hasEnded()) throw new Error('The server ended while it was starting.')
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The server was not ready in time.')
}

function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const impatient = setTimeout(() => child.kill('SIGKILL'), 30_000)
    child.once('exit', () => {
      clearTimeout(impatient)
      resolve()
    })
    child.kill(signal)
  })
}
