//! What an operator sees of the machinery: the graveyard of jobs, and deliveries that could not be taken. Both are replayed from here.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    health::{self, TroubledConnection},
    receive, sql,
};
use crate::{
    app::App,
    audit::{self, Action},
    db::By,
    error::{Error, Problem, Result},
    http::{Items, Json, Path},
    identity::Operator,
    jobs::{self, Buried},
    types::ids::{HOUSE, OrganizationId, QuarantineId},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(buried))
        .routes(routes!(replay_job))
        .routes(routes!(quarantine))
        .routes(routes!(replay_delivery))
        .routes(routes!(connections))
}

/// A delivery that could not be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarantinedWebhook {
    pub id: QuarantineId,
    pub provider: String,
    /// `unknown_page` or `unreadable`.
    pub reason: String,
    pub received_at: DateTime<Utc>,
    /// Bytes.
    pub size: i32,
}

/// What waits in the quarantine, newest first: of these organizations and of none, or all.
pub async fn webhooks(app: &App, only: Option<&[OrganizationId]>) -> Result<Vec<QuarantinedWebhook>> {
    let waiting = app.db.directory(async |directory| sql::waiting(directory, only).await).await?;
    Ok(waiting
        .into_iter()
        .map(|row| QuarantinedWebhook {
            id: QuarantineId(row.id),
            provider: row.provider,
            reason: row.reason,
            received_at: row.received_at,
            size: row.size,
        })
        .collect())
}

/// Receives a delivery again; it leaves the quarantine only if all of it can be taken now.
pub async fn replay_webhook(
    app: &App,
    by: impl Into<By>,
    id: QuarantineId,
    only: Option<&[OrganizationId]>,
) -> Result<()> {
    let part = app.db.directory(async |directory| sql::waiting_part(directory, id, only).await).await?;
    let part = part.ok_or(Error::NotFound)?;
    let taken = receive(app, &part.body, part.door, part.received_at).await?;
    // What was set aside again has a row of its own now.
    app.db
        .directory(async |directory| {
            audit::record_in(directory, HOUSE, by, Action::DeliveryReplayed.on(id));
            sql::replayed(directory, id).await
        })
        .await?;
    if taken.leads == 0 {
        return Err(Error::conflict("still_nobodys", "It can still not be taken; it waits on."));
    }
    Ok(())
}

/// The graveyard: jobs that were given up, newest first; those of the organizations that the operator looks after, and the server's own.
#[utoipa::path(get, path = "/api/operator/jobs", tag = "operator", responses((status = 200, body = Items<Buried>)))]
async fn buried(operator: Operator) -> Result<Json<Items<Buried>>> {
    let only = operator.organizations().await?;
    let items = operator.directory(async |directory| jobs::buried(directory, Some(&only)).await).await?;
    operator.saw(Action::GraveyardViewed).await?;
    Ok(Json(Items { items }))
}

/// Brings a job back.
#[utoipa::path(post, path = "/api/operator/jobs/{id}/replay", tag = "operator", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn replay_job(operator: Operator, Path(id): Path<i64>) -> Result<StatusCode> {
    let only = operator.organizations().await?;
    operator
        .directory(async |directory| {
            audit::record_in(directory, HOUSE, operator.by(), Action::JobReplayed.with("job", id));
            jobs::replay(directory, id, Some(&only)).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deliveries that could not be taken, newest first.
#[utoipa::path(get, path = "/api/operator/webhooks", tag = "operator", responses((status = 200, body = Items<QuarantinedWebhook>)))]
async fn quarantine(operator: Operator, State(app): State<App>) -> Result<Json<Items<QuarantinedWebhook>>> {
    let only = operator.organizations().await?;
    let items = webhooks(&app, Some(&only)).await?;
    operator.saw(Action::QuarantineViewed).await?;
    Ok(Json(Items { items }))
}

/// Takes a delivery in again.
#[utoipa::path(post, path = "/api/operator/webhooks/{id}/replay", tag = "operator", params(("id" = QuarantineId, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "It is still nobody's")))]
async fn replay_delivery(
    operator: Operator,
    State(app): State<App>,
    Path(id): Path<QuarantineId>,
) -> Result<StatusCode> {
    let only = operator.organizations().await?;
    replay_webhook(&app, operator.by(), id, Some(&only)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Connections that are broken, or will be within a week, with what mends each; of the organizations that the operator looks after.
#[utoipa::path(get, path = "/api/operator/connections", tag = "operator", responses((status = 200, body = Items<TroubledConnection>)))]
async fn connections(operator: Operator) -> Result<Json<Items<TroubledConnection>>> {
    Ok(Json(Items { items: health::troubled(&operator).await? }))
}
