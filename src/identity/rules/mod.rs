//! What an organization asks of those who act for it: who needs a second factor, and from which networks its admins (owners and managers)
//! may act (LP-065). Both are asked on every request and of every socket, so a change holds at once.
//!
//! Invariants: nobody shuts themselves out, for a list that does not hold the address it is sent from is refused; whoever lacks a second
//! factor that is required reaches their own account only, to set one up. The way out for those who are locked out is the command line
//! (`nextmove organization open-networks`, `nextmove user reset-factors`).

mod http;
pub(super) mod sql;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::{
    audit::{self, Action},
    db::{Actor, Directory, Tx},
    error::{Error, Result},
    types::{ids::OrganizationId, networks::Networks},
};
pub use http::routes;

/// Who needs a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    #[default]
    Nobody,
    Owners,
    /// Owners and managers.
    Managers,
    Everybody,
}

impl Requirement {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Owners => "owners",
            Self::Managers => "managers",
            Self::Everybody => "everybody",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "nobody" => Ok(Self::Nobody),
            "owners" => Ok(Self::Owners),
            "managers" => Ok(Self::Managers),
            "everybody" => Ok(Self::Everybody),
            other => Err(Error::internal(format!("unknown requirement {other}"))),
        }
    }

    pub fn covers(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::Owners => role == Role::Owner,
            Self::Managers => role != Role::Agent,
            Self::Everybody => true,
        }
    }
}

/// The rules of one organization.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub requirement: Requirement,
    pub networks: Networks,
    /// 0 until they are changed for the first time.
    pub version: i32,
}

impl Rules {
    /// The networks that hold for somebody in this role: agents stand on roofs.
    pub fn networks_for(&self, role: Role) -> Networks {
        if role == Role::Agent { Networks::default() } else { self.networks.clone() }
    }
}

/// Who may act for the organization, as its owner sees and sets it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessRules {
    pub second_factor: Requirement,
    /// CIDR. Owners and managers come from these; none: from anywhere.
    pub allowed_networks: Vec<String>,
    /// Name it in `If-Match` to change the rules.
    pub version: i32,
    /// Where this request came from.
    #[schema(required = true)]
    pub your_address: Option<String>,
}

/// The rules to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ChangeAccessRules {
    pub second_factor: Requirement,
    pub allowed_networks: Vec<String>,
}

fn view(rules: &Rules, address: Option<IpAddr>) -> AccessRules {
    AccessRules {
        second_factor: rules.requirement,
        allowed_networks: rules.networks.texts(),
        version: rules.version,
        your_address: address.map(|address| address.to_canonical().to_string()),
    }
}

/// The organization's rules.
pub async fn read(tx: &mut Tx, address: Option<IpAddr>) -> Result<AccessRules> {
    let organization = tx.organization();
    Ok(view(&sql::find(tx.conn(), organization).await?, address))
}

/// Changes the rules. 422 `networks_invalid`, or `locks_you_out` where the list does not hold the `address` it comes from; 412.
pub async fn change(
    tx: &mut Tx,
    version: i32,
    change: &ChangeAccessRules,
    address: Option<IpAddr>,
) -> Result<AccessRules> {
    let networks = Networks::parse(change.allowed_networks.iter().map(String::as_str))
        .map_err(|why| Error::invalid("allowed_networks", "networks_invalid", why.to_string()))?;
    if !networks.admit(address) {
        let here =
            address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_canonical().to_string());
        let detail = format!("You come from {here}, which is in none of these networks: you would shut yourself out.");
        return Err(Error::invalid("allowed_networks", "locks_you_out", detail));
    }
    let rules = Rules { requirement: change.second_factor, networks, version: version + 1 };
    if !sql::save(tx, version, &rules).await? {
        let organization = tx.organization();
        return Err(Error::Precondition { current: sql::find(tx.conn(), organization).await?.version });
    }
    let entry = audit::Entry::from(Action::AccessRulesChanged);
    let entry = entry.with("second_factor", rules.requirement).with("networks", rules.networks.texts());
    audit::record(tx, entry);
    tx.ring_sessions();
    Ok(view(&rules, address))
}

/// The way out from the command line: admins may come from anywhere again.
pub async fn open_to_all_networks(directory: &mut Directory, organization: OrganizationId) -> Result<()> {
    sql::clear_networks(directory, organization).await?;
    let none: [&str; 0] = [];
    let entry = audit::Entry::from(Action::AccessRulesChanged).with("networks", none);
    audit::record_in(directory, organization, Actor::CommandLine, entry);
    directory.ring_sessions();
    Ok(())
}
