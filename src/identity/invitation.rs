//! Invitations: an owner or a manager names a person, an address and a role; whoever has the letter's code joins.
//!
//! The code exists twice: as a keyed hash to compare with, and sealed until the mail server has taken the letter, so that a letter that is
//! sent again after a silence carries the same code. Where mail is not set up, or a letter came back, the code is shown once to the one
//! who invites, who hands it over. Life: open (sending → sent | failed) → accepted | withdrawn | run out after seven days.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Role, Viewer,
    code::Code,
    letters::SendInvitation,
    plausible_name, read_email,
    sql::team::{self as sql, InvitationRow},
};
use crate::{
    app::App,
    audit::{self, Action},
    db::{
        Tx,
        seal::{Place, Sealed, Vault},
    },
    error::{Error, Result},
    jobs,
    outbox::{self, Event, Topic},
    types::ids::{InvitationId, UserId},
};

const LASTS: TimeDelta = TimeDelta::days(7);
/// Open ones of an organization. A team is smaller; a list of addresses to write to is not a team.
const MOST_OPEN: usize = 100;
/// Between two letters to the same person.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
const TABLE: &str = "invitations";

/// How far an invitation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// The letter is on its way to the mail server.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// The mail server does not take it: is the address right? The code can be handed over by hand.
    Failed,
    /// The code was shown, to be handed over by hand.
    Shown,
    /// The seven days are over; a new code may be sent.
    Expired,
}

/// Somebody who is invited and has not joined yet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    pub id: InvitationId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub invited_by: UserId,
    pub state: InvitationState,
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub sent_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
}

/// An invitation with what only the one who invites is told, once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invited {
    pub invitation: Invitation,
    /// To be handed over by hand: there is no letter. Shown this once.
    #[schema(required = true)]
    pub code: Option<String>,
}

/// Whom to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewInvitation {
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// Managers look after agents, owners after everybody.
pub(super) fn may_look_after(viewer: &Viewer, role: Role) -> Result<()> {
    match viewer.role {
        Role::Owner => Ok(()),
        Role::Manager if role == Role::Agent => Ok(()),
        Role::Manager | Role::Agent => Err(Error::Forbidden("role")),
    }
}

/// Invites somebody. `by_mail`: with a letter; otherwise the code is in the answer. 409 `already_member`, `already_invited`.
pub(super) async fn invite(tx: &mut Tx, viewer: &Viewer, new: &NewInvitation, by_mail: bool) -> Result<Invited> {
    may_look_after(viewer, new.role)?;
    let (email, name) = (read_email(&new.email)?, plausible_name(&new.name)?);
    let vault = tx.directory_vault().await?;
    let email_index = vault.index("email", &email).map_err(Error::internal)?;
    if sql::is_member_by(tx, &email_index).await? {
        return Err(Error::conflict("already_member", "This person is in the team already."));
    }
    let open = sql::invitations(tx).await?;
    if let Some(known) = open.iter().find(|row| row.email_index == email_index) {
        if known.expires_at > tx.now() {
            return Err(Error::conflict("already_invited", "This person is invited already."));
        }
        sql::withdraw(tx, InvitationId(known.id)).await?;
    }
    if open.len() >= MOST_OPEN {
        return Err(Error::conflict("too_many_invitations", "A hundred invitations are open: withdraw some first."));
    }
    let (id, code) = (InvitationId::new(tx.now()), Code::make());
    let row = sql::NewInvitationRow {
        id,
        email: seal(&vault, "email", id, &email)?,
        email_index: &email_index,
        name: seal(&vault, "name", id, name)?,
        role: new.role,
        invited_by: viewer.user,
        code_index: &code.index(&vault, id.0)?,
        code: if by_mail { Some(seal(&vault, "code", id, &code.shown())?) } else { None },
        expires_at: tx.now() + LASTS,
    };
    if !sql::insert_invitation(tx, row).await? {
        return Err(Error::conflict("already_invited", "This person is invited already."));
    }
    audit::record(tx, Action::MemberInvited.on(id).with("role", new.role));
    post(tx, id, by_mail).await?;
    given_back(tx, id, (!by_mail).then_some(code)).await
}

/// Enqueues the letter, where there is one, and tells the others' screens.
async fn post(tx: &mut Tx, id: InvitationId, by_mail: bool) -> Result<()> {
    if by_mail {
        jobs::enqueue::<App, _>(tx, &SendInvitation { invitation: id, made_at: tx.now() }).await?;
    }
    outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: id.0 });
    Ok(())
}

