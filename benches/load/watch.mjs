// Open phones with the official client, which note when each lead came. A process of its own, so that neither posting nor the
// crowd delays what is timed. Spoken to over the parent's channel: open, take, close.

import { io } from 'socket.io-client';

let sockets = [];
/** For each socket: lead → when it came, every time. */
let seen = [];
let dropped = 0;

function leadOf(message) {
  const lead = message?.lead ?? message;
  return String(lead?.meta_lead_id ?? lead?.leadgen_id ?? '');
}

function open({ url, count, auth, cookie, event }) {
  return Promise.all(
    Array.from({ length: count }, () => {
      const times = new Map();
      seen.push(times);
      return new Promise((resolve, reject) => {
        const socket = io(url, {
          transports: ['websocket'],
          auth,
          extraHeaders: cookie ? { cookie } : {},
          forceNew: true,
          reconnection: false,
          timeout: 15_000,
        });
        sockets.push(socket);
        socket.on(event, (message) => {
          const at = Number(process.hrtime.bigint());
          const lead = leadOf(message);
          const before = times.get(lead);
          if (before) before.push(at);
          else times.set(lead, [at]);
        });
        socket.on('connect', resolve);
        socket.on('connect_error', reject);
        socket.on('disconnect', () => dropped++);
      });
    }),
  );
}

process.on('message', async (message) => {
  try {
    if (message.open) {
      await open(message.open);
      process.send({ opened: sockets.length });
    } else if (message.count) {
      // The slowest socket says how far the leads have come.
      process.send({ least: Math.min(...seen.map((times) => times.size)), dropped });
    } else if (message.take) {
      process.send({ seen: seen.map((times) => [...times]), dropped });
      seen.forEach((times) => times.clear());
    } else {
      sockets.forEach((socket) => socket.close());
      process.disconnect();
    }
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('disconnect', () => process.exit());
