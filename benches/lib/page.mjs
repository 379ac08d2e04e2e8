// docs/BENCHMARKS.md has a part for each kind of run. A run renews its own, and keeps the others'.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '../../docs/BENCHMARKS.md');
/** How the parts begin that runs of their own take; everything before them is one part, the server beside its rival. */
export const ALERTS = '## Who is told, and how soon';
export const SCALE = '## A million leads';
export const PHONE = '## The app on a slow phone';
/** In their order on the page. */
const OWN = [ALERTS, SCALE, PHONE];

/** Its parts, each from its heading on. */
function parts(page) {
  const own = OWN.filter((heading) => page.includes(`\n${heading}`)).map((heading) => page.indexOf(`\n${heading}`) + 1);
  const cuts = [0, ...own.sort((a, b) => a - b), page.length];
  return cuts.slice(1).map((end, index) => page.slice(cuts[index], end).trim());
}

/** Puts a part in the place of the one that began with this heading; without a heading, in the first one's. */
export function renew(part, heading = null) {
  const [first, ...others] = parts(readFileSync(PAGE, 'utf8'));
  const kept = others.filter((one) => heading === null || !one.startsWith(heading));
  const all = heading === null ? [part, ...kept] : [first, ...kept, part];
  const order = (one) => OWN.findIndex((known) => one.startsWith(known));
  writeFileSync(PAGE, `${all.sort((a, b) => order(a) - order(b)).map((one) => one.trim()).join('\n\n')}\n`);
}
