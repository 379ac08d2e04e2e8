//! Coming and going, told in the audit trail: of the organization that a session acts for, or of the house where it acts for none.

use std::sync::Arc;

use super::{
    session::Live,
    sql::{self, team},
};
use crate::{
    audit::{Action, Entry, record_in},
    db::{Actor, By, Directory},
    error::Result,
    types::{
        ids::{HOUSE, OrganizationId, UserId},
        origin::Origin,
    },
};

fn by(user: UserId, organization: Option<OrganizationId>, origin: &Arc<Origin>) -> By {
    let actor = if organization.is_some() { Actor::User(user) } else { Actor::Operator(user) };
    By { actor, origin: Some(origin.clone()) }
}

/// The person did this in a session of the organization.
pub(super) fn tell(
    directory: &mut Directory,
    action: Action,
    user: UserId,
    organization: Option<OrganizationId>,
    origin: &Arc<Origin>,
) {
    record_in(directory, organization.unwrap_or(HOUSE), by(user, organization, origin), action.on(user));
}

/// The person turns from one of their organizations to another. Neither is told which the other one is.
pub(super) fn tell_switch(directory: &mut Directory, live: &Live, to: OrganizationId, origin: &Arc<Origin>) {
    tell(directory, Action::OrganizationLeft, live.user, live.organization, origin);
    tell(directory, Action::OrganizationEntered, live.user, Some(to), origin);
}

/// Somebody gave a wrong password, or a wrong second factor: told to each organization that the account belongs to. For an address that is nobody's as much is
/// written, into the trail of the house, so that the time of the answer does not tell the two apart.
pub(super) async fn tell_failed(directory: &mut Directory, user: Option<UserId>, origin: &Arc<Origin>) -> Result<()> {
    let anonymous = || By { actor: Actor::Anonymous, origin: Some(origin.clone()) };
    let memberships = sql::memberships(directory, user.unwrap_or(UserId(HOUSE.0))).await?;
    let Some(user) = user else {
        record_in(directory, HOUSE, anonymous(), Action::SignInUnknown);
        return Ok(());
    };
    if memberships.is_empty() {
        record_in(directory, HOUSE, anonymous(), Action::SignInFailed.on(user));
    }
    for membership in memberships {
        record_in(directory, membership.organization_id, anonymous(), Action::SignInFailed.on(user));
    }
    Ok(())
}

/// Into the trail of each organization that the person is in; of the house where there is none. Answers which organizations these are.
pub(super) async fn tell_everywhere(
    directory: &mut Directory,
    by: By,
    user: UserId,
    entry: &Entry,
) -> Result<Vec<OrganizationId>> {
    let organizations = team::organizations_of(directory.conn(), user).await?;
    let trails = if organizations.is_empty() { &[HOUSE][..] } else { &organizations };
    for trail in trails {
        record_in(directory, *trail, by.clone(), entry.clone());
    }
    Ok(organizations)
}
