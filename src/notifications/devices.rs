//! The browsers that take a person's pushes, and the keys by which push services know us. They stand in the directory: a person has one phone,
//! in however many organizations they work.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sql::devices as sql;
use crate::{
    app::App,
    db::Directory,
    error::{Error, Result},
    providers::push::{Subscription, VapidKeys},
    types::ids::{DeviceId, SessionId, UserId},
};

/// So many browsers take a person's pushes; a further one takes the place of the one that was renewed longest ago.
const MOST: i64 = 10;

/// A browser that takes pushes, as its person sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PushDevice)]
pub struct Device {
    pub id: DeviceId,
    /// `Chrome · Android`
    pub label: String,
    /// The one that asks.
    pub is_this: bool,
    pub created_at: DateTime<Utc>,
    /// The last push that its push service took.
    #[schema(required = true)]
    pub sent_at: Option<DateTime<Utc>>,
    /// The last push that it said had arrived.
    #[schema(required = true)]
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// A browser's subscription, as `PushSubscription.toJSON()` gives it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = NewPushDevice)]
pub struct NewDevice {
    #[schema(max_length = 2048)]
    pub endpoint: String,
    pub keys: DeviceKeys,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = PushDeviceKeys)]
pub struct DeviceKeys {
    #[schema(max_length = 128)]
    pub p256dh: String,
    #[schema(max_length = 64)]
    pub auth: String,
}

impl NewDevice {
    /// 422 for what no browser of ours says.
    fn read(self, app: &App) -> Result<Subscription> {
        if !app.push.admits(&self.endpoint) {
            return Err(Error::invalid("endpoint", "endpoint_unknown", "This is no push service that we know."));
        }
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        let is_point = bytes(&self.keys.p256dh).is_ok_and(|point| point.len() == 65 && point[0] == 4);
        if !is_point {
            return Err(Error::invalid("keys.p256dh", "key_invalid", "An uncompressed point of P-256 in base64url."));
        }
        if bytes(&self.keys.auth).map(|secret| secret.len()) != Ok(16) {
            return Err(Error::invalid("keys.auth", "key_invalid", "16 bytes in base64url."));
        }
        let unpadded = |text: &str| text.trim_end_matches('=').to_owned();
        Ok(Subscription {
            endpoint: self.endpoint,
            p256dh: unpadded(&self.keys.p256dh),
            auth: unpadded(&self.keys.auth),
        })
    }
}

/// A browser takes this person's pushes from now on; one that did for somebody else no longer does. 422.
pub(super) async fn subscribe(
    app: &App,
    directory: &mut Directory,
    user: UserId,
    session: SessionId,
    label: &str,
    new: NewDevice,
) -> Result<DeviceId> {
    let subscription = new.read(app)?;
    let id = sql::upsert(directory, user, session, label, &subscription).await?;
    sql::keep(directory, user, MOST).await?;
    Ok(id)
}

pub(super) async fn list(directory: &mut Directory, user: UserId, session: SessionId) -> Result<Vec<Device>> {
    sql::forget_ended(directory, user).await?;
    sql::list(directory, user, session).await
}

/// One's own. 404.
pub(super) async fn remove(directory: &mut Directory, user: UserId, id: DeviceId) -> Result<()> {
    sql::remove(directory, user, id).await
}

/// The browsers of a person. Those where they were signed out take none any more, and are forgotten.
pub async fn subscriptions_of(directory: &mut Directory, user: UserId) -> Result<Vec<(DeviceId, Subscription)>> {
    sql::forget_ended(directory, user).await?;
    sql::subscriptions(directory, user).await
}

/// What became of pushes: the service took them, or says that nobody is there any more.
pub async fn note_sent(directory: &mut Directory, taken: &[DeviceId], gone: &[DeviceId]) -> Result<()> {
    sql::note_sent(directory, taken, gone).await
}

/// A push arrived there.
pub async fn acknowledge_device(directory: &mut Directory, id: DeviceId) -> Result<()> {
    sql::acknowledge(directory, id).await
}

#[derive(Default)]
struct Kept(tokio::sync::OnceCell<Arc<VapidKeys>>);

/// The keys by which push services know us: made once, for all processes and for good, since every subscription is bound to them.
pub async fn vapid_keys(app: &App) -> Result<Arc<VapidKeys>> {
    let kept = app.kept::<Kept>();
    let read = async || Ok::<_, Error>(Arc::new(app.db.directory(sql::read_or_make_keys).await?));
    Ok(kept.0.get_or_try_init(read).await?.clone())
}
