//! The statements on invitations and roles. Their tables are the directory's; a tenant's transaction writes to them too, so that what was
//! done, its event and its line in the audit trail are one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Role, Sealed};
use crate::{
    db::Tx,
    error::Result,
    types::ids::{InvitationId, OrganizationId, UserId},
};

/// An invitation as it stands.
pub(in crate::identity) struct InvitationRow {
    pub id: Uuid,
    pub organization_id: Uuid,
    pub email: Sealed,
    pub email_index: Vec<u8>,
    pub name: Sealed,
    pub role: String,
    pub invited_by: Uuid,
    pub created_at: DateTime<Utc>,
    pub code_index: Vec<u8>,
    pub code: Option<Sealed>,
    pub code_made_at: DateTime<Utc>,
    pub by_mail: bool,
    pub expires_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub failed_at: Option<DateTime<Utc>>,
}

/// `select` of an open [`InvitationRow`], with what follows.
macro_rules! select_open {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            InvitationRow,
            r#"select id, organization_id, email as "email: Sealed", email_index, name as "name: Sealed", role, invited_by, created_at, code_index,
                      code as "code: Sealed", code_made_at, by_mail, expires_at, sent_at, failed_at
               from invitations where accepted_at is null and withdrawn_at is null "# + $rest,
            $($argument),*
        )
    };
}

pub(in crate::identity) struct NewInvitationRow<'a> {
    pub id: InvitationId,
    pub email: Sealed,
    pub email_index: &'a [u8],
    pub name: Sealed,
    pub role: Role,
    pub invited_by: UserId,
    pub code_index: &'a [u8],
    pub code: Option<Sealed>,
    pub expires_at: DateTime<Utc>,
}

