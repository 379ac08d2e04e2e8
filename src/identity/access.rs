//! Who may call: the extractors. A handler that takes none of them reaches no transaction.

use std::{ops::Deref, sync::Arc};

use aws_lc_rs::digest;
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use super::{Role, Viewer, client_address, proof, session, sql};
use crate::{
    app::App,
    audit::{self, Entry},
    db::{Actor, By, Directory, Replay, Tx},
    error::{Error, Result},
    types::{
        ids::{HOUSE, OrganizationId, SessionId, UserId},
        origin::Origin,
    },
};

/// `<user id>/<organization id>`: for whom a queued write was made.
const ACTING_AS: &str = "x-acting-as";

/// Where the request comes from, for the audit trail.
#[derive(Clone, Debug)]
pub struct Whence(pub Arc<Origin>);

impl FromRequestParts<App> for Whence {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Self(origin(parts, app)))
    }
}

pub(super) fn origin(parts: &Parts, app: &App) -> Arc<Origin> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let address = client_address(parts, app.config.http.trusted_hops);
    Arc::new(Origin::new(address, header("user-agent"), header("x-request-id")))
}

/// Anybody with a live session, wherever they come from. Only for what leads away: signing out, another organization.
#[derive(Clone, Debug)]
pub struct FromAnywhere(pub session::Live);

impl FromRequestParts<App> for FromAnywhere {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(live) = parts.extensions.get::<session::Live>() {
            return Ok(Self(live.clone()));
        }
        let live = session::authenticate_request(app, parts).await?;
        tracing::Span::current().record("user", tracing::field::display(live.user));
        parts.extensions.insert(live.clone());
        Ok(Self(live))
    }
}

/// Anybody with a live session, from a network that the organization lets in. Also who still lacks a second factor that is asked for, so
/// it is for one's own account only.
#[derive(Clone, Debug)]
pub struct SignedIn(pub session::Live);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let FromAnywhere(live) = FromAnywhere::from_request_parts(parts, app).await?;
        live.check_network()?;
        Ok(Self(live))
    }
}

/// Somebody who proved within the last ten minutes who they are (403 `proof`): for what could shut a person out, or let another in.
#[derive(Clone, Debug)]
pub struct Proven<T>(pub T);

impl<T: FromRequestParts<App, Rejection = Error> + Send> FromRequestParts<App> for Proven<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = T::from_request_parts(parts, app).await?;
        let SignedIn(live) = SignedIn::from_request_parts(parts, app).await?;
        if proof::counts(&live, app.clock.now()) { Ok(Self(caller)) } else { Err(Error::Forbidden("proof")) }
    }
}

/// A member of the session's organization, in whichever role.
#[derive(Clone)]
pub struct Staff {
    app: App,
    session: SessionId,
    viewer: Viewer,
    organization: OrganizationId,
    origin: Arc<Origin>,
    replay: Option<Replay>,
}

impl FromRequestParts<App> for Staff {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let SignedIn(live) = SignedIn::from_request_parts(parts, app).await?;
        let (Some(organization), Some(viewer)) = (live.organization, live.viewer) else {
            return Err(Error::Forbidden("no_organization"));
        };
        live.check_factor()?;
        tracing::Span::current().record("organization", tracing::field::display(organization));
        refuse_anothers(parts, live.user, organization)?;
        let replay = replay(parts, live.user)?;
        let origin = origin(parts, app);
        Ok(Self { app: app.clone(), session: live.session, viewer, organization, origin, replay })
    }
}

impl Staff {
    pub fn user(&self) -> UserId {
        self.viewer.user
    }

    pub fn role(&self) -> Role {
        self.viewer.role
    }

    pub fn session(&self) -> SessionId {
        self.session
    }

    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// What this person sees.
    pub fn viewer(&self) -> Viewer {
        self.viewer
    }

    /// Who acts, and from where.
    pub fn by(&self) -> By {
        By { actor: Actor::User(self.user()), origin: Some(self.origin.clone()) }
    }

    /// Reads in a transaction of the organization.
    pub async fn read<T>(&self, verb: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        self.app.db.read(self.organization, self.by(), verb).await
    }

