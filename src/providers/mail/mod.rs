//! Mail: through an SMTP relay, or the APIs of SendGrid and Mailgun. Sending once is all it does: later and again are the job queue's, signing
//! (DKIM) is the relay's.

mod letter;
mod mailgun;
mod sendgrid;
mod smtp;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use lettre::{Address, message::Mailbox};
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use super::{
    delivery::{self, Family, Lookup, SendError, Taken, Told, base_url, percent},
    hooks::{Hook, HookError},
    observed::observed,
};
pub use letter::Letter;

/// Letters on their way at once; a pool's size bounds idle connections only.
const AT_ONCE: usize = 8;

/// How the relay is reached.
#[derive(Clone)]
pub struct MailOptions {
    /// `smtps://user:password@host`, `smtp://…?tls=required` (STARTTLS), or `smtp://` on this machine; `sendgrid://:key@api.sendgrid.com`,
    /// `mailgun://example.com:key@api.eu.mailgun.net`.
    pub url: Url,
    pub from: Mailbox,
    /// For a whole conversation.
    pub timeout: Duration,
    /// What SendGrid's or Mailgun's webhooks are signed with: a public key, a signing key.
    pub webhook_key: Option<String>,
}

impl std::fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailOptions")
            .field("by", &self.url.scheme())
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

impl From<SendError> for MailError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Permanent { family, code } => {
                Self::Permanent(code.unwrap_or_else(|| family.as_str().to_owned()))
            }
            SendError::Retry { why, .. } | SendError::Unknown(why) => Self::Transient(why),
        }
    }
}

/// A mail of words that somebody else wrote.
#[derive(Clone, Debug)]
pub struct OutgoingMail {
    /// For the `Message-ID`: the same mail that is sent twice has the same, so that a mailbox may show it once. Our own id of a message comes back
    /// with each event.
    pub id: String,
    pub to: String,
    pub to_name: Option<String>,
    /// Instead of the deployment's own name, before its address.
    pub from_name: Option<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Where one click ends it (RFC 8058).
    pub unsubscribe: Option<Url>,
}

