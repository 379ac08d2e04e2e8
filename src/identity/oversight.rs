//! What an owner sees of their colleagues' access, and does for those who lost a phone: ends their sessions, takes their second factors away.
//!
//! A person's factors are theirs in every organization: an owner may take them away only where no other organization relies on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Role, factor, sessions, sql, told};
use crate::{
    audit::{self, Action},
    db::{Actor, Directory, Tx},
    error::{Error, Result},
    types::ids::UserId,
};

/// How a colleague comes in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberAccess {
    pub user_id: UserId,
    pub role: Role,
    pub has_second_factor: bool,
    /// Open ones that act for this organization.
    pub sessions: i64,
    #[schema(required = true)]
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Everybody in the organization.
pub async fn people(tx: &mut Tx) -> Result<Vec<MemberAccess>> {
    sessions::sql::people(tx).await
}

/// Ends the sessions that act for the organization. 404 for strangers.
pub async fn end_sessions(tx: &mut Tx, user: UserId) -> Result<()> {
    sql::role_in(tx, user).await?.ok_or(Error::NotFound)?;
    sessions::sql::end_in_organization(tx, user).await?;
    audit::record(tx, Action::MemberSignedOut.on(user));
    tx.ring_sessions();
    Ok(())
}

/// Takes all second factors of a colleague away and tells them. 404 for strangers; 409 `yourself`, `elsewhere`.
pub async fn reset_factors(tx: &mut Tx, by: UserId, user: UserId) -> Result<()> {
    sql::role_in(tx, user).await?.ok_or(Error::NotFound)?;
    if by == user {
        return Err(Error::conflict("yourself", "One's own factors are removed among one's own settings."));
    }
    if sessions::sql::belongs_elsewhere(tx, user).await? {
        return Err(Error::conflict(
            "elsewhere",
            "This person also works elsewhere, where the factor counts too: the operator takes it away.",
        ));
    }
    factor::sql::remove_all(tx.conn(), user).await?;
    audit::record(tx, Action::FactorsReset.on(user));
    let now = tx.now();
    factor::sql::remember_reset(tx.conn(), user, Some(by), now).await
}

/// As [`reset_factors`], from the command line.
pub async fn reset_factors_of(directory: &mut Directory, user: UserId) -> Result<()> {
    factor::sql::remove_all(directory.conn(), user).await?;
    told::tell_everywhere(directory, Actor::CommandLine.into(), user, &Action::FactorsReset.on(user)).await?;
    let now = directory.now();
    factor::sql::remember_reset(directory.conn(), user, None, now).await
}
