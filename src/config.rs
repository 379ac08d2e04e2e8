//! The configuration: from the environment, a struct per concern, every problem told at once. `docs/CONFIGURATION.md` is the table.

mod limits;
mod messages;
mod push;
mod redis;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use url::Url;

use crate::{
    db::seal::MasterKeys,
    providers::{mail::MailOptions, push::PushOptions, sms::SmsOptions},
    types::networks::Networks,
};
pub use limits::Limits;
pub use messages::MAIL_TIMEOUT;
pub use redis::RedisUrl;

/// Everything the server is told.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: Http,
    pub database: Database,
    pub meta: MetaConfig,
    /// `None`: no letters are sent; codes are handed over by people.
    pub mail: Option<MailOptions>,
    /// `None`: no text messages are sent.
    pub sms: Option<SmsOptions>,
    pub push: PushOptions,
    pub worker: WorkerConfig,
    pub processes: Processes,
    /// One-tap logins and a world of invented people. Never in production.
    pub demo: bool,
}

#[derive(Clone, Debug)]
pub struct Http {
    pub listen: SocketAddr,
    /// A second listener for `/metrics`; never public.
    pub metrics: Option<SocketAddr>,
    /// The address people use.
    pub public_url: Url,
    pub pwa_dir: PathBuf,
    /// How many proxies stand in front.
    pub trusted_hops: usize,
    /// From where an operator's admins may act; none: from anywhere.
    pub operator_networks: Networks,
    pub limits: Limits,
    /// Whether `traceparent` is our own proxy's word.
    pub trusts_traceparent: bool,
}

#[derive(Clone, Debug)]
pub struct Database {
    /// `None`: the embedded cluster.
    pub url: Option<String>,
    pub migration_url: Option<String>,
    pub data_dir: PathBuf,
    pub connections: u32,
    /// `None`: made once under the data folder, with the embedded cluster only.
    pub master_keys: Option<MasterKeys>,
}

#[derive(Clone)]
pub struct MetaConfig {
    /// Asking Meta how healthy a token is needs it.
    pub app_id: Option<String>,
    pub app_secret: Vec<u8>,
    pub verify_token: String,
    pub graph_url: Url,
    pub graph_version: String,
}

impl std::fmt::Debug for MetaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetaConfig")
            .field("graph_url", &self.graph_url.as_str())
            .field("graph_version", &self.graph_version)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Jobs at a time.
    pub concurrency: usize,
}

/// How several processes are one server, and how one of them ends.
#[derive(Clone, Debug)]
pub struct Processes {
    /// Where the bell rings between processes; `None`: through PostgreSQL.
    pub redis: Option<RedisUrl>,
    /// Told to stop, it goes on for so long as before, except that it says it is not ready: until no balancer sends anybody any more.
    pub drain_delay: Duration,
    /// So long after it was told to stop it has ended, whatever is left.
    pub drain: Duration,
}

/// What the configuration is read for: a command that serves nobody needs no secrets of Meta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Serve,
    Manage,
    /// Everything has a default, and secrets are made up.
    Demo,
}

/// All that is wrong with the configuration, a sentence each.
#[derive(Debug, thiserror::Error)]
#[error("The configuration cannot be used (docs/CONFIGURATION.md):\n{}", .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<String>);

/// Shorter secrets can be guessed.
const SECRET_LENGTH: usize = 16;
const DEFAULT_SECRETS: [&str; 6] = ["changeme", "change-me", "secret", "password", "default", "example"];

impl Config {
    /// Reads the process's environment.
    pub fn from_env(purpose: Purpose) -> Result<Self, Problems> {
        Self::read(purpose, |name| std::env::var(name).ok())
    }

