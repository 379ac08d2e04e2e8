//! One's own sessions: on which devices one is signed in, and the way to end that (OI-106, OI-115).
//!
//! A session is named by its id, which opens nothing; the secret is in its cookie only. Ending one ends its sockets at once, in every
//! process: the bell rings and they look.

mod device;
mod http;
pub(super) mod sql;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session::Live;
use crate::{
    audit::Action,
    db::Directory,
    error::{Error, Result},
    types::ids::SessionId,
};
pub use device::Device;
pub use http::routes;

/// A session, as its person sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenSession {
    pub id: SessionId,
    pub device: Device,
    /// From where it was opened.
    #[schema(required = true)]
    pub address: Option<String>,
    #[schema(required = true)]
    pub organization_name: Option<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    /// The one that asks.
    pub is_current: bool,
    /// Idle for too long: it waits for a proof of who is there.
    pub is_locked: bool,
}

/// The person's sessions: this one first, then those seen last.
pub async fn list(directory: &mut Directory, live: &Live) -> Result<Vec<OpenSession>> {
    let mut open = sql::of_user(directory, live).await?;
    open.sort_by_key(|session| (!session.is_current, std::cmp::Reverse(session.last_seen_at)));
    Ok(open)
}

/// Ends one of the person's own sessions. 404 for anybody else's.
pub async fn end(directory: &mut Directory, live: &Live, id: SessionId) -> Result<()> {
    if !sql::end_own(directory, live.user, id).await? {
        return Err(Error::NotFound);
    }
    live.record(directory, Action::SessionsEnded);
    directory.ring_sessions();
    Ok(())
}

/// Ends all of the person's sessions but this one. Tells how many.
pub async fn end_others(directory: &mut Directory, live: &Live) -> Result<u64> {
    let ended = sql::end_others(directory, live.user, live.session).await?;
    live.record(directory, Action::SessionsEnded);
    directory.ring_sessions();
    Ok(ended)
}
