//! The statements on distribution.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Policy, decide::Pool};
use crate::{
    db::Tx,
    error::Result,
    leads::Why,
    types::ids::{FormId, LeadId, RuleId, UserId},
};

/// The policy and its version: 0 until it is changed for the first time.
pub(super) async fn policy(tx: &mut Tx) -> Result<(Policy, i32)> {
    let row = sqlx::query!("select policy, version from distribution_policies").fetch_optional(tx.conn()).await?;
    row.map_or(Ok((Policy::default(), 0)), |row| Ok((serde_json::from_value(row.policy)?, row.version)))
}

/// As [`policy`]; whoever gives leads out gives them out alone until their transaction ends, so that turns are taken one after the other.
pub(super) async fn lock_policy(tx: &mut Tx) -> Result<Policy> {
    let row =
        sqlx::query_scalar!("select policy from distribution_policies for update").fetch_optional(tx.conn()).await?;
    row.map_or(Ok(Policy::default()), |policy| Ok(serde_json::from_value(policy)?))
}

/// `false`: `version` is not the current one.
pub(super) async fn save_policy(tx: &mut Tx, version: i32, policy: &Policy) -> Result<bool> {
    let (value, now) = (serde_json::to_value(policy)?, tx.now());
    let saved = if version == 0 {
        sqlx::query!(
            "insert into distribution_policies (policy, changed_at) values ($1, $2) on conflict do nothing",
            value,
            now
        )
        .execute(tx.conn())
        .await?
    } else {
        sqlx::query!(
            "update distribution_policies set policy = $2, version = version + 1, changed_at = $3 where version = $1",
            version,
            value,
            now
        )
        .execute(tx.conn())
        .await?
    };
    Ok(saved.rows_affected() == 1)
}

/// Forgets the turns of rules that are gone.
pub(super) async fn prune_pools(tx: &mut Tx, rules: &[RuleId]) -> Result<()> {
    let pools: Vec<Uuid> = rules.iter().map(|rule| rule.0).chain([Uuid::nil()]).collect();
    sqlx::query!("delete from distribution_shares where pool <> all($1)", &pools).execute(tx.conn()).await?;
    Ok(())
}

pub(super) async fn pools(tx: &mut Tx) -> Result<HashMap<Uuid, Pool>> {
    let rows = sqlx::query!("select pool, user_id, credit, turn from distribution_shares").fetch_all(tx.conn()).await?;
    let mut pools: HashMap<Uuid, Pool> = HashMap::new();
    for row in rows {
        let pool = pools.entry(row.pool).or_default();
        pool.turn = pool.turn.max(row.turn);
        pool.shares.insert(UserId(row.user_id), (row.credit, row.turn));
    }
    Ok(pools)
}

pub(super) async fn save_pools(tx: &mut Tx, pools: &HashMap<Uuid, Pool>) -> Result<()> {
    let (mut ids, mut users, mut credits, mut turns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, pool) in pools.iter().filter(|(_, pool)| pool.is_changed) {
        for (user, (credit, turn)) in &pool.shares {
            ids.push(*id);
            users.push(user.0);
            credits.push(*credit);
            turns.push(*turn);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into distribution_shares (pool, user_id, credit, turn)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
         on conflict (organization_id, pool, user_id) do update set credit = excluded.credit, turn = excluded.turn",
        &ids,
        &users,
        &credits,
        &turns
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where a lead's looking for somebody stands.
pub(super) struct PlacementRow {
    pub user: Option<UserId>,
    pub why: Why,
    pub step: i32,
    pub again_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
}

pub(super) async fn placements(tx: &mut Tx, leads: &[LeadId]) -> Result<HashMap<LeadId, PlacementRow>> {
    let ids: Vec<Uuid> = leads.iter().map(|lead| lead.0).collect();
    let rows =
        sqlx::query!("select lead_id, user_id, why, step, again_at, at from placements where lead_id = any($1)", &ids)
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|row| {
            let why = serde_json::from_value(row.why)?;
            let placement =
                PlacementRow { user: row.user_id.map(UserId), why, step: row.step, again_at: row.again_at, at: row.at };
            Ok((LeadId(row.lead_id), placement))
        })
        .collect()
}

pub(super) async fn save_placements(tx: &mut Tx, placements: &[(LeadId, PlacementRow)]) -> Result<()> {
    let whys =
        placements.iter().map(|(_, row)| serde_json::to_value(&row.why)).collect::<std::result::Result<Vec<_>, _>>()?;
    sqlx::query!(
        "insert into placements (lead_id, user_id, why, step, again_at, at)
         select * from unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::int[], $5::timestamptz[], $6::timestamptz[])
         on conflict (organization_id, lead_id) do update
         set user_id = excluded.user_id, why = excluded.why, step = excluded.step, again_at = excluded.again_at, at = excluded.at",
        &placements.iter().map(|(lead, _)| lead.0).collect::<Vec<_>>(),
        &placements.iter().map(|(_, row)| row.user.map(|user| user.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &whys,
        &placements.iter().map(|(_, row)| row.step).collect::<Vec<_>>(),
        &placements.iter().map(|(_, row)| row.again_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &placements.iter().map(|(_, row)| row.at).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The locales of forms, as Meta writes them. The table is the ground that leads stand on (their foreign key), whoever fills it.
pub(super) async fn locales(tx: &mut Tx, forms: &[FormId]) -> Result<HashMap<FormId, String>> {
    let ids: Vec<Uuid> = forms.iter().map(|form| form.0).collect();
    let rows = sqlx::query!(
        r#"select id, locale as "locale!" from lead_forms where id = any($1) and locale is not null"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (FormId(row.id), row.locale)).collect())
}
