//! A push service (RFC 8030) and the browsers behind it. What arrives is decrypted as a browser would (RFC 8291), the signature is checked as a
//! service would (RFC 8292).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    hkdf::{self, HKDF_SHA256, KeyType, Salt},
    signature::{self, ECDSA_P256_SHA256_FIXED},
};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::db::seal;

/// What a browser was sent.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Which browser, by the number of its subscription.
    pub browser: usize,
    pub payload: Value,
    pub ttl: u64,
    pub urgency: Option<String>,
    pub topic: Option<String>,
    /// Who we said we were.
    pub contact: String,
    /// The key we signed with.
    pub key: Vec<u8>,
}

/// What a service answers instead of taking a push.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    pub status: u16,
    pub retry_after: Option<u64>,
}

struct Browser {
    key: PrivateKey,
    auth: [u8; 16],
    is_gone: bool,
}

#[derive(Default)]
struct World {
    browsers: HashMap<usize, Browser>,
    arrived: Vec<Arrived>,
    refusals: VecDeque<Refusal>,
}

/// A handle; clones share the world.
#[derive(Clone)]
pub struct PushService {
    origin: Arc<str>,
    world: Arc<Mutex<World>>,
}

impl PushService {
    /// `origin`: where it is served, `http://127.0.0.1:…`.
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.into(), world: Arc::default() }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A browser subscribes: its number, and what `PushSubscription.toJSON()` would give.
    pub fn subscribe(&self) -> Option<(usize, Value)> {
        let key = PrivateKey::generate(&ECDH_P256).ok()?;
        let point = key.compute_public_key().ok()?;
        let auth = seal::random::<16>();
        let mut world = self.world();
        let number = world.browsers.len() + 1;
        let json = serde_json::json!({
            "endpoint": format!("{}/push/{number}", self.origin),
            "keys": { "p256dh": BASE64_URL_SAFE_NO_PAD.encode(point.as_ref()), "auth": BASE64_URL_SAFE_NO_PAD.encode(auth) },
        });
        world.browsers.insert(number, Browser { key, auth, is_gone: false });
        Some((number, json))
    }

    /// The browser ends its subscription: from now on the service answers 410.
    pub fn unsubscribe(&self, browser: usize) {
        if let Some(browser) = self.world().browsers.get_mut(&browser) {
            browser.is_gone = true;
        }
    }

    pub fn refuse_next(&self, refusal: Refusal) {
        self.world().refusals.push_back(refusal);
    }

    /// How many refusals nobody has met with yet.
    pub fn refusals(&self) -> usize {
        self.world().refusals.len()
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.world().arrived.clone()
    }

    /// What has arrived since this was asked for the last time.
    pub fn take_arrived(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.world().arrived)
    }

    pub fn router(&self) -> Router {
        Router::new().route("/push/{browser}", post(take)).with_state(self.clone())
    }
}

pub async fn serve(listener: TcpListener, service: PushService) -> std::io::Result<()> {
    axum::serve(listener, service.router()).await
}

async fn take(
    State(service): State<PushService>,
    Path(number): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((contact, key)) = signed_by(&headers, &service.origin) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let mut world = service.world();
    if let Some(refusal) = world.refusals.pop_front() {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = status.into_response();
        if let Some(seconds) = refusal.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        return answer;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Some(ttl) = text("ttl").and_then(|ttl| ttl.parse().ok()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(browser) = world.browsers.get(&number).filter(|browser| !browser.is_gone) else {
        return StatusCode::GONE.into_response();
    };
    if body.len() > 4_096 {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let Some(payload) = open(browser, &body).and_then(|plain| serde_json::from_slice(&plain).ok()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (urgency, topic) = (text("urgency"), text("topic"));
    world.arrived.push(Arrived { browser: number, payload, ttl, urgency, topic, contact, key });
    (StatusCode::CREATED, [(header::LOCATION, format!("{}/message/{number}", service.origin))]).into_response()
}

/// `Authorization: vapid t=<JWT>, k=<public key>`: who signed, where the signature holds for this service.
fn signed_by(headers: &HeaderMap, origin: &str) -> Option<(String, Vec<u8>)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("vapid ")?;
    let part = |name: &str| text.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (token, key) = (part("t=")?, BASE64_URL_SAFE_NO_PAD.decode(part("k=")?).ok()?);
    let (said, signed) = token.rsplit_once('.')?;
    let signed = BASE64_URL_SAFE_NO_PAD.decode(signed).ok()?;
    signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key).verify(said.as_bytes(), &signed).ok()?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(said.split_once('.')?.1).ok()?).ok()?;
    let is_for_us = claims["aud"] == origin && claims["exp"].is_number();
    let contact = claims["sub"].as_str()?.to_owned();
    is_for_us.then_some((contact, key))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(salt: &[u8], secret: &[u8], info: &[&[u8]], length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    let pseudorandom: hkdf::Prk = Salt::new(HKDF_SHA256, salt).extract(secret);
    pseudorandom.expand(info, Length(length)).ok()?.fill(&mut bytes).ok()?;
    Some(bytes)
}

/// One record of `aes128gcm` (RFC 8188): salt 16, record size 4, length of the sender's key 1, the key, and the rest is sealed.
fn open(browser: &Browser, body: &[u8]) -> Option<Vec<u8>> {
    let (salt, rest) = body.split_at_checked(16)?;
    let (_, rest) = rest.split_at_checked(4)?;
    let (length, rest) = rest.split_first()?;
    let (sender, sealed) = rest.split_at_checked((*length).into())?;
    let own = browser.key.compute_public_key().ok()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, sender);
    let shared = agreement::agree(&browser.key, theirs, (), |shared| Ok::<_, ()>(shared.to_vec())).ok()?;
    let secret = derive(&browser.auth, &shared, &[b"WebPush: info\0", own.as_ref(), sender], 32)?;
    let key = derive(salt, &secret, &[b"Content-Encoding: aes128gcm\0"], 16)?;
    let nonce = derive(salt, &secret, &[b"Content-Encoding: nonce\0"], 12)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    let mut plain = sealed.to_vec();
    let opened = key.open_in_place(Nonce::try_assume_unique_for_key(&nonce).ok()?, Aad::empty(), &mut plain).ok()?;
    // The last record ends with 2, and zeros that hide its length.
    let end = opened.iter().rposition(|byte| *byte != 0).filter(|end| opened[*end] == 2)?;
    Some(opened[..end].to_vec())
}