    /// Writes into the audit trail that this person sees something, before the answer leaves.
    pub async fn saw(&self, entry: impl Into<Entry>) -> Result<()> {
        audit::saw(&self.app, self.organization, self.by(), entry).await
    }

    /// Writes in a transaction of the organization; once, where the request carries an `Idempotency-Key`.
    pub async fn write<T: Serialize + DeserializeOwned>(
        &self,
        verb: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        self.app.db.write_once(self.organization, self.by(), self.replay.clone(), verb).await
    }

    /// The directory, for what identity itself shows of it.
    pub(super) async fn directory<T>(&self, verb: impl AsyncFnOnce(&mut Directory) -> Result<T>) -> Result<T> {
        self.app.db.directory(verb).await
    }
}

/// What waited on a phone for a connection says whose it is. Where somebody else has signed in there meanwhile, it waits on.
fn refuse_anothers(parts: &Parts, user: UserId, organization: OrganizationId) -> Result<()> {
    match parts.headers.get(ACTING_AS) {
        Some(said) if said.as_bytes() != format!("{user}/{organization}").as_bytes() => {
            Err(Error::Unauthenticated("other_session"))
        }
        _ => Ok(()),
    }
}

/// Until when a repeated key is recognised is `idempotency_keys`' matter; here it is only read.
fn replay(parts: &Parts, user: UserId) -> Result<Option<Replay>> {
    let Some(key) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key =
        key.to_str().ok().filter(|key| (1..=64).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic()));
    let key = key.ok_or_else(|| {
        Error::invalid("Idempotency-Key", "key_invalid", "An Idempotency-Key has 1 to 64 visible ASCII characters.")
    })?;
    let asked = format!("{} {}", parts.method, parts.uri.path());
    let fingerprint = digest::digest(&digest::SHA256, asked.as_bytes()).as_ref().to_vec();
    Ok(Some(Replay { key: key.to_owned(), user, fingerprint }))
}

/// An owner or a manager.
#[derive(Clone)]
pub struct Manager(Staff);

/// An owner.
#[derive(Clone)]
pub struct Owner(Staff);

impl FromRequestParts<App> for Manager {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let staff = Staff::from_request_parts(parts, app).await?;
        if staff.viewer.is_manager() { Ok(Self(staff)) } else { Err(Error::Forbidden("role")) }
    }
}

impl FromRequestParts<App> for Owner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let staff = Staff::from_request_parts(parts, app).await?;
        if staff.role() == Role::Owner { Ok(Self(staff)) } else { Err(Error::Forbidden("role")) }
    }
}

impl Deref for Manager {
    type Target = Staff;
    fn deref(&self) -> &Staff {
        &self.0
    }
}

impl Deref for Owner {
    type Target = Staff;
    fn deref(&self) -> &Staff {
        &self.0
    }
}

/// An admin of an operator.
#[derive(Clone)]
pub struct Operator {
    app: App,
    user: UserId,
    origin: Arc<Origin>,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let SignedIn(live) = SignedIn::from_request_parts(parts, app).await?;
        if !live.is_operator {
            return Err(Error::Forbidden("role"));
        }
        live.check_factor()?;
        if !app.config.http.operator_networks.admit(live.address) {
            return Err(Error::Forbidden("network"));
        }
        Ok(Self { app: app.clone(), user: live.user, origin: origin(parts, app) })
    }
}

impl Operator {
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Who acts, and from where.
    pub fn by(&self) -> By {
        By { actor: Actor::Operator(self.user), origin: Some(self.origin.clone()) }
    }

    /// As [`Staff::saw`], of what is the house's.
    pub async fn saw(&self, entry: impl Into<Entry>) -> Result<()> {
        audit::saw(&self.app, HOUSE, self.by(), entry).await
    }

    /// The organizations that their operators look after: no others are theirs to see.
    pub async fn organizations(&self) -> Result<Vec<OrganizationId>> {
        self.app.db.directory(async |directory| sql::looked_after(directory, self.user).await).await
    }

    pub async fn directory<T>(&self, verb: impl AsyncFnOnce(&mut Directory) -> Result<T>) -> Result<T> {
        self.app.db.directory(verb).await
    }
}
