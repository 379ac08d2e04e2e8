//! What the server remembers between the two halves of a ceremony. Sealed, so that a copy of the database finishes nobody's; bound to
//! whoever began, so that nobody else does; gone when it was taken, also when what was presented turns out wrong.

use chrono::TimeDelta;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::sql;
use crate::{
    app::App,
    db::Directory,
    error::{Error, Result},
    types::ids::new_uuid,
};

/// As long as WebAuthn gives a person to find their key (Level 3, 5.1).
pub(super) const HOLDS: TimeDelta = TimeDelta::minutes(5);

/// Which ceremony it is: the state of one cannot end another.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    TotpEnrolment,
    PasskeyRegistration,
    PasskeyAuthentication,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TotpEnrolment => "totp_enrolment",
            Self::PasskeyRegistration => "passkey_registration",
            Self::PasskeyAuthentication => "passkey_authentication",
        }
    }
}

/// Begins one. `bound_to`: the session, or the half of one.
pub(super) async fn begin(
    directory: &mut Directory,
    kind: Kind,
    bound_to: Option<Uuid>,
    state: &impl Serialize,
) -> Result<Uuid> {
    let id = new_uuid(directory.now());
    let state = directory.seal("ceremonies", "state", id, &serde_json::to_string(state)?)?;
    let expires_at = directory.now() + HOLDS;
    sql::insert_ceremony(directory, id, kind.as_str(), bound_to, state, expires_at).await?;
    Ok(id)
}

/// Takes one, in a transaction of its own. 422 `ceremony_over` where it was taken, is too old, or somebody else's.
pub(super) async fn take<T: DeserializeOwned>(app: &App, kind: Kind, bound_to: Option<Uuid>, id: Uuid) -> Result<T> {
    app.db
        .directory(async |directory| {
            let state = sql::take_ceremony(directory, id, kind.as_str(), bound_to).await?;
            let state = state.ok_or_else(over)?;
            Ok(serde_json::from_str(&directory.open("ceremonies", "state", id, &state)?)?)
        })
        .await
}

/// The newest of a kind that somebody began, left where it is.
pub(super) async fn peek<T: DeserializeOwned>(directory: &mut Directory, kind: Kind, bound_to: Uuid) -> Result<T> {
    let (id, state) = sql::newest_ceremony(directory, kind.as_str(), bound_to).await?.ok_or_else(over)?;
    Ok(serde_json::from_str(&directory.open("ceremonies", "state", id, &state)?)?)
}

fn over() -> Error {
    Error::invalid("ceremony", "ceremony_over", "This took too long, or was done already. Begin again.")
}
