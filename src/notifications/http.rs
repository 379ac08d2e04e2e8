//! One's own notifications, on which ways they come, and the browsers that take them.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Device, Kind, NewDevice, Notice, Notification, Preferences, Unseen, devices, preferences};
use crate::{
    app::App,
    error::{Problem, Result},
    http::{IfMatch, Json, Page, Path, Query, Versioned},
    identity::{self, Staff},
    types::ids::{DeviceId, NotificationId},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(unseen))
        .routes(routes!(see))
        .routes(routes!(read))
        .routes(routes!(preferences, prefer))
        .routes(routes!(browsers, subscribe))
        .routes(routes!(unsubscribe))
        .routes(routes!(test))
}

#[derive(Debug, Deserialize, IntoParams)]
struct From {
    /// Of the page before.
    cursor: Option<String>,
}

/// My notifications, newest first
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(From),
    responses((status = 200, body = Page<Notification>), (status = 422, body = Problem)))]
async fn list(staff: Staff, Query(from): Query<From>) -> Result<Json<Page<Notification>>> {
    Ok(Json(staff.read(async |tx| super::list(tx, staff.user(), from.cursor.as_deref()).await).await?))
}

/// How many of mine have not been seen
#[utoipa::path(get, path = "/api/notifications/unseen", tag = "notifications", responses((status = 200, body = Unseen)))]
async fn unseen(staff: Staff) -> Result<Json<Unseen>> {
    let me = staff.user();
    let unseen = staff.read(async |tx| super::unseen(tx, &[me]).await).await?;
    Ok(Json(Unseen { unseen: unseen.get(&me).copied().unwrap_or_default() }))
}

/// The newest one that was looked at.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    until: NotificationId,
}

/// I have seen what stands there up to this one
#[utoipa::path(put, path = "/api/notifications/seen", tag = "notifications", request_body = Seen, responses((status = 204)))]
async fn see(staff: Staff, Json(seen): Json<Seen>) -> Result<StatusCode> {
    staff.write(async |tx| super::see(tx, staff.user(), seen.until).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// I went on from this one
#[utoipa::path(put, path = "/api/notifications/{id}/read", tag = "notifications", params(("id" = NotificationId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn read(staff: Staff, Path(id): Path<NotificationId>) -> Result<StatusCode> {
    staff.write(async |tx| super::read(tx, staff.user(), id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// On which ways I am told of what
#[utoipa::path(get, path = "/api/me/alerts", tag = "notifications", responses((status = 200, body = Preferences)))]
async fn preferences(staff: Staff) -> Result<Versioned<Preferences>> {
    let (wanted, version) = staff.read(async |tx| preferences::read(tx, staff.user()).await).await?;
    Ok(Versioned(wanted, version))
}

/// Choose on which ways I am told of what
///
/// 422 `critical_kind` for a critical kind that would come on no way.
#[utoipa::path(put, path = "/api/me/alerts", tag = "notifications", params(("If-Match" = String, Header)), request_body = Preferences,
    responses((status = 200, body = Preferences), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn prefer(
    staff: Staff,
    IfMatch(version): IfMatch,
    Json(wanted): Json<Preferences>,
) -> Result<Versioned<Preferences>> {
    let me = staff.user();
    let changed = staff.write(async |tx| preferences::change(tx, me, version, wanted.clone()).await).await?;
    Ok(Versioned(changed.0, changed.1))
}

/// The browsers that take my pushes.
#[derive(Debug, Serialize, ToSchema)]
struct PushDevices {
    /// What a browser subscribes with: `applicationServerKey`, in unpadded base64url.
    key: String,
    items: Vec<Device>,
}

/// The browsers that take my pushes
#[utoipa::path(get, path = "/api/me/devices", tag = "notifications", responses((status = 200, body = PushDevices)))]
async fn browsers(State(app): State<App>, staff: Staff) -> Result<Json<PushDevices>> {
    let key = BASE64_URL_SAFE_NO_PAD.encode(&super::vapid_keys(&app).await?.public);
    let list = async |directory: &mut _| devices::list(directory, staff.user(), staff.session()).await;
    Ok(Json(PushDevices { key, items: app.db.directory(list).await? }))
}

/// Have this browser take my pushes
///
/// The same endpoint again renews it. 422 for an endpoint of no push service that we know.
#[utoipa::path(post, path = "/api/me/devices", tag = "notifications", request_body = NewDevice,
    responses((status = 200, body = Device), (status = 422, body = Problem)))]
async fn subscribe(
    State(app): State<App>,
    staff: Staff,
    headers: HeaderMap,
    Json(new): Json<NewDevice>,
) -> Result<Json<Device>> {
    let label = identity::device_label(headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()));
    let (me, session) = (staff.user(), staff.session());
    let kept = app.db.directory(async |directory| {
        let id = devices::subscribe(&app, directory, me, session, &label, new.clone()).await?;
        let all = devices::list(directory, me, session).await?;
        all.into_iter().find(|device| device.id == id).ok_or(crate::error::Error::NotFound)
    });
    Ok(Json(kept.await?))
}

/// Have a browser take no more of my pushes
#[utoipa::path(delete, path = "/api/me/devices/{id}", tag = "notifications", params(("id" = DeviceId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn unsubscribe(State(app): State<App>, staff: Staff, Path(id): Path<DeviceId>) -> Result<StatusCode> {
    app.db.directory(async |directory| devices::remove(directory, staff.user(), id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send me a push, to see that it arrives
#[utoipa::path(post, path = "/api/me/devices/test", tag = "notifications", responses((status = 202)))]
async fn test(staff: Staff) -> Result<StatusCode> {
    let notice = Notice { to: staff.user(), kind: Kind::Test, lead: None, data: json!({}), channels: Vec::new() };
    staff.write(async |tx| super::tell(tx, vec![notice.clone()]).await).await?;
    Ok(StatusCode::ACCEPTED)
}
