//! The letters of this domain, and the jobs that send them. A job carries ids; whom it writes to and the code are opened when it runs, in
//! no transaction that waits for the mail server. What may be passing is tried again with the same code; what the mail server refuses for
//! good goes to the graveyard, and the one who invited sees it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{
    Role, User,
    invitation::open,
    sql::{self, own, team},
};
use crate::{
    app::App,
    db::{Actor, Directory, seal::Place},
    error::{Error, Result},
    jobs::{Context, Failure, Job},
    organizations::{self, Locale, Organization},
    outbox::{self, Event, Topic},
    providers::mail::{Letter, MailError},
    types::ids::{InvitationId, OrganizationId, UserId},
    words::Words,
};

/// The letter with the code of an invitation.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendInvitation {
    pub invitation: InvitationId,
    /// Of which code: a newer one has a letter of its own.
    pub made_at: DateTime<Utc>,
}

impl Job<App> for SendInvitation {
    const KIND: &'static str = "send_invitation";
    const PRIORITY: i16 = 50;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.invitation, self.made_at.timestamp_micros()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let app = &context.app;
        let written = app.db.directory(async |directory| self.write(app, directory, organization).await).await?;
        let Some((letter, code_index)) = written else { return Ok(()) };
        let sent = send(app, &letter).await;
        let taken = match &sent {
            Ok(()) => true,
            Err(Failure::Permanent(_)) => false,
            // The last time: the one who invited has to know.
            Err(_) if context.attempt >= Self::MAX_ATTEMPTS => false,
            Err(_) => return sent,
        };
        app.db
            .write(organization, Actor::System, async |tx| {
                if team::close_letter(tx, self.invitation, &code_index, taken).await? {
                    outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: self.invitation.0 });
                }
                Ok(())
            })
            .await?;
        sent
    }
}

impl SendInvitation {
    /// The letter, with the stored form of its code. Nothing where it is no longer wanted: withdrawn, accepted, a newer code, sent already.
    async fn write(
        &self,
        app: &App,
        directory: &mut Directory,
        organization: OrganizationId,
    ) -> Result<Option<(Letter, Vec<u8>)>> {
        let (id, now) = (self.invitation, directory.now());
        let found = team::invitations_for(directory.conn(), Some(id), None, now).await?.into_iter().next();
        let Some(row) = found.filter(|row| row.organization_id == organization.0 && row.code_made_at == self.made_at)
        else {
            return Ok(None);
        };
        let Some(code) = &row.code else { return Ok(None) };
        let code = open(directory.vault(), "code", id, code)?;
        let name = open(directory.vault(), "name", id, &row.name)?;
        let email = open(directory.vault(), "email", id, &row.email)?;
        let at = organizations::find(directory, organization).await?.ok_or(Error::NotFound)?;
        let inviter = sql::user(directory, UserId(row.invited_by)).await?.name;
        let known = match team::holder_of(directory.conn(), &row.email_index).await? {
            Some(holder) => sql::user(directory, holder).await?.locale,
            None => None,
        };
        let mut link = page(app, "join")?;
        link.query_pairs_mut().append_pair("i", &id.to_string());
        let letter_id = format!("{id}.{}", row.code_made_at.timestamp_micros());
        let words = Words::of(known.unwrap_or(at.locale).as_str());
        let role = Role::parse(&row.role)?;
        let to = Recipient { id: letter_id, name, email };
        Ok(Some((invitation(words, to, &inviter, &at, role, code, link), row.code_index)))
    }
}

/// The letter with the code for a new password, where somebody has the address.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendReset {
    pub reset: Uuid,
}

impl Job<App> for SendReset {
    const KIND: &'static str = "send_reset";
    const PRIORITY: i16 = 40;

    fn key(&self) -> Option<String> {
        Some(self.reset.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let app = &context.app;
        let written = app.db.directory(async |directory| self.write(app, directory).await).await?;
        let Some(letter) = written else { return Ok(()) };
        send(app, &letter).await?;
        app.db.directory(async |directory| own::forget_reset_code(directory, self.reset).await).await?;
        Ok(())
    }
}

impl SendReset {
    async fn write(&self, app: &App, directory: &mut Directory) -> Result<Option<Letter>> {
        let id = self.reset;
        let Some(row) = own::reset_by_id(directory, id).await? else { return Ok(None) };
        let Some(code) = &row.code else { return Ok(None) };
        let open = |column: &'static str, sealed| -> Result<String> {
            let plain = directory.vault().open(Place { table: "password_resets", column, row: id }, sealed);
            String::from_utf8(plain.map_err(Error::internal)?).map_err(Error::internal)
        };
        let (email, code) = (open("email", &row.email)?, open("code", code)?);
        let Some(found) = sql::credentials(directory, &email).await? else {
            // Nobody: there is nothing to type it for.
            own::delete_reset(directory, id).await?;
            return Ok(None);
        };
        let (to, locale) = recipient(directory, found.user, id.to_string()).await?;
        Ok(Some(reset(Words::of(locale.as_str()), to, code, page(app, "reset")?)))
    }
}

