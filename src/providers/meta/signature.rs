//! Meta's two uses of the app secret: the signature over a webhook's body, and the proof beside an access token.
//!
//! The signature covers the *raw* bytes. Meta writes `Åse` as `\u00c5se`, so a body that was parsed and written again has
//! another signature, and only for such names.

use aws_lc_rs::hmac;

/// Whether `header` (`X-Hub-Signature-256: sha256=<hex>`) is the HMAC-SHA256 of `body` under the app secret. Takes the
/// same time wherever the first wrong byte stands.
///
/// An empty secret verifies nothing: a server without configuration must not accept what anybody can sign.
///
/// Source: developers.facebook.com/docs/graph-api/webhooks/getting-started, "Validating payloads".
#[must_use]
pub fn verify(secret: &[u8], body: &[u8], header: Option<&str>) -> bool {
    let Some(given) = header.and_then(|h| h.trim().strip_prefix("sha256=")) else { return false };
    let mut tag = [0_u8; 32];
    if secret.is_empty() || hex::decode_to_slice(given, &mut tag).is_err() {
        return false;
    }
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), body, &tag).is_ok()
}

/// The header value Meta would send with `body`.
#[must_use]
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    format!("sha256={}", hex_hmac(secret, body))
}

/// The `appsecret_proof` parameter: shows Graph that whoever holds the token also holds the app secret.
///
/// Source: developers.facebook.com/docs/graph-api/guides/secure-requests.
#[must_use]
pub fn appsecret_proof(secret: &[u8], token: &str) -> String {
    hex_hmac(secret, token.as_bytes())
}

fn hex_hmac(secret: &[u8], message: &[u8]) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"app-secret";

    #[test]
    fn the_known_answer_of_rfc_4231() {
        assert_eq!(
            sign(b"Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn what_was_signed_verifies() {
        for body in
            [&b"{}"[..], br#"{"name":"\u00c5se \ud83d\ude00","url":"https:\/\/example.com"}"#, "Åse".as_bytes(), b""]
        {
            let header = sign(SECRET, body);
            assert!(verify(SECRET, body, Some(&header)));
            assert!(verify(SECRET, body, Some(&header.to_uppercase().replace("SHA256", "sha256"))));
        }
    }

    #[test]
    fn the_escaped_body_is_not_the_rewritten_one() {
        let header = sign(SECRET, br#"{"name":"\u00c5se"}"#);
        assert!(!verify(SECRET, r#"{"name":"Åse"}"#.as_bytes(), Some(&header)));
    }

    #[test]
    fn anything_else_is_refused() {
        let good = sign(SECRET, b"{}");
        let bare = good.trim_start_matches("sha256=").to_owned();
        assert!(!verify(SECRET, b"{ }", Some(&good)));
        assert!(!verify(b"other", b"{}", Some(&good)));
        assert!(!verify(b"", b"{}", Some(&sign(b"", b"{}"))));
        for header in [
            None,
            Some(""),
            Some("sha256="),
            Some("sha1=00"),
            Some(bare.as_str()),
            Some(&good[..70]),
            Some("sha256=zz"),
        ] {
            assert!(!verify(SECRET, b"{}", header), "{header:?}");
        }
    }

    #[test]
    fn the_proof_is_keyed_by_the_secret() {
        assert_eq!(format!("sha256={}", appsecret_proof(SECRET, "token")), sign(SECRET, b"token"));
    }
}
