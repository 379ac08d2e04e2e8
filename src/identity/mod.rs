//! Who is there: people, their memberships, their sessions, and what each may do.
//!
//! A person ([`create_user`]) belongs to organizations in a [`Role`] ([`add_member`]), or to the staff of an operator. They sign in
//! ([`login::log_in`]) and get a session, which acts for one of their organizations at a time. The extractors [`Staff`], [`Manager`],
//! [`Owner`] and [`Operator`] are the only way from a request to a transaction, so a handler's signature says who may call it.
//!
//! On the way in: a password and, where there is one, a second factor (`factor`, `step`); then a session that is locked when idle (`proof`),
//! listed and ended (`sessions`), and held to the organization's rules on networks and factors (`rules`, `oversight`).
//!
//! Invariants: of a session token only the hash is stored; a token is new after every login and every switch of organization; names and
//! e-mail addresses are sealed, and a person is found by a blind index; an unknown address and a wrong password cannot be told apart.

mod access;
mod address;
mod code;
mod contact;
mod demo;
mod factor;
mod http;
mod invitation;
mod join;
mod letters;
pub mod login;
mod oversight;
mod password;
mod picture;
mod profile;
mod proof;
mod reset;
mod rules;
mod session;
mod sessions;
mod sql;
mod step;
mod strength;
mod team;
mod told;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    db::{Directory, Tx},
    error::{Error, Result},
    organizations::{self, Locale, Organization, Visibility},
    types::{
        ids::{OperatorId, OrganizationId, UserId},
        phone::Phone,
    },
};
pub use access::{Manager, Operator, Owner, Proven, SignedIn, Staff, Whence};
pub use address::{client_address, counted};
pub use contact::{Contact, contact};
pub use demo::{DemoLogin, demo_logins};
pub use http::{demo_routes, routes};
pub use letters::{Said, SendInvitation, SendNotice, SendReset, write_to};
pub use oversight::reset_factors_of;
pub use password::{NO_PASSWORD, hash_password};
pub use reset::make_reset_code;
pub use rules::open_to_all_networks;
pub use session::{Live, Standing, Token, authenticate, live_sessions, open_session, prune};

/// What a person is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Manager,
    Agent,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Agent => "agent",
        }
    }

    /// From what stands in the database.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "owner" => Ok(Self::Owner),
            "manager" => Ok(Self::Manager),
            "agent" => Ok(Self::Agent),
            other => Err(Error::internal(format!("unknown role {other}"))),
        }
    }
}

/// What a person is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionRole {
    Owner,
    Manager,
    Agent,
    /// Looks after organizations for an agency, and belongs to none in this session.
    OperatorAdmin,
}

impl From<Role> for SessionRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Manager => Self::Manager,
            Role::Agent => Self::Agent,
        }
    }
}

/// Who looks, as far as it decides what they see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub user: UserId,
    pub role: Role,
    /// All leads of the organization; otherwise one's own and those that are nobody's.
    pub sees_all: bool,
}

impl Viewer {
    fn new(user: UserId, role: Role, visibility: Option<Visibility>) -> Self {
        Self { user, role, sees_all: role != Role::Agent || visibility == Some(Visibility::Team) }
    }

    /// The machinery's own eyes: it sees what everybody together sees.
    pub fn of_the_house() -> Self {
        Self { user: UserId(uuid::Uuid::nil()), role: Role::Manager, sees_all: true }
    }

    pub fn is_manager(&self) -> bool {
        self.role != Role::Agent
    }
}

/// The person of a session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// Overrides the organization's language.
    #[schema(required = true)]
    pub locale: Option<Locale>,
    /// The path of their picture; another one has another path.
    #[schema(required = true)]
    pub picture: Option<String>,
    /// Their mobile number, for alerts.
    #[schema(required = true)]
    pub phone: Option<Phone>,
}

/// One organization that a person can act for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    pub organization_id: OrganizationId,
    pub organization_name: String,
    pub role: Role,
}

