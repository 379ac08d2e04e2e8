//! Lists give sort keys and ids, a page of them; the rows are read by id.
//!
//! Each list is a few statements that differ in where they begin, because one that serves all filters is planned for the average
//! organization: the planner does not see whose rows row-level security will show, nor which status that organization never uses. Each
//! begins at an index that has the list's own order, so that it reads about a page, and the rest only filters. Their plans are
//! pinned by `tests/it/plans.rs`, which finds them by the comments that they begin with. See docs/decisions/0010-lists.md.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::Tx,
    error::Result,
    identity::Viewer,
    leads::find::{Counts, Key, MOST_COUNTED, Narrowed},
    types::ids::{LeadId, UserId},
};

/// A place in a list.
struct Place {
    id: Uuid,
    at: DateTime<Utc>,
    tried: bool,
}

fn keys(places: Vec<Place>) -> Vec<(Key, Uuid)> {
    places.into_iter().map(|place| (Key { at: place.at, tried: place.tried, score: 0 }, place.id)).collect()
}

/// The newest first, after the cursor. What differs is where a statement begins; each takes what is here first, and then its own.
macro_rules! newest {
    ($begin:ident, $tx:ident, $viewer:ident, $by:ident $(, $own:expr)*) => {
        newest!(@$begin [$tx, $viewer, $by $(, $own)*]
            "and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
             and ($5::uuid is null or campaign_id = $5)
             and ($6::uuid is null or form_id = $6)
             and ($7::timestamptz is null or created_at >= $7)
             and ($8::timestamptz is null or created_at < $8)
             and ($9::bytea[] is null or exists (select from lead_tokens where token = any($9) and lead_id = leads.id offset 0))
             and ($10::bytea[] is null or exists (select from lead_tokens where token = any($10) and lead_id = leads.id offset 0))
             and ($11::bytea[] is null or exists (select from lead_tokens where token = any($11) and lead_id = leads.id offset 0))
             ")
    };
    (@all $given:tt $filter:literal) => {
        newest!(@run $given
            r#"/* leads newest: all */ select id, created_at as at, false as "tried!" from leads
               where ($3 or assignee_id is null or assignee_id = $4) and ($13::text[] is null or status = any($13)) "# + $filter + "
               order by created_at desc, id desc limit $12")
    };
    (@statuses $given:tt $filter:literal) => {
        newest!(@run $given
            r#"/* leads newest: statuses */ select lead.id, lead.at, false as "tried!" from unnest($13::text[]) as one(status)
               cross join lateral (
                   select id, created_at as at from leads where leads.status = one.status and ($3 or assignee_id is null or assignee_id = $4) "# + $filter + "
                   order by created_at desc, id desc limit $12) as lead
               order by lead.at desc, lead.id desc limit $12")
    };
    (@people $given:tt $filter:literal) => {
        newest!(@run $given
            r#"/* leads newest: people */ select id as "id!", at as "at!", false as "tried!" from (
                   select lead.id, lead.at from unnest($13::uuid[]) as one(person)
                   cross join lateral (
                       select id, created_at as at from leads
                       where assignee_id = one.person and ($3 or one.person = $4) and ($15::text[] is null or status = any($15)) "# + $filter + "
                       order by created_at desc, id desc limit $12) as lead
                   union all
                   (select id, created_at from leads
                    where $14 and assignee_id is null and ($15::text[] is null or status = any($15)) " + $filter + "
                    order by created_at desc, id desc limit $12)) as lead
               order by at desc, id desc limit $12")
    };
    (@found $given:tt $filter:literal) => {
        newest!(@run $given
            r#"/* leads newest: found */ select lead.id, lead.at, false as "tried!" from unnest($13::uuid[]) as one(lead)
               cross join lateral (
                   select id, created_at as at from leads
                   where id = one.lead and ($3 or assignee_id is null or assignee_id = $4) and ($14::text[] is null or status = any($14))
                     and ($15::uuid[] is null or assignee_id = any($15) or ($16 and assignee_id is null)) "# + $filter + "
                   offset 0) as lead
               order by lead.at desc, lead.id desc limit $12")
    };
    (@run [$tx:ident, $viewer:ident, $by:ident $(, $own:expr)*] $($statement:tt)+) => {{
        let (after, after_id) = $by.after.unzip();
        let after_at = after.map(|key| key.at);
        sqlx::query_as!(
            Place,
            $($statement)+,
            after_at,
            after_id,
            $viewer.sees_all,
            $viewer.user.0,
            $by.campaign,
            $by.form,
            $by.from,
            $by.to,
            $by.tokens[0].as_deref(),
            $by.tokens[1].as_deref(),
            $by.tokens[2].as_deref(),
            $by.limit
            $(, $own)*
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

pub(in crate::leads) async fn newest(tx: &mut Tx, viewer: &Viewer, by: &Narrowed) -> Result<Vec<(Key, Uuid)>> {
    let statuses = by.statuses.as_deref();
    let has_own_order = by.campaign.is_some() || by.form.is_some();
    Ok(keys(match (&by.found, &by.assignees, statuses) {
        (Some(found), people, _) => {
            newest!(found, tx, viewer, by, found.as_slice(), statuses, people.as_deref(), by.or_nobody)
        }
        (None, Some(people), _) => newest!(people, tx, viewer, by, people.as_slice(), by.or_nobody, statuses),
        (None, None, Some(statuses)) if !has_own_order => newest!(statuses, tx, viewer, by, statuses),
        (None, None, _) => newest!(all, tx, viewer, by, statuses),
    }))
}

/// What is to do: those whom nobody has tried yet before those who are to be tried again, and of each the next due first. Somebody who
/// wrote a minute ago must not wait behind yesterday's follow-ups.
macro_rules! next_due {
    ($begin:ident, $tx:ident, $viewer:ident, $by:ident $(, $own:expr)*) => {
        next_due!(@$begin [$tx, $viewer, $by $(, $own)*]
            "next_at is not null and (snoozed_until is null or snoozed_until <= $14)
             and ($1::timestamptz is null or (first_attempt_at is not null, next_at, id) > ($15::boolean, $1, $2::uuid))
             and ($5::uuid is null or campaign_id = $5)
             and ($6::uuid is null or form_id = $6)
             and ($7::timestamptz is null or created_at >= $7)
             and ($8::timestamptz is null or created_at < $8)
             and ($9::bytea[] is null or exists (select from lead_tokens where token = any($9) and lead_id = leads.id offset 0))
             and ($10::bytea[] is null or exists (select from lead_tokens where token = any($10) and lead_id = leads.id offset 0))
             and ($11::bytea[] is null or exists (select from lead_tokens where token = any($11) and lead_id = leads.id offset 0))
             and ($13::text[] is null or status = any($13))
             ")
    };
    (@all $given:tt $filter:literal) => {
        next_due!(@run $given
            r#"/* leads due: all */ select id, next_at as "at!", (first_attempt_at is not null) as "tried!" from leads
               where ($3 or assignee_id is null or assignee_id = $4) and "# + $filter + "
               order by (first_attempt_at is not null), next_at, id limit $12")
    };
    // An index that knows whose a lead is has the order of what is nobody's only where that is named too.
    (@people $given:tt $filter:literal) => {
        next_due!(@run $given
            r#"/* leads due: people */ select id as "id!", at as "at!", tried as "tried!" from (
                   select lead.id, lead.at, lead.tried from unnest($16::uuid[]) as one(person)
                   cross join lateral (
                       select id, next_at as at, (first_attempt_at is not null) as tried from leads
                       where assignee_id = one.person and ($3 or one.person = $4) and "# + $filter + "
                       order by (first_attempt_at is not null), next_at, id limit $12) as lead
                   union all
                   (select id, next_at, (first_attempt_at is not null) from leads where $17 and assignee_id is null and " + $filter + "
                    order by assignee_id, (first_attempt_at is not null), next_at, id limit $12)) as lead
               order by tried, at, id limit $12")
    };
    (@found $given:tt $filter:literal) => {
        next_due!(@run $given
            r#"/* leads due: found */ select lead.id, lead.at as "at!", lead.tried as "tried!" from unnest($16::uuid[]) as one(lead)
               cross join lateral (
                   select id, next_at as at, (first_attempt_at is not null) as tried from leads
                   where id = one.lead and ($3 or assignee_id is null or assignee_id = $4) and ($17::uuid[] is null or assignee_id = any($17) or ($18 and assignee_id is null)) and "# + $filter + "
                   offset 0) as lead
               order by lead.tried, lead.at, lead.id limit $12")
    };
    (@run [$tx:ident, $viewer:ident, $by:ident $(, $own:expr)*] $($statement:tt)+) => {{
        let (after, after_id) = $by.after.unzip();
        let (after_at, after_tried) = (after.map(|key| key.at), after.map(|key| key.tried));
        let now = $tx.now();
        sqlx::query_as!(
            Place,
            $($statement)+,
            after_at,
            after_id,
            $viewer.sees_all,
            $viewer.user.0,
            $by.campaign,
            $by.form,
            $by.from,
            $by.to,
            $by.tokens[0].as_deref(),
            $by.tokens[1].as_deref(),
            $by.tokens[2].as_deref(),
            $by.limit,
            $by.statuses.as_deref(),
            now,
            after_tried
            $(, $own)*
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

pub(in crate::leads) async fn next_due(tx: &mut Tx, viewer: &Viewer, by: &Narrowed) -> Result<Vec<(Key, Uuid)>> {
    Ok(keys(match (&by.found, &by.assignees) {
        (Some(found), people) => next_due!(found, tx, viewer, by, found.as_slice(), people.as_deref(), by.or_nobody),
        (None, Some(people)) => next_due!(people, tx, viewer, by, people.as_slice(), by.or_nobody),
        (None, None) => next_due!(all, tx, viewer, by),
    }))
}

/// The leads that have a token of each group; `None` where they are more than `most`. Who has found so many walks the list, and meets
/// one of them every few rows.
pub(in crate::leads) async fn found(tx: &mut Tx, groups: &[Vec<Vec<u8>>], most: i64) -> Result<Option<Vec<Uuid>>> {
    let mut found = if let [group] = groups {
        sqlx::query_scalar!(
            "/* leads found: one */ select lead_id from lead_tokens where token = any($1) limit $2",
            group,
            most + 1
        )
        .fetch_all(tx.conn())
        .await?
    } else {
        let (mut tokens, mut bits) = (Vec::<&[u8]>::new(), Vec::new());
        for (position, group) in groups.iter().enumerate() {
            tokens.extend(group.iter().map(Vec::as_slice));
            bits.extend(group.iter().map(|_| 1i32 << position));
        }
        let all = (1i32 << groups.len()) - 1;
        // Begun at each token, whatever the planner believes; then put together in one hash.
        sqlx::query_scalar!(
            "/* leads found: several */ select named.lead_id from unnest($1::bytea[], $2::int[]) as wanted(token, bit)
             cross join lateral (select lead_id from lead_tokens where lead_tokens.token = wanted.token offset 0) as named
             group by named.lead_id having bit_or(wanted.bit) = $3 limit $4",
            &tokens as &[&[u8]],
            &bits,
            all,
            most + 1
        )
        .fetch_all(tx.conn())
        .await?
    };
    let is_few = i64::try_from(found.len()).is_ok_and(|count| count <= most);
    found.sort_unstable();
    found.dedup();
    Ok(is_few.then_some(found))
}

/// Each counts to `MOST_COUNTED` and no further: what is asked every second by every open app must not grow with the organization.
pub(in crate::leads) async fn counts(tx: &mut Tx, viewer: &Viewer) -> Result<Counts> {
    let now = tx.now();
    Ok(sqlx::query_as!(
        Counts,
        r#"/* leads counts */ select
               case when $1 then (
                   select count(*) from (
                       select from leads where next_at is not null and (snoozed_until is null or snoozed_until <= $3) limit $4) as due)
               else least((
                   select count(*) from (
                       select from leads where next_at is not null and assignee_id = $2 and (snoozed_until is null or snoozed_until <= $3) limit $4) as due) + (
                   select count(*) from (
                       select from leads where next_at is not null and assignee_id is null and (snoozed_until is null or snoozed_until <= $3) limit $4) as due), $4)
               end as "todo!",
               (select count(*) from (select from leads where next_at is not null and assignee_id = $2 limit $4) as open) as "mine!",
               (select count(*) from (select from leads where next_at is not null and assignee_id is null limit $4) as open) as "unclaimed!""#,
        viewer.is_manager(),
        viewer.user.0,
        now,
        MOST_COUNTED
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Ids in their order, for sweeps.
pub(in crate::leads) async fn ids_after(tx: &mut Tx, after: Option<LeadId>, batch: i64) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        "select id from leads where ($1::uuid is null or id > $1) order by id limit $2",
        after.map(|id| id.0),
        batch
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}

/// Open leads in somebody's hands, the oldest first.
pub(in crate::leads) async fn open_ids_of(tx: &mut Tx, user: UserId, batch: i64) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        "select id from leads where assignee_id = $1 and status not in ('won', 'lost') order by id limit $2",
        user.0,
        batch
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}