/// Tells a person that their password was changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendNotice {
    pub user: UserId,
    pub changed_at: DateTime<Utc>,
}

impl Job<App> for SendNotice {
    const KIND: &'static str = "send_password_notice";
    const PRIORITY: i16 = 60;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.user, self.changed_at.timestamp_micros()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let app = &context.app;
        let id = format!("{}.{}", self.user, self.changed_at.timestamp_micros());
        let (to, locale) = app.db.directory(async |directory| recipient(directory, self.user, id).await).await?;
        send(app, &changed(Words::of(locale.as_str()), to, page(app, "forgot")?)).await
    }
}

/// What another domain writes to a person.
pub struct Said {
    pub subject: String,
    pub heading: String,
    /// By paragraph.
    pub text: Vec<String>,
    pub button: String,
}

/// Writes to a person in their language. `id` is the letter's, `path` where its button leads.
pub async fn write_to(
    app: &App,
    user: UserId,
    id: String,
    path: &str,
    say: impl FnOnce(Words) -> Said,
) -> Result<(), Failure> {
    let (to, locale) = app.db.directory(async |directory| recipient(directory, user, id).await).await?;
    let words = Words::of(locale.as_str());
    let Said { subject, heading, text, button } = say(words);
    let common = letter(words, to, subject, heading, (button, page(app, path)?));
    send(app, &Letter { before: text, ..common }).await
}

async fn send(app: &App, letter: &Letter) -> Result<(), Failure> {
    let Some(mail) = &app.mail else { return Err(Failure::Permanent("mail is not set up".to_owned())) };
    let sent = mail.send(letter, app.clock.now()).await;
    let outcome = match &sent {
        Ok(()) => "taken",
        Err(MailError::Transient(_)) => "later",
        Err(MailError::Permanent(_)) => "refused",
    };
    metrics::counter!("nextmove_letters_total", "outcome" => outcome).increment(1);
    sent.map_err(|error| match error {
        MailError::Transient(_) => Failure::Retry(error.to_string()),
        MailError::Permanent(_) => Failure::Permanent(error.to_string()),
    })
}

/// Whom a letter is to. `id` is the letter's.
struct Recipient {
    id: String,
    name: String,
    email: String,
}

async fn recipient(directory: &mut Directory, user: UserId, id: String) -> Result<(Recipient, Locale)> {
    let User { name, email, locale, .. } = sql::user(directory, user).await?;
    let locale = match (locale, team::organizations_of(directory.conn(), user).await?.first()) {
        (Some(own), _) => own,
        (None, Some(first)) => organizations::find(directory, *first).await?.map_or(Locale::En, |found| found.locale),
        (None, None) => Locale::En,
    };
    Ok((Recipient { id, name, email }, locale))
}

fn page(app: &App, path: &str) -> Result<Url> {
    app.config.http.public_url.join(path).map_err(Error::internal)
}

/// What all letters have in common.
fn letter(words: Words, to: Recipient, subject: String, heading: String, button: (String, Url)) -> Letter {
    Letter {
        greeting: words.fill("greeting", &[("name", &to.name)]),
        footer: words.say("footer"),
        language: words.language(),
        name: to.name,
        address: to.email,
        id: to.id,
        subject,
        heading,
        before: Vec::new(),
        code: None,
        button,
        after: Vec::new(),
    }
}

fn invitation(
    words: Words,
    to: Recipient,
    inviter: &str,
    at: &Organization,
    role: Role,
    code: String,
    link: Url,
) -> Letter {
    let role = words.say(match role {
        Role::Owner => "role-owner",
        Role::Manager => "role-manager",
        Role::Agent => "role-agent",
    });
    let values = [("inviter", inviter), ("organization", at.name.as_str()), ("role", role.as_str())];
    let fill = |key: &str| words.fill(key, &values);
    let button = (fill("invitation-button"), link);
    Letter {
        before: vec![fill("invitation-text"), fill("invitation-code")],
        code: Some(code),
        after: vec![fill("invitation-end"), fill("invitation-unknown")],
        ..letter(words, to, fill("invitation-subject"), fill("invitation-heading"), button)
    }
}

fn reset(words: Words, to: Recipient, code: String, link: Url) -> Letter {
    Letter {
        before: vec![words.fill("reset-text", &[("email", &to.email)]), words.say("reset-code")],
        code: Some(code),
        after: vec![words.say("reset-end"), words.say("reset-unknown")],
        ..letter(words, to, words.say("reset-subject"), words.say("reset-heading"), (words.say("reset-button"), link))
    }
}

fn changed(words: Words, to: Recipient, link: Url) -> Letter {
    Letter {
        before: vec![words.fill("changed-text", &[("email", &to.email)]), words.say("changed-unknown")],
        ..letter(
            words,
            to,
            words.say("changed-subject"),
            words.say("changed-heading"),
            (words.say("changed-button"), link),
        )
    }
}
