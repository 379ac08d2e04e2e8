//! Announcing leads: the webhook post, signed, and sent again until it is acknowledged.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::providers::meta::signature;

use super::{Lead, Sandbox, json as meta_json, keep};

/// How ids stand in the post: Meta's documentation shows both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    #[default]
    String,
    Number,
}

/// How to announce leads.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct HowToDeliver {
    /// How often each post is delivered: above 1, the receiver sees the same leads again.
    pub times: u32,
    /// How many leads at most in one post.
    pub batch: usize,
    pub ids: Ids,
}

impl Default for HowToDeliver {
    fn default() -> HowToDeliver {
        HowToDeliver { times: 1, batch: 1, ids: Ids::String }
    }
}

/// One attempt at one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub at: DateTime<Utc>,
    pub lead_ids: Vec<String>,
    /// From 1.
    pub attempt: u32,
    /// The receiver's status; none when there was no answer. Only 200 acknowledges.
    pub status: Option<u16>,
    /// Milliseconds until the answer.
    pub took_ms: u64,
}

impl Delivery {
    #[must_use]
    pub fn acknowledged(&self) -> bool {
        self.status == Some(200)
    }
}

impl Sandbox {
    /// Announces leads at the webhook URL and waits until each post is acknowledged or given up. Gives the last attempt of
    /// each post; an empty list where no URL is set. Ids it does not know are announced all the same, under the first Page.
    pub async fn deliver(&self, ids: &[String], how: &HowToDeliver) -> Vec<Delivery> {
        let mut last = Vec::new();
        for batch in ids.chunks(how.batch.clamp(1, 1_000)) {
            let body = meta_json::bytes(&self.webhook_body(batch, how.ids));
            for _ in 0..how.times.max(1) {
                last.extend(self.post_until_acknowledged(batch, &body).await);
            }
        }
        last
    }

    /// Sends any bytes to the webhook once, signed as Meta would: for odd posts.
    pub async fn post_raw(&self, body: &[u8]) -> Option<Delivery> {
        self.post(&[], body, 1).await
    }

    /// Meta's verification of a webhook URL: `GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…` must answer 200 with the
    /// bare challenge.
    ///
    /// # Errors
    /// What was wrong with the answer.
    pub async fn handshake(&self) -> Result<(), String> {
        const CHALLENGE: &str = "1158201444";
        let url = self.state().webhook_url.clone().ok_or("no webhook URL is set")?;
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.challenge", CHALLENGE),
            ("hub.verify_token", &self.options().verify_token),
        ];
        let response = self.0.http.get(url).query(&query).send().await.map_err(|_| "no answer")?;
        let status = response.status().as_u16();
        let body = response.text().await.map_err(|_| "the answer broke off")?;
        if status == 200 && body == CHALLENGE {
            Ok(())
        } else {
            Err(format!("HTTP {status}, and not the bare challenge"))
        }
    }

    async fn post_until_acknowledged(&self, ids: &[String], body: &[u8]) -> Option<Delivery> {
        let mut gap = self.options().first_gap;
        let mut last = None;
        for attempt in 1..=self.options().attempts.max(1) {
            // The first retry is at once, as Meta's is.
            if attempt > 2 {
                tokio::time::sleep(gap).await;
                gap = (gap * 2).min(Duration::from_secs(60));
            }
            let delivery = self.post(ids, body, attempt).await?;
            let done = delivery.acknowledged();
            last = Some(delivery);
            if done {
                break;
            }
        }
        last
    }

    async fn post(&self, ids: &[String], body: &[u8], attempt: u32) -> Option<Delivery> {
        let url = self.state().webhook_url.clone()?;
        let at = self.now();
        let started = tokio::time::Instant::now();
        let signature = signature::sign(self.options().app_secret.as_bytes(), body);
        let request =
            self.0.http.post(url).header(CONTENT_TYPE, "application/json").header("x-hub-signature-256", signature);
        let status = match request.body(body.to_vec()).send().await {
            Ok(response) => Some(response.status().as_u16()),
            Err(_) => None,
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let delivery = Delivery { at, lead_ids: ids.to_vec(), attempt, status, took_ms };
        keep(&mut self.state().deliveries, delivery.clone());
        Some(delivery)
    }

    /// One entry for each Page, as Meta groups them.
    fn webhook_body(&self, ids: &[String], how: Ids) -> Value {
        let id = |text: &str| match (how, text.parse::<u64>()) {
            (Ids::Number, Ok(number)) => Value::from(number),
            _ => Value::from(text),
        };
        let now = self.now();
        let (leads, first_page) = {
            let state = self.state();
            let lead = |id: &String| state.by_id.get(id).map(|at| state.leads[*at].clone());
            (
                ids.iter().map(|id| (id, lead(id))).collect::<Vec<_>>(),
                self.options().pages.first().map_or("0", |p| &p.id),
            )
        };
        let mut entries: Vec<(String, Vec<Value>)> = Vec::new();
        for (lead_id, lead) in leads {
            let page = lead.as_ref().map_or(first_page, |lead| &lead.page_id);
            let change = json!({"field": "leadgen", "value": change(&id, lead_id, page, lead.as_ref(), now)});
            match entries.iter_mut().find(|(p, _)| p == page) {
                Some((_, changes)) => changes.push(change),
                None => entries.push((page.to_owned(), vec![change])),
            }
        }
        let entry = |(page, changes): (String, Vec<Value>)| json!({"id": id(&page), "time": now.timestamp(), "changes": changes});
        json!({"object": "page", "entry": entries.into_iter().map(entry).collect::<Vec<_>>()})
    }
}

fn change(
    id: &dyn Fn(&str) -> Value,
    lead_id: &str,
    page: &str,
    lead: Option<&Arc<Lead>>,
    now: DateTime<Utc>,
) -> Value {
    let created = lead.map_or(now, |lead| lead.created).timestamp();
    let form = lead.map_or("900", |lead| &lead.form_id);
    let mut value =
        json!({"leadgen_id": id(lead_id), "page_id": id(page), "form_id": id(form), "created_time": created});
    // Both are the ad; organic and test leads have none.
    if let Some(ad) = lead.and_then(|lead| lead.fields["ad_id"].as_str()) {
        value["ad_id"] = id(ad);
        value["adgroup_id"] = id(ad);
    }
    value
}