/// `false` where this address is invited already.
pub(in crate::identity) async fn insert_invitation(tx: &mut Tx, new: NewInvitationRow<'_>) -> Result<bool> {
    let (organization, now) = (tx.organization(), tx.now());
    let done = sqlx::query!(
        "insert into invitations (id, organization_id, email, email_index, name, role, invited_by, created_at, code_index, code, code_made_at, by_mail, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8, $11, $12)
         on conflict (organization_id, email_index) where accepted_at is null and withdrawn_at is null do nothing",
        new.id.0,
        organization.0,
        new.email.0,
        new.email_index,
        new.name.0,
        new.role.as_str(),
        new.invited_by.0,
        now,
        new.code_index,
        new.code.as_ref().map(|code| code.0.as_slice()),
        new.code.is_some(),
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The open ones of this transaction's organization, the newest first.
pub(in crate::identity) async fn invitations(tx: &mut Tx) -> Result<Vec<InvitationRow>> {
    let organization = tx.organization();
    Ok(select_open!("and organization_id = $1 order by created_at desc, id", organization.0)
        .fetch_all(tx.conn())
        .await?)
}

/// An open one of this transaction's organization, locked.
pub(in crate::identity) async fn lock_invitation(tx: &mut Tx, id: InvitationId) -> Result<Option<InvitationRow>> {
    let organization = tx.organization();
    Ok(select_open!("and organization_id = $1 and id = $2 for update", organization.0, id.0)
        .fetch_optional(tx.conn())
        .await?)
}

/// The open ones that a code may be for, in whichever organization.
pub(in crate::identity) async fn invitations_for(
    connection: &mut PgConnection,
    id: Option<InvitationId>,
    email_index: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<Vec<InvitationRow>> {
    Ok(select_open!(
        "and expires_at > $3 and (id = $1 or email_index = $2) order by created_at desc limit 20",
        id.map(|id| id.0),
        email_index,
        now
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::identity) async fn renew_code(
    tx: &mut Tx,
    id: InvitationId,
    code_index: &[u8],
    code: Option<Sealed>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update invitations set code_index = $2, code = $3, by_mail = $4, code_made_at = $5, expires_at = $6, sent_at = null, failed_at = null where id = $1",
        id.0,
        code_index,
        code.as_ref().map(|code| code.0.as_slice()),
        code.is_some(),
        now,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The letter with this code was taken by the mail server, or is given up: the code itself is forgotten.
pub(in crate::identity) async fn close_letter(
    tx: &mut Tx,
    id: InvitationId,
    code_index: &[u8],
    taken: bool,
) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "update invitations set code = null, sent_at = case when $3 then $4::timestamptz end, failed_at = case when not $3 then $4::timestamptz end
         where id = $1 and code_index = $2",
        id.0,
        code_index,
        taken,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::identity) async fn withdraw(tx: &mut Tx, id: InvitationId) -> Result<()> {
    let now = tx.now();
    sqlx::query!("update invitations set withdrawn_at = $2, code = null where id = $1", id.0, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(in crate::identity) async fn accept(tx: &mut Tx, id: InvitationId, user: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update invitations set accepted_at = $2, accepted_by = $3, code = null where id = $1",
        id.0,
        now,
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether somebody with this address is a member.
pub(in crate::identity) async fn is_member_by(tx: &mut Tx, email_index: &[u8]) -> Result<bool> {
    let organization = tx.organization();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from users u join memberships m on m.user_id = u.id
                          where u.email_index = $2 and m.organization_id = $1 and m.ended_at is null) as "is!""#,
        organization.0,
        email_index
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The person with this address, disabled or not: nobody else can have it.
pub(in crate::identity) async fn holder_of(
    connection: &mut PgConnection,
    email_index: &[u8],
) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!("select id from users where email_index = $1", email_index);
    Ok(id.fetch_optional(connection).await?.map(UserId))
}

pub(in crate::identity) struct NewPerson<'a> {
    pub id: UserId,
    pub email: Sealed,
    pub email_index: &'a [u8],
    pub name: Sealed,
    pub password_hash: &'a str,
    pub locale: &'a str,
}

/// `false` where somebody has the address meanwhile.
pub(in crate::identity) async fn insert_person(tx: &mut Tx, new: NewPerson<'_>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "insert into users (id, email, email_index, name, password_hash, locale, created_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (email_index) do nothing",
        new.id.0,
        new.email.0,
        new.email_index,
        new.name.0,
        new.password_hash,
        new.locale,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::identity) async fn join(tx: &mut Tx, user: UserId, role: Role) -> Result<()> {
    let (organization, now) = (tx.organization(), tx.now());
    sqlx::query!(
        "insert into memberships (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)
         on conflict (organization_id, user_id) do update set role = excluded.role, created_at = excluded.created_at, ended_at = null",
        organization.0,
        user.0,
        role.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The owners who can act, locked: two of them cannot make each other the last one.
pub(in crate::identity) async fn lock_owners(tx: &mut Tx) -> Result<Vec<UserId>> {
    let organization = tx.organization();
    let owners = sqlx::query_scalar!(
        "select m.user_id from memberships m join users u on u.id = m.user_id
         where m.organization_id = $1 and m.role = 'owner' and m.ended_at is null and u.disabled_at is null
         order by m.user_id for update of m",
        organization.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(owners.into_iter().map(UserId).collect())
}

pub(in crate::identity) async fn set_role(tx: &mut Tx, user: UserId, role: Role) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!(
        "update memberships set role = $3 where organization_id = $1 and user_id = $2 and ended_at is null",
        organization.0,
        user.0,
        role.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::identity) async fn end_membership(tx: &mut Tx, user: UserId) -> Result<()> {
    let (organization, now) = (tx.organization(), tx.now());
    sqlx::query!(
        "update memberships set ended_at = $3 where organization_id = $1 and user_id = $2 and ended_at is null",
        organization.0,
        user.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// In which organizations this person is.
pub(in crate::identity) async fn organizations_of(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        "select organization_id from memberships where user_id = $1 and ended_at is null order by organization_id",
        user.0
    );
    Ok(ids.fetch_all(connection).await?.into_iter().map(OrganizationId).collect())
}

/// Forgets invitations that ended or ran out before `before`.
pub(in crate::identity) async fn prune_invitations(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from invitations where expires_at < $1 or accepted_at < $1 or withdrawn_at < $1", before)
        .execute(connection)
        .await?;
    Ok(())
}