    /// Reads what `get` knows. An empty value is none.
    pub fn read(purpose: Purpose, get: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader { get, problems: Vec::new() };
        let listen =
            reader.value("LISTEN_ADDR", SocketAddr::from(([127, 0, 0, 1], 8080)), "an address such as 0.0.0.0:8080");
        let own_url = Url::parse(&format!("http://{listen}")).expect("an address makes a URL");
        let public_url = reader.value("PUBLIC_URL", own_url, "a URL such as https://app.example.com");
        reader.check_public_url(purpose, &public_url);
        let metrics = reader.optional("METRICS_ADDR", "an address such as 127.0.0.1:9100");
        let database_url = reader.text("DATABASE_URL");
        let keys = reader.text("MASTER_KEYS");
        let master_keys =
            keys.and_then(|text| MasterKeys::parse(&text).map_err(|why| reader.say("MASTER_KEYS", &why)).ok());
        if database_url.is_some()
            && master_keys.is_none()
            && reader.text("MASTER_KEYS").is_none()
            && purpose != Purpose::Demo
        {
            reader.say(
                "MASTER_KEYS",
                "is needed together with DATABASE_URL. Make one: echo \"k1:$(head -c 32 /dev/urandom | base64)\"",
            );
        }
        let data_dir = reader.text("DATA_DIR").map_or_else(crate::db::embedded::default_data_dir, PathBuf::from);
        let graph_url = Url::parse("https://graph.facebook.com").expect("a URL");
        let processes = reader.processes();
        let mail = reader.mail(purpose);
        let push = reader.push(&public_url, mail.as_ref());
        let config = Self {
            http: Http {
                listen,
                metrics,
                public_url,
                pwa_dir: reader.text("PWA_DIR").unwrap_or_else(|| "pwa/dist".to_owned()).into(),
                trusted_hops: reader.value("TRUSTED_PROXY_HOPS", 0, "a number of proxies"),
                operator_networks: reader.value(
                    "OPERATOR_NETWORKS",
                    Networks::default(),
                    "a list of networks such as 203.0.113.0/24,2001:db8::/32",
                ),
                limits: Limits::read(&mut reader),
                trusts_traceparent: reader.value("TRUST_TRACEPARENT", false, "true or false"),
            },
            database: Database {
                url: database_url,
                migration_url: reader.text("MIGRATION_DATABASE_URL"),
                data_dir,
                connections: reader.positive("DATABASE_CONNECTIONS", 20),
                master_keys,
            },
            meta: MetaConfig {
                app_id: reader.app_id(),
                app_secret: reader.secret(purpose, "META_APP_SECRET").into_bytes(),
                verify_token: reader.secret(purpose, "META_VERIFY_TOKEN"),
                graph_url: reader.value("META_GRAPH_URL", graph_url, "a URL"),
                graph_version: reader.text("META_GRAPH_VERSION").unwrap_or_else(|| "v26.0".to_owned()),
            },
            mail,
            sms: reader.sms(),
            push,
            worker: WorkerConfig { concurrency: reader.positive("WORKER_CONCURRENCY", 32) as usize },
            processes,
            demo: purpose == Purpose::Demo,
        };
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
    }
}

