//! The statements on people, memberships and sessions.

pub(super) mod own;
pub(super) mod team;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use super::{Member, Membership, NewUser, Role, User, picture};
use crate::{
    db::{Directory, Tx, seal::Sealed},
    error::{Error, Result},
    organizations::Locale,
    types::{
        ids::{OperatorId, OrganizationId, SessionId, UserId},
        phone::Phone,
    },
};

pub(super) async fn insert_user(
    directory: &mut Directory,
    id: UserId,
    email: &str,
    name: &str,
    new: &NewUser,
) -> Result<bool> {
    let now = directory.now();
    let index = directory.index("email", email)?;
    let sealed_email = directory.seal("users", "email", id.0, email)?;
    let sealed_name = directory.seal("users", "name", id.0, name)?;
    let done = sqlx::query!(
        "insert into users (id, email, email_index, name, password_hash, locale, created_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (email_index) do nothing",
        id.0,
        sealed_email.0,
        index,
        sealed_name.0,
        new.password_hash,
        new.locale.map(|locale| locale.as_str()),
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn upsert_membership(
    directory: &mut Directory,
    organization: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "insert into memberships (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)
         on conflict (organization_id, user_id) do update set role = excluded.role, ended_at = null",
        organization.0,
        user.0,
        role.as_str(),
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert_operator_staff(directory: &mut Directory, operator: OperatorId, user: UserId) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "insert into operator_staff (operator_id, user_id, role, created_at) values ($1, $2, 'operator_admin', $3) on conflict do nothing",
        operator.0,
        user.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(super) struct Credentials {
    pub user: UserId,
    pub password_hash: String,
}

/// Of a person who is not disabled.
pub(super) async fn credentials(directory: &mut Directory, email: &str) -> Result<Option<Credentials>> {
    let index = directory.index("email", email)?;
    let row = sqlx::query!("select id, password_hash from users where email_index = $1 and disabled_at is null", index)
        .fetch_optional(directory.conn())
        .await?;
    Ok(row.map(|row| Credentials { user: UserId(row.id), password_hash: row.password_hash }))
}

pub(super) async fn user(directory: &mut Directory, id: UserId) -> Result<User> {
    let row = sqlx::query!(
        r#"select u.email as "email: Sealed", u.name as "name: Sealed", u.locale, u.phone as "phone: Sealed", p.version as "picture?"
           from users u left join pictures p on p.user_id = u.id and p.image is not null where u.id = $1"#,
        id.0
    )
    .fetch_one(directory.conn())
    .await?;
    Ok(User {
        id,
        name: directory.open("users", "name", id.0, &row.name)?,
        email: directory.open("users", "email", id.0, &row.email)?,
        locale: row.locale.map(|locale| locale.parse()).transpose()?,
        picture: row.picture.map(|version| picture::path(id, version)),
        phone: row
            .phone
            .map(|sealed| directory.open("users", "phone", id.0, &sealed))
            .transpose()?
            .map(|phone| Phone::from_e164(&phone).map_err(Error::internal))
            .transpose()?,
    })
}

pub(super) async fn set_locale(directory: &mut Directory, id: UserId, locale: &str) -> Result<()> {
    sqlx::query!("update users set locale = $2 where id = $1", id.0, locale).execute(directory.conn()).await?;
    Ok(())
}

pub(super) async fn memberships(directory: &mut Directory, user: UserId) -> Result<Vec<Membership>> {
    let rows = sqlx::query!(
        "select o.id, o.name, m.role from memberships m join organizations o on o.id = m.organization_id
         where m.user_id = $1 and m.ended_at is null order by m.created_at, o.name, o.id",
        user.0
    )
    .fetch_all(directory.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                organization_id: OrganizationId(row.id),
                organization_name: row.name,
                role: Role::parse(&row.role)?,
            })
        })
        .collect()
}

