//! The owner's page on sending: as whom, and to whom not.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Channel, Family, NewMessage, Purpose, Recipient, SendingSettings, State as MessageState, Suppression, Why,
    settings::{self, ChangeSendingSettings},
    sql, suppress,
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{IfMatch, Json, Page, Path, Query},
    identity::{self, Owner, Staff},
    organizations,
    types::ids::{MessageId, SuppressionId},
    words::Words,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, change))
        .routes(routes!(test))
        .routes(routes!(one))
        .routes(routes!(list, add))
        .routes(routes!(remove))
}

/// As whom messages are sent
#[utoipa::path(get, path = "/api/messages/settings", tag = "messages", responses((status = 200, body = SendingSettings)))]
async fn read(State(app): State<App>, owner: Owner) -> Result<Json<SendingSettings>> {
    Ok(Json(owner.read(async |tx| settings::read(tx, &app).await).await?))
}

/// Change as whom messages are sent
///
/// 422 `sender_invalid`, `email_invalid`; 409 `sender_taken` for a number that another organization sends from.
#[utoipa::path(put, path = "/api/messages/settings", tag = "messages", params(("If-Match" = String, Header)),
    request_body = ChangeSendingSettings, responses((status = 200, body = SendingSettings)))]
async fn change(
    State(app): State<App>,
    owner: Owner,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeSendingSettings>,
) -> Result<Json<SendingSettings>> {
    Ok(Json(owner.write(async |tx| settings::change(tx, &app, version, &body).await).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestMessage {
    channel: Channel,
}

/// How a message to oneself stands.
#[derive(Serialize, ToSchema)]
struct TestStanding {
    id: MessageId,
    state: MessageState,
    /// Why it did not arrive.
    #[schema(required = true)]
    family: Option<Family>,
}

/// Send oneself a message
///
/// To one's own number or address. 409 `no_phone` without a number of one's own. Ask how it stands by its id.
#[utoipa::path(post, path = "/api/messages/test", tag = "messages", request_body = TestMessage,
    responses((status = 202, body = TestStanding)))]
async fn test(staff: Staff, Json(body): Json<TestMessage>) -> Result<(StatusCode, Json<TestStanding>)> {
    let (channel, user) = (body.channel, staff.user());
    let id = staff
        .write(async |tx| {
            let organization = organizations::current(tx).await?;
            let contact = identity::contact(tx, user).await?.ok_or(Error::NotFound)?;
            if channel == Channel::Sms && contact.phone.is_none() {
                return Err(Error::conflict("no_phone", "Write down a mobile number of your own first."));
            }
            let words = Words::of(contact.locale.unwrap_or(organization.locale).as_str());
            let new = NewMessage {
                channel,
                purpose: Purpose::Test,
                to: Recipient::User(user),
                lead: None,
                subject: Some(words.say("test-subject")),
                text: words.fill("test-text", &[("organization", &organization.name)]),
                html: None,
                // One a minute is enough to see whether it works.
                key: Some(format!("test:{user}:{}:{}", channel.as_str(), tx.now().timestamp() / 60)),
            };
            super::send(tx, new).await
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(TestStanding { id, state: MessageState::Queued, family: None })))
}

/// How a message to oneself stands
#[utoipa::path(get, path = "/api/messages/{id}", tag = "messages", params(("id" = MessageId, Path)),
    responses((status = 200, body = TestStanding)))]
async fn one(staff: Staff, Path(id): Path<MessageId>) -> Result<Json<TestStanding>> {
    let user = staff.user();
    let standing = staff.read(async |tx| sql::own_standing(tx, id, user).await).await?.ok_or(Error::NotFound)?;
    Ok(Json(TestStanding { id, state: standing.state, family: standing.family }))
}

#[derive(Deserialize, IntoParams)]
struct Listing {
    cursor: Option<String>,
    /// A whole number or address.
    q: Option<String>,
}

/// Who is not to be written to
#[utoipa::path(get, path = "/api/suppressions", tag = "messages", params(Listing), responses((status = 200, body = Page<Suppression>)))]
async fn list(owner: Owner, Query(asked): Query<Listing>) -> Result<Json<Page<Suppression>>> {
    let listed = owner.read(async |tx| suppress::list(tx, asked.cursor.as_deref(), asked.q.as_deref()).await).await?;
    Ok(Json(listed))
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSuppression {
    channel: Channel,
    /// A number as people write it, or an e-mail address.
    #[schema(max_length = 254)]
    address: String,
}

/// Have somebody not written to any more
///
/// Somebody who is on the list already stays as they are. 422 `phone_invalid`, `email_invalid`.
#[utoipa::path(post, path = "/api/suppressions", tag = "messages", request_body = NewSuppression,
    responses((status = 201, body = Suppression)))]
async fn add(owner: Owner, Json(body): Json<NewSuppression>) -> Result<(StatusCode, Json<Suppression>)> {
    let added = owner
        .write(async |tx| {
            let address = suppress::normalise(tx, body.channel, &body.address).await?;
            let id = suppress::suppress(tx, body.channel, &address, Why::Hand).await?;
            sql::suppressions(tx, None, Some(id), 1).await?.pop().ok_or(Error::NotFound)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Let somebody be written to again
#[utoipa::path(delete, path = "/api/suppressions/{id}", tag = "messages", params(("id" = SuppressionId, Path)),
    responses((status = 204)))]
async fn remove(owner: Owner, Path(id): Path<SuppressionId>) -> Result<StatusCode> {
    owner.write(async |tx| suppress::remove(tx, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
