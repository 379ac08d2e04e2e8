//! What the owner sets up: sources, their secrets, where their fields go, and what came.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    deliveries::{self, SourceDelivery, SourceMapping, SourcePreview},
    sources::{self, ChangeSource, LeadSource, NewSource, SourceWithSecret},
};
use crate::{
    app::App,
    audit::Action,
    error::{Error, Problem, Result},
    http::{IfMatch, Items, Json, Path, Versioned},
    identity::Owner,
    integrations::Decisions,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
        .routes(routes!(rotate))
        .routes(routes!(mapping, decide))
        .routes(routes!(preview))
        .routes(routes!(list_deliveries))
        .routes(routes!(replay))
}

/// The addresses by which other systems and forms bring leads.
#[utoipa::path(get, path = "/api/sources", tag = "sources", responses((status = 200, body = Items<LeadSource>)))]
async fn list(State(app): State<App>, owner: Owner) -> Result<Json<Items<LeadSource>>> {
    let items = owner.read(async |tx| sources::all(&app, tx).await).await?;
    Ok(Json(Items { items }))
}

/// Makes one. The secret is told this once.
#[utoipa::path(post, path = "/api/sources", tag = "sources", request_body = NewSource,
    responses((status = 201, body = SourceWithSecret), (status = 409, body = Problem, description = "At most fifty"), (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    owner: Owner,
    Json(new): Json<NewSource>,
) -> Result<(StatusCode, Json<SourceWithSecret>)> {
    let made = owner.write(async |tx| sources::create(&app, tx, new).await).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Names it anew, or sends people elsewhere afterwards.
#[utoipa::path(put, path = "/api/sources/{id}", tag = "sources", params(("id" = Uuid, Path)), request_body = ChangeSource,
    responses((status = 200, body = LeadSource), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Json(change): Json<ChangeSource>,
) -> Result<Json<LeadSource>> {
    Ok(Json(owner.write(async |tx| sources::change(&app, tx, id, change).await).await?))
}

/// Takes it away, with what came by it. Its leads stay.
#[utoipa::path(delete, path = "/api/sources/{id}", tag = "sources", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn remove(owner: Owner, Path(id): Path<Uuid>) -> Result<StatusCode> {
    owner.write(async |tx| sources::remove(tx, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives it another secret, which is told this once. The one before is good for 24 hours more.
#[utoipa::path(post, path = "/api/sources/{id}/secret", tag = "sources", params(("id" = Uuid, Path)),
    responses((status = 200, body = SourceWithSecret), (status = 404, body = Problem), (status = 409, body = Problem, description = "A form is not signed")))]
async fn rotate(State(app): State<App>, owner: Owner, Path(id): Path<Uuid>) -> Result<Json<SourceWithSecret>> {
    Ok(Json(owner.write(async |tx| sources::rotate(&app, tx, id).await).await?))
}

/// The fields that came lately, with where they go.
#[utoipa::path(get, path = "/api/sources/{id}/mapping", tag = "sources", params(("id" = Uuid, Path)),
    responses((status = 200, body = SourceMapping, description = "`ETag`: its version"), (status = 404, body = Problem)))]
async fn mapping(owner: Owner, Path(id): Path<Uuid>) -> Result<Versioned<SourceMapping>> {
    let mapping = owner.read(async |tx| deliveries::mapping(tx, id).await).await?;
    let version = mapping.version;
    Ok(Versioned(mapping, version))
}

/// Decides where the fields go, for what comes from now on.
#[utoipa::path(put, path = "/api/sources/{id}/mapping", tag = "sources", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = Decisions, responses((status = 200, body = SourceMapping), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn decide(
    owner: Owner,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Json(decisions): Json<Decisions>,
) -> Result<Versioned<SourceMapping>> {
    let mapping = owner.write(async |tx| deliveries::decide(tx, id, version, &decisions).await).await?;
    let version = mapping.version;
    Ok(Versioned(mapping, version))
}

/// What decisions would do to what came last. Nothing is saved.
#[utoipa::path(post, path = "/api/sources/{id}/preview", tag = "sources", params(("id" = Uuid, Path)), request_body = Decisions,
    responses((status = 200, body = SourcePreview), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn preview(owner: Owner, Path(id): Path<Uuid>, Json(decisions): Json<Decisions>) -> Result<Json<SourcePreview>> {
    let preview = owner.read(async |tx| deliveries::preview(tx, id, &decisions).await).await?;
    owner.saw(Action::SourcePreviewed.on(id)).await?;
    Ok(Json(preview))
}

/// The newest that came, and what became of each. Ids only.
#[utoipa::path(get, path = "/api/sources/{id}/deliveries", tag = "sources", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<SourceDelivery>), (status = 404, body = Problem)))]
async fn list_deliveries(owner: Owner, Path(id): Path<Uuid>) -> Result<Json<Items<SourceDelivery>>> {
    let items = owner.read(async |tx| deliveries::list(tx, id).await).await?;
    Ok(Json(Items { items }))
}

/// Reads again what could not be read.
#[utoipa::path(post, path = "/api/sources/{id}/deliveries/{delivery_id}/replay", tag = "sources", params(("id" = Uuid, Path), ("delivery_id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "It can still not be read")))]
async fn replay(owner: Owner, Path((id, delivery)): Path<(Uuid, Uuid)>) -> Result<StatusCode> {
    if owner.write(async |tx| deliveries::replay(tx, id, delivery).await).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::conflict("still_unreadable", "It can still not be read; it waits on."))
    }
}
