//! Mail, through an SMTP relay. Sending once is all it does: later and again are the job queue's, signing (DKIM) is the relay's.

mod letter;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig},
};
use tokio::sync::Semaphore;
use url::Url;

use super::observed::observed;
pub use letter::Letter;

/// Letters on their way at once; the pool's size bounds idle connections only.
const AT_ONCE: usize = 8;
const IDLE: u32 = 2;

/// How the relay is reached.
#[derive(Clone)]
pub struct MailOptions {
    /// `smtps://user:password@host`, `smtp://…?tls=required` (STARTTLS), or `smtp://` on this machine.
    pub url: Url,
    pub from: Mailbox,
    /// For a whole conversation.
    pub timeout: Duration,
}

impl std::fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailOptions")
            .field("host", &self.url.host_str())
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Why a letter did not go. The relay's own words are left out: they repeat the address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Trying again may help. After a silence the letter may have gone all the same.
    #[error("the mail server did not take the letter now: {0}")]
    Transient(String),
    /// The relay refuses this letter, or nobody could be written to so.
    #[error("the mail server refuses the letter: {0}")]
    Permanent(String),
}

/// A handle; clones share the connections.
#[derive(Clone)]
pub struct Mail {
    builder: AsyncSmtpTransportBuilder,
    transport: Arc<RwLock<Transport>>,
    from: Mailbox,
    timeout: Duration,
    places: Arc<Semaphore>,
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

impl Mail {
    /// Fails on an address of the relay that is none.
    pub fn new(options: MailOptions) -> Result<Self, MailError> {
        let builder = Transport::from_url(options.url.as_str())
            .map_err(|error| MailError::Permanent(error.to_string()))?
            .timeout(Some(options.timeout))
            .pool_config(PoolConfig::new().max_size(IDLE).idle_timeout(Duration::from_secs(30)));
        Ok(Self {
            transport: Arc::new(RwLock::new(builder.clone().build())),
            builder,
            from: options.from,
            timeout: options.timeout,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Hands the letter to the relay. Once it is taken, the rest is the relay's.
    pub async fn send(&self, letter: &Letter, at: DateTime<Utc>) -> Result<(), MailError> {
        let message = self.message(letter, at)?;
        let _place = self.places.acquire().await.map_err(|error| MailError::Transient(error.to_string()))?;
        let sending = self.within(async |transport| transport.send(message).await.map(|_| ()));
        observed("mail", "relay", "send", sending).await
    }

    /// Whether the relay answers, and takes our name and password.
    pub async fn check(&self) -> Result<(), MailError> {
        match self.within(async |transport| transport.test_connection().await).await? {
            true => Ok(()),
            false => Err(MailError::Transient("it answers, but not as a mail server does".to_owned())),
        }
    }

    /// The library's own timeout is for connecting only, and a conversation that is dropped midway goes back to its pool: after a silence
    /// the pool is left to itself and another one begun.
    async fn within<T>(
        &self,
        talk: impl AsyncFnOnce(Transport) -> Result<T, lettre::transport::smtp::Error>,
    ) -> Result<T, MailError> {
        let transport = self.transport.read().unwrap_or_else(PoisonError::into_inner).clone();
        match tokio::time::timeout(self.timeout, talk(transport)).await {
            Ok(said) => said.map_err(|error| judge(&error)),
            Err(_) => {
                *self.transport.write().unwrap_or_else(PoisonError::into_inner) = self.builder.clone().build();
                Err(MailError::Transient("it was silent for too long".to_owned()))
            }
        }
    }

    fn message(&self, letter: &Letter, at: DateTime<Utc>) -> Result<Message, MailError> {
        let unfit = |what: &str| MailError::Permanent(format!("the {what} cannot be written"));
        let address: Address = letter.address.parse().map_err(|_| unfit("address"))?;
        // A control character in a name would begin a header of its own.
        let name: String = letter.name.chars().filter(|c| !c.is_control()).collect();
        let subject: String = letter.subject.chars().filter(|c| !c.is_control()).collect();
        let html = letter.html().map_err(|_| unfit("text"))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name), address))
            .subject(subject)
            .date(at.into())
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            // Nobody's holiday reply is wanted (RFC 3834).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(letter.text(), html))
            .map_err(|_| unfit("letter"))
    }
}

fn judge(error: &lettre::transport::smtp::Error) -> MailError {
    let code = error.status().map(|code| code.to_string());
    match code {
        // Our name or password is refused: the letter is fine, and goes once somebody has mended the configuration.
        Some(code) if code.starts_with("53") => MailError::Transient(format!("it does not let us in ({code})")),
        Some(code) if error.is_permanent() => MailError::Permanent(code),
        Some(code) => MailError::Transient(code),
        None if error.is_timeout() => MailError::Transient("it was silent for too long".to_owned()),
        None if error.is_tls() => MailError::Transient("no TLS could be agreed on".to_owned()),
        None if error.is_client() => MailError::Permanent("it cannot be said in SMTP".to_owned()),
        None => MailError::Transient("the connection failed".to_owned()),
    }
}
