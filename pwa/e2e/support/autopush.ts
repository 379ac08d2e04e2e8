import { createPublicKey, randomUUID, verify } from 'node:crypto'
import http, { type IncomingMessage } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'

/** What Firefox says to its push service, as far as this one listens. */
interface Said {
  messageType?: string
  channelID?: string
  key?: string
  updates?: { version: string; code: number }[]
}

interface Taken {
  channel: string
  topic: string
  data: string
}

/** What the browser answers to a push that it could open and hand to the service worker. */
const DELIVERED = 100
/** So long, in milliseconds, a test waits for our server or the browser. */
const PATIENCE = 60_000

/**
 * A push service as Firefox's own: the browser is connected to it and subscribes, our server posts to it (RFC 8030) and is asked to prove who it is (RFC 8292).
 * It cannot read what it takes. A push waits until the test has it delivered.
 */
export class Autopush {
  /** The channels that there are, and the key that each is bound to. */
  private readonly channels = new Map<string, string>()
  private readonly taken: Taken[] = []
  private readonly lost: string[] = []
  private readonly opened = new Map<string, (code: number) => void>()
  private waiting: (() => void)[] = []
  private browser: WebSocket | null = null
  private readonly port: number
  private readonly listener: http.Server
  private readonly sockets: WebSocketServer

  constructor(port: number) {
    this.port = port
    this.listener = http.createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const status = this.take(request, Buffer.concat(parts))
        // Taken, and whoever sent it never hears so.
        if (status === 201 && this.isLost(topicOf(request))) request.socket.destroy()
        else response.writeHead(status, status === 201 ? { Location: `${this.origin}/message/${randomUUID()}` } : {}).end()
      })
    })
    this.sockets = new WebSocketServer({ server: this.listener })
    this.sockets.on('connection', (socket) => {
      this.browser = socket
      socket.on('message', (said: Buffer) => this.answer(socket, JSON.parse(said.toString()) as Said))
    })
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.listener.listen(this.port, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate()
    this.listener.closeAllConnections()
    await new Promise((resolve) => this.listener.close(resolve))
  }

  /** The next push of this kind is taken, and its answer lost. */
  lose(topic: string): void {
    this.lost.push(topic)
  }

  /** Hands the next push of this kind to the browser, and answers once its service worker has it. */
  async deliver(topic: string): Promise<void> {
    const push = await within(this.next(topic), () => `No push of the kind ${topic} came; what waits: ${this.taken.map((one) => one.topic).join(', ') || 'nothing'}.`)
    const version = randomUUID()
    const opened = new Promise<number>((resolve) => this.opened.set(version, resolve))
    this.tell(this.browser, { messageType: 'notification', channelID: push.channel, version, data: push.data, headers: { encoding: 'aes128gcm' } })
    const code = await within(opened, () => 'The browser did not say what became of the push.')
    if (code !== DELIVERED) throw new Error(`The browser could not open the push (${code}).`)
  }

  private async next(topic: string): Promise<Taken> {
    for (;;) {
      const found = this.taken.findIndex((one) => one.topic === topic)
      const [push] = found < 0 ? [] : this.taken.splice(found, 1)
      if (push) return push
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  private take(request: IncomingMessage, body: Buffer): number {
    const { method, url = '', headers } = request
    const channel = url.replace('/push/', '')
    const key = this.channels.get(channel)
    if (method !== 'POST' || key === undefined) return 410
    if (!isSignedBy(key, headers.authorization, this.origin)) return 401
    if (headers['content-encoding'] !== 'aes128gcm' || !/^\d+$/.test(String(headers.ttl))) return 400
    if (body.length > 4096) return 413
    this.taken.push({ channel, topic: topicOf(request), data: body.toString('base64url') })
    for (const tell of this.waiting.splice(0)) tell()
    return 201
  }

  private isLost(topic: string): boolean {
    const found = this.lost.indexOf(topic)
    if (found >= 0) this.lost.splice(found, 1)
    return found >= 0
  }

  private answer(socket: WebSocket, { messageType, channelID = '', key = '', updates = [] }: Said): void {
    switch (messageType) {
      case 'hello':
        return this.tell(socket, { messageType, status: 200, uaid: randomUUID(), use_webpush: true, broadcasts: {} })
      case 'register':
        this.channels.set(channelID, unpadded(key))
        return this.tell(socket, { messageType, status: 200, channelID, pushEndpoint: `${this.origin}/push/${channelID}` })
      case 'unregister':
        this.channels.delete(channelID)
        return this.tell(socket, { messageType, status: 200, channelID })
      case 'ack':
        for (const { version, code } of updates) this.opened.get(version)?.(code)
        return
      case undefined: // It asks whether anybody is there.
        socket.send('{}')
    }
  }

  private tell(socket: WebSocket | null, what: object): void {
    if (!socket) throw new Error('No browser is connected to the push service.')
    socket.send(JSON.stringify(what))
  }
}

async function within<T>(what: Promise<T>, otherwise: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise())), PATIENCE)
  })
  return Promise.race([what, over]).finally(() => clearTimeout(timer))
}

const topicOf = ({ headers }: IncomingMessage) => String(headers.topic)
const unpadded = (base64: string) => Buffer.from(base64, 'base64url').toString('base64url')

/** `Authorization: vapid t=<JWT>, k=<public key>`, with the key that the browser subscribed with, for this service, and for a day at most. */
function isSignedBy(key: string, authorization = '', audience: string): boolean {
  const [, token = '', shown = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? []
  const [head = '', claims = '', signature = ''] = token.split('.')
  const point = Buffer.from(key, 'base64url')
  if (unpadded(shown) !== key || point.length !== 65) return false
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') }
  const told = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), told, Buffer.from(signature, 'base64url'))) return false
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string; exp: number; sub: string }
  const left = exp - Date.now() / 1000
  return aud === audience && /^(mailto|https):/.test(sub) && left > 0 && left <= 86_400
}