pub(super) async fn members(directory: &mut Directory, organization: OrganizationId) -> Result<Vec<Member>> {
    let rows = sqlx::query!(
        r#"select u.id, u.name as "name: Sealed", u.email as "email: Sealed", m.role, p.version as "picture?"
           from memberships m join users u on u.id = m.user_id left join pictures p on p.user_id = u.id and p.image is not null
           where m.organization_id = $1 and m.ended_at is null and u.disabled_at is null"#,
        organization.0
    )
    .fetch_all(directory.conn())
    .await?;
    let mut members = Vec::with_capacity(rows.len());
    for row in rows {
        members.push(Member {
            id: UserId(row.id),
            name: directory.open("users", "name", row.id, &row.name)?,
            email: directory.open("users", "email", row.id, &row.email)?,
            role: Role::parse(&row.role)?,
            picture: row.picture.map(|version| picture::path(UserId(row.id), version)),
        });
    }
    members.sort_by_cached_key(|member| (member.name.to_lowercase(), member.id));
    Ok(members)
}

pub(super) async fn role_in(tx: &mut Tx, user: UserId) -> Result<Option<Role>> {
    let organization = tx.organization();
    let role = sqlx::query_scalar!(
        "select m.role from memberships m join users u on u.id = m.user_id
         where m.organization_id = $1 and m.user_id = $2 and m.ended_at is null and u.disabled_at is null",
        organization.0,
        user.0
    )
    .fetch_optional(tx.conn())
    .await?;
    role.map(|role| Role::parse(&role)).transpose()
}

pub(super) async fn roles(tx: &mut Tx) -> Result<Vec<(UserId, Role)>> {
    let organization = tx.organization();
    let rows = sqlx::query!(
        "select m.user_id, m.role from memberships m join users u on u.id = m.user_id
         where m.organization_id = $1 and m.ended_at is null and u.disabled_at is null order by m.user_id",
        organization.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((UserId(row.user_id), Role::parse(&row.role)?))).collect()
}

pub(super) async fn locale_of(tx: &mut Tx, user: UserId) -> Result<Option<Locale>> {
    let locale =
        sqlx::query_scalar!("select locale from users where id = $1", user.0).fetch_optional(tx.conn()).await?;
    locale.flatten().map(|text| text.parse()).transpose()
}

/// Everybody who can sign in, with where: for the demo's list.
pub(super) async fn everybody(
    directory: &mut Directory,
) -> Result<Vec<(Uuid, Sealed, Sealed, String, Option<String>)>> {
    let rows = sqlx::query!(
        r#"select u.id as "id!", u.email as "email!: Sealed", u.name as "name!: Sealed", s.role as "role!", s.organization
           from (select m.user_id, m.role, o.name as organization, 1 as turn
                 from memberships m join organizations o on o.id = m.organization_id where m.ended_at is null
                 union all
                 select f.user_id, f.role, null, 2 from operator_staff f) s
           join users u on u.id = s.user_id
           where u.disabled_at is null
           order by s.turn, s.organization, array_position(array['owner', 'manager', 'agent'], s.role), u.id"#
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.email, row.name, row.role, row.organization)).collect())
}

pub(super) async fn touch(directory: &mut Directory, id: SessionId, idle_expires_at: DateTime<Utc>) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "update sessions set last_seen_at = $2, idle_expires_at = least($3, absolute_expires_at) where id = $1 and ended_at is null",
        id.0,
        now,
        idle_expires_at
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

