//! Passkeys (WebAuthn Level 3). They are asked to verify who holds them, so one is two factors in itself: it follows a password, or opens
//! a session alone where the device knows the person (a discoverable credential).
//!
//! The relying party is the host of `PUBLIC_URL`: passkeys of another host are no use here, and there are none on a bare IP address. A
//! counter that does not grow means that a key was copied: it is refused.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use super::{
    Added, Factors,
    ceremony::{self, Kind},
    sql,
};
use crate::{
    app::App,
    config::Config,
    error::{Error, Result},
    identity::{session::Live, sql as people},
    types::ids::{PasskeyId, UserId},
};

/// More keys than anybody carries.
const MOST: usize = 20;
const LONGEST_NAME: usize = 60;

/// The first half of a ceremony.
#[derive(Serialize, ToSchema)]
pub struct Challenge {
    /// Give it back with what the device answers.
    pub ceremony: Uuid,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3, 5.1.10).
    #[schema(value_type = Object)]
    pub options: Value,
}

/// The second half: what the device answered.
#[derive(Deserialize, ToSchema)]
pub struct Response {
    pub ceremony: Uuid,
    /// `RegistrationResponseJSON` or `AuthenticationResponseJSON`.
    #[schema(value_type = Object)]
    pub credential: Value,
}

/// Whether this server's address can have passkeys.
pub fn is_available(config: &Config) -> bool {
    config.http.public_url.domain().is_some()
}

/// 409 `passkeys_unavailable` on a bare IP address.
fn relying_party(config: &Config) -> Result<Webauthn> {
    let url = &config.http.public_url;
    let unavailable = || {
        Error::conflict(
            "passkeys_unavailable",
            "Passkeys need a host name, and this server is reached by its IP address.",
        )
    };
    let host = url.domain().ok_or_else(unavailable)?;
    let builder = WebauthnBuilder::new(host, url).map_err(Error::internal)?;
    builder.rp_name("NextMove").build().map_err(Error::internal)
}

fn read<T: DeserializeOwned>(credential: Value) -> Result<T> {
    serde_json::from_value(credential).map_err(|why| Error::invalid("credential", "shape", why.to_string()))
}

fn refused(why: WebauthnError) -> Error {
    match why {
        WebauthnError::CredentialPossibleCompromise => {
            tracing::warn!("a passkey's counter did not grow: it may have been copied");
            Error::invalid(
                "credential",
                "passkey_copied",
                "This passkey seems to exist twice. Remove it and add a new one.",
            )
        }
        why => {
            tracing::info!(%why, "a passkey is refused");
            Error::invalid("credential", "passkey_refused", "This passkey was not accepted.")
        }
    }
}

/// Begins to add a passkey.
pub async fn begin_registration(app: &App, live: &Live) -> Result<Challenge> {
    let relying_party = relying_party(&app.config)?;
    app.db
        .directory(async |directory| {
            let user = people::user(directory, live.user).await?;
            let known = sql::credentials(directory, live.user).await?;
            if known.len() >= MOST {
                return Err(Error::conflict("too_many_passkeys", "Remove a passkey that is not used any more first."));
            }
            let (options, state) = relying_party
                .start_passkey_registration(live.user.0, &user.email, &user.name, Some(known))
                .map_err(Error::internal)?;
            let mut options = serde_json::to_value(options.public_key)?;
            // Where the device can remember whose it is, it opens a session without a password.
            options["authenticatorSelection"]["residentKey"] = json!("preferred");
            let ceremony = ceremony::begin(directory, Kind::PasskeyRegistration, Some(live.session.0), &state).await?;
            Ok(Challenge { ceremony, options })
        })
        .await
}

