//! Roles, and leaving the team. Owners give roles; managers may take agents out. There is always an owner: decided under a lock on all of
//! them. A change holds at once, since every request reads the membership anew, and the sockets are told by the event.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Role, Viewer, invitation::may_look_after, is_member, sql::team as sql};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    outbox::{self, Event, Topic},
    types::ids::UserId,
};

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct ChangeMember {
    pub role: Role,
}

/// Gives a member another role. 409 `last_owner`.
pub(super) async fn set_role(tx: &mut Tx, viewer: &Viewer, user: UserId, role: Role) -> Result<()> {
    let owners = sql::lock_owners(tx).await?;
    let before = is_member(tx, user).await?.ok_or(Error::NotFound)?;
    // Looked at again behind the lock: of two owners who demote each other, one is too late.
    if is_member(tx, viewer.user).await? != Some(Role::Owner) {
        return Err(Error::Forbidden("role"));
    }
    if before == role {
        return Ok(());
    }
    keep_one(&owners, user)?;
    sql::set_role(tx, user, role).await?;
    audit::record(tx, Action::RoleChanged.on(user).with("from", before).with("to", role));
    outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: user.0 });
    Ok(())
}

/// Takes somebody out of the team; what they had in hand goes to `heir`, or back to everybody. 409 `last_owner`; 422 for an heir who is
/// no colleague.
pub(super) async fn remove(tx: &mut Tx, viewer: &Viewer, user: UserId, heir: Option<UserId>) -> Result<()> {
    let owners = sql::lock_owners(tx).await?;
    let role = is_member(tx, user).await?.ok_or(Error::NotFound)?;
    let acting = is_member(tx, viewer.user).await?.ok_or(Error::Forbidden("role"))?;
    may_look_after(&Viewer { role: acting, ..*viewer }, role)?;
    if let Some(heir) = heir
        && (heir == user || is_member(tx, heir).await?.is_none())
    {
        return Err(Error::invalid("heir", "not_a_member", "Nobody of this organization."));
    }
    keep_one(&owners, user)?;
    sql::end_membership(tx, user).await?;
    audit::record(tx, Action::MemberRemoved.on(user).with("role", role).with("heir", heir));
    outbox::record(tx, Event::MemberLeft { user, heir, by: viewer.user });
    Ok(())
}

fn keep_one(owners: &[UserId], user: UserId) -> Result<()> {
    if owners == [user] {
        return Err(Error::conflict(
            "last_owner",
            "Somebody has to own the organization: make a colleague owner first.",
        ));
    }
    Ok(())
}