/// What the app needs to know of who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub user: User,
    pub role: SessionRole,
    /// Null for an operator's admin who belongs to none.
    #[schema(required = true)]
    pub organization: Option<Organization>,
    pub memberships: Vec<Membership>,
    pub idle_timeout_seconds: i64,
    pub has_second_factor: bool,
    /// The organization asks for one: until there is one, nothing else is answered than one's own account.
    pub needs_second_factor: bool,
    /// What the phone seals its copies with (16 bytes in base64): the same for this person in this organization whenever they sign in. Null
    /// without an organization.
    #[schema(required = true)]
    pub offline_key: Option<String>,
    /// One-tap logins exist, and the people are invented.
    pub demo: bool,
}

/// A colleague.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// The path of their picture; another one has another path.
    #[schema(required = true)]
    pub picture: Option<String>,
}

/// A person to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    /// From [`hash_password`], or [`NO_PASSWORD`].
    pub password_hash: String,
    pub locale: Option<Locale>,
}

/// An e-mail address as it is compared: people do not remember how they wrote it.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An address as it is stored. 422 for one without an @.
fn read_email(email: &str) -> Result<String> {
    let email = normalise_email(email);
    let has_parts = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !has_parts || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid("email", "email_invalid", "An e-mail address is written name@domain."));
    }
    Ok(email)
}

/// A name without the space around it. 422 for none, a too long one, or one of several lines.
fn plausible_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.len() > 200 {
        return Err(Error::invalid("name", "required", "A person has a name of at most 200 bytes."));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "control_characters", "One line of text, please."));
    }
    Ok(name)
}

/// Makes a person. 409 `email_taken`; 422 for an address without an @ or an empty name.
pub async fn create_user(directory: &mut Directory, new: NewUser) -> Result<UserId> {
    let email = read_email(&new.email)?;
    let name = plausible_name(&new.name)?;
    let id = UserId::new(directory.now());
    if !sql::insert_user(directory, id, &email, name, &new).await? {
        return Err(Error::conflict("email_taken", "Somebody has this e-mail address already."));
    }
    Ok(id)
}

/// The person with this address.
pub async fn find_user(directory: &mut Directory, email: &str) -> Result<Option<UserId>> {
    Ok(sql::credentials(directory, &normalise_email(email)).await?.map(|row| row.user))
}

/// Takes a person into an organization, or gives them another role there.
pub async fn add_member(
    directory: &mut Directory,
    organization: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<()> {
    sql::upsert_membership(directory, organization, user, role).await
}

/// Takes a person onto an operator's staff, as an admin.
pub async fn add_operator_admin(directory: &mut Directory, operator: OperatorId, user: UserId) -> Result<()> {
    sql::insert_operator_staff(directory, operator, user).await
}

/// The staff of the operator that looks after the organization; by id.
pub async fn agency_of(directory: &mut Directory, organization: OrganizationId) -> Result<Vec<UserId>> {
    sql::agency_of(directory, organization).await
}

/// The organizations of the operators on whose staff the person is.
pub async fn looked_after(directory: &mut Directory, user: UserId) -> Result<Vec<OrganizationId>> {
    sql::looked_after(directory, user).await
}

/// The people of an organization, by name. Through the directory, whose keys their names are sealed with.
pub async fn members(directory: &mut Directory, organization: OrganizationId) -> Result<Vec<Member>> {
    sql::members(directory, organization).await
}

/// A browser in a few words, by what it says of itself: `Chrome · Android`.
pub fn device_label(user_agent: Option<&str>) -> String {
    sessions::Device::read(user_agent).label()
}

/// Who works in the transaction's organization, and as what; by id.
pub async fn roles(tx: &mut Tx) -> Result<Vec<(UserId, Role)>> {
    sql::roles(tx).await
}

/// What the person sees in the transaction's organization; `None` for strangers and for those who left.
pub async fn viewer(tx: &mut Tx, user: UserId) -> Result<Option<Viewer>> {
    let visibility = organizations::current(tx).await?.lead_visibility;
    Ok(sql::role_in(tx, user).await?.map(|role| Viewer::new(user, role, Some(visibility))))
}

/// The language of a person; `None`: their organization's.
pub async fn locale_of(tx: &mut Tx, user: UserId) -> Result<Option<Locale>> {
    sql::locale_of(tx, user).await
}

/// What the person is in the transaction's organization; `None` for strangers and for those who left.
pub async fn is_member(tx: &mut Tx, user: UserId) -> Result<Option<Role>> {
    sql::role_in(tx, user).await
}
