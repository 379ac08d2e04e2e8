//! What the owner sets up: the app, pages, tests, forms, receipts, the graveyard.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    apps::{self, ChangeMetaApp},
    checkup::{self, ConnectionTest},
    connect::{self, MetaPage, MetaSetup},
    forms::{self, Decisions, FormMapping, Preview},
    graveyard::{self, GivenUp},
    ground,
    receipts::{self, Receipt, ReceiptQuery},
    remap,
};
use crate::{
    app::App,
    audit::Action,
    error::{Problem, Result},
    http::{IfMatch, Items, Json, Page, Path, Query, Versioned},
    identity::Owner,
    types::ids::FormId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(setup))
        .routes(routes!(save_app, remove_app))
        .routes(routes!(connect_page, disconnect_page))
        .routes(routes!(test_page))
        .routes(routes!(mappings))
        .routes(routes!(read_forms))
        .routes(routes!(mapping))
        .routes(routes!(decide))
        .routes(routes!(preview))
        .routes(routes!(remap_leads))
        .routes(routes!(list_receipts))
        .routes(routes!(replay_receipt))
        .routes(routes!(replay_failed))
        .routes(routes!(given_up))
        .routes(routes!(replay_job))
        .routes(routes!(discard_job))
}

/// A page's access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GivenToken {
    token: String,
}

/// How many were replayed.
#[derive(Serialize, Deserialize, ToSchema)]
struct Replayed {
    count: i64,
}

/// What is set up with Meta. Secrets and tokens are not told: only their last four characters.
#[utoipa::path(get, path = "/api/connections/meta", tag = "connections", responses((status = 200, body = MetaSetup)))]
async fn setup(State(app): State<App>, owner: Owner) -> Result<Json<MetaSetup>> {
    Ok(Json(owner.read(async |tx| connect::setup(&app, tx).await).await?))
}

/// An app of one's own, or another secret for it.
#[utoipa::path(put, path = "/api/connections/meta/app", tag = "connections", request_body = ChangeMetaApp, responses((status = 200, body = MetaSetup)))]
async fn save_app(State(app): State<App>, owner: Owner, Json(change): Json<ChangeMetaApp>) -> Result<Json<MetaSetup>> {
    owner.write(async |tx| apps::save_app(tx, change).await).await?;
    apps::forget(&app, owner.organization());
    ground::forget_all(&app, owner.organization());
    Ok(Json(owner.read(async |tx| connect::setup(&app, tx).await).await?))
}

/// Back to the app of whoever runs this server.
#[utoipa::path(delete, path = "/api/connections/meta/app", tag = "connections", responses((status = 204), (status = 404, body = Problem)))]
async fn remove_app(State(app): State<App>, owner: Owner) -> Result<StatusCode> {
    owner.write(async |tx| apps::remove_app(tx).await).await?;
    apps::forget(&app, owner.organization());
    ground::forget_all(&app, owner.organization());
    Ok(StatusCode::NO_CONTENT)
}

/// Connects a page, or gives it another token. The token is tried first; what waited for the page is fetched.
#[utoipa::path(put, path = "/api/connections/meta/pages/{page_id}", tag = "connections", params(("page_id" = String, Path)),
    request_body = GivenToken, responses((status = 200, body = MetaPage)))]
async fn connect_page(
    State(app): State<App>,
    owner: Owner,
    Path(page_id): Path<String>,
    Json(body): Json<GivenToken>,
) -> Result<Json<MetaPage>> {
    Ok(Json(connect::connect(&app, &owner, &page_id, &body.token).await?))
}

/// Disconnects a page and forgets its token.
#[utoipa::path(delete, path = "/api/connections/meta/pages/{page_id}", tag = "connections", params(("page_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn disconnect_page(State(app): State<App>, owner: Owner, Path(page_id): Path<String>) -> Result<StatusCode> {
    connect::disconnect(&app, &owner, &page_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tests a page's connection from our address to a real lead. Takes up to half a minute.
#[utoipa::path(post, path = "/api/connections/meta/pages/{page_id}/tests", tag = "connections", params(("page_id" = String, Path)),
    responses((status = 200, body = ConnectionTest), (status = 404, body = Problem)))]
async fn test_page(State(app): State<App>, owner: Owner, Path(page_id): Path<String>) -> Result<Json<ConnectionTest>> {
    Ok(Json(checkup::test(&app, &owner, &page_id).await?))
}

/// All forms with where their answers go, those in use first.
#[utoipa::path(get, path = "/api/forms/mappings", tag = "connections", responses((status = 200, body = Items<FormMapping>)))]
async fn mappings(owner: Owner) -> Result<Json<Items<FormMapping>>> {
    let items = owner.read(async |tx| forms::mappings(tx).await).await?;
    Ok(Json(Items { items }))
}

