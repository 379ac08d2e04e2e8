//! The statements on scores, and the list that begins with the best.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Row, Sealed};
use crate::{
    db::Tx,
    error::Result,
    identity::Viewer,
    leads::{
        find::{Key, Narrowed},
        score::ScoreRule,
    },
    types::ids::LeadId,
};

/// The rules, where they were ever changed, and their version: 0 until then.
pub(in crate::leads) async fn scoring(tx: &mut Tx) -> Result<(Option<Vec<ScoreRule>>, i32)> {
    let row = sqlx::query!("select rules, version from scoring_rules").fetch_optional(tx.conn()).await?;
    row.map_or(Ok((None, 0)), |row| Ok((Some(serde_json::from_value(row.rules)?), row.version)))
}

/// `false`: `version` is not the current one.
pub(in crate::leads) async fn save_scoring(tx: &mut Tx, version: i32, rules: &[ScoreRule]) -> Result<bool> {
    let (rules, now) = (serde_json::to_value(rules)?, tx.now());
    let saved = if version == 0 {
        sqlx::query!("insert into scoring_rules (rules, changed_at) values ($1, $2) on conflict do nothing", rules, now)
            .execute(tx.conn())
            .await?
    } else {
        sqlx::query!(
            "update scoring_rules set rules = $2, version = version + 1, changed_at = $3 where version = $1",
            version,
            rules,
            now
        )
        .execute(tx.conn())
        .await?
    };
    Ok(saved.rows_affected() == 1)
}

pub(in crate::leads) async fn set_scores(tx: &mut Tx, scores: &[(LeadId, i16)]) -> Result<()> {
    if scores.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update leads set score = new.score from unnest($1::uuid[], $2::smallint[]) as new(id, score) where leads.id = new.id",
        &scores.iter().map(|(lead, _)| lead.0).collect::<Vec<_>>(),
        &scores.iter().map(|(_, score)| *score).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Place {
    id: Uuid,
    at: DateTime<Utc>,
    score: i16,
}

/// What is open and not put off, the best first, of those as good the newest; after the cursor.
pub(in crate::leads) async fn best(tx: &mut Tx, viewer: &Viewer, by: &Narrowed) -> Result<Vec<(Key, Uuid)>> {
    let (after, after_id) = by.after.unzip();
    let (after_at, after_score) = (after.map(|key| key.at), after.map(|key| key.score));
    let now = tx.now();
    let places = sqlx::query_as!(
        Place,
        "/* leads best */ select id, created_at as at, score from leads
         where next_at is not null and (snoozed_until is null or snoozed_until <= $14) and ($3 or assignee_id is null or assignee_id = $4)
           and score >= $15
           and ($16::smallint is null or (score, created_at, id) < ($16, $1, $2::uuid))
           and ($5::uuid is null or campaign_id = $5)
           and ($6::uuid is null or form_id = $6)
           and ($7::timestamptz is null or created_at >= $7)
           and ($8::timestamptz is null or created_at < $8)
           and ($9::bytea[] is null or exists (select from lead_tokens where token = any($9) and lead_id = leads.id offset 0))
           and ($10::bytea[] is null or exists (select from lead_tokens where token = any($10) and lead_id = leads.id offset 0))
           and ($11::bytea[] is null or exists (select from lead_tokens where token = any($11) and lead_id = leads.id offset 0))
           and ($13::text[] is null or status = any($13))
           and ($17::uuid[] is null or assignee_id = any($17) or ($18 and assignee_id is null))
           and ($19::uuid[] is null or id = any($19))
         order by score desc, created_at desc, id desc limit $12",
        after_at,
        after_id,
        viewer.sees_all,
        viewer.user.0,
        by.campaign,
        by.form,
        by.from,
        by.to,
        by.tokens[0].as_deref(),
        by.tokens[1].as_deref(),
        by.tokens[2].as_deref(),
        by.limit,
        by.statuses.as_deref(),
        now,
        by.min_score,
        after_score,
        by.assignees.as_deref(),
        by.or_nobody,
        by.found.as_deref()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(places.into_iter().map(|place| (Key { at: place.at, tried: false, score: place.score }, place.id)).collect())
}

/// The last leads that came.
pub(in crate::leads) async fn latest(tx: &mut Tx, most: i64) -> Result<Vec<Row>> {
    Ok(super::select_rows!("order by created_at desc, id desc limit $1", most).fetch_all(tx.conn()).await?)
}

/// These, locked in the order of their ids.
pub(in crate::leads) async fn lock_all(tx: &mut Tx, ids: &[LeadId]) -> Result<Vec<Row>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(super::select_rows!("where id = any($1) order by id for update", &ids).fetch_all(tx.conn()).await?)
}
