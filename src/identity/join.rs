//! Joining by invitation. Whoever types the code of the letter has shown that the address is theirs: they choose a password and are in. Who
//! has an account already signs in and confirms with the code; an invitation never opens an account that exists.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Role, SignedIn,
    code::{self, Code, Try},
    invitation::open,
    login::Knock,
    password, plausible_name, read_email, session,
    sql::team::{self as sql, InvitationRow},
    strength, told,
};
use crate::{
    app::App,
    audit::{self, Action},
    db::{
        Directory, Tx,
        seal::{Place, Vault},
    },
    error::{Error, Result},
    organizations::{self, Locale},
    outbox::{self, Event, Topic},
    types::ids::{InvitationId, OrganizationId, UserId},
};

/// The code, and which invitation it is for: the letter's link says so; who was told the code by somebody gives the address instead.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Presented {
    pub invitation: Option<InvitationId>,
    pub email: Option<String>,
    pub code: String,
}

/// What somebody is invited to. For the holder of the code only.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Offer {
    pub organization: String,
    pub inviter: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// They have an account: they sign in, then confirm.
    pub has_account: bool,
}

/// What a new person says of themselves.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Join {
    #[serde(flatten)]
    pub presented: Presented,
    pub name: String,
    #[schema(format = Password)]
    pub password: String,
    pub locale: Locale,
}

/// An invitation whose code was right.
struct Found {
    id: InvitationId,
    organization: OrganizationId,
    code: Code,
    offer: Offer,
}

/// What the code is for. It stays good.
pub(super) async fn look(app: &App, knock: &Knock, presented: &Presented) -> Result<Offer> {
    Ok(find(app, knock, presented).await?.offer)
}

/// Makes the person and the membership, and opens a session. 409 `account_exists`; 422 for a password that is too easy to guess.
pub(super) async fn join(app: &App, knock: &Knock, join: Join) -> Result<session::Token> {
    let Found { id, organization, code, offer } = find(app, knock, &join.presented).await?;
    if offer.has_account {
        return Err(Error::conflict("account_exists", "There is an account with this address: sign in, then confirm."));
    }
    let name = plausible_name(&join.name)?.to_owned();
    strength::require(&join.password, &[&name, &offer.email, &offer.organization])?;
    let password_hash = password::hash_password(app, join.password).await?;
    let user = UserId::new(app.clock.now());
    app.db
        .write(organization, knock.by(user), async |tx| {
            let (vault, row) = redeem(tx, id, &code).await?;
            let seal = |column: &'static str, plain: &str| {
                vault.seal(Place { table: "users", column, row: user.0 }, plain.as_bytes()).map_err(Error::internal)
            };
            let person = sql::NewPerson {
                id: user,
                email: seal("email", &offer.email)?,
                email_index: &row.email_index,
                name: seal("name", &name)?,
                password_hash: &password_hash,
                locale: join.locale.as_str(),
            };
            if !sql::insert_person(tx, person).await? {
                return Err(Error::conflict("account_exists", "There is an account with this address by now."));
            }
            enter(tx, id, user, offer.role).await
        })
        .await?;
    app.db
        .directory(async |directory| {
            session::end_presented(directory, &app.config, &knock.headers).await?;
            told::tell(directory, Action::SignedIn, user, Some(organization), &knock.origin);
            Ok(session::open_session_of(directory, user, Some(organization), knock.visitor()).await?.1)
        })
        .await
}

/// Takes the person who is signed in into the organization, and moves their session there. 403 `other_address`.
pub(super) async fn confirm(
    app: &App,
    knock: &Knock,
    SignedIn(live): &SignedIn,
    presented: &Presented,
) -> Result<session::Token> {
    let Found { id, organization, code, offer } = find(app, knock, presented).await?;
    let user = live.user;
    app.db
        .write(organization, knock.by(user), async |tx| {
            let (_, row) = redeem(tx, id, &code).await?;
            if sql::holder_of(tx.conn(), &row.email_index).await? != Some(user) {
                return Err(Error::Forbidden("other_address"));
            }
            enter(tx, id, user, offer.role).await
        })
        .await?;
    app.db
        .directory(async |directory| {
            told::tell_switch(directory, live, organization, &knock.origin);
            Ok(session::switch(directory, live, organization, knock.user_agent()).await?.1)
        })
        .await
}

/// Locks the invitation and looks at the code again: of two who redeem it at once, one does.
async fn redeem(tx: &mut Tx, id: InvitationId, code: &Code) -> Result<(std::sync::Arc<Vault>, InvitationRow)> {
    let vault = tx.directory_vault().await?;
    let row = sql::lock_invitation(tx, id).await?.ok_or_else(code::refused)?;
    if row.expires_at <= tx.now() || !code.is(&vault, id.0, &row.code_index)? {
        return Err(code::refused());
    }
    Ok((vault, row))
}

async fn enter(tx: &mut Tx, id: InvitationId, user: UserId, role: Role) -> Result<()> {
    sql::join(tx, user, role).await?;
    sql::accept(tx, id, user).await?;
    audit::record(tx, Action::MemberAdded.on(user).with("role", role).with("invitation", id));
    outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: user.0 });
    Ok(())
}

/// Counts the try, then looks for an open invitation that the code fits.
async fn find(app: &App, knock: &Knock, presented: &Presented) -> Result<Found> {
    let email = presented.email.as_deref().map(read_email).transpose()?;
    let subject = match (presented.invitation, &email) {
        (Some(id), _) => id.to_string(),
        (None, Some(email)) => email.clone(),
        (None, None) => {
            return Err(Error::invalid("email", "required", "Say which invitation: by id or by e-mail address."));
        }
    };
    // What is no code was mistyped, and is not counted: nothing can be guessed with it.
    let code = Code::read(&presented.code).ok_or_else(code::refused)?;
    app.db
        .directory(async |directory| {
            let counted = match Try::count(directory, "join.code", &subject, knock.address).await? {
                Ok(counted) => counted,
                Err(refused) => return Ok(Err(refused)),
            };
            let index = email.as_deref().map(|email| directory.index("email", email)).transpose()?;
            let now = directory.now();
            // With an id the address says nothing more.
            let index = index.filter(|_| presented.invitation.is_none());
            let rows = sql::invitations_for(directory.conn(), presented.invitation, index.as_deref(), now).await?;
            let mut fitting = None;
            for row in rows {
                if code.is(directory.vault(), row.id, &row.code_index)? {
                    fitting = Some(row);
                }
            }
            let Some(row) = fitting else { return Ok(Err(code::refused())) };
            counted.forgive(directory).await?;
            let offer = describe(directory, &row).await?;
            Ok(Ok(Found { id: InvitationId(row.id), organization: OrganizationId(row.organization_id), code, offer }))
        })
        .await?
}

async fn describe(directory: &mut Directory, row: &InvitationRow) -> Result<Offer> {
    let id = InvitationId(row.id);
    let organization =
        organizations::find(directory, OrganizationId(row.organization_id)).await?.ok_or(Error::NotFound)?;
    Ok(Offer {
        organization: organization.name,
        inviter: super::sql::user(directory, UserId(row.invited_by)).await?.name,
        name: open(directory.vault(), "name", id, &row.name)?,
        email: open(directory.vault(), "email", id, &row.email)?,
        role: Role::parse(&row.role)?,
        has_account: sql::holder_of(directory.conn(), &row.email_index).await?.is_some(),
    })
}