/// Reads the forms of all pages anew from Meta.
#[utoipa::path(post, path = "/api/forms/refresh", tag = "connections", responses((status = 200, body = Items<FormMapping>)))]
async fn read_forms(State(app): State<App>, owner: Owner) -> Result<Json<Items<FormMapping>>> {
    connect::read_forms(&app, &owner).await?;
    let items = owner.read(async |tx| forms::mappings(tx).await).await?;
    Ok(Json(Items { items }))
}

/// A form with where its answers go.
#[utoipa::path(get, path = "/api/forms/{id}/mapping", tag = "connections", params(("id" = FormId, Path)),
    responses((status = 200, body = FormMapping, description = "`ETag`: its version"), (status = 404, body = Problem)))]
async fn mapping(owner: Owner, Path(id): Path<FormId>) -> Result<Versioned<FormMapping>> {
    let form = owner.read(async |tx| forms::mapping(tx, id).await).await?;
    let version = form.version;
    Ok(Versioned(form, version))
}

/// Decides where the answers go, for leads that come from now on.
#[utoipa::path(put, path = "/api/forms/{id}/mapping", tag = "connections", params(("id" = FormId, Path), ("If-Match" = String, Header)),
    request_body = Decisions, responses((status = 200, body = FormMapping), (status = 412, body = Problem)))]
async fn decide(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<FormId>,
    IfMatch(version): IfMatch,
    Json(decisions): Json<Decisions>,
) -> Result<Versioned<FormMapping>> {
    let form = owner.write(async |tx| forms::decide(tx, id, version, &decisions).await).await?;
    ground::forget_all(&app, owner.organization());
    let version = form.version;
    Ok(Versioned(form, version))
}

/// What decisions would do to the newest real leads. Nothing is saved.
#[utoipa::path(post, path = "/api/forms/{id}/preview", tag = "connections", params(("id" = FormId, Path)), request_body = Decisions,
    responses((status = 200, body = Preview), (status = 404, body = Problem)))]
async fn preview(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<FormId>,
    Json(decisions): Json<Decisions>,
) -> Result<Json<Preview>> {
    let preview = forms::preview(&app, &owner, id, &decisions).await?;
    owner.saw(Action::LeadsPreviewed.on(id)).await?;
    Ok(Json(preview))
}

/// Maps the leads of the last 30 days anew that nobody corrected by hand. They follow one by one.
#[utoipa::path(post, path = "/api/forms/{id}/remap", tag = "connections", params(("id" = FormId, Path)),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem, description = "The form's page is not connected")))]
async fn remap_leads(owner: Owner, Path(id): Path<FormId>) -> Result<StatusCode> {
    owner.write(async |tx| remap::ask(tx, id).await).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What Meta told us, and what became of it, newest first. Ids only.
#[utoipa::path(get, path = "/api/receipts", tag = "connections", params(ReceiptQuery), responses((status = 200, body = Page<Receipt>)))]
async fn list_receipts(owner: Owner, Query(query): Query<ReceiptQuery>) -> Result<Json<Page<Receipt>>> {
    Ok(Json(owner.read(async |tx| receipts::list(tx, &query).await).await?))
}

/// Has one delivery's lead fetched again. A lead is stored once, however often it is replayed.
#[utoipa::path(post, path = "/api/receipts/{id}/replay", tag = "connections", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "It can still not be taken")))]
async fn replay_receipt(State(app): State<App>, owner: Owner, Path(id): Path<Uuid>) -> Result<StatusCode> {
    receipts::replay(&app, &owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has everything that was given up fetched again.
#[utoipa::path(post, path = "/api/receipts/replay", tag = "connections", responses((status = 200, body = Replayed)))]
async fn replay_failed(owner: Owner) -> Result<Json<Replayed>> {
    let count = owner.write(async |tx| receipts::replay_failed(tx).await).await?;
    Ok(Json(Replayed { count }))
}

/// What was given up of the organization's own, newest first.
#[utoipa::path(get, path = "/api/graveyard", tag = "connections", responses((status = 200, body = Items<GivenUp>)))]
async fn given_up(owner: Owner) -> Result<Json<Items<GivenUp>>> {
    let items = owner.read(async |tx| graveyard::list(tx).await).await?;
    Ok(Json(Items { items }))
}

/// Brings a job back.
#[utoipa::path(post, path = "/api/graveyard/{id}/replay", tag = "connections", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn replay_job(owner: Owner, Path(id): Path<i64>) -> Result<StatusCode> {
    owner.write(async |tx| graveyard::replay(tx, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a job out for good. That it was there stays known.
#[utoipa::path(delete, path = "/api/graveyard/{id}", tag = "connections", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn discard_job(owner: Owner, Path(id): Path<i64>) -> Result<StatusCode> {
    owner.write(async |tx| graveyard::discard(tx, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