impl OutgoingMail {
    /// Header, value; all but those every mail has.
    fn headers(&self) -> Vec<(&'static str, String)> {
        // Nobody's holiday reply is wanted (RFC 3834).
        let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
        if let Some(url) = &self.unsubscribe {
            headers.push(("List-Unsubscribe", format!("<{url}>")));
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        headers
    }
}

/// A control character in a name or a subject would begin a header of its own.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A handle; clones share the connections.
#[derive(Clone)]
pub struct Mail {
    by: By,
    from: Mailbox,
    webhook_key: Option<Arc<str>>,
    places: Arc<Semaphore>,
}

#[derive(Clone)]
enum By {
    Smtp(smtp::Relay),
    SendGrid(Api),
    Mailgun { api: Api, domain: Arc<str> },
}

/// A vendor that is spoken to over HTTP.
#[derive(Clone)]
struct Api {
    http: reqwest::Client,
    base_url: Url,
    key: Arc<str>,
}

impl Api {
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

impl Mail {
    /// Fails on an address of the relay that is none.
    pub fn new(options: MailOptions) -> Result<Self, MailError> {
        let unfit = |why: String| MailError::Permanent(why);
        let api = || -> Result<Api, MailError> {
            let key = options.url.password().and_then(percent).filter(|key| !key.is_empty());
            Ok(Api {
                http: delivery::client(options.timeout).map_err(|error| unfit(error.to_string()))?,
                base_url: base_url(&options.url).map_err(unfit)?,
                key: key.ok_or_else(|| unfit("it has no key, which stands before the @".to_owned()))?.into(),
            })
        };
        let by = match options.url.scheme() {
            "sendgrid" => By::SendGrid(api()?),
            "mailgun" => {
                let domain = percent(options.url.username()).filter(|domain| !domain.is_empty());
                let domain = domain
                    .ok_or_else(|| unfit("it names no domain: mailgun://example.com:key@api.mailgun.net".to_owned()))?;
                By::Mailgun { api: api()?, domain: domain.into() }
            }
            _ => By::Smtp(smtp::Relay::new(&options.url, options.timeout)?),
        };
        let webhook_key = options.webhook_key.map(Into::into);
        Ok(Self { by, from: options.from, webhook_key, places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// The vendor's name, as it stands in the webhook's path.
    pub fn vendor(&self) -> &'static str {
        match self.by {
            By::Smtp(_) => "smtp",
            By::SendGrid(_) => "sendgrid",
            By::Mailgun { .. } => "mailgun",
        }
    }

    /// Whether we are told how it goes on once a mail is taken.
    pub fn tells(&self) -> bool {
        !matches!(self.by, By::Smtp(_)) && self.webhook_key.is_some()
    }

    /// Hands the letter to the relay. Once it is taken, the rest is the relay's.
    pub async fn send(&self, letter: &Letter, at: DateTime<Utc>) -> Result<(), MailError> {
        let html = letter.html().map_err(|_| MailError::Permanent("the text cannot be written".to_owned()))?;
        let mail = OutgoingMail {
            id: letter.id.clone(),
            to: letter.address.clone(),
            to_name: Some(letter.name.clone()),
            from_name: None,
            reply_to: None,
            subject: letter.subject.clone(),
            text: letter.text(),
            html: Some(html),
            unsubscribe: None,
        };
        Ok(self.deliver(&mail, at).await.map(drop)?)
    }

    /// Hands a mail to the relay.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn deliver(&self, mail: &OutgoingMail, at: DateTime<Utc>) -> Result<Taken, SendError> {
        let to: Address =
            mail.to.parse().map_err(|_| SendError::permanent(Family::InvalidAddress, "address".to_owned()))?;
        let to = Mailbox::new(mail.to_name.as_deref().map(one_line), to);
        let mut from = self.from.clone();
        if let Some(name) = &mail.from_name {
            from.name = Some(one_line(name));
        }
        let id = format!("{}@{}", mail.id, self.from.email.domain());
        let _place = self.places.acquire().await.map_err(|error| SendError::retry(error.to_string()))?;
        let sending = async {
            match &self.by {
                By::Smtp(relay) => relay.send(mail, from, to, &id, at).await,
                By::SendGrid(api) => sendgrid::send(api, mail, &from, &to).await,
                By::Mailgun { api, domain } => mailgun::send(api, domain, mail, &from, &to, &id).await,
            }
        };
        let provider = if matches!(self.by, By::Smtp(_)) { "mail" } else { self.vendor() };
        observed(provider, "relay", "send", sending).await
    }

    /// Whether the vendor has a mail that it may have taken. Only Mailgun can be asked.
    pub async fn look_up(&self, id: Uuid) -> Lookup {
        let By::Mailgun { api, domain } = &self.by else { return Lookup::CannotTell };
        let id = format!("{id}@{}", self.from.email.domain());
        let looking = mailgun::look_up(api, domain, &id);
        observed("mailgun", "relay", "look_up", looking).await.unwrap_or(Lookup::CannotTell)
    }

    /// Reads a call of the vendor's, if it is one.
    ///
    /// # Errors
    /// See [`HookError`].
    pub fn read(&self, hook: &Hook<'_>) -> Result<Vec<Told>, HookError> {
        let key = self.webhook_key.as_deref().ok_or(HookError::Signature)?;
        match &self.by {
            By::Smtp(_) => Err(HookError::Signature),
            By::SendGrid(_) => sendgrid::read(hook, key),
            By::Mailgun { .. } => mailgun::read(hook, key),
        }
    }

    /// Whether the relay answers, and takes our name and password.
    pub async fn check(&self) -> Result<(), MailError> {
        match &self.by {
            By::Smtp(relay) => relay.check().await,
            By::SendGrid(api) => sendgrid::check(api).await.map_err(MailError::from),
            By::Mailgun { api, domain } => mailgun::check(api, domain).await.map_err(MailError::from),
        }
    }
}
