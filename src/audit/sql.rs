//! All the SQL that reads the trail; `outbox::flush` writes it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Action, Checked, Position, read::Narrowed};
use crate::{
    db::{Tx, seal::Sealed},
    error::{Error, Result},
    outbox::trail::Hash,
    types::ids::{UserId, new_uuid},
};

/// An entry as it stands there.
#[derive(Debug)]
pub(super) struct Row {
    pub number: i64,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub details: String,
    pub request_id: Option<String>,
    pub origin_id: Option<Uuid>,
    pub origin_hash: Option<Vec<u8>>,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    /// Sealed; nothing where there was none, or where it was erased.
    pub origin: Option<Sealed>,
}

impl Row {
    /// The plain text of the origin.
    pub(super) fn origin_text(&self, tx: &Tx) -> Result<Option<String>> {
        match (self.origin_id, &self.origin) {
            (Some(id), Some(sealed)) => tx.open("audit_origins", "origin", id, sealed).map(Some),
            _ => Ok(None),
        }
    }
}

/// `select` of a [`Row`], with what follows the tables.
macro_rules! select_entries {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select number, at, actor_kind, actor_id, action, subject_kind, subject_id, details::text as "details!", request_id, origin_id, origin_hash,
                      previous, hash, origin as "origin?: Sealed"
               from audit_entries entry left join audit_origins origins on origins.organization_id = entry.organization_id and origins.id = entry.origin_id "# + $rest,
            $($argument),*
        )
    };
}

/// Entries after a number, oldest first.
pub(super) async fn after(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<Row>> {
    Ok(select_entries!("where number > $1 order by number limit $2", number, limit).fetch_all(tx.conn()).await?)
}

/// Entries, newest first.
pub(super) async fn newest(tx: &mut Tx, narrowed: &Narrowed) -> Result<Vec<Row>> {
    let rows = select_entries!(
        "where ($1::bigint is null or (at, number) < ($8::timestamptz, $1)) and ($2::uuid is null or actor_id = $2 or subject_id = $2) and ($3::uuid is null or subject_id = $3)
           and ($4::text[] is null or action = any($4)) and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
         order by at desc, number desc limit $7",
        narrowed.before.map(|(_, number)| number),
        narrowed.person,
        narrowed.lead,
        narrowed.actions.as_deref() as Option<&[&str]>,
        narrowed.from,
        narrowed.to,
        narrowed.limit,
        narrowed.before.map(|(at, _)| at)
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Where the chain says that it ends.
pub(super) async fn head(tx: &mut Tx) -> Result<Position> {
    let row = sqlx::query!("select audit_number, audit_hash from event_heads").fetch_optional(tx.conn()).await?;
    row.map_or(Ok(Position::START), |row| Ok(Position { number: row.audit_number, hash: as_hash(&row.audit_hash)? }))
}

pub(super) fn as_hash(bytes: &[u8]) -> Result<Hash> {
    bytes.try_into().map_err(|_| Error::internal("a hash of the trail has not 32 bytes"))
}

/// Whether an entry with this hash stands after a number.
pub(super) async fn stands_after(tx: &mut Tx, number: i64, hash: &[u8]) -> Result<bool> {
    let stands = sqlx::query_scalar!(
        r#"select exists (select from audit_entries where number > $1 and hash = $2) as "stands!""#,
        number,
        hash
    );
    Ok(stands.fetch_one(tx.conn()).await?)
}

/// When somebody did this last.
pub(super) async fn last(
    tx: &mut Tx,
    user: Option<UserId>,
    action: Action,
    subject: Option<Uuid>,
) -> Result<Option<DateTime<Utc>>> {
    let (user, action) = (user.map(|id| id.0), action.as_str());
    let at = match subject {
        Some(subject) => {
            sqlx::query_scalar!(
                "select at from audit_entries where subject_id = $3 and action = $2 and actor_id = $1 order by at desc limit 1",
                user,
                action,
                subject
            )
            .fetch_optional(tx.conn())
            .await?
        }
        None => {
            sqlx::query_scalar!(
                "select at from audit_entries where action = $2 and actor_id = $1 and action <> 'lead_captured' order by at desc limit 1",
                user,
                action
            )
            .fetch_optional(tx.conn())
            .await?
        }
    };
    Ok(at)
}

pub(super) async fn insert_check(tx: &mut Tx, checked: &Checked) -> Result<()> {
    sqlx::query!(
        "insert into audit_checks (id, at, number, hash, finding) values ($1, $2, $3, $4, $5)",
        new_uuid(checked.at),
        checked.at,
        checked.upto.number,
        checked.upto.hash.as_slice(),
        checked.finding
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn last_check(tx: &mut Tx) -> Result<Option<Checked>> {
    let row = sqlx::query!("select at, number, hash, finding from audit_checks order by id desc limit 1")
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        let upto = Position { number: row.number, hash: as_hash(&row.hash)? };
        Ok(Checked { at: row.at, upto, finding: row.finding })
    })
    .transpose()
}

/// Seals origins anew with the current key, a batch after `after`; gives the last one done, or nothing at the end.
pub(super) async fn reseal_origins(tx: &mut Tx, after: Option<Uuid>, batch: i64) -> Result<Option<Uuid>> {
    let rows = sqlx::query!(
        r#"select id, origin as "origin: Sealed" from audit_origins where ($1::uuid is null or id > $1) order by id limit $2"#,
        after,
        batch
    )
    .fetch_all(tx.conn())
    .await?;
    let last = rows.last().map(|row| row.id);
    let (mut ids, mut origins) = (Vec::new(), Vec::new());
    for row in rows {
        let text = tx.open("audit_origins", "origin", row.id, &row.origin)?;
        ids.push(row.id);
        origins.push(tx.seal("audit_origins", "origin", row.id, &text)?.0);
    }
    sqlx::query!(
        "update audit_origins set origin = new.origin from unnest($1::uuid[], $2::bytea[]) as new(id, origin) where audit_origins.id = new.id",
        &ids,
        &origins
    )
    .execute(tx.conn())
    .await?;
    Ok(last)
}
