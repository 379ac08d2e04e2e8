// Connections that never become requests: a third says nothing, a third stops within its headers, a third drips a byte a second into its
// body. Whoever is thrown out comes back.

import net from 'node:net';
import { sleep } from './processes.mjs';

const SAID = [
  '',
  'POST /webhooks/meta-lead HTTP/1.1\r\nhost: x\r\nx-a: ',
  'POST /webhooks/meta-lead HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{',
];

export class HalfOpen {
  open = new Set();
  thrownOut = 0;
  refused = 0;
  #closing = false;

  constructor(port, many) {
    Object.assign(this, { port, many });
  }

  /** Opens them all, some hundreds at a time. */
  async begin() {
    for (let n = 0; n < this.many; n += 250) {
      await Promise.all(Array.from({ length: Math.min(250, this.many - n) }, (_, i) => this.#connect(n + i)));
    }
    this.drip = setInterval(() => {
      for (const socket of this.open) if (socket.drips) socket.write('a');
    }, 1000);
  }

  #connect(number) {
    return new Promise((resolve) => {
      const socket = net.connect(this.port, '127.0.0.1');
      socket.drips = number % 3 === 2;
      socket.on('connect', () => {
        this.open.add(socket);
        socket.write(SAID[number % 3]);
        resolve();
      });
      socket.on('error', () => {});
      socket.on('close', (failed) => {
        if (this.open.delete(socket)) this.thrownOut += 1;
        else if (failed) this.refused += 1;
        resolve();
        if (!this.#closing) sleep(100).then(() => this.#closing || this.#connect(number));
      });
      socket.resume();
    });
  }

  close() {
    this.#closing = true;
    clearInterval(this.drip);
    for (const socket of this.open) socket.destroy();
  }
}
