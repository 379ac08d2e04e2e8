//! The data keys: made, loaded, rotated.
//!
//! A process knows a new key only once it has looked again. Were another one to write with it before, its rows would not open there, and
//! people would not be found: so a key is written with once it is old enough for everybody to have looked.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::{
    Directory, KEYS_KNOWN_AFTER,
    seal::{KeyBytes, MasterKeys, Vault, random},
};
use crate::{
    error::{Error, Result},
    types::ids::OrganizationId,
};

/// What a wrapped key is bound to, so that one organization's cannot be put in another's place.
fn owner_text(owner: Option<OrganizationId>, purpose: &str) -> String {
    match owner {
        Some(organization) => format!("{purpose}|{organization}"),
        None => format!("{purpose}|directory"),
    }
}

pub(super) async fn load(
    pool: &PgPool,
    master: &MasterKeys,
    owner: Option<OrganizationId>,
    now: DateTime<Utc>,
) -> Result<Vault> {
    let mut connection = pool.acquire().await?;
    load_in(&mut connection, master, owner, now).await
}

pub(super) async fn load_in(
    connection: &mut PgConnection,
    master: &MasterKeys,
    owner: Option<OrganizationId>,
    now: DateTime<Utc>,
) -> Result<Vault> {
    let rows = sqlx::query!(
        "select id, purpose, master_key_id, wrapped, created_at from data_keys
         where organization_id is not distinct from $1 and retired_at is null order by id",
        owner.map(|id| id.0)
    )
    .fetch_all(connection)
    .await?;
    let mut seal: Vec<(u32, KeyBytes)> = Vec::new();
    let mut index: Vec<(u32, KeyBytes)> = Vec::new();
    // The newest that everybody knows. The first one of all has no other before it, and nothing it could be confused with.
    let (mut seal_with, mut index_with) = (None, None);
    for row in rows {
        let key = master
            .unwrap_key(&row.master_key_id, &owner_text(owner, &row.purpose), &row.wrapped)
            .map_err(Error::internal)?;
        let kid = u32::try_from(row.id).map_err(Error::internal)?;
        let is_known = row.created_at + KEYS_KNOWN_AFTER <= now;
        let (keys, write_with) =
            if row.purpose == "seal" { (&mut seal, &mut seal_with) } else { (&mut index, &mut index_with) };
        if is_known || write_with.is_none() {
            *write_with = Some(kid);
        }
        keys.push((kid, key));
    }
    Ok(Vault::new(seal, index).writing_with(seal_with, index_with))
}

async fn make(directory: &mut Directory, owner: Option<OrganizationId>, purpose: &str) -> Result<()> {
    let key = zeroize::Zeroizing::new(random::<32>());
    let master = directory.db().master().clone();
    let wrapped = master.wrap(&owner_text(owner, purpose), &key);
    let now = directory.now();
    sqlx::query!(
        "insert into data_keys (organization_id, purpose, master_key_id, wrapped, created_at) values ($1, $2, $3, $4, $5)",
        owner.map(|id| id.0),
        purpose,
        master.current_id(),
        wrapped,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// Makes the first keys of an organization (or of the directory) where it has none.
pub async fn ensure(directory: &mut Directory, owner: Option<OrganizationId>) -> Result<()> {
    for purpose in ["seal", "index"] {
        // One at a time, or two processes starting together would make two index keys and find only half of what they look for.
        sqlx::query("select pg_advisory_xact_lock(7246)").execute(directory.conn()).await?;
        let has = sqlx::query_scalar!(
            r#"select exists (select from data_keys where organization_id is not distinct from $1 and purpose = $2) as "has!""#,
            owner.map(|id| id.0),
            purpose
        )
        .fetch_one(directory.conn())
        .await?;
        if !has {
            make(directory, owner, purpose).await?;
        }
    }
    directory.refresh_vault(owner).await
}

/// Makes new keys for `owner`: what is written once every process knows them carries them, older rows are sealed anew by a job. Also wraps every
/// older key with the current master key, so that an older master key can go.
pub async fn rotate(directory: &mut Directory, owner: Option<OrganizationId>) -> Result<()> {
    let master = directory.db().master().clone();
    let rows = sqlx::query!(
        "select id, purpose, master_key_id, wrapped from data_keys where organization_id is not distinct from $1 for update",
        owner.map(|id| id.0)
    )
    .fetch_all(directory.conn())
    .await?;
    for row in rows {
        let text = owner_text(owner, &row.purpose);
        let key = master.unwrap_key(&row.master_key_id, &text, &row.wrapped).map_err(Error::internal)?;
        sqlx::query!(
            "update data_keys set master_key_id = $2, wrapped = $3 where id = $1",
            row.id,
            master.current_id(),
            master.wrap(&text, &key)
        )
        .execute(directory.conn())
        .await?;
    }
    make(directory, owner, "seal").await?;
    // The directory finds people by one index; it has no job that would build another.
    if owner.is_some() {
        make(directory, owner, "index").await?;
    }
    Ok(())
}
