//! The routes of imports. Owners and managers.

use axum::{
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    import_rows::ImportPlan,
    imports::{self, Import, ImportCheck},
};
use crate::{
    app::App,
    audit::Action,
    error::{Problem, Result},
    http::{Items, Json, Path},
    identity::Manager,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(find))
        .routes(routes!(check))
        .routes(routes!(start))
        .routes(routes!(undo))
        .routes(routes!(errors))
        .layer(DefaultBodyLimit::max(imports::LARGEST))
}

/// The newest imports.
#[utoipa::path(get, path = "/api/imports", tag = "imports", responses((status = 200, body = Items<Import>)))]
async fn list(manager: Manager) -> Result<Json<Items<Import>>> {
    let items = manager.read(async |tx| imports::all(tx).await).await?;
    Ok(Json(Items { items }))
}

/// Takes a file of leads in, at most 5 MB and 20,000 rows, to be looked at. Nothing becomes a lead yet.
#[utoipa::path(post, path = "/api/imports", tag = "imports", request_body(content = inline(Vec<u8>), content_type = "application/octet-stream"),
    responses((status = 201, body = Import), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn upload(manager: Manager, body: Bytes) -> Result<(StatusCode, Json<Import>)> {
    let by = manager.user();
    let import = manager.write(async |tx| imports::upload(tx, by, &body).await).await?;
    Ok((StatusCode::CREATED, Json(import)))
}

/// One import, with its columns and how far it is.
#[utoipa::path(get, path = "/api/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = Import), (status = 404, body = Problem)))]
async fn find(manager: Manager, Path(id): Path<Uuid>) -> Result<Json<Import>> {
    Ok(Json(manager.read(async |tx| imports::find(tx, id).await).await?))
}

/// What would happen to each row. Nothing does.
#[utoipa::path(post, path = "/api/imports/{id}/check", tag = "imports", params(("id" = Uuid, Path)), request_body = ImportPlan,
    responses((status = 200, body = ImportCheck), (status = 404, body = Problem), (status = 409, body = Problem, description = "The file is deleted"), (status = 422, body = Problem)))]
async fn check(manager: Manager, Path(id): Path<Uuid>, Json(plan): Json<ImportPlan>) -> Result<Json<ImportCheck>> {
    let check = manager.read(async |tx| imports::check(tx, id, &plan).await).await?;
    manager.saw(Action::ImportViewed.on(id)).await?;
    Ok(Json(check))
}

/// Takes the rows in, some hundred at a time. How far it is tells `GET`; `changed` with the topic `imports` says when.
#[utoipa::path(post, path = "/api/imports/{id}/start", tag = "imports", params(("id" = Uuid, Path)), request_body = ImportPlan,
    responses((status = 202, body = Import), (status = 404, body = Problem), (status = 409, body = Problem, description = "It was begun already"), (status = 422, body = Problem)))]
async fn start(
    manager: Manager,
    Path(id): Path<Uuid>,
    Json(plan): Json<ImportPlan>,
) -> Result<(StatusCode, Json<Import>)> {
    let import = manager.write(async |tx| imports::start(tx, id, &plan).await).await?;
    Ok((StatusCode::ACCEPTED, Json(import)))
}

/// Takes the leads back that nobody has touched since.
#[utoipa::path(post, path = "/api/imports/{id}/undo", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = Import), (status = 404, body = Problem), (status = 409, body = Problem, description = "It is not done, or was taken back")))]
async fn undo(manager: Manager, Path(id): Path<Uuid>) -> Result<(StatusCode, Json<Import>)> {
    let import = manager.write(async |tx| imports::undo(tx, id).await).await?;
    Ok((StatusCode::ACCEPTED, Json(import)))
}

/// The rows that could not be taken in, as they stood in the file, with what is wrong with each.
#[utoipa::path(get, path = "/api/imports/{id}/errors", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem), (status = 409, body = Problem, description = "The file is deleted")))]
async fn errors(manager: Manager, Path(id): Path<Uuid>) -> Result<Response> {
    let file = manager.read(async |tx| imports::errors(tx, id).await).await?;
    manager.saw(Action::ImportViewed.on(id)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"errors.csv\""),
    ];
    Ok((headers, file).into_response())
}
