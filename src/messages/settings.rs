//! What an organization sends as: its own sender for SMS, where answers to its e-mails go.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sql;
use crate::{
    app::App,
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    types::sender::Sender,
};

/// What messages are sent as.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SendingSettings {
    /// A name (at most 11 of A-Z, a-z, 0-9 and space) or a number (E.164). Null: the deployment's.
    #[schema(required = true)]
    pub sms_sender: Option<String>,
    /// Where answers to e-mails go.
    #[schema(required = true)]
    pub reply_to: Option<String>,
    /// Name it in `If-Match` to change them.
    pub version: i32,
    /// Whether this server sends SMS at all.
    pub sms_available: bool,
    /// Whether this server sends e-mail at all.
    pub email_available: bool,
    /// What SMS are sent as without a sender of one's own; null where the vendor's account knows.
    #[schema(required = true)]
    pub default_sender: Option<String>,
    /// Whether people can answer STOP: not to a name, which is why such messages carry a link.
    pub takes_answers: bool,
}

/// The settings to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSendingSettings {
    #[schema(required = true)]
    #[serde(deserialize_with = "crate::http::nullable")]
    pub sms_sender: Option<String>,
    #[schema(required = true)]
    #[serde(deserialize_with = "crate::http::nullable")]
    pub reply_to: Option<String>,
}

/// As they stand in the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub sms_sender: Option<Sender>,
    pub reply_to: Option<String>,
    pub version: i32,
}

fn view(app: &App, stored: Stored) -> SendingSettings {
    let default = app.sms.as_ref().and_then(|sms| sms.from());
    SendingSettings {
        takes_answers: stored.sms_sender.as_ref().or(default).is_none_or(Sender::takes_answers),
        sms_sender: stored.sms_sender.map(|sender| sender.to_string()),
        reply_to: stored.reply_to,
        version: stored.version,
        sms_available: app.sms.is_some(),
        email_available: app.mail.is_some(),
        default_sender: default.map(Sender::to_string),
    }
}

pub(super) async fn read(tx: &mut Tx, app: &App) -> Result<SendingSettings> {
    Ok(view(app, sql::settings(tx).await?))
}

/// Whom this organization's SMS are from; `None` where the vendor's account knows.
pub async fn sender(tx: &mut Tx, app: &App) -> Result<Option<Sender>> {
    let own = sql::settings(tx).await?.sms_sender;
    Ok(own.or_else(|| app.sms.as_ref().and_then(|sms| sms.from().cloned())))
}

/// 422 for what is no sender and no address, 409 `sender_taken` for another organization's number, 412.
pub(super) async fn change(
    tx: &mut Tx,
    app: &App,
    version: i32,
    change: &ChangeSendingSettings,
) -> Result<SendingSettings> {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let sms_sender = given(&change.sms_sender)
        .map(|text| text.parse::<Sender>())
        .transpose()
        .map_err(|why| Error::invalid("sms_sender", "sender_invalid", why.to_string()))?;
    let reply_to = given(&change.reply_to);
    if reply_to.as_ref().is_some_and(|address| address.len() > 254 || address.parse::<lettre::Address>().is_err()) {
        return Err(Error::invalid("reply_to", "email_invalid", "An e-mail address is written name@domain."));
    }
    let number = match &sms_sender {
        Some(Sender::Number(number)) => Some(number.as_str()),
        _ => None,
    };
    if !sql::take_number(tx, number).await? {
        return Err(Error::conflict("sender_taken", "Another organization sends from this number."));
    }
    let stored = Stored { sms_sender, reply_to, version };
    if !sql::save_settings(tx, &stored).await? {
        return Err(Error::Precondition { current: sql::settings(tx).await?.version });
    }
    let kind = stored.sms_sender.as_ref().map(|sender| if sender.takes_answers() { "number" } else { "name" });
    audit::record(tx, Action::SendingSettingsChanged.with("sender", kind).with("reply_to", stored.reply_to.is_some()));
    Ok(view(app, Stored { version: version + 1, ..stored }))
}
