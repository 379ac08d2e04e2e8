//! The two secrets: the app's, and one token for each Page. Wiped from memory when dropped, never printed.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{id::MetaId, signature};

/// A Page's access token.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PageToken(String);

impl PageToken {
    #[must_use]
    pub fn new(token: impl Into<String>) -> PageToken {
        PageToken(token.into())
    }

    /// For sealing it into the database and for the wire; never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageToken(…)")
    }
}

/// The app secret: signs webhooks, proves calls.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AppSecret(Vec<u8>);

impl AppSecret {
    #[must_use]
    pub fn new(secret: impl Into<Vec<u8>>) -> AppSecret {
        AppSecret(secret.into())
    }

    /// Whether `header` (`X-Hub-Signature-256`) signs `body`; see [`signature::verify`].
    #[must_use]
    pub fn verify(&self, body: &[u8], header: Option<&str>) -> bool {
        signature::verify(&self.0, body, header)
    }

    /// The header Meta would send with `body`.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        signature::sign(&self.0, body)
    }

    /// The `appsecret_proof` for calls with this token.
    #[must_use]
    pub fn proof(&self, token: &PageToken) -> String {
        signature::appsecret_proof(&self.0, token.expose())
    }

    /// `app id|app secret`: the token an app speaks for itself with.
    pub(super) fn app_token(&self, app_id: &MetaId) -> PageToken {
        PageToken(format!("{app_id}|{}", String::from_utf8_lossy(&self.0)))
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!("{:?} {:?}", PageToken::new("EAAB-token"), AppSecret::new("app-secret"));
        assert_eq!(shown, "PageToken(…) AppSecret(…)");
    }
}