/// Adds a passkey. 422 `passkey_refused`, `ceremony_over`; 409 `passkey_known`.
pub async fn finish_registration(app: &App, live: &Live, response: Response, name: &str) -> Result<Added> {
    let name = checked_name(name)?;
    let relying_party = relying_party(&app.config)?;
    let credential: RegisterPublicKeyCredential = read(response.credential)?;
    let state: PasskeyRegistration =
        ceremony::take(app, Kind::PasskeyRegistration, Some(live.session.0), response.ceremony).await?;
    let passkey = relying_party.finish_passkey_registration(&credential, &state).map_err(refused)?;
    app.db
        .directory(async |directory| {
            let id = PasskeyId::new(directory.now());
            let kept = serde_json::to_string(&passkey)?;
            if !sql::insert_passkey(directory, id, live.user, passkey.cred_id(), &kept, &name).await? {
                return Err(Error::conflict("passkey_known", "This passkey is known already."));
            }
            super::added(directory, &app.config, live).await
        })
        .await
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Error::invalid("name", "name_length", "A passkey's name has 1 to 60 characters."));
    }
    Ok(name.to_owned())
}

/// Begins to ask for a passkey: of this person, or of whoever has one on the device.
pub(in crate::identity) async fn begin_authentication(
    app: &App,
    user: Option<UserId>,
    bound_to: Option<Uuid>,
) -> Result<Challenge> {
    let (options, state) = relying_party(&app.config)?.start_discoverable_authentication().map_err(Error::internal)?;
    let mut options = serde_json::to_value(options.public_key)?;
    app.db
        .directory(async |directory| {
            if let Some(user) = user {
                let known = sql::credentials(directory, user).await?;
                let allowed = known.iter().map(|id| json!({ "type": "public-key", "id": base64url(id) }));
                options["allowCredentials"] = allowed.collect();
            }
            let ceremony = ceremony::begin(directory, Kind::PasskeyAuthentication, bound_to, &state).await?;
            Ok(Challenge { ceremony, options })
        })
        .await
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Whose passkey answered. 422 `passkey_refused`, `passkey_copied`, `ceremony_over`.
pub(in crate::identity) async fn finish_authentication(
    app: &App,
    user: Option<UserId>,
    bound_to: Option<Uuid>,
    response: Response,
) -> Result<UserId> {
    let relying_party = relying_party(&app.config)?;
    let credential: PublicKeyCredential = read(response.credential)?;
    let state: DiscoverableAuthentication =
        ceremony::take(app, Kind::PasskeyAuthentication, bound_to, response.ceremony).await?;
    // The device must say whose it is where nobody else has said so.
    let said = relying_party.identify_discoverable_authentication(&credential).ok().map(|(user, _)| UserId(user));
    app.db
        .directory(async |directory| {
            let unknown = || refused(WebauthnError::CredentialNotFound);
            let row = sql::lock_passkey(directory, &credential.raw_id).await?.ok_or_else(unknown)?;
            if user.or(said) != Some(row.user) || said.is_some_and(|said| said != row.user) {
                return Err(unknown());
            }
            let mut passkey: Passkey = serde_json::from_str(&row.credential)?;
            let done =
                relying_party.finish_discoverable_authentication_v2(&credential, state, &passkey).map_err(refused)?;
            passkey.update_credential(&done);
            sql::use_passkey(directory, row.id, &serde_json::to_string(&passkey)?).await?;
            Ok(row.user)
        })
        .await
}

/// Gives a passkey another name. 404 for anybody else's.
pub async fn rename(app: &App, live: &Live, id: PasskeyId, name: &str) -> Result<Factors> {
    let name = checked_name(name)?;
    app.db
        .directory(async |directory| {
            if !sql::rename_passkey(directory, live.user, id, &name).await? {
                return Err(Error::NotFound);
            }
            super::factors(directory, &app.config, live).await
        })
        .await
}

/// Removes a passkey. 404 for anybody else's; 409 `factor_required`.
pub async fn remove(app: &App, live: &Live, id: PasskeyId) -> Result<Factors> {
    app.db
        .directory(async |directory| {
            if !sql::remove_passkey(directory, live.user, id).await? {
                return Err(Error::NotFound);
            }
            super::removed(directory, &app.config, live).await
        })
        .await
}
