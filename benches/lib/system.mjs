// What the machine is, and what processes cost: from /proc.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';

const TICKS = +execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' });

function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: +fields[1], own: +fields[11] + +fields[12], reaped: +fields[13] + +fields[14] };
  } catch {
    return undefined; // it ended
  }
}

/** Processor seconds of one process so far, all of its threads. */
export function cpu(pid) {
  return (stat(pid)?.own ?? 0) / TICKS;
}

/** Processor seconds of a PostgreSQL server so far: the postmaster, its children, and those that ended. */
export function cpuWithChildren(pid) {
  const here = stat(pid);
  if (!here) return 0;
  let ticks = here.own + here.reaped;
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) && stat(name);
    if (child && child.parent === pid) ticks += child.own;
  }
  return ticks / TICKS;
}

/** Processor seconds of the whole machine so far: at work, and taken away by the hypervisor. */
export function machineCpu() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { busy: (user + nice + system + irq + softirq) / TICKS, stolen: steal / TICKS };
}

/** Resident memory, bytes. */
export function resident(pid) {
  const kilobytes = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)?.[1];
  return +(kilobytes ?? 0) * 1024;
}

function output(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

export function machine(pgBin) {
  const changed = output('git', 'status', '--porcelain', '--', ':!/docs', ':!/benches/results') !== '';
  return {
    at: new Date().toISOString(),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memory_bytes: os.totalmem(),
    kernel: `${os.type()} ${os.release().match(/^[\d.]+/)?.[0] ?? ''}`,
    postgresql: output(`${pgBin}/postgres`, '-V').match(/[\d.]+/)?.[0] ?? 'unknown',
    node: process.versions.node,
    commit: (output('git', 'rev-parse', '--short=12', 'HEAD') || 'unknown') + (changed ? ' and changes' : ''),
  };
}