struct Reader<G> {
    get: G,
    problems: Vec<String>,
}

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn say(&mut self, name: &str, why: &str) {
        self.problems.push(format!("{name}: {why}"));
    }

    fn optional<T: std::str::FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        let read = text.parse().ok();
        if read.is_none() {
            self.say(name, &format!("is not {what}"));
        }
        read
    }

    fn value<T: std::str::FromStr>(&mut self, name: &str, default: T, what: &str) -> T {
        self.optional(name, what).unwrap_or(default)
    }

    fn positive(&mut self, name: &str, default: u32) -> u32 {
        let number = self.value(name, default, "a number above 0");
        if number == 0 {
            self.say(name, "is not a number above 0");
        }
        number
    }

    fn app_id(&mut self) -> Option<String> {
        let text = self.text("META_APP_ID")?;
        if text.len() > 40 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.say("META_APP_ID", "is not an app's id: digits only");
        }
        Some(text)
    }

    /// Never repeats the secret in what it says.
    fn secret(&mut self, purpose: Purpose, name: &str) -> String {
        let text = self.text(name);
        match (purpose, text) {
            (Purpose::Serve, None) => {
                self.say(name, "is needed: without it leads cannot be told from forgeries");
                String::new()
            }
            (Purpose::Serve, Some(text))
                if text.len() < SECRET_LENGTH
                    || DEFAULT_SECRETS.iter().any(|known| text.to_lowercase().starts_with(known)) =>
            {
                self.say(name, "is a default, or shorter than 16 characters");
                text
            }
            (Purpose::Demo, None) => hex::encode(crate::db::seal::random::<16>()),
            (_, text) => text.unwrap_or_default(),
        }
    }

    fn processes(&mut self) -> Processes {
        let redis = self.optional("REDIS_URL", "a URL such as rediss://:password@redis.example.com:6379");
        let drain_delay = Duration::from_secs(self.value("DRAIN_DELAY_SECONDS", 0, "a number of seconds"));
        let drain = Duration::from_secs(self.positive("DRAIN_SECONDS", 25).into());
        if drain_delay >= drain {
            self.say("DRAIN_DELAY_SECONDS", "is not less than DRAIN_SECONDS, which it is a part of");
        }
        Processes { redis, drain_delay, drain }
    }

    fn check_public_url(&mut self, purpose: Purpose, url: &Url) {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            self.say("PUBLIC_URL", "is not a URL such as https://app.example.com");
        } else if purpose == Purpose::Serve && url.scheme() != "https" && !is_loopback(url) {
            self.say(
                "PUBLIC_URL",
                "must begin with https:// unless it names this machine: the session cookie would travel in the clear",
            );
        }
    }
}

/// Whether the URL names this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name == "127.0.0.1",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(purpose: Purpose, given: &[(&str, &str)]) -> Result<Config, Problems> {
        Config::read(purpose, |name| given.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    }

    const SECRETS: [(&str, &str); 2] =
        [("META_APP_SECRET", "0123456789abcdef0123"), ("META_VERIFY_TOKEN", "fedcba98765432100123")];

    #[test]
    fn every_problem_is_told_at_once_and_no_secret_with_it() {
        let given = [
            ("LISTEN_ADDR", "x"),
            ("PUBLIC_URL", "http://example.com"),
            ("META_APP_SECRET", "changeme-now-or-later"),
            ("DATABASE_CONNECTIONS", "0"),
            ("DATABASE_URL", "postgres://x"),
            ("REDIS_URL", "http://:hunter2-hunter2@cache"),
            ("DRAIN_DELAY_SECONDS", "30"),
        ];
        let told = read(Purpose::Serve, &given).expect_err("refused").to_string();
        for name in [
            "LISTEN_ADDR",
            "PUBLIC_URL",
            "META_APP_SECRET",
            "META_VERIFY_TOKEN",
            "DATABASE_CONNECTIONS",
            "MASTER_KEYS",
            "REDIS_URL",
            "DRAIN_DELAY_SECONDS",
        ] {
            assert!(told.contains(name), "{name} is missing in {told}");
        }
        assert!(!told.contains("changeme-now") && !told.contains("hunter2"));
    }

    #[test]
    fn the_password_of_redis_is_not_shown() {
        let mut given = SECRETS.to_vec();
        given.push(("REDIS_URL", "rediss://app:hunter2-hunter2@redis.example.com:6379"));
        let config = read(Purpose::Serve, &given).expect("read");
        assert_eq!(config.processes.redis.as_ref().expect("given").expose().password(), Some("hunter2-hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_defaults_are_a_server_on_this_machine() {
        let config = read(Purpose::Serve, &SECRETS).expect("read");
        assert_eq!(config.http.public_url.as_str(), "http://127.0.0.1:8080/");
        assert!(config.database.url.is_none() && !config.demo);
        let demo = read(Purpose::Demo, &[]).expect("a demo needs nothing");
        assert_eq!(demo.meta.app_secret.len(), 32);
        assert!(config.mail.is_none());
    }
}
