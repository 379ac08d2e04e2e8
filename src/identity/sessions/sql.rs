//! The statements on sessions.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Device, OpenSession};
use crate::{
    db::{Directory, Tx, seal::Sealed},
    error::Result,
    identity::{
        Role,
        oversight::MemberAccess,
        rules::{self, Rules},
        session::Live,
    },
    organizations::Visibility,
    types::ids::{OrganizationId, SessionId, UserId},
};

pub(in crate::identity) struct NewSession<'a> {
    pub id: SessionId,
    pub token_hash: &'a [u8],
    pub user: UserId,
    pub organization: Option<OrganizationId>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    pub user_agent: Option<&'a str>,
    pub address: Option<String>,
    pub proven_at: Option<DateTime<Utc>>,
}

pub(in crate::identity) async fn insert(directory: &mut Directory, new: NewSession<'_>) -> Result<()> {
    let now = directory.now();
    let address = new.address.map(|address| directory.seal("sessions", "address", new.id.0, &address)).transpose()?;
    sqlx::query!(
        "insert into sessions (id, token_hash, user_id, organization_id, created_at, last_seen_at, idle_expires_at, absolute_expires_at,
                               user_agent, address, proven_at)
         values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)",
        new.id.0,
        new.token_hash,
        new.user.0,
        new.organization.map(|id| id.0),
        now,
        new.idle_expires_at,
        new.absolute_expires_at,
        new.user_agent,
        address.map(|sealed| sealed.0),
        new.proven_at
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}

/// A session that may be locked but is not over, with what its person is there.
pub(in crate::identity) struct SessionRow {
    pub id: SessionId,
    pub user: UserId,
    pub organization: Option<OrganizationId>,
    pub role: Option<Role>,
    pub visibility: Option<Visibility>,
    pub rules: Rules,
    pub has_factor: bool,
    pub idle_timeout_minutes: Option<i32>,
    pub is_operator: bool,
    pub last_seen_at: DateTime<Utc>,
    pub idle_expires_at: DateTime<Utc>,
    pub absolute_expires_at: DateTime<Utc>,
    pub proven_at: Option<DateTime<Utc>>,
}

/// By the hash of its token, or all of these ids. Neither ended nor over, its person not disabled and still a member.
pub(in crate::identity) async fn find(
    directory: &mut Directory,
    token_hash: Option<&[u8]>,
    ids: &[Uuid],
) -> Result<Vec<SessionRow>> {
    let now = directory.now();
    let rows = sqlx::query!(
        r#"select s.id, s.user_id, s.organization_id, s.last_seen_at, s.idle_expires_at, s.absolute_expires_at, s.proven_at,
                  m.role as "role?", o.lead_visibility as "lead_visibility?", o.idle_timeout_minutes as "idle_timeout_minutes?",
                  r.second_factor as "second_factor?", r.allowed_networks as "allowed_networks?", r.version as "version?",
                  exists (select from operator_staff f where f.user_id = s.user_id) as "is_operator!",
                  (exists (select from totp_factors t where t.user_id = s.user_id)
                   or exists (select from passkeys p where p.user_id = s.user_id)) as "has_factor!"
           from sessions s
           join users u on u.id = s.user_id
           left join organizations o on o.id = s.organization_id
           left join access_rules r on r.organization_id = s.organization_id
           left join memberships m on m.organization_id = s.organization_id and m.user_id = s.user_id and m.ended_at is null
           where (s.token_hash = $1 or s.id = any($2)) and s.ended_at is null and s.absolute_expires_at > $3
             and u.disabled_at is null and (s.organization_id is null or m.user_id is not null)"#,
        token_hash,
        ids,
        now
    )
    .fetch_all(directory.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let rules = match (row.second_factor, row.allowed_networks, row.version) {
                (Some(requirement), Some(networks), Some(version)) => {
                    rules::sql::rules(&requirement, &networks, version)?
                }
                _ => Rules::default(),
            };
            Ok(SessionRow {
                id: SessionId(row.id),
                user: UserId(row.user_id),
                organization: row.organization_id.map(OrganizationId),
                role: row.role.map(|role| Role::parse(&role)).transpose()?,
                visibility: row.lead_visibility.map(|text| Visibility::parse(&text)).transpose()?,
                rules,
                has_factor: row.has_factor,
                idle_timeout_minutes: row.idle_timeout_minutes,
                is_operator: row.is_operator,
                last_seen_at: row.last_seen_at,
                idle_expires_at: row.idle_expires_at,
                absolute_expires_at: row.absolute_expires_at,
                proven_at: row.proven_at,
            })
        })
        .collect()
}

