// Everybody taps the same lead at once, lead after lead.

import { quantiles } from '../lib/turn.mjs';

export async function claims(side, { rounds }) {
  const leads = await side.ask(
    `select id from leads where organization_id = '${side.organization}' and assignee_id is null and status = 'new' and first_attempt_at is null
     order by created_at desc, id limit ${rounds}`,
  );
  if (leads.length < rounds) throw new Error(`only ${leads.length} leads are nobody's`);
  // Everybody's connection is open before the first tap.
  await Promise.all(side.agents.map(async ({ cookie }) => (await fetch(`${side.url}/api/leads/counts`, { headers: { cookie } })).arrayBuffer()));
  const [won, refused] = [[], []];
  const [holders, other] = [new Map(), new Map()];
  let [one, unclear] = [0, 0];
  const spent = side.meter();
  const begun = performance.now();
  for (const { id } of leads) {
    const taps = await Promise.all(
      side.agents.map(async ({ cookie, user }) => {
        const sent = performance.now();
        const answer = await side.post(`/api/leads/${id}/claim`, cookie, {});
        const body = await answer.json();
        return { user, status: answer.status, body, ms: performance.now() - sent };
      }),
    );
    const winners = taps.filter(({ status }) => status === 200);
    one += winners.length === 1;
    holders.set(id, winners[0]?.user);
    for (const tap of taps) {
      if (tap.status === 200) won.push(tap.ms);
      else if (tap.status === 409) refused.push(tap.ms);
      else other.set(tap.status, (other.get(tap.status) ?? 0) + 1);
      // Whoever was slower is told so, and by whom.
      if (tap.status === 409 && (tap.body.reason !== 'claimed' || tap.body.holder_id !== winners[0]?.user)) unclear += 1;
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  const cores = spent();
  const stand = await side.ask(
    `select l.id, l.assignee_id, (select count(*)::int from lead_history h where h.organization_id = l.organization_id and h.lead_id = l.id and h.kind = 'claimed') as claimed
     from leads l where l.organization_id = '${side.organization}' and l.id = any('{${leads.map(({ id }) => id)}}')`,
  );
  return {
    people: side.agents.length,
    rounds,
    one_winner: one,
    unclear,
    other: Object.fromEntries(other),
    // What the database says of it.
    wrong: stand.filter((lead) => lead.assignee_id !== holders.get(lead.id) || lead.claimed !== 1).length,
    per_second: (rounds * side.agents.length) / seconds,
    won: won.length,
    lost: refused.length,
    won_ms: quantiles(won),
    refused_ms: quantiles(refused),
    cores,
  };
}
