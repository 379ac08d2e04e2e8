//! Second factors: authenticator apps ([`totp`]), passkeys ([`passkey`]), and ten recovery codes for the day the phone is gone ([`recovery`]).
//!
//! A factor belongs to a person, in whichever organization they act. The first one brings recovery codes; the last one takes them with it.
//! What the server must remember while somebody looks at their phone is a [`ceremony`]: sealed, short-lived, taken once.
//!
//! Invariants: a code of an app is taken once, a recovery code too; no secret stands readable in the database; whoever has a factor gets
//! no session by their password alone (`login`, `step`); to add or remove one takes a proof of the last ten minutes (`proof`).

mod ceremony;
mod http;
pub mod passkey;
pub mod recovery;
pub(super) mod sql;
pub mod totp;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{session::Live, told};
use crate::{
    audit::Action,
    config::Config,
    db::Directory,
    error::{Error, Result},
    types::ids::{PasskeyId, UserId},
};
pub use http::routes;

/// What a person can prove themselves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Methods {
    /// An authenticator app.
    pub totp: bool,
    pub passkey: bool,
    /// Recovery codes are left.
    pub recovery_code: bool,
}

impl Methods {
    pub fn any(self) -> bool {
        self.totp || self.passkey
    }
}

/// The second factors of a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Factors {
    #[schema(required = true)]
    pub totp: Option<Totp>,
    pub passkeys: Vec<Passkey>,
    pub recovery_codes_left: i64,
    /// Passkeys need a host name: there are none on a bare IP address.
    pub passkeys_available: bool,
    /// The organization asks for one of this person.
    pub is_required: bool,
    /// Somebody took the factors away, and it was not read yet.
    #[schema(required = true)]
    pub reset: Option<Reset>,
}

/// An authenticator app.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Totp {
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A passkey: on a phone, in a password manager, on a key of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Passkey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Who took a person's factors away; nobody: the operator, from the command line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    #[schema(required = true)]
    pub by: Option<UserId>,
    pub at: DateTime<Utc>,
}

/// A factor was added; the first one brings codes, shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Added {
    pub factors: Factors,
    #[schema(required = true)]
    pub recovery_codes: Option<Vec<String>>,
}

/// All factors of who is signed in.
pub async fn factors(directory: &mut Directory, config: &Config, live: &Live) -> Result<Factors> {
    Ok(Factors {
        totp: sql::totp(directory, live.user).await?.map(|row| row.shown()),
        passkeys: sql::passkeys(directory, live.user).await?,
        recovery_codes_left: sql::recovery_codes_left(directory, live.user).await?,
        passkeys_available: passkey::is_available(config),
        is_required: live.needs_factor,
        reset: sql::reset(directory, live.user).await?,
    })
}

/// By what a person can prove themselves, besides their password.
pub(super) async fn methods(directory: &mut Directory, user: UserId) -> Result<Methods> {
    sql::methods(directory, user).await
}

/// Takes a code: six digits of an authenticator app, or a recovery code. Each is taken once.
pub(super) async fn take_code(directory: &mut Directory, user: UserId, code: &str) -> Result<bool> {
    match totp::as_digits(code) {
        Some(digits) => totp::take(directory, user, &digits).await,
        None => recovery::take(directory, user, code).await,
    }
}

/// After a factor was added: codes, where there are none yet.
async fn added(directory: &mut Directory, config: &Config, live: &Live) -> Result<Added> {
    sql::forget_reset(directory, live.user).await?;
    told::tell_everywhere(directory, live.by(), live.user, &Action::FactorAdded.on(live.user)).await?;
    let recovery_codes = match sql::recovery_codes_left(directory, live.user).await? {
        0 => Some(recovery::renew(directory, live.user).await?),
        _ => None,
    };
    Ok(Added { factors: factors(directory, config, live).await?, recovery_codes })
}

/// After a factor was removed: the last one takes the codes with it. 409 `required` where the organization asks for one.
async fn removed(directory: &mut Directory, config: &Config, live: &Live) -> Result<Factors> {
    told::tell_everywhere(directory, live.by(), live.user, &Action::FactorRemoved.on(live.user)).await?;
    if !methods(directory, live.user).await?.any() {
        if live.needs_factor {
            return Err(Error::conflict(
                "factor_required",
                "The organization asks for a second factor; add another one first.",
            ));
        }
        sql::remove_all(directory.conn(), live.user).await?;
    }
    factors(directory, config, live).await
}
