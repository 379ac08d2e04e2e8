//! Passwords that are forgotten, and passwords that are changed.
//!
//! Whoever asks for a code is answered alike, and as fast, whether the address is known: the request stores the sealed address and enqueues a
//! job, which looks for the person and writes the letter, or does not. A finished reset ends every session and opens none: what else a
//! login asks for, it asks for afterwards. The person is told by letter.

use chrono::TimeDelta;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    SignedIn,
    code::{self, Code, Try},
    factor,
    letters::{SendNotice, SendReset},
    login::Knock,
    normalise_email, password, read_email,
    sql::{self, own},
    strength, told,
};
use crate::{
    app::App,
    audit::Action,
    db::{
        Actor, Directory,
        seal::{Place, Sealed},
    },
    error::{Error, Result},
    jobs,
    types::ids::{UserId, new_uuid},
};

const LASTS: TimeDelta = TimeDelta::minutes(20);
/// Letters to one address within a quarter of an hour; more are asked for, and not sent.
const LETTERS: i32 = 3;
const ASKED_FROM: i32 = 30;

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct FinishReset {
    pub email: String,
    pub code: String,
    #[schema(format = Password)]
    pub password: String,
}

/// Asks for a code. Says nothing of whether the address is known. 409 `mail_not_set_up`.
pub(super) async fn ask(app: &App, knock: &Knock, email: &str) -> Result<()> {
    let email = read_email(email)?;
    if app.mail.is_none() {
        return Err(Error::conflict("mail_not_set_up", "This server sends no mail: whoever runs it can make a code."));
    }
    app.db
        .directory(async |directory| {
            let address = directory.index("reset.address", &knock.address.to_string())?;
            if let Some(retry_after) = code::over(directory, &address, ASKED_FROM).await? {
                return Ok(Err(Error::TooMany { retry_after, reason: "reset" }));
            }
            let asked = directory.index("reset.asked", &email)?;
            if code::over(directory, &asked, LETTERS).await?.is_some() {
                return Ok(Ok(())); // so that nobody's mailbox is filled by somebody else; known or not, the same
            }
            let (id, _) = put(directory, &email, true).await?;
            jobs::enqueue_for::<App, _>(directory, None, &SendReset { reset: id }).await?;
            Ok(Ok(()))
        })
        .await?
}

/// Makes a code that somebody hands over by hand: for whoever runs a server without mail. 404 for nobody's address.
pub async fn make_reset_code(directory: &mut Directory, email: &str) -> Result<String> {
    let email = read_email(email)?;
    let user = sql::credentials(directory, &email).await?.ok_or(Error::NotFound)?.user;
    told::tell_everywhere(directory, Actor::CommandLine.into(), user, &Action::ResetCodeMade.on(user)).await?;
    Ok(put(directory, &email, false).await?.1.shown())
}

async fn put(directory: &mut Directory, email: &str, by_mail: bool) -> Result<(uuid::Uuid, Code)> {
    let (id, code) = (new_uuid(directory.now()), Code::make());
    let new = own::NewReset {
        id,
        email: seal(directory, "email", id, email)?,
        email_index: &directory.index("email", email)?,
        code_index: &code.index(directory.vault(), id)?,
        code: if by_mail { Some(seal(directory, "code", id, &code.shown())?) } else { None },
        expires_at: directory.now() + LASTS,
    };
    own::put_reset(directory, new).await?;
    Ok((id, code))
}

fn seal(directory: &Directory, column: &'static str, id: uuid::Uuid, plain: &str) -> Result<Sealed> {
    let place = Place { table: "password_resets", column, row: id };
    directory.vault().seal(place, plain.as_bytes()).map_err(Error::internal)
}

