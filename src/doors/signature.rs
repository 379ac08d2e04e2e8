//! Who sent a delivery: Standard Webhooks (standardwebhooks.com, v1), or the simple `X-Signature-256` that many systems can make.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};

use crate::db::seal;

/// A delivery that was signed longer ago, or is signed for later, may be somebody's who listened. Seconds.
const TOLERANCE: i64 = 300;
const PREFIX: &str = "whsec_";

/// A secret of its own, as it is shown once.
pub fn new_secret() -> String {
    format!("{PREFIX}{}", STANDARD.encode(seal::random::<32>()))
}

/// By which name the sender knows the delivery, where it was signed with one of the secrets. `None`: it was not.
///
/// Without a name of the sender's, the same bytes are the same delivery.
pub fn verify(secrets: &[String], headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(signatures) = header("webhook-signature") {
        let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
        let at: i64 = timestamp.parse().ok()?;
        if (1..=200).contains(&id.len()) && now.timestamp().abs_diff(at) <= TOLERANCE.unsigned_abs() {
            let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
            let is_signed = secrets.iter().any(|secret| signs(secret, &signed, signatures));
            return is_signed.then(|| format!("id:{id}"));
        }
        return None;
    }
    let given = hex::decode(header("x-signature-256")?.strip_prefix("sha256=")?).ok()?;
    let is_signed = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, body, &given).is_ok()
    });
    is_signed.then(|| name_of(body))
}

/// Whether one of the signatures is this secret's. During a rotation there are several, separated by spaces.
fn signs(secret: &str, signed: &[u8], signatures: &str) -> bool {
    let Some(bytes) = secret.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok()) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let given = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    given.into_iter().any(|tag| hmac::verify(&key, signed, &tag).is_ok())
}

/// The name of bytes that have no other.
pub fn name_of(body: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    format!("sha256:{}", hex::encode(hash.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks' own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn what_the_standards_own_libraries_sign_verifies() {
        let signed = headers(&[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,Zm9v v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,abc"),
        ]);
        let secrets = [new_secret(), SECRET.to_owned()];
        let known = Some("id:msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned());
        assert_eq!(verify(&secrets, &signed, BODY, at(1_614_265_330)), known);
        assert_eq!(verify(&secrets, &signed, BODY, at(1_614_265_330 + 300)), known);
        assert_eq!(verify(&secrets, &signed, BODY, at(1_614_265_330 + 301)), None, "too late");
        assert_eq!(verify(&secrets, &signed, BODY, at(1_614_265_330 - 301)), None, "too early");
        assert_eq!(verify(&secrets, &signed, b"{}", at(1_614_265_330)), None, "another body");
        assert_eq!(verify(&secrets[..1], &signed, BODY, at(1_614_265_330)), None, "another secret");
    }

    #[test]
    fn a_simple_signature_is_over_the_bytes_with_the_secret_as_it_is_written() {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), BODY);
        let signed = headers(&[("x-signature-256", &format!("sha256={}", hex::encode(tag.as_ref())))]);
        let secrets = [SECRET.to_owned()];
        assert_eq!(verify(&secrets, &signed, BODY, at(0)), Some(name_of(BODY)));
        assert_eq!(verify(&secrets, &signed, b"{}", at(0)), None);
        for odd in ["sha256=", "sha256=zz", "abc", ""] {
            assert_eq!(verify(&secrets, &headers(&[("x-signature-256", odd)]), BODY, at(0)), None, "{odd}");
        }
        assert_eq!(verify(&secrets, &HeaderMap::new(), BODY, at(0)), None);
    }
}
