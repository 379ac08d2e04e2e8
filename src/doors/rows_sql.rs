//! All the SQL of imports.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::import_rows::RowError;
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    types::ids::{LeadId, UserId},
};

pub(super) struct ImportRow {
    pub id: Uuid,
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<Uuid>,
    pub file: Option<Sealed>,
    pub encoding: String,
    pub delimiter: String,
    pub plan: Value,
    pub rows: i32,
    pub done: i32,
    pub imported: i32,
    pub joined: i32,
    pub invalid: i32,
    pub kept: i32,
}

/// The newest imports, without their files; or one, with it.
pub(super) async fn imports(tx: &mut Tx, id: Option<Uuid>) -> Result<Vec<ImportRow>> {
    Ok(sqlx::query_as!(
        ImportRow,
        r#"select id, state, created_at, created_by, case when $1::uuid is not null then file end as "file: Sealed", encoding, delimiter, plan,
                  rows, done, imported, joined, invalid, kept
           from lead_imports where ($1::uuid is null or id = $1) order by created_at desc, id desc limit 50"#,
        id
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Locks one, with its file.
pub(super) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<ImportRow>> {
    Ok(sqlx::query_as!(
        ImportRow,
        r#"select id, state, created_at, created_by, file as "file: Sealed", encoding, delimiter, plan, rows, done, imported, joined, invalid, kept
           from lead_imports where id = $1 for update"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    by: UserId,
    file: Sealed,
    (encoding, delimiter): (&str, &str),
    rows: i32,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into lead_imports (id, state, created_at, created_by, file, encoding, delimiter, rows) values ($1, 'draft', $2, $3, $4, $5, $6, $7)",
        id,
        now,
        by.0,
        file.0,
        encoding,
        delimiter,
        rows
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn begin(tx: &mut Tx, id: Uuid, plan: Value) -> Result<bool> {
    let done = sqlx::query!(
        "update lead_imports set state = 'running', plan = $2 where id = $1 and state = 'draft'",
        id,
        plan
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn begin_undo(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("update lead_imports set state = 'undoing' where id = $1 and state = 'done'", id)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What became of some rows.
#[derive(Default)]
pub(super) struct Outcome {
    pub rows: Vec<i32>,
    pub states: Vec<&'static str>,
    pub leads: Vec<Option<Uuid>>,
    pub fields: Vec<Option<String>>,
    pub reasons: Vec<Option<String>>,
}

pub(super) async fn insert_rows(tx: &mut Tx, import: Uuid, outcome: &Outcome) -> Result<()> {
    sqlx::query!(
        "insert into lead_import_rows (import_id, row, state, lead_id, field, reason)
         select $1, row, state, lead_id, field, reason
         from unnest($2::int[], $3::text[], $4::uuid[], $5::text[], $6::text[]) as new(row, state, lead_id, field, reason) on conflict do nothing",
        import,
        &outcome.rows,
        &outcome.states as &[&str],
        &outcome.leads as &[Option<Uuid>],
        &outcome.fields as &[Option<String>],
        &outcome.reasons as &[Option<String>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says how far it is; done when all rows are.
pub(super) async fn progress(tx: &mut Tx, id: Uuid, done: i32) -> Result<()> {
    sqlx::query!(
        "update lead_imports i set done = $2, state = case when $2 >= i.rows then 'done' else i.state end,
             imported = (select count(*) from lead_import_rows r where r.import_id = i.id and r.state = 'new'),
             joined = (select count(*) from lead_import_rows r where r.import_id = i.id and r.state = 'joined'),
             invalid = (select count(*) from lead_import_rows r where r.import_id = i.id and r.state = 'invalid')
         where i.id = $1",
        id,
        done
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn errors(tx: &mut Tx, id: Uuid) -> Result<Vec<RowError>> {
    let rows = sqlx::query!(
        r#"select row, field, reason as "reason!" from lead_import_rows where import_id = $1 and state = 'invalid' order by row"#,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| RowError { row: row.row, field: row.field, reason: row.reason }).collect())
}

/// Leads that it made, and that nobody has looked whether to take back: so many of them.
pub(super) async fn made(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        r#"select lead_id as "lead_id!" from lead_import_rows where import_id = $1 and state = 'new' and lead_id is not null order by row limit $2"#,
        id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}

/// Of these leads those in `removed` are gone, the others stay.
pub(super) async fn taken_back(tx: &mut Tx, id: Uuid, all: &[LeadId], removed: &[LeadId]) -> Result<()> {
    let ids = |leads: &[LeadId]| leads.iter().map(|lead| lead.0).collect::<Vec<Uuid>>();
    sqlx::query!(
        "update lead_import_rows set state = case when lead_id = any($3) then 'removed' else 'kept' end
         where import_id = $1 and state = 'new' and lead_id = any($2)",
        id,
        &ids(all),
        &ids(removed)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn undone(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query!(
        "update lead_imports i set state = 'undone', kept = (select count(*) from lead_import_rows r where r.import_id = i.id and r.state = 'kept')
         where i.id = $1",
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first leads that stayed.
pub(super) async fn kept(tx: &mut Tx, id: Uuid) -> Result<Vec<LeadId>> {
    let ids = sqlx::query_scalar!(
        r#"select lead_id as "lead_id!" from lead_import_rows where import_id = $1 and state = 'kept' order by row limit 100"#,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(LeadId).collect())
}

/// Deletes the files of before.
pub(super) async fn delete_files(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("update lead_imports set file = null where created_at < $1 and file is not null", before)
        .execute(tx.conn())
        .await?
        .rows_affected())
}
