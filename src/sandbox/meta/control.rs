//! The remote control, for a person or a script: `/_sandbox/…`.
//!
//! - `POST leads` `{deliver: "none"|"webhook", count, times, batch, ids, wait, …fields of the lead}` → 201 `{ids, deliveries}`;
//!   with `wait: false` the answer does not wait for the webhook
//! - `POST faults` `{fault, count, delay_ms, on}`, `DELETE faults`
//! - `POST handshake`: Meta's verification of the webhook URL
//! - `PUT webhook` `{url}`
//! - `PUT pages/{id}` `{token, dead, scopes, expires_at, …}`: what people do to a Page and its token ([`super::PageChange`])
//! - `GET requests`, `GET deliveries`

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Delivery, FaultRequest, HowToDeliver, Ids, NewLead, PageChange, RecordedRequest, Sandbox};

/// Enough for a demo, too little to fill the memory by a slip of the finger.
const MAX_COUNT: usize = 10_000;

pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/_sandbox/leads", post(leads))
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
        .route("/_sandbox/handshake", post(handshake))
        .route("/_sandbox/webhook", put(webhook))
        .route("/_sandbox/pages/{id}", put(change_page))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/deliveries", get(deliveries))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deliver {
    None,
    Webhook,
}

#[derive(Deserialize)]
#[serde(default)]
struct LeadsRequest {
    deliver: Deliver,
    count: usize,
    times: u32,
    batch: usize,
    ids: Ids,
    wait: bool,
    #[serde(flatten)]
    lead: Value,
}

impl Default for LeadsRequest {
    fn default() -> LeadsRequest {
        LeadsRequest {
            deliver: Deliver::Webhook,
            count: 1,
            times: 1,
            batch: 1,
            ids: Ids::String,
            wait: true,
            lead: json!({}),
        }
    }
}

async fn leads(
    State(sandbox): State<Sandbox>,
    Json(request): Json<LeadsRequest>,
) -> Result<(StatusCode, Json<Value>), (StatusCode, String)> {
    let new: NewLead =
        serde_json::from_value(request.lead).map_err(|e| (StatusCode::UNPROCESSABLE_ENTITY, e.to_string()))?;
    let ids: Vec<String> = (0..request.count.min(MAX_COUNT)).map(|_| sandbox.add_lead(&new)).collect();
    let how = HowToDeliver { times: request.times, batch: request.batch, ids: request.ids };
    let deliveries = match request.deliver {
        Deliver::None => Vec::new(),
        Deliver::Webhook if request.wait => sandbox.deliver(&ids, &how).await,
        Deliver::Webhook => {
            let (sandbox, ids) = (sandbox.clone(), ids.clone());
            tokio::spawn(async move { sandbox.deliver(&ids, &how).await });
            Vec::new()
        }
    };
    Ok((StatusCode::CREATED, Json(json!({"ids": ids, "deliveries": deliveries}))))
}

async fn add_fault(State(sandbox): State<Sandbox>, Json(request): Json<FaultRequest>) -> StatusCode {
    sandbox.queue_fault(request);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_faults();
    StatusCode::NO_CONTENT
}

async fn handshake(State(sandbox): State<Sandbox>) -> Result<StatusCode, (StatusCode, String)> {
    sandbox.handshake().await.map_err(|reason| (StatusCode::BAD_GATEWAY, reason))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct WebhookRequest {
    url: Url,
}

async fn webhook(State(sandbox): State<Sandbox>, Json(request): Json<WebhookRequest>) -> StatusCode {
    sandbox.set_webhook_url(request.url);
    StatusCode::NO_CONTENT
}

async fn change_page(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Json(change): Json<PageChange>,
) -> StatusCode {
    sandbox.change_page(&id, change);
    StatusCode::NO_CONTENT
}

async fn requests(State(sandbox): State<Sandbox>) -> Json<Vec<RecordedRequest>> {
    Json(sandbox.requests())
}

async fn deliveries(State(sandbox): State<Sandbox>) -> Json<Vec<Delivery>> {
    Json(sandbox.deliveries())
}