/// Proves again who is there: alive from now on, under a new token where one is given. `false`: over meanwhile.
pub(in crate::identity) async fn renew(
    directory: &mut Directory,
    id: SessionId,
    idle_expires_at: DateTime<Utc>,
    token_hash: Option<&[u8]>,
    proven_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let now = directory.now();
    let renewed = sqlx::query!(
        "update sessions set last_seen_at = $2, idle_expires_at = least($3, absolute_expires_at),
                token_hash = coalesce($4, token_hash), proven_at = coalesce($5, proven_at)
         where id = $1 and ended_at is null and absolute_expires_at > $2",
        id.0,
        now,
        idle_expires_at,
        token_hash,
        proven_at
    )
    .execute(directory.conn())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

pub(super) async fn of_user(directory: &mut Directory, live: &Live) -> Result<Vec<OpenSession>> {
    let now = directory.now();
    let rows = sqlx::query!(
        r#"select s.id, s.user_agent, s.address as "address: Sealed", o.name as "organization?", s.created_at, s.last_seen_at, s.idle_expires_at
           from sessions s left join organizations o on o.id = s.organization_id
           where s.user_id = $1 and s.ended_at is null and s.absolute_expires_at > $2"#,
        live.user.0,
        now
    )
    .fetch_all(directory.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let address = row.address.map(|sealed| directory.open("sessions", "address", row.id, &sealed));
            Ok(OpenSession {
                id: SessionId(row.id),
                device: Device::read(row.user_agent.as_deref()),
                address: address.transpose()?,
                organization_name: row.organization,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at.min(now),
                is_current: row.id == live.session.0,
                is_locked: row.idle_expires_at <= now,
            })
        })
        .collect()
}

/// `false`: it is not there, or somebody else's.
pub(super) async fn end_own(directory: &mut Directory, user: UserId, id: SessionId) -> Result<bool> {
    let now = directory.now();
    let ended = sqlx::query!(
        "update sessions set ended_at = $3 where user_id = $1 and id = $2 and ended_at is null",
        user.0,
        id.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}

pub(super) async fn end_others(directory: &mut Directory, user: UserId, but: SessionId) -> Result<u64> {
    let now = directory.now();
    let ended = sqlx::query!(
        "update sessions set ended_at = $3 where user_id = $1 and id <> $2 and ended_at is null and absolute_expires_at > $3",
        user.0,
        but.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(ended.rows_affected())
}

pub(in crate::identity) async fn end_in_organization(tx: &mut Tx, user: UserId) -> Result<()> {
    let (organization, now) = (tx.organization(), tx.now());
    sqlx::query!(
        "update sessions set ended_at = $3 where user_id = $1 and organization_id = $2 and ended_at is null",
        user.0,
        organization.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::identity) async fn people(tx: &mut Tx) -> Result<Vec<MemberAccess>> {
    let (organization, now) = (tx.organization(), tx.now());
    let rows = sqlx::query!(
        r#"select m.user_id, m.role, count(s.id) as "sessions!", max(s.last_seen_at) as last_seen_at,
                  (exists (select from totp_factors t where t.user_id = m.user_id)
                   or exists (select from passkeys p where p.user_id = m.user_id)) as "has_factor!"
           from memberships m
           join users u on u.id = m.user_id
           left join sessions s on s.user_id = m.user_id and s.organization_id = m.organization_id
                and s.ended_at is null and s.absolute_expires_at > $2
           where m.organization_id = $1 and m.ended_at is null and u.disabled_at is null
           group by m.user_id, m.role order by m.user_id"#,
        organization.0,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(MemberAccess {
                user_id: UserId(row.user_id),
                role: Role::parse(&row.role)?,
                has_second_factor: row.has_factor,
                sessions: row.sessions,
                last_seen_at: row.last_seen_at.map(|at| at.min(now)),
            })
        })
        .collect()
}

/// Whether the person belongs to another organization, or to an operator's staff.
pub(in crate::identity) async fn belongs_elsewhere(tx: &mut Tx, user: UserId) -> Result<bool> {
    let organization = tx.organization();
    Ok(sqlx::query_scalar!(
        r#"select (exists (select from memberships m where m.user_id = $1 and m.organization_id <> $2 and m.ended_at is null)
                   or exists (select from operator_staff f where f.user_id = $1)) as "elsewhere!""#,
        user.0,
        organization.0
    )
    .fetch_one(tx.conn())
    .await?)
}
