//! An SMTP relay.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig},
};
use url::Url;

use super::{MailError, OutgoingMail, one_line};
use crate::providers::delivery::{Family, SendError, Taken};

const IDLE: u32 = 2;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

#[derive(Clone)]
pub(super) struct Relay {
    builder: AsyncSmtpTransportBuilder,
    transport: Arc<RwLock<Transport>>,
    timeout: Duration,
}

impl Relay {
    pub fn new(url: &Url, timeout: Duration) -> Result<Self, MailError> {
        let builder = Transport::from_url(url.as_str())
            .map_err(|error| MailError::Permanent(error.to_string()))?
            .timeout(Some(timeout))
            .pool_config(PoolConfig::new().max_size(IDLE).idle_timeout(Duration::from_secs(30)));
        Ok(Self { transport: Arc::new(RwLock::new(builder.clone().build())), builder, timeout })
    }

    pub async fn send(
        &self,
        mail: &OutgoingMail,
        from: Mailbox,
        to: Mailbox,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Taken, SendError> {
        let message = message(mail, from, to, id, at)?;
        self.within(async |transport| transport.send(message).await.map(|_| ())).await?;
        Ok(Taken { id: Some(id.to_owned()), segments: None })
    }

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
    ) -> Result<T, SendError> {
        let transport = self.transport.read().unwrap_or_else(PoisonError::into_inner).clone();
        match tokio::time::timeout(self.timeout, talk(transport)).await {
            Ok(said) => said.map_err(|error| judge(&error)),
            Err(_) => {
                *self.transport.write().unwrap_or_else(PoisonError::into_inner) = self.builder.clone().build();
                Err(SendError::Unknown("it was silent for too long".to_owned()))
            }
        }
    }
}

fn message(mail: &OutgoingMail, from: Mailbox, to: Mailbox, id: &str, at: DateTime<Utc>) -> Result<Message, SendError> {
    let unfit = |what: &str| SendError::permanent(Family::Other, what.to_owned());
    let mut builder = Message::builder()
        .from(from)
        .to(to)
        .subject(one_line(&mail.subject))
        .date(at.into())
        .message_id(Some(format!("<{id}>")));
    if let Some(reply_to) = mail.reply_to.as_deref().and_then(|address| address.parse().ok()) {
        builder = builder.reply_to(Mailbox::new(None, reply_to));
    }
    for (name, value) in mail.headers() {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let written = match &mail.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone())),
        None => builder.singlepart(SinglePart::plain(mail.text.clone())),
    };
    written.map_err(|_| unfit("letter"))
}

fn judge(error: &lettre::transport::smtp::Error) -> SendError {
    let code = error.status().map(|code| code.to_string());
    match code {
        // Our name or password is refused: the letter is fine, and goes once somebody has mended the configuration.
        Some(code) if code.starts_with("53") => SendError::retry(format!("it does not let us in ({code})")),
        Some(code) if error.is_permanent() => SendError::permanent(family(&code), code),
        Some(code) => SendError::retry(code),
        None if error.is_timeout() => SendError::Unknown("it was silent for too long".to_owned()),
        None if error.is_tls() => SendError::retry("no TLS could be agreed on"),
        None if error.is_client() => SendError::permanent(Family::Other, "it cannot be said in SMTP".to_owned()),
        None => SendError::retry("the connection failed"),
    }
}

/// By the number alone: the words repeat the address.
fn family(code: &str) -> Family {
    match code {
        "550" | "551" | "553" => Family::InvalidAddress,
        "552" => Family::Unreachable,
        "554" => Family::Filtered,
        _ => Family::Other,
    }
}