async fn given_back(tx: &mut Tx, id: InvitationId, code: Option<Code>) -> Result<Invited> {
    let vault = tx.directory_vault().await?;
    let row = sql::lock_invitation(tx, id).await?.ok_or(Error::NotFound)?;
    Ok(Invited { invitation: present(&vault, &row, tx.now())?, code: code.map(|code| code.shown()) })
}

/// The open invitations, the newest first.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Invitation>> {
    let (vault, now) = (tx.directory_vault().await?, tx.now());
    sql::invitations(tx).await?.iter().map(|row| present(&vault, row, now)).collect()
}

/// A new code, which ends the older one: by letter, or in the answer. 429 within a minute of the last letter.
pub(super) async fn renew(tx: &mut Tx, viewer: &Viewer, id: InvitationId, by_mail: bool) -> Result<Invited> {
    let row = lock(tx, viewer, id).await?;
    let since = tx.now() - row.code_made_at;
    if by_mail && row.by_mail && since < PAUSE {
        let retry_after = (PAUSE - since).num_seconds().unsigned_abs() + 1;
        return Err(Error::TooMany { retry_after, reason: "resend" });
    }
    let (vault, code) = (tx.directory_vault().await?, Code::make());
    let index = code.index(&vault, id.0)?;
    let sealed = if by_mail { Some(seal(&vault, "code", id, &code.shown())?) } else { None };
    let expires_at = tx.now() + LASTS;
    sql::renew_code(tx, id, &index, sealed, expires_at).await?;
    audit::record(tx, Action::InvitationRenewed.on(id).with("by", if by_mail { "letter" } else { "hand" }));
    post(tx, id, by_mail).await?;
    given_back(tx, id, (!by_mail).then_some(code)).await
}

/// Shows a new code to hand over by hand. 409 `sent_by_mail` where a letter does its work: the code is the proof that it arrived.
pub(super) async fn show(tx: &mut Tx, viewer: &Viewer, id: InvitationId, has_mail: bool) -> Result<Invited> {
    let row = lock(tx, viewer, id).await?;
    if has_mail && row.failed_at.is_none() {
        return Err(Error::conflict("sent_by_mail", "The code goes by mail; it is shown only where that fails."));
    }
    renew(tx, viewer, id, false).await
}

/// Takes an invitation back: its code no longer works.
pub(super) async fn withdraw(tx: &mut Tx, viewer: &Viewer, id: InvitationId) -> Result<()> {
    lock(tx, viewer, id).await?;
    sql::withdraw(tx, id).await?;
    audit::record(tx, Action::InvitationWithdrawn.on(id));
    outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: id.0 });
    Ok(())
}

async fn lock(tx: &mut Tx, viewer: &Viewer, id: InvitationId) -> Result<InvitationRow> {
    let row = sql::lock_invitation(tx, id).await?.ok_or(Error::NotFound)?;
    may_look_after(viewer, Role::parse(&row.role)?)?;
    Ok(row)
}

pub(super) fn seal(vault: &Vault, column: &'static str, id: InvitationId, plain: &str) -> Result<Sealed> {
    vault.seal(Place { table: TABLE, column, row: id.0 }, plain.as_bytes()).map_err(Error::internal)
}

pub(super) fn open(vault: &Vault, column: &'static str, id: InvitationId, sealed: &Sealed) -> Result<String> {
    let plain = vault.open(Place { table: TABLE, column, row: id.0 }, sealed).map_err(Error::internal)?;
    String::from_utf8(plain).map_err(Error::internal)
}

fn present(vault: &Vault, row: &InvitationRow, now: DateTime<Utc>) -> Result<Invitation> {
    let id = InvitationId(row.id);
    let state = if row.expires_at <= now {
        InvitationState::Expired
    } else if row.failed_at.is_some() {
        InvitationState::Failed
    } else if row.sent_at.is_some() {
        InvitationState::Sent
    } else if row.by_mail {
        InvitationState::Sending
    } else {
        InvitationState::Shown
    };
    Ok(Invitation {
        id,
        name: open(vault, "name", id, &row.name)?,
        email: open(vault, "email", id, &row.email)?,
        role: Role::parse(&row.role)?,
        invited_by: UserId(row.invited_by),
        state,
        created_at: row.created_at,
        sent_at: row.sent_at,
        expires_at: row.expires_at,
    })
}
