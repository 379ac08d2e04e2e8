//! The doors of the audit trail (LP-064). It stands below all domains and knows no owners and no names; here both are put together.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use http_body::Frame;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    audit::{self, Action, Chain, FileFilter, Filter, Subject, Told},
    db::Tx,
    error::{Error, Problem, Result},
    http::{Json, Page, Query},
    identity::{self, Owner},
    leads,
    types::ids::{LeadId, OrganizationId, UserId},
};

/// Lines of a file that is taken away.
const MOST: usize = 20_000;
/// It is sent in pieces, so that the end of the last one is the end of the sending.
const PIECE: usize = 32 * 1024;

/// Whose files are on their way. Each is some megabytes for as long as it is being read, so an organization has one at a time.
#[derive(Default)]
struct Leaving(Mutex<HashSet<OrganizationId>>);

struct Turn(Arc<Leaving>, OrganizationId);

impl Turn {
    fn take(leaving: Arc<Leaving>, organization: OrganizationId) -> Result<Self> {
        if leaving.0.lock().unwrap_or_else(PoisonError::into_inner).insert(organization) {
            return Ok(Self(leaving, organization));
        }
        Err(Error::TooMany { retry_after: 5, reason: "one_at_a_time" })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(chain)).routes(routes!(export))
}

/// A page of the audit trail, newest first.
///
/// Owners only. Reading it is told in it.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Filter),
    responses((status = 200, body = Page<Told>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(owner: Owner, Query(filter): Query<Filter>) -> Result<Json<Page<Told>>> {
    let page = owner.read(async |tx| {
        let mut page = audit::list(tx, filter).await?;
        name_leads(tx, &mut page.items).await?;
        Ok(page)
    });
    let page = page.await?;
    owner.saw(Action::AuditViewed).await?;
    Ok(Json(page))
}

/// Says what the leads are called.
async fn name_leads(tx: &mut Tx, items: &mut [Told]) -> Result<()> {
    let lead = |told: &Told| told.subject_id.filter(|_| told.subject == Some(Subject::Lead)).map(LeadId);
    let mut ids: Vec<LeadId> = items.iter().filter_map(lead).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: HashMap<LeadId, String> = leads::names(tx, &ids).await?;
    for told in items {
        told.subject_name = lead(told).and_then(|id| names.get(&id).cloned());
    }
    Ok(())
}

/// How the chain of the audit trail is.
#[utoipa::path(get, path = "/api/audit/chain", tag = "audit", responses((status = 200, body = Chain), (status = 403, body = Problem)))]
async fn chain(owner: Owner) -> Result<Json<Chain>> {
    Ok(Json(owner.read(async |tx| audit::chain(tx).await).await?))
}

/// The audit trail as a file of comma-separated values, newest first, at most 20,000 lines.
///
/// Told in the trail. One at a time for an organization; 429 for another.
#[utoipa::path(get, path = "/api/audit/export", tag = "audit", params(FileFilter),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn export(owner: Owner, State(app): State<App>, Query(filter): Query<FileFilter>) -> Result<Response> {
    let turn = Turn::take(app.kept(), owner.organization())?;
    let told = owner.read(async |tx| {
        let mut told = audit::all(tx, filter.into(), MOST).await?;
        name_leads(tx, &mut told).await?;
        Ok(told)
    });
    let told = told.await?;
    let team = app.db.directory(async |directory| identity::members(directory, owner.organization()).await).await?;
    let names = team.into_iter().map(|member| (member.id, member.name)).collect();
    let file = file(&told, &names)?;
    let entry = Action::AuditExported.with("entries", told.len());
    // Not once for each `Idempotency-Key`: the file leaves each time.
    app.db
        .write(owner.organization(), owner.by(), async |tx| {
            audit::record(tx, entry);
            Ok(())
        })
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-trail.csv\""),
    ];
    Ok((headers, Body::new(Pieces { file: Bytes::from(file), _turn: turn })).into_response())
}

/// A file on its way.
struct Pieces {
    file: Bytes,
    _turn: Turn,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let length = self.file.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(self.file.split_to(length)))))
    }
}

fn file(told: &[Told], names: &HashMap<UserId, String>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = [
        "number",
        "at",
        "actor",
        "actor_id",
        "actor_name",
        "action",
        "subject",
        "subject_id",
        "subject_name",
        "details",
        "address",
        "agent",
        "request_id",
        "hash",
    ];
    writer.write_record(columns).map_err(Error::internal)?;
    for one in told {
        let word = |word: serde_json::Value| word.as_str().unwrap_or_default().to_owned();
        let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let row = [
            one.number.to_string(),
            one.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            word(serde_json::to_value(one.actor)?),
            id(one.actor_id.map(|id| id.0)),
            harmless(one.actor_id.and_then(|id| names.get(&id)).cloned()),
            one.action.as_str().to_owned(),
            word(serde_json::to_value(one.subject)?),
            id(one.subject_id),
            harmless(one.subject_name.clone()),
            one.details.to_string(),
            one.address.clone().unwrap_or_default(),
            harmless(one.agent.clone()),
            harmless(one.request_id.clone()),
            one.hash.clone(),
        ];
        writer.write_record(row).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}

/// What a stranger wrote must not be a formula to the program that opens the file.
fn harmless(text: Option<String>) -> String {
    match text {
        Some(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        text => text.unwrap_or_default(),
    }
}
