// Who is told, and how soon: webhooks to pushes, timers among a hundred thousand that wait, claims that come at once, steps of sequences.
// `benches/run --only alerts`. Ours alone: the peer tells nobody.

import { claims } from './alerts/claims.mjs';
import { pushes } from './alerts/push.mjs';
import { sequences } from './alerts/sequences.mjs';
import { PushService, SmsService } from './alerts/services.mjs';
import { timers } from './alerts/timers.mjs';
import { Desk } from './alerts/world.mjs';

export const PARTS = ['push', 'timers', 'claims', 'sequences'];
const BROWSERS = 2;

/** What is measured; `quick` is enough to see that it works. */
export const plan = (quick, leads) => ({
  leads: leads ?? (quick ? 10_000 : 100_000),
  calm: { rate: 0.5, seconds: quick ? 20 : 120, warm: 4 },
  busy: { rate: 20, seconds: quick ? 10 : 60, warm: 5 },
  timers: quick ? { steps: 500, snoozes: 200, seconds: 15 } : { steps: 5_000, snoozes: 2_000, seconds: 60 },
  claims: { rounds: quick ? 30 : 200 },
  sequences: { leads: quick ? 300 : 5_000 },
});

/** All of it on one server, which has lived before. */
export async function alerts({ quick, leads, parts = PARTS, say, ...common }) {
  const measured = plan(quick, leads);
  const [push, sms] = [new PushService(), new SmsService()];
  await Promise.all([push.start(), sms.start()]);
  const side = new Desk({ ...common, leads: measured.leads });
  try {
    await side.configure();
    Object.assign(side.env, { PUSH_ORIGINS: push.origin, SMS_URL: sms.setting, SMS_FROM: '+4759440000' });
    push.url = side.url;
    await side.found();
    await side.start();
    await side.watch();
    await side.people(push, BROWSERS);
    say(`${side.watched} leads that wait and ${side.jobs} jobs; seeded in ${side.seeded_seconds.toFixed(0)} s`);
    const load = { bin: common.loadBin, folder: common.folder, logs: side.logs };
    const run = {
      push: async () => ({ calm: await pushes(side, push, measured.calm, load), busy: await pushes(side, push, measured.busy, load) }),
      timers: () => timers(side, push, measured.timers, load),
      claims: () => claims(side, measured.claims),
      sequences: () => sequences(side, sms, push, measured.sequences, load),
    };
    const result = { watched: side.watched, seeded_seconds: side.seeded_seconds };
    for (const part of PARTS.filter((one) => parts.includes(one))) {
      result[part] = await run[part]();
      say(`${part}: done`);
    }
    const buried = await side.buried();
    // Neither a browser nor the vendor could not tell us what it had to, and no job was given up.
    Object.assign(result, { unanswered: push.failed + sms.failed, unreadable: push.unreadable, buried });
    await side.stop();
    return result;
  } finally {
    push.stop();
    sms.stop();
  }
}
