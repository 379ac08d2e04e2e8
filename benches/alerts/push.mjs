// From a webhook to a push service: on an open schedule, for every browser of everybody who is told, counted lead by lead.

import { sleep } from '../lib/processes.mjs';
import { Poster, quantiles } from '../lib/turn.mjs';

/** How long is waited for what is still under way, seconds. */
const DRAIN = 20;

export async function pushes(side, service, { rate, seconds, warm }, load) {
  const skipped = Math.round(rate * warm);
  const poster = new Poster(side, { rate, total: skipped + Math.round(rate * seconds), ...load });
  await poster.ready();
  const spent = side.meter();
  poster.begin();
  const posts = await poster.posts(2 * (warm + seconds) + 120);
  const cores = spent();
  return { rate, seconds, browsers: service.browsers.length, ...(await reached(side, service, posts, skipped)), cores };
}

/** Where these leads came to, but for the first ones also how soon. */
export async function reached(side, service, posts, skipped = 0) {
  const accepted = posts.filter((post) => post.accepted);
  const deadline = Date.now() + DRAIN * 1000;
  let told;
  do {
    await sleep(250);
    told = count(side, service, accepted, await rows(side, accepted));
  } while (told.missing && Date.now() < deadline);
  await sleep(1500); // what comes twice comes now
  told = count(side, service, accepted, await rows(side, accepted));
  const counts = new Set(posts.slice(skipped).map((post) => post.id));
  const late = told.came.filter(({ id }) => counts.has(id));
  // For each lead, until its first browser knows.
  const first = [...grouped(late, ({ id }) => id).values()].map((all) => Math.min(...all.map(({ ms }) => ms)));
  return {
    leads: posts.length,
    refused: posts.length - accepted.length,
    people: side.agents.length,
    pushes: told.pushes,
    missing: told.missing,
    doubled: told.doubled,
    taken_ms: quantiles(late.map(({ ms }) => ms)),
    measured: late.length,
    first_ms: quantiles(first),
    measured_leads: first.length,
  };
}

/** Who was told of which lead, with which alert. */
function rows(side, accepted) {
  return side.ask(
    `select l.meta_lead_id as id, n.user_id, n.alert_id from notifications n
     join leads l on l.organization_id = n.organization_id and l.id = n.lead_id
     where n.organization_id = '${side.organization}' and n.kind = 'new_lead' and l.meta_lead_id = any('{${accepted.map(({ id }) => id)}}')`,
  );
}

/** Each lead at each browser of each agent, once. A push may tell of several leads, so it is an alert that comes twice, or a lead that is told twice. */
function count(side, service, accepted, rows) {
  const pushes = grouped(service.taken, ({ browser, alert }) => `${browser} ${alert}`);
  const told = grouped(rows, ({ id, user_id }) => `${id} ${user_id}`);
  const alerts = new Set(rows.map((row) => row.alert_id));
  const ours = service.taken.filter(({ alert }) => alerts.has(alert));
  const came = [];
  let missing = 0;
  let doubled = ours.length - new Set(ours.map(({ browser, alert }) => `${browser} ${alert}`)).size;
  for (const { id, due } of accepted) {
    for (const { user, browsers } of side.agents) {
      const [row, ...again] = told.get(`${id} ${user}`) ?? [];
      doubled += again.length;
      for (const browser of browsers) {
        const push = row && pushes.get(`${browser} ${row.alert_id}`)?.[0];
        if (push) came.push({ id, ms: (push.at - due) / 1e6 });
        else missing += 1;
      }
    }
  }
  return { came, missing, doubled, pushes: ours.length };
}

function grouped(all, key) {
  const groups = new Map();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}
