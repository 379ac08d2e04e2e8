// What our server calls when it tells people: a push service with browsers behind it, and a vendor of text messages. Both take everything at
// once and note when, and both do what the real ones do next: the browser says that the push arrived, the vendor that the message was delivered.

import { createDecipheriv, createECDH, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import http from 'node:http';
import { freePort } from '../lib/processes.mjs';

const now = () => Number(process.hrtime.bigint());

/** Listens, and calls back; whatever is not done in time is counted, never lost from sight. */
class Service {
  under_way = 0;
  reported = 0;
  failed = 0;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

  async listen(take) {
    this.port = await freePort();
    this.server = http.createServer((request, answer) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => take(request, Buffer.concat(parts), answer));
    });
    this.server.keepAliveTimeout = 120_000;
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  /** To our server. */
  call(url, headers, body) {
    this.under_way += 1;
    const done = (good) => {
      this.under_way -= 1;
      if (good) this.reported += 1;
      else this.failed += 1;
    };
    const request = http.request(url, { method: 'POST', agent: this.#agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } });
    request.on('response', (answer) => answer.resume().on('end', () => done(answer.statusCode < 300)));
    request.on('error', () => done(false));
    request.end(body);
  }

  stop() {
    this.#agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** What a browser reads of a push (RFC 8291): `salt, record size, length of the key, key, ciphertext`. */
function open(browser, body) {
  const [salt, length] = [body.subarray(0, 16), body[20]];
  const [theirs, sealed] = [body.subarray(21, 21 + length), body.subarray(21 + length)];
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.key.getPublicKey(), theirs]);
  const secret = hkdfSync('sha256', browser.key.computeSecret(theirs), browser.auth, info, 32);
  const derive = (name, bytes) => Buffer.from(hkdfSync('sha256', Buffer.from(secret), salt, `Content-Encoding: ${name}\0`, bytes));
  const cipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  cipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)));
}

/** A push service, and the browsers that subscribed at it. */
export class PushService extends Service {
  browsers = [];
  /** Each push: the browser, its alert and kind, when it was taken by both clocks. */
  taken = [];
  unreadable = 0;

  async start() {
    await this.listen((request, body, answer) => {
      const [at, wall] = [now(), Date.now()];
      answer.writeHead(201).end();
      setImmediate(() => this.#arrive(this.browsers[+request.url.slice(request.url.lastIndexOf('/') + 1)], body, at, wall));
    });
    this.origin = `http://127.0.0.1:${this.port}`;
  }

  #arrive(browser, body, at, wall) {
    try {
      const { alert, kind, token } = open(browser, body).nextmove;
      this.taken.push({ browser: browser.number, alert, kind, at, wall });
      this.call(`${this.url}/api/push/arrived`, { 'content-type': 'application/json', origin: this.url }, JSON.stringify({ token }));
    } catch {
      this.unreadable += 1;
    }
  }

  /** A further browser: what it tells our server, and its number. */
  subscribe() {
    const browser = { number: this.browsers.length, key: createECDH('prime256v1'), auth: randomBytes(16) };
    browser.key.generateKeys();
    this.browsers.push(browser);
    const keys = { p256dh: browser.key.getPublicKey('base64url'), auth: browser.auth.toString('base64url') };
    return { number: browser.number, subscription: { endpoint: `${this.origin}/push/${browser.number}`, keys } };
  }
}

/** Twilio, as far as our server speaks with it. */
export class SmsService extends Service {
  /** Each message that it took: its number, ours, and when. */
  taken = [];
  #token = randomBytes(16).toString('hex');

  async start() {
    await this.listen((request, body, answer) => {
      const at = Date.now();
      const form = new URLSearchParams(body.toString());
      const sid = `SM${String(this.taken.length).padStart(32, '0')}`;
      const callback = form.get('StatusCallback');
      this.taken.push({ sid, to: form.get('To'), message: new URL(callback).searchParams.get('m'), at });
      const told = { sid, to: form.get('To'), body: form.get('Body'), status: 'queued', num_segments: '1', date_created: new Date(at).toUTCString() };
      answer.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(told));
      setImmediate(() => this.#report(callback, sid, form.get('To')));
    });
    this.setting = `twilio://AC${'0'.repeat(32)}:${this.#token}@127.0.0.1:${this.port}`;
  }

  /** Signed as Twilio signs: the address, and every field in the order of its name. */
  #report(url, sid, to) {
    const fields = { AccountSid: `AC${'0'.repeat(32)}`, MessageSid: sid, MessageStatus: 'delivered', To: to };
    const text = url + Object.keys(fields).sort().map((name) => name + fields[name]).join('');
    const signature = createHmac('sha1', this.#token).update(text).digest('base64');
    this.call(url, { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }, new URLSearchParams(fields).toString());
  }
}
