// Child processes: each with a log, known by its pid, ended by it.

import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const alive = new Set();

/** Starts a program whose errors go to `<folder>/<name>.log`. */
export function start(name, program, args, { folder, input = 'ignore', ...options }) {
  mkdirSync(folder, { recursive: true });
  const log = path.join(folder, `${name}.log`);
  const file = openSync(log, 'a'); // straight to the file: what a server logs is not our work
  const child = spawn(program, args, { ...options, stdio: [input, 'pipe', file] });
  closeSync(file);
  const running = { name, child, pid: child.pid, log, ended: undefined };
  running.end = new Promise((resolve) => {
    child.on('error', (error) => {
      running.ended = error.message;
      alive.delete(running);
      resolve();
    });
    child.on('exit', (code, signal) => {
      running.ended = signal ?? `exit ${code}`;
      alive.delete(running);
      resolve();
    });
  });
  alive.add(running);
  return running;
}

/** Ends it and waits; impatient after 30 seconds. */
export async function stop(running, signal = 'SIGTERM') {
  if (!running || running.ended !== undefined) return;
  running.child.kill(signal);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), 30_000);
  await running.end;
  clearTimeout(timer);
}

export async function stopAll() {
  await Promise.all([...alive].reverse().map((running) => stop(running)));
}

/** Waits until `probe` gives something; fails when the process ends first, or it takes too long. */
export async function until(what, running, probe, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (running?.ended !== undefined) throw new Error(`${what}: ${running.name} ended (${running.ended}). Its log: ${running.log}`);
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: nothing after ${seconds} s.${running ? ` Its log: ${running.log}` : ''}`);
    await sleep(50);
  }
}

/** Lines that a process says on stdout, one at a time. */
export function lines(running) {
  let rest = '';
  const ready = [];
  const waiting = [];
  running.child.stdout.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    for (const line of parts) (waiting.shift() ?? ((l) => ready.push(l)))(line);
  });
  return async (what, seconds = 60) => {
    if (ready.length) return ready.shift();
    let timer;
    const line = await Promise.race([
      new Promise((resolve) => waiting.push(resolve)),
      running.end.then(() => undefined),
      new Promise((resolve) => (timer = setTimeout(resolve, seconds * 1000))),
    ]);
    clearTimeout(timer);
    if (line === undefined)
      throw new Error(`${what}: ${running.name} ${running.ended ? `ended (${running.ended})` : `said nothing for ${seconds} s`}. Its log: ${running.log}`);
    return line;
  };
}

/** Runs a command to its end; its output. */
export function run(what, program, args, { input, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 120_000, ...options, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${what} failed: ${(stderr || stdout || error.message).trim().split('\n').slice(-6).join('\n')}`));
      else resolve(stdout);
    });
    child.stdin.end(input ?? '');
  });
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
