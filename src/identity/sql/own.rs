//! The statements on what is a person's own: the password, the name, the picture.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Sealed;
use crate::{
    db::{Directory, Tx, seal::Place},
    error::{Error, Result},
    identity::Contact,
    types::{
        ids::{SessionId, UserId},
        phone::Phone,
    },
};

/// A code for a new password.
pub(in crate::identity) struct ResetRow {
    pub id: Uuid,
    pub email: Sealed,
    pub code_index: Vec<u8>,
    pub code: Option<Sealed>,
}

pub(in crate::identity) struct NewReset<'a> {
    pub id: Uuid,
    pub email: Sealed,
    pub email_index: &'a [u8],
    pub code_index: &'a [u8],
    pub code: Option<Sealed>,
    pub expires_at: DateTime<Utc>,
}

/// A newer code ends the older.
pub(in crate::identity) async fn put_reset(directory: &mut Directory, new: NewReset<'_>) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "insert into password_resets (email_index, id, email, code_index, code, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (email_index) do update set id = excluded.id, email = excluded.email, code_index = excluded.code_index, code = excluded.code,
                                                 created_at = excluded.created_at, expires_at = excluded.expires_at",
        new.email_index,
        new.id,
        new.email.0,
        new.code_index,
        new.code.as_ref().map(|code| code.0.as_slice()),
        now,
        new.expires_at
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(in crate::identity) async fn reset_by_id(directory: &mut Directory, id: Uuid) -> Result<Option<ResetRow>> {
    let now = directory.now();
    Ok(sqlx::query_as!(
        ResetRow,
        r#"select id, email as "email: Sealed", code_index, code as "code: Sealed" from password_resets where id = $1 and expires_at > $2"#,
        id,
        now
    )
    .fetch_optional(directory.conn())
    .await?)
}

/// The one for this address, locked.
pub(in crate::identity) async fn lock_reset(directory: &mut Directory, email_index: &[u8]) -> Result<Option<ResetRow>> {
    let now = directory.now();
    Ok(sqlx::query_as!(
        ResetRow,
        r#"select id, email as "email: Sealed", code_index, code as "code: Sealed"
           from password_resets where email_index = $1 and expires_at > $2 for update"#,
        email_index,
        now
    )
    .fetch_optional(directory.conn())
    .await?)
}

/// The letter is taken: the code itself is forgotten.
pub(in crate::identity) async fn forget_reset_code(directory: &mut Directory, id: Uuid) -> Result<()> {
    sqlx::query!("update password_resets set code = null where id = $1", id).execute(directory.conn()).await?;
    Ok(())
}

pub(in crate::identity) async fn delete_reset(directory: &mut Directory, id: Uuid) -> Result<()> {
    sqlx::query!("delete from password_resets where id = $1", id).execute(directory.conn()).await?;
    Ok(())
}

pub(in crate::identity) async fn prune_resets(directory: &mut Directory) -> Result<()> {
    let now = directory.now();
    sqlx::query!("delete from password_resets where expires_at < $1", now).execute(directory.conn()).await?;
    Ok(())
}

pub(in crate::identity) async fn password_hash(directory: &mut Directory, user: UserId) -> Result<String> {
    Ok(sqlx::query_scalar!("select password_hash from users where id = $1", user.0).fetch_one(directory.conn()).await?)
}

pub(in crate::identity) async fn set_password(directory: &mut Directory, user: UserId, hash: &str) -> Result<()> {
    sqlx::query!("update users set password_hash = $2 where id = $1", user.0, hash).execute(directory.conn()).await?;
    Ok(())
}

/// Ends the person's sessions, all or all but one; half ones with them, for they were opened by the password that was.
pub(in crate::identity) async fn end_sessions(
    directory: &mut Directory,
    user: UserId,
    except: Option<SessionId>,
) -> Result<()> {
    let now = directory.now();
    sqlx::query!("delete from half_sessions where user_id = $1", user.0).execute(directory.conn()).await?;
    sqlx::query!(
        "update sessions set ended_at = $3 where user_id = $1 and ended_at is null and ($2::uuid is null or id <> $2)",
        user.0,
        except.map(|id| id.0),
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(in crate::identity) async fn set_name(directory: &mut Directory, user: UserId, name: &Sealed) -> Result<()> {
    sqlx::query!("update users set name = $2 where id = $1", user.0, name.0).execute(directory.conn()).await?;
    Ok(())
}

/// The next picture, or none; gives its version.
pub(in crate::identity) async fn put_picture(
    directory: &mut Directory,
    user: UserId,
    image: Option<&Sealed>,
) -> Result<i32> {
    let now = directory.now();
    Ok(sqlx::query_scalar!(
        "insert into pictures (user_id, version, image, changed_at) values ($1, 1, $2, $3)
         on conflict (user_id) do update set version = pictures.version + 1, image = excluded.image, changed_at = excluded.changed_at
         returning version",
        user.0,
        image.map(|image| image.0.as_slice()),
        now
    )
    .fetch_one(directory.conn())
    .await?)
}

/// The picture of somebody, in this version, for themselves or somebody who shares an organization with them.
pub(in crate::identity) async fn picture(
    directory: &mut Directory,
    viewer: UserId,
    user: UserId,
    version: i32,
) -> Result<Option<Sealed>> {
    Ok(sqlx::query_scalar!(
        r#"select p.image as "image!: Sealed" from pictures p
           where p.user_id = $2 and p.version = $3 and p.image is not null
             and ($1 = $2 or exists (
                 select from memberships a join memberships b on b.organization_id = a.organization_id
                 where a.user_id = $1 and a.ended_at is null and b.user_id = $2 and b.ended_at is null))"#,
        viewer.0,
        user.0,
        version
    )
    .fetch_optional(directory.conn())
    .await?)
}

/// `None` takes it away.
pub(in crate::identity) async fn set_phone(
    directory: &mut Directory,
    id: UserId,
    phone: Option<&Sealed>,
) -> Result<()> {
    sqlx::query!("update users set phone = $2 where id = $1", id.0, phone as Option<&Sealed>)
        .execute(directory.conn())
        .await?;
    Ok(())
}

/// Of a member of the transaction's organization: people stand in the directory, under its keys.
pub(in crate::identity) async fn contact(tx: &mut Tx, user: UserId) -> Result<Option<Contact>> {
    let (organization, vault) = (tx.organization(), tx.directory_vault().await?);
    let row = sqlx::query!(
        r#"select u.name as "name: Sealed", u.email as "email: Sealed", u.phone as "phone: Sealed", u.locale
           from users u join memberships m on m.user_id = u.id
           where u.id = $1 and m.organization_id = $2 and m.ended_at is null and u.disabled_at is null"#,
        user.0,
        organization.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let open = |column: &'static str, sealed: &Sealed| -> Result<String> {
        let plain = vault.open(Place { table: "users", column, row: user.0 }, sealed).map_err(Error::internal)?;
        String::from_utf8(plain).map_err(Error::internal)
    };
    let phone = row.phone.as_ref().map(|sealed| open("phone", sealed)).transpose()?;
    Ok(Some(Contact {
        name: open("name", &row.name)?,
        email: open("email", &row.email)?,
        phone: phone.map(|phone| Phone::from_e164(&phone)).transpose().map_err(Error::internal)?,
        locale: row.locale.map(|locale| locale.parse()).transpose()?,
    }))
}
