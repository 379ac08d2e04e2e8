import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { WebSocket } from 'ws'
import { expect } from './test'
import { url } from './world'

/** Debian's, and where macOS has it. */
const PLACES = ['/usr/bin/firefox-esr', '/Applications/Firefox.app/Contents/MacOS/firefox']
const program = process.env.FIREFOX_PATH ?? PLACES.find((place) => fs.existsSync(place)) ?? 'Firefox'

const PREFS = {
  // What is recommended for tests turns pushes off.
  'remote.prefs.recommended': false,
  'dom.push.testing.allowInsecureServerURL': true,
  // Notifications are the browser's own: this machine has no desktop that would show them.
  'alerts.useSystemBackend': false,
  // What a browser asks of its vendor goes to a proxy that is not there: nothing leaves this machine.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': 'localhost, 127.0.0.1',
  'datareporting.policy.dataSubmissionEnabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'ui.prefersReducedMotion': 1,
}

/** Something on the page: by its role and whole name, or by a part of its text. */
export type Target = { role: string; name: string } | { text: string }

/**
 * Firefox as people have it, in a new profile, driven over WebDriver BiDi (W3C). Playwright drives builds of its own; here the browser's own push client is what
 * counts.
 */
export class Firefox {
  /** Errors that the page wrote to its console. */
  readonly complaints: string[] = []
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  private readonly child: ChildProcess
  private readonly profile: string
  private socket!: WebSocket
  private tab = ''
  private sent = 0

  private constructor(child: ChildProcess, profile: string) {
    this.child = child
    this.profile = profile
  }

  static async start({ pushService, language }: { pushService: string; language: string }): Promise<Firefox> {
    if (!fs.existsSync(program)) throw new Error(`${program} is missing: scripts/setup --test installs it, or set FIREFOX_PATH.`)
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'nextmove-firefox-'))
    const prefs = { ...PREFS, 'dom.push.serverURL': pushService.replace('http:', 'ws:'), 'intl.accept_languages': language }
    const lines = Object.entries(prefs).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`)
    fs.writeFileSync(path.join(profile, 'user.js'), lines.join('\n'))
    const child = spawn(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
      // It keeps files at home, and does not start as root in somebody else's.
      env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const firefox = new Firefox(child, profile)
    try {
      await firefox.connect()
    } catch (error) {
      await firefox.close()
      throw error
    }
    return firefox
  }

  private async connect(): Promise<void> {
    const address = await new Promise<string>((resolve, reject) => {
      let said = ''
      this.child.stderr?.on('data', (part: Buffer) => {
        said += part.toString()
        const [, found] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? []
        if (found) resolve(found)
      })
      this.child.once('error', reject)
      this.child.once('exit', () => reject(new Error(`Firefox ended while it was starting.\n${said}`)))
    })
    this.socket = new WebSocket(`${address}/session`, { perMessageDeflate: false })
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject))
    this.socket.on('message', (said: Buffer) => this.hear(JSON.parse(said.toString()) as Heard))
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('Firefox is gone.'))
      this.waiting.clear()
    })
    await this.command('session.new', { capabilities: {} })
    await this.command('session.subscribe', { events: ['log.entryAdded'] })
    const { contexts } = await this.command<{ contexts: { context: string }[] }>('browsingContext.getTree', { maxDepth: 0 })
    this.tab = contexts[0]?.context ?? ''
    await this.command('browsingContext.setViewport', { context: this.tab, viewport: { width: 390, height: 844 } })
  }

  async close(): Promise<void> {
    const { child } = this
    if (child.pid && child.exitCode === null && child.signalCode === null) {
      const over = new Promise((resolve) => child.once('exit', resolve))
      const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000)
      if (this.tab) void this.command('browser.close', {}).catch(() => {})
      else child.kill('SIGKILL')
      await over
      clearTimeout(impatient)
    }
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 3 })
  }

  async goto(path: string): Promise<void> {
    await this.command('browsingContext.navigate', { context: this.tab, url: `${url()}${path}`, wait: 'complete' })
  }

  /** The person's answer to the browser's question, whose window no test can reach: given beforehand. */
  async allowNotifications(): Promise<void> {
    await this.command('permissions.setPermission', { descriptor: { name: 'notifications' }, state: 'granted', origin: url() })
  }

  async sees(target: Target): Promise<Node> {
    let found: Node | undefined
    const look = async () => {
      ;[found] = await this.find(target)
      return found !== undefined
    }
    await expect.poll(look, { message: JSON.stringify(target) }).toBe(true)
    return found as unknown as Node
  }

  async click(target: Target): Promise<void> {
    const node = await this.sees(target)
    await this.call('(element) => JSON.stringify(element.scrollIntoView({ block: "center", behavior: "instant" }) ?? null)', [node])
    const pointer = { type: 'pointer', id: 'finger', parameters: { pointerType: 'touch' } }
    const at = { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element: node } }
    const actions = [at, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }]
    await this.command('input.performActions', { context: this.tab, actions: [{ ...pointer, actions }] })
  }

  /** Runs in the page. */
  async evaluate<T>(work: () => T | Promise<T>): Promise<T> {
    return this.call<T>(`async () => JSON.stringify((await (${String(work)})()) ?? null)`)
  }

  /** What is there and can be seen. */
  private async find(target: Target): Promise<Node[]> {
    const text = 'text' in target && `contains(normalize-space(), ${JSON.stringify(target.text)})`
    const locator = text ? { type: 'xpath', value: `//body//*[${text}][not(*[${text}])]` } : { type: 'accessibility', value: target }
    const { nodes } = await this.command<{ nodes: Node[] }>('browsingContext.locateNodes', { context: this.tab, locator })
    const found = nodes.map(({ sharedId }) => ({ sharedId }))
    const visible = await this.call<boolean[]>('(...all) => JSON.stringify(all.map((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })))', found)
    return found.filter((_, index) => visible[index])
  }

  private async call<T>(functionDeclaration: string, nodes: Node[] = []): Promise<T> {
    const answer = await this.command<Evaluated>('script.callFunction', { functionDeclaration, awaitPromise: true, target: { context: this.tab }, arguments: nodes })
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
    return JSON.parse(answer.result.value) as T
  }

  private command<T>(method: string, params: object): Promise<T> {
    this.sent += 1
    const id = this.sent
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.socket.send(JSON.stringify({ id, method, params }), (error) => error && reject(error))
    })
  }

  private hear(said: Heard): void {
    if (said.type === 'event') {
      if (said.params.level === 'error') this.complaints.push(said.params.text)
      return
    }
    const asked = this.waiting.get(said.id)
    this.waiting.delete(said.id)
    if (said.type === 'success') asked?.resolve(said.result)
    else asked?.reject(new Error(`${said.error}: ${said.message}`))
  }
}

interface Node {
  sharedId: string
}

type Evaluated = { type: 'success'; result: { value: string } } | { type: 'exception'; exceptionDetails: { text: string } }

type Heard =
  | { type: 'event'; params: { level: string; text: string } }
  | { type: 'success'; id: number; result: unknown }
  | { type: 'error'; id: number; error: string; message: string }
