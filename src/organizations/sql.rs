//! The statements on organizations and operators.

use sqlx::PgConnection;

use super::{NewOrganization, Organization, Visibility};
use crate::{
    db::Directory,
    error::{Error, Result},
    types::{
        country::Country,
        ids::{OperatorId, OrganizationId},
    },
};

pub(super) async fn insert(directory: &mut Directory, id: OrganizationId, new: &NewOrganization) -> Result<bool> {
    let now = directory.now();
    let done = sqlx::query!(
        "insert into organizations
             (id, operator_id, name, slug, country, time_zone, locale, brand_color, sla_minutes, lead_visibility, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (slug) do nothing",
        id.0,
        new.operator_id.map(|id| id.0),
        new.name.trim(),
        new.slug,
        new.country.as_str(),
        new.time_zone,
        new.locale.as_str(),
        new.brand_color,
        new.sla_minutes,
        new.lead_visibility.as_str(),
        now
    )
    .execute(directory.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find(connection: &mut PgConnection, id: OrganizationId) -> Result<Option<Organization>> {
    let row = sqlx::query!(
        "select id, operator_id, name, slug, country, time_zone, locale, brand_color, logo_url, sla_minutes, retry_minutes,
                lead_visibility, idle_timeout_minutes
         from organizations where id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Organization {
            id: OrganizationId(row.id),
            operator_id: row.operator_id.map(OperatorId),
            name: row.name,
            slug: row.slug,
            country: Country::parse(&row.country).map_err(Error::internal)?,
            time_zone: row.time_zone,
            locale: row.locale.parse()?,
            brand_color: row.brand_color,
            logo_url: row.logo_url,
            sla_minutes: row.sla_minutes,
            retry_minutes: row.retry_minutes,
            lead_visibility: Visibility::parse(&row.lead_visibility)?,
            idle_timeout_minutes: row.idle_timeout_minutes,
        })
    })
    .transpose()
}

pub(super) async fn set_sla(connection: &mut PgConnection, id: OrganizationId, minutes: i32) -> Result<()> {
    sqlx::query!("update organizations set sla_minutes = $2 where id = $1", id.0, minutes).execute(connection).await?;
    Ok(())
}

pub(super) async fn id_by_slug(connection: &mut PgConnection, slug: &str) -> Result<Option<OrganizationId>> {
    let id =
        sqlx::query_scalar!("select id from organizations where slug = $1", slug).fetch_optional(connection).await?;
    Ok(id.map(OrganizationId))
}

pub(super) async fn all_ids(connection: &mut PgConnection) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!("select id from organizations order by id").fetch_all(connection).await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

pub(super) async fn insert_operator(directory: &mut Directory, id: OperatorId, name: &str) -> Result<()> {
    let now = directory.now();
    sqlx::query!("insert into operators (id, name, created_at) values ($1, $2, $3)", id.0, name, now)
        .execute(directory.conn())
        .await?;
    Ok(())
}
