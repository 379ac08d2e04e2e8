//! A business that buys leads: the tenant. Also the operators, the agencies that look after several of them.
//!
//! Organizations stand in the directory, since they are what a tenant is found by; [`current`] reads one's own from inside a tenant's
//! transaction. An organization always has its data keys: it is made together with them.

mod sql;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    db::{self, Directory, Tx},
    error::{Error, Result},
    types::{
        country::Country,
        ids::{OperatorId, OrganizationId},
    },
};

/// A language the app and its messages exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    Nb,
    De,
    Nl,
    En,
}

impl Locale {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nb => "nb",
            Self::De => "de",
            Self::Nl => "nl",
            Self::En => "en",
        }
    }
}

impl std::str::FromStr for Locale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "nb" => Ok(Self::Nb),
            "de" => Ok(Self::De),
            "nl" => Ok(Self::Nl),
            "en" => Ok(Self::En),
            _ => Err(Error::invalid("locale", "locale_unknown", "A locale is nb, de, nl or en.")),
        }
    }
}

/// Which leads an agent sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// All of the organization's.
    #[default]
    Team,
    /// One's own, and those that are nobody's.
    Own,
}

impl Visibility {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Own => "own",
        }
    }

    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "team" => Ok(Self::Team),
            "own" => Ok(Self::Own),
            other => Err(Error::internal(format!("unknown lead visibility {other}"))),
        }
    }
}

/// A business, as its own people see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    pub id: OrganizationId,
    #[serde(skip)]
    pub operator_id: Option<OperatorId>,
    pub name: String,
    /// The short name by which the command line knows it.
    pub slug: String,
    pub country: Country,
    /// IANA name, such as `Europe/Oslo`.
    pub time_zone: String,
    pub locale: Locale,
    #[schema(required = true)]
    pub brand_color: Option<String>,
    #[schema(required = true)]
    pub logo_url: Option<String>,
    /// Minutes within which a new lead should be attempted.
    pub sla_minutes: i32,
    /// Minutes until somebody who did not answer is due again.
    #[serde(skip)]
    pub retry_minutes: i32,
    pub lead_visibility: Visibility,
    /// Minutes without a request after which a session ends.
    #[serde(skip)]
    pub idle_timeout_minutes: i32,
}

/// What is needed to make an organization; the rest has defaults.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    pub operator_id: Option<OperatorId>,
    pub name: String,
    pub slug: String,
    pub country: Country,
    pub time_zone: String,
    pub locale: Locale,
    pub brand_color: Option<String>,
    pub sla_minutes: i32,
    pub lead_visibility: Visibility,
}

impl NewOrganization {
    pub fn new(name: &str, slug: &str, country: Country, time_zone: &str, locale: Locale) -> Self {
        Self {
            operator_id: None,
            name: name.to_owned(),
            slug: slug.to_owned(),
            country,
            time_zone: time_zone.to_owned(),
            locale,
            brand_color: None,
            sla_minutes: 15,
            lead_visibility: Visibility::Team,
        }
    }
}

/// Makes an organization and its data keys. 409 `slug_taken`; 422 for a time zone or a slug that is none.
pub async fn create(directory: &mut Directory, new: NewOrganization) -> Result<OrganizationId> {
    if new.name.trim().is_empty() {
        return Err(Error::invalid("name", "required", "An organization has a name."));
    }
    let slug_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if new.slug.is_empty() || new.slug.len() > 64 || !new.slug.chars().all(slug_fits) {
        return Err(Error::invalid("slug", "slug_invalid", "A slug is made of a-z, 0-9 and -."));
    }
    if new.time_zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(Error::invalid("time_zone", "time_zone_unknown", "A time zone is an IANA name: Europe/Oslo."));
    }
    check_sla("sla_minutes", new.sla_minutes)?;
    let id = OrganizationId::new(directory.now());
    if !sql::insert(directory, id, &new).await? {
        return Err(Error::conflict("slug_taken", "Another organization has this slug."));
    }
    db::ensure_keys(directory, Some(id)).await?;
    Ok(id)
}

pub async fn find(directory: &mut Directory, id: OrganizationId) -> Result<Option<Organization>> {
    sql::find(directory.conn(), id).await
}

/// The organization of this transaction.
pub async fn current(tx: &mut Tx) -> Result<Organization> {
    let id = tx.organization();
    sql::find(tx.conn(), id).await?.ok_or_else(|| Error::internal("the organization of the transaction is gone"))
}

fn check_sla(field: &'static str, minutes: i32) -> Result<()> {
    if (1..=1440).contains(&minutes) {
        return Ok(());
    }
    Err(Error::invalid(field, "out_of_range", "Between one minute and a day."))
}

/// Sets the minutes within which a new lead should be attempted. 422 outside of a day.
pub async fn set_sla(tx: &mut Tx, minutes: i32) -> Result<()> {
    check_sla("minutes", minutes)?;
    let id = tx.organization();
    sql::set_sla(tx.conn(), id, minutes).await
}

pub async fn by_slug(directory: &mut Directory, slug: &str) -> Result<Option<Organization>> {
    let Some(id) = sql::id_by_slug(directory.conn(), slug).await? else { return Ok(None) };
    find(directory, id).await
}

/// For sweeps, which enqueue one job per tenant.
pub async fn all_ids(directory: &mut Directory) -> Result<Vec<OrganizationId>> {
    sql::all_ids(directory.conn()).await
}

/// Makes an operator: an agency that looks after organizations.
pub async fn create_operator(directory: &mut Directory, name: &str) -> Result<OperatorId> {
    let id = OperatorId::new(directory.now());
    sql::insert_operator(directory, id, name).await?;
    Ok(id)
}
