//! An alert as an SMS or an e-mail, with a link by which its person can take the lead in any browser.

use chrono::TimeDelta;

use super::{arrive, content::Said, sql};
use crate::{
    app::App,
    db::Tx,
    error::{Error, Result},
    messages::{self, NewMessage, Purpose, Recipient},
    notifications::Channel,
    types::ids::{AlertId, DeliveryId, UserId},
    words::Words,
};

/// For so long a link can be used.
const LINK_LIVES: TimeDelta = TimeDelta::hours(24);

/// Writes the alert on this way; once, however often the job runs.
pub(super) async fn write(
    tx: &mut Tx,
    app: &App,
    (alert, delivery): (AlertId, DeliveryId),
    user: UserId,
    said: &Said,
    way: Channel,
) -> Result<()> {
    let path = if said.is_about_leads {
        let (code, hash) = arrive::token();
        let until = tx.now() + LINK_LIVES;
        sql::insert_link(tx, &hash, user, alert, until).await?;
        format!("c/{code}")
    } else {
        said.path.trim_start_matches('/').to_owned()
    };
    let link = app.config.http.public_url.join(&path).map_err(Error::internal)?;
    let words = Words::of(&said.language);
    let line = words.fill("alert-mail-text", &[("title", &said.title), ("body", &said.body)]);
    let (channel, subject, text) = match way {
        Channel::Email => {
            let text =
                format!("{line}\n\n{}\n{link}\n\n{}\n", words.say("alert-mail-link"), words.say("alert-mail-why"));
            (messages::Channel::Email, Some(said.title.clone()), text)
        }
        Channel::Sms | Channel::Push => (messages::Channel::Sms, None, format!("{line} {link}")),
    };
    let message = messages::send(
        tx,
        NewMessage {
            channel,
            purpose: Purpose::Alert,
            to: Recipient::User(user),
            lead: None,
            subject,
            text,
            html: None,
            key: Some(format!("alert:{delivery}")),
        },
    )
    .await?;
    sql::set_message(tx, delivery, message).await
}