/// Sets a new password. The code stays good while the password is not good enough; then it is used up, and all sessions end.
pub(super) async fn finish(app: &App, knock: &Knock, finish: FinishReset) -> Result<()> {
    let email = normalise_email(&finish.email);
    let code = Code::read(&finish.code).ok_or_else(code::refused)?;
    let user = app.db.directory(async |directory| check(directory, knock, &email, &code).await).await??;
    let known = app.db.directory(async |directory| about(directory, user).await).await?;
    strength::require(&finish.password, &known.iter().map(String::as_str).collect::<Vec<_>>())?;
    let hash = password::hash_password(app, finish.password).await?;
    app.db
        .directory(async |directory| {
            if redeem(directory, &email, &code).await? != Some(user) {
                return Err(code::refused());
            }
            own::set_password(directory, user, &hash).await?;
            own::end_sessions(directory, user, None).await?;
            // Whoever tried to guess the old one has lost their place. Where codes are guessed on the same account, a letter buys none.
            if !factor::methods(directory, user).await?.any() {
                let account = directory.index("login.account", &email)?;
                sql::forgive_login(directory, &account, &[]).await?;
            }
            directory.ring_sessions();
            told::tell_everywhere(directory, knock.by(user), user, &Action::PasswordReset.on(user)).await?;
            notice(app, directory, user).await
        })
        .await
}

async fn check(directory: &mut Directory, knock: &Knock, email: &str, code: &Code) -> Result<Result<UserId>> {
    let counted = match Try::count(directory, "reset.code", email, knock.address).await? {
        Ok(counted) => counted,
        Err(refused) => return Ok(Err(refused)),
    };
    let index = directory.index("email", email)?;
    let row = own::lock_reset(directory, &index).await?;
    let fits = match &row {
        Some(row) => code.is(directory.vault(), row.id, &row.code_index)?,
        None => false,
    };
    let user = sql::credentials(directory, email).await?.map(|found| found.user);
    let Some(user) = user.filter(|_| fits) else { return Ok(Err(code::refused())) };
    counted.forgive(directory).await?;
    Ok(Ok(user))
}

/// Uses the code up, where it is still there: of two who finish at once, one does.
async fn redeem(directory: &mut Directory, email: &str, code: &Code) -> Result<Option<UserId>> {
    let index = directory.index("email", email)?;
    let Some(row) = own::lock_reset(directory, &index).await? else { return Ok(None) };
    if !code.is(directory.vault(), row.id, &row.code_index)? {
        return Ok(None);
    }
    own::delete_reset(directory, row.id).await?;
    Ok(sql::credentials(directory, email).await?.map(|found| found.user))
}

/// Changes one's own password: 422 `password_wrong` for a wrong current one, counted as logins are. All other sessions end.
pub(super) async fn change(
    app: &App,
    knock: &Knock,
    SignedIn(live): &SignedIn,
    current: String,
    new: String,
) -> Result<()> {
    let user = live.user;
    let counted = app.db.directory(async |directory| {
        let counted = Try::count(directory, "password.change", &user.to_string(), knock.address).await?;
        Ok((counted, own::password_hash(directory, user).await?, about(directory, user).await?))
    });
    let (counted, hash, known) = counted.await?;
    let counted = counted?;
    if !password::verify(app, Some(hash), current).await? {
        return Err(Error::invalid("current", "password_wrong", "This is not the current password."));
    }
    strength::require(&new, &known.iter().map(String::as_str).collect::<Vec<_>>())?;
    let hash = password::hash_password(app, new).await?;
    app.db
        .directory(async |directory| {
            counted.forgive(directory).await?;
            own::set_password(directory, user, &hash).await?;
            own::end_sessions(directory, user, Some(live.session)).await?;
            directory.ring_sessions();
            told::tell_everywhere(directory, knock.by(user), user, &Action::PasswordChanged.on(user)).await?;
            notice(app, directory, user).await
        })
        .await
}

/// What somebody who guesses a person's password knows of them.
pub(super) async fn about(directory: &mut Directory, user: UserId) -> Result<Vec<String>> {
    let person = sql::user(directory, user).await?;
    let mut known = vec![person.name, person.email];
    known.extend(sql::memberships(directory, user).await?.into_iter().map(|membership| membership.organization_name));
    Ok(known)
}

async fn notice(app: &App, directory: &mut Directory, user: UserId) -> Result<()> {
    if app.mail.is_some() {
        let job = SendNotice { user, changed_at: directory.now() };
        jobs::enqueue_for::<App, _>(directory, None, &job).await?;
    }
    Ok(())
}
