//! The statements on access rules.

use sqlx::PgConnection;

use super::{Requirement, Rules};
use crate::{
    db::{Directory, Tx},
    error::{Error, Result},
    types::{ids::OrganizationId, networks::Networks},
};

/// What stands in the columns.
pub(in crate::identity) fn rules(requirement: &str, networks: &[String], version: i32) -> Result<Rules> {
    Ok(Rules {
        requirement: Requirement::parse(requirement)?,
        networks: Networks::parse(networks.iter().map(String::as_str)).map_err(Error::internal)?,
        version,
    })
}

pub(in crate::identity) async fn find(connection: &mut PgConnection, organization: OrganizationId) -> Result<Rules> {
    let row = sqlx::query!(
        "select second_factor, allowed_networks, version from access_rules where organization_id = $1",
        organization.0
    )
    .fetch_optional(connection)
    .await?;
    row.map_or_else(|| Ok(Rules::default()), |row| rules(&row.second_factor, &row.allowed_networks, row.version))
}

/// `false`: `version` is not the current one.
pub(super) async fn save(tx: &mut Tx, version: i32, rules: &Rules) -> Result<bool> {
    let (organization, now) = (tx.organization(), tx.now());
    let saved = sqlx::query!(
        "insert into access_rules (organization_id, second_factor, allowed_networks, version, changed_at)
         select $1, $2, $3, 1, $5 where $4 = 0
         on conflict (organization_id) do nothing",
        organization.0,
        rules.requirement.as_str(),
        &rules.networks.texts(),
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    if saved.rows_affected() == 1 {
        return Ok(true);
    }
    let saved = sqlx::query!(
        "update access_rules set second_factor = $2, allowed_networks = $3, version = version + 1, changed_at = $5
         where organization_id = $1 and version = $4",
        organization.0,
        rules.requirement.as_str(),
        &rules.networks.texts(),
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(saved.rows_affected() == 1)
}

pub(super) async fn clear_networks(directory: &mut Directory, organization: OrganizationId) -> Result<()> {
    let now = directory.now();
    sqlx::query!(
        "update access_rules set allowed_networks = '{}', version = version + 1, changed_at = $2 where organization_id = $1",
        organization.0,
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(())
}
