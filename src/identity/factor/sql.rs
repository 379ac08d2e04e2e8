//! The statements on factors and ceremonies.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Methods, Passkey, Reset, Totp};
use crate::{
    db::{Directory, seal::Sealed},
    error::Result,
    types::ids::{PasskeyId, UserId},
};

pub(super) struct TotpRow {
    pub secret: Sealed,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TotpRow {
    pub(super) fn shown(&self) -> Totp {
        Totp { created_at: self.created_at, last_used_at: self.last_used_at }
    }
}

pub(super) async fn totp(directory: &mut Directory, user: UserId) -> Result<Option<TotpRow>> {
    let row = sqlx::query_as!(
        TotpRow,
        r#"select secret as "secret: Sealed", created_at, last_used_at from totp_factors where user_id = $1"#,
        user.0
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row)
}

pub(super) async fn save_totp(directory: &mut Directory, user: UserId, secret: &str, step: i64) -> Result<()> {
    let now = directory.now();
    let secret = directory.seal("totp_factors", "secret", user.0, secret)?;
    sqlx::query!(
        "insert into totp_factors (user_id, secret, last_step, created_at) values ($1, $2, $3, $4)
         on conflict (user_id) do update set secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at,
                                             last_used_at = null",
        user.0,
        secret.0,
        step,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// `false`: this step, or a later one, was taken.
pub(super) async fn use_totp(directory: &mut Directory, user: UserId, step: i64) -> Result<bool> {
    let now = directory.now();
    let used = sqlx::query!(
        "update totp_factors set last_step = $2, last_used_at = $3 where user_id = $1 and last_step < $2",
        user.0,
        step,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

pub(super) async fn remove_totp(directory: &mut Directory, user: UserId) -> Result<bool> {
    let gone = sqlx::query!("delete from totp_factors where user_id = $1", user.0).execute(directory.conn()).await?;
    Ok(gone.rows_affected() == 1)
}

pub(super) async fn methods(directory: &mut Directory, user: UserId) -> Result<Methods> {
    let row = sqlx::query!(
        r#"select exists (select from totp_factors where user_id = $1) as "totp!",
                  exists (select from passkeys where user_id = $1) as "passkey!",
                  exists (select from recovery_codes where user_id = $1 and used_at is null) as "recovery_code!""#,
        user.0
    )
    .fetch_one(directory.conn())
    .await?;
    Ok(Methods { totp: row.totp, passkey: row.passkey, recovery_code: row.recovery_code })
}

pub(super) async fn passkeys(directory: &mut Directory, user: UserId) -> Result<Vec<Passkey>> {
    let rows = sqlx::query!(
        r#"select id, label as "label: Sealed", created_at, last_used_at from passkeys where user_id = $1 order by created_at, id"#,
        user.0
    )
    .fetch_all(directory.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Passkey {
                id: PasskeyId(row.id),
                name: directory.open("passkeys", "label", row.id, &row.label)?,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
            })
        })
        .collect()
}

/// Their ids at the authenticators.
pub(super) async fn credentials(directory: &mut Directory, user: UserId) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select credential_id from passkeys where user_id = $1 order by created_at, id", user.0)
        .fetch_all(directory.conn())
        .await?)
}

/// `false`: this credential is known.
pub(super) async fn insert_passkey(
    directory: &mut Directory,
    id: PasskeyId,
    user: UserId,
    credential_id: &[u8],
    credential: &str,
    name: &str,
) -> Result<bool> {
    let now = directory.now();
    let credential = directory.seal("passkeys", "credential", id.0, credential)?;
    let label = directory.seal("passkeys", "label", id.0, name)?;
    let inserted = sqlx::query!(
        "insert into passkeys (id, user_id, credential_id, credential, label, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (credential_id) do nothing",
        id.0,
        user.0,
        credential_id,
        credential.0,
        label.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) struct PasskeyRow {
    pub id: PasskeyId,
    pub user: UserId,
    /// Opened.
    pub credential: String,
}

/// Locked until the transaction ends: its counter is compared and written. Of a person who is not disabled.
pub(super) async fn lock_passkey(directory: &mut Directory, credential_id: &[u8]) -> Result<Option<PasskeyRow>> {
    let row = sqlx::query!(
        r#"select p.id, p.user_id, p.credential as "credential: Sealed" from passkeys p join users u on u.id = p.user_id
           where p.credential_id = $1 and u.disabled_at is null for update of p"#,
        credential_id
    )
    .fetch_optional(directory.conn())
    .await?;
    row.map(|row| {
        let credential = directory.open("passkeys", "credential", row.id, &row.credential)?;
        Ok(PasskeyRow { id: PasskeyId(row.id), user: UserId(row.user_id), credential })
    })
    .transpose()
}

pub(super) async fn use_passkey(directory: &mut Directory, id: PasskeyId, credential: &str) -> Result<()> {
    let now = directory.now();
    let credential = directory.seal("passkeys", "credential", id.0, credential)?;
    sqlx::query!("update passkeys set credential = $2, last_used_at = $3 where id = $1", id.0, credential.0, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}

pub(super) async fn rename_passkey(directory: &mut Directory, user: UserId, id: PasskeyId, name: &str) -> Result<bool> {
    let label = directory.seal("passkeys", "label", id.0, name)?;
    let renamed = sqlx::query!("update passkeys set label = $3 where id = $1 and user_id = $2", id.0, user.0, label.0)
        .execute(directory.conn())
        .await?;
    Ok(renamed.rows_affected() == 1)
}

pub(super) async fn remove_passkey(directory: &mut Directory, user: UserId, id: PasskeyId) -> Result<bool> {
    let gone = sqlx::query!("delete from passkeys where id = $1 and user_id = $2", id.0, user.0)
        .execute(directory.conn())
        .await?;
    Ok(gone.rows_affected() == 1)
}

pub(super) async fn recovery_codes_left(directory: &mut Directory, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "left!" from recovery_codes where user_id = $1 and used_at is null"#,
        user.0
    )
    .fetch_one(directory.conn())
    .await?)
}

pub(super) async fn replace_recovery_codes(directory: &mut Directory, user: UserId, hashes: &[Vec<u8>]) -> Result<()> {
    let now = directory.now();
    sqlx::query!("delete from recovery_codes where user_id = $1", user.0).execute(directory.conn()).await?;
    sqlx::query!(
        "insert into recovery_codes (user_id, code_hash, created_at) select $1, h, $3 from unnest($2::bytea[]) h",
        user.0,
        hashes,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// `false`: there is no such code, or it was used.
pub(super) async fn use_recovery_code(directory: &mut Directory, user: UserId, hash: &[u8]) -> Result<bool> {
    let now = directory.now();
    let used = sqlx::query!(
        "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null",
        user.0,
        hash,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// App, passkeys and codes.
pub(in crate::identity) async fn remove_all(connection: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!("delete from totp_factors where user_id = $1", user.0).execute(&mut *connection).await?;
    sqlx::query!("delete from passkeys where user_id = $1", user.0).execute(&mut *connection).await?;
    sqlx::query!("delete from recovery_codes where user_id = $1", user.0).execute(connection).await?;
    Ok(())
}

pub(in crate::identity) async fn remember_reset(
    connection: &mut PgConnection,
    user: UserId,
    by: Option<UserId>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into factor_resets (user_id, by_user, at) values ($1, $2, $3)
         on conflict (user_id) do update set by_user = excluded.by_user, at = excluded.at",
        user.0,
        by.map(|by| by.0),
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn reset(directory: &mut Directory, user: UserId) -> Result<Option<Reset>> {
    let row = sqlx::query!("select by_user, at from factor_resets where user_id = $1", user.0)
        .fetch_optional(directory.conn())
        .await?;
    Ok(row.map(|row| Reset { by: row.by_user.map(UserId), at: row.at }))
}

pub(super) async fn forget_reset(directory: &mut Directory, user: UserId) -> Result<()> {
    sqlx::query!("delete from factor_resets where user_id = $1", user.0).execute(directory.conn()).await?;
    Ok(())
}

pub(super) async fn insert_ceremony(
    directory: &mut Directory,
    id: Uuid,
    kind: &str,
    bound_to: Option<Uuid>,
    state: Sealed,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into ceremonies (id, kind, bound_to, state, expires_at) values ($1, $2, $3, $4, $5)",
        id,
        kind,
        bound_to,
        state.0,
        expires_at
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(super) async fn take_ceremony(
    directory: &mut Directory,
    id: Uuid,
    kind: &str,
    bound_to: Option<Uuid>,
) -> Result<Option<Sealed>> {
    let now = directory.now();
    Ok(sqlx::query_scalar!(
        r#"delete from ceremonies where id = $1 and kind = $2 and bound_to is not distinct from $3 and expires_at > $4
           returning state as "state: Sealed""#,
        id,
        kind,
        bound_to,
        now
    )
    .fetch_optional(directory.conn())
    .await?)
}

pub(super) async fn newest_ceremony(
    directory: &mut Directory,
    kind: &str,
    bound_to: Uuid,
) -> Result<Option<(Uuid, Sealed)>> {
    let now = directory.now();
    let row = sqlx::query!(
        r#"select id, state as "state: Sealed" from ceremonies where kind = $1 and bound_to = $2 and expires_at > $3
           order by expires_at desc, id desc limit 1"#,
        kind,
        bound_to,
        now
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.state)))
}

pub(super) async fn forget_ceremonies(directory: &mut Directory, kind: &str, bound_to: Uuid) -> Result<()> {
    sqlx::query!("delete from ceremonies where kind = $1 and bound_to = $2", kind, bound_to)
        .execute(directory.conn())
        .await?;
    Ok(())
}

/// What was begun and never ended.
pub(in crate::identity) async fn prune(directory: &mut Directory) -> Result<()> {
    let now = directory.now();
    sqlx::query!("delete from ceremonies where expires_at <= $1", now).execute(directory.conn()).await?;
    sqlx::query!("delete from half_sessions where expires_at <= $1", now).execute(directory.conn()).await?;
    Ok(())
}
