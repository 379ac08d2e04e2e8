//! A vendor's call to one of our webhooks, and the ways vendors sign. Everything is checked over the bytes and the address as they came.

use aws_lc_rs::{digest, hmac, signature};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// How far a vendor's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What was called.
pub struct Hook<'a> {
    /// As the vendor knows it: our public address, with the path and query that were asked for.
    pub url: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub now: DateTime<Utc>,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Whoever called does not know the key, or changed something on the way.
    #[error("the signature is wrong")]
    Signature,
    /// Signed, and of a shape that is not read.
    #[error("it cannot be read")]
    Unreadable,
}

impl Hook<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The fields of a form, in their order.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body).into_owned().collect()
    }

    /// The fields of the address.
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}

pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))
}

pub fn hmac_base64(algorithm: hmac::Algorithm, key: &[u8], text: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(algorithm, key), text))
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What Twilio signs: the address, then each field's name and value in the order of names; of a name that comes twice, each value once.
pub fn twilio_text(url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = fields.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    text
}

/// Twilio's signature (`X-Twilio-Signature`): HMAC-SHA1 with the account's token; or, as `X-Twilio-Webhooks-Signature-Settings` says,
/// HMAC-SHA256 with a shared key. Checked with and without the port, since Twilio signs either. A body that is no form is covered by its hash in
/// the address.
pub fn is_twilios(hook: &Hook<'_>, token: &str, shared_key: Option<&str>) -> bool {
    let Some(given) = hook.header("x-twilio-signature") else { return false };
    let settings = hook.header("x-twilio-webhooks-signature-settings").unwrap_or_default();
    let named =
        settings.split(',').filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == "algorithm");
    let (algorithm, key) = match named.map(|(_, value)| value.trim().to_ascii_uppercase()).as_deref() {
        None | Some("" | "HMAC_SHA1") => (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token),
        Some("HMAC_SHA256") => match shared_key {
            Some(key) => (hmac::HMAC_SHA256, key),
            None => return false,
        },
        Some(_) => return false,
    };
    let query = hook.query();
    let fields = match field(&query, "bodySHA256") {
        Some(hash) if !same(&sha256_hex(hook.body), &hash.to_ascii_lowercase()) => return false,
        Some(_) => Vec::new(),
        None => hook.form(),
    };
    let is_signed =
        |url: &str| same(&hmac_base64(algorithm, key.as_bytes(), twilio_text(url, &fields).as_bytes()), given);
    ports(hook.url).iter().any(|url| is_signed(url))
}

/// The address as it is, without its port, and with the port of its scheme.
fn ports(url: &str) -> Vec<String> {
    let mut ways = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return ways };
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let host = authority
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(authority, |(host, _)| host);
    let port = if scheme == "https" { 443 } else { 80 };
    ways.push(format!("{scheme}://{host}{path}"));
    ways.push(format!("{scheme}://{host}:{port}{path}"));
    ways
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    jti: String,
    url_hash: String,
    #[serde(default)]
    payload_hash: Option<String>,
    #[serde(default)]
    nbf: Option<i64>,
    exp: i64,
}

/// MessageBird's `MessageBird-Signature-JWT`: HS256, 384 or 512 over hashes of the address and the body, for a short while.
pub fn is_messagebirds(hook: &Hook<'_>, key: &str) -> bool {
    let Some(token) = hook.header("messagebird-signature-jwt") else { return false };
    let mut validation = Validation::new(Algorithm::HS256);
    validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    // By our clock, below.
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["iss"]);
    validation.set_issuer(&["MessageBird"]);
    let Ok(read) = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.as_bytes()), &validation) else {
        return false;
    };
    let claims = read.claims;
    let at = |seconds: i64| DateTime::<Utc>::from_timestamp(seconds, 0);
    let is_in_time = at(claims.exp).is_some_and(|end| hook.now <= end + SKEW)
        && claims.nbf.is_none_or(|begin| at(begin).is_some_and(|begin| hook.now >= begin - SKEW));
    let is_body = match &claims.payload_hash {
        Some(hash) => same(&sha256_hex(hook.body), &hash.to_ascii_lowercase()),
        None => hook.body.is_empty(),
    };
    claims.iss == "MessageBird"
        && !claims.jti.is_empty()
        && is_in_time
        && is_body
        && same(&sha256_hex(hook.url.as_bytes()), &claims.url_hash.to_ascii_lowercase())
}

/// What Bird signs: the moment, the address and the body's hash, a line each.
pub fn bird_text(timestamp: &str, url: &str, body: &[u8]) -> Vec<u8> {
    let mut text = format!("{timestamp}\n{url}\n").into_bytes();
    text.extend(sha256(body));
    text
}

/// Bird's `messagebird-signature`: HMAC-SHA256.
pub fn is_birds(hook: &Hook<'_>, key: &str) -> bool {
    let (Some(given), Some(timestamp)) =
        (hook.header("messagebird-signature"), hook.header("messagebird-request-timestamp"))
    else {
        return false;
    };
    let is_fresh = timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0))
        .is_some_and(|at| (hook.now - at).abs() <= TimeDelta::hours(1));
    is_fresh && same(&hmac_base64(hmac::HMAC_SHA256, key.as_bytes(), &bird_text(timestamp, hook.url, hook.body)), given)
}

/// What stands before the point in the DER form of a P-256 public key (RFC 5480).
const P256_KEY: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The point of a P-256 public key that is given as DER in base64, as SendGrid shows it.
pub fn p256_point(key: &str) -> Option<Vec<u8>> {
    let der = STANDARD.decode(key.trim()).ok()?;
    der.strip_prefix(&P256_KEY).filter(|point| point.len() == 65).map(<[u8]>::to_vec)
}

/// SendGrid's signed events: ECDSA (P-256, SHA-256) over the moment and the bytes.
pub fn is_sendgrids(hook: &Hook<'_>, key: &str) -> bool {
    let given = hook.header("x-twilio-email-event-webhook-signature").and_then(|text| STANDARD.decode(text).ok());
    let timestamp = hook.header("x-twilio-email-event-webhook-timestamp");
    let (Some(given), Some(timestamp), Some(point)) = (given, timestamp, p256_point(key)) else { return false };
    let mut signed = timestamp.as_bytes().to_vec();
    signed.extend_from_slice(hook.body);
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(&signed, &given).is_ok()
}

/// Mailgun signs a moment and a token, not the body: whoever saw one may say anything with it, so a token counts once, and not for long.
pub fn is_mailguns(timestamp: &str, token: &str, given: &str, key: &str, now: DateTime<Utc>) -> bool {
    let at = timestamp.parse().ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), format!("{timestamp}{token}").as_bytes());
    at.is_some_and(|at| at <= now + SKEW && now - at <= TimeDelta::hours(24)) && same(&hex::encode(tag), given)
}
