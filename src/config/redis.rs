//! Where Redis is, kept from logs.

use url::Url;

/// `redis://` or `rediss://`; it may hold a password, and never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(Url);

impl RedisUrl {
    /// The address with its password: for the driver only.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisUrl({}://…)", self.0.scheme())
    }
}

impl std::str::FromStr for RedisUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let url = Url::parse(text).map_err(|_| ())?;
        if matches!(url.scheme(), "redis" | "rediss") && url.has_host() { Ok(Self(url)) } else { Err(()) }
    }
}