pub(super) async fn end_session(directory: &mut Directory, id: SessionId) -> Result<()> {
    let now = directory.now();
    sqlx::query!("update sessions set ended_at = $2 where id = $1 and ended_at is null", id.0, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}

pub(super) async fn end_session_of_token(directory: &mut Directory, token_hash: &[u8]) -> Result<()> {
    let now = directory.now();
    sqlx::query!("update sessions set ended_at = $2 where token_hash = $1 and ended_at is null", token_hash, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}

pub(super) async fn insert_half_session(
    directory: &mut Directory,
    id: Uuid,
    token_hash: &[u8],
    user: UserId,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "insert into half_sessions (id, token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        id,
        token_hash,
        user.0,
        now,
        expires_at
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// Not over, its person not disabled.
pub(super) async fn half_session(
    directory: &mut Directory,
    token_hash: &[u8],
) -> Result<Option<(Uuid, UserId, DateTime<Utc>)>> {
    let now = directory.now();
    let row = sqlx::query!(
        "select h.id, h.user_id, h.expires_at from half_sessions h join users u on u.id = h.user_id
         where h.token_hash = $1 and h.expires_at > $2 and u.disabled_at is null",
        token_hash,
        now
    )
    .fetch_optional(directory.conn())
    .await?;
    Ok(row.map(|row| (row.id, UserId(row.user_id), row.expires_at)))
}

/// `false`: it was taken, or is over.
pub(super) async fn take_half_session(directory: &mut Directory, id: Uuid) -> Result<bool> {
    let now = directory.now();
    let taken = sqlx::query!("delete from half_sessions where id = $1 and expires_at > $2", id, now)
        .execute(directory.conn())
        .await?;
    Ok(taken.rows_affected() == 1)
}

/// Counts an attempt before it is made, so that attempts made at once count too. `false`: blocked.
pub(super) async fn count_login(directory: &mut Directory, key: &[u8], limit: i32, window: TimeDelta) -> Result<bool> {
    let now = directory.now();
    let window = PgInterval::try_from(window).map_err(Error::internal)?;
    let counted = sqlx::query!(
        "insert into login_failures as f (key, failures, first_at) values ($1, 1, $2)
         on conflict (key) do update set
             failures = case when greatest(f.first_at, f.blocked_until) < $2::timestamptz - $4::interval then 1 else f.failures + 1 end,
             first_at = case when greatest(f.first_at, f.blocked_until) < $2::timestamptz - $4::interval then $2 else f.first_at end,
             blocked_until = case
                 when greatest(f.first_at, f.blocked_until) < $2::timestamptz - $4::interval then null
                 when f.failures + 1 >= $3::int
                     then $2::timestamptz + least(interval '1 minute' * power(2, least(f.failures + 1 - $3::int, 10)), interval '1 hour')
             end
         where f.blocked_until is null or f.blocked_until <= $2",
        key,
        now,
        limit,
        window
    )
    .execute(directory.conn())
    .await?;
    Ok(counted.rows_affected() == 1)
}

pub(super) async fn blocked_until(directory: &mut Directory, key: &[u8]) -> Result<Option<DateTime<Utc>>> {
    let row = sqlx::query_scalar!("select blocked_until from login_failures where key = $1", key)
        .fetch_optional(directory.conn())
        .await?;
    Ok(row.flatten())
}

/// What an attempt counted is given back, also the block where it began one: it was right, and there is more to come.
pub(super) async fn give_back_login(directory: &mut Directory, account: &[u8], address: &[u8]) -> Result<()> {
    sqlx::query!(
        "update login_failures set failures = greatest(failures - 1, 0), blocked_until = null where key = $1 or key = $2",
        account,
        address
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// The right password: the account starts afresh, and the address gets its attempt back.
pub(super) async fn forgive_login(directory: &mut Directory, account: &[u8], address: &[u8]) -> Result<()> {
    sqlx::query!("update login_failures set failures = greatest(failures - 1, 0) where key = $1", address)
        .execute(directory.conn())
        .await?;
    sqlx::query!("delete from login_failures where key = $1", account).execute(directory.conn()).await?;
    Ok(())
}

pub(super) async fn prune(directory: &mut Directory, before: DateTime<Utc>) -> Result<u64> {
    sqlx::query!(
        "delete from login_failures where first_at < $1 and (blocked_until is null or blocked_until < $1)",
        before
    )
    .execute(directory.conn())
    .await?;
    Ok(sqlx::query!("delete from sessions where absolute_expires_at < $1 or ended_at < $1", before)
        .execute(directory.conn())
        .await?
        .rows_affected())
}

/// The organizations of the operators on whose staff the person is.
pub(super) async fn looked_after(directory: &mut Directory, user: UserId) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        "select o.id from organizations o join operator_staff s on s.operator_id = o.operator_id where s.user_id = $1",
        user.0
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// The staff of the operator that looks after the organization.
pub(super) async fn agency_of(directory: &mut Directory, organization: OrganizationId) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "select s.user_id from operator_staff s join organizations o on o.operator_id = s.operator_id where o.id = $1 order by s.user_id",
        organization.0
    )
    .fetch_all(directory.conn())
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}
