//! A campaign that brings leads (LP-046), known from the first lead that names it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    db::Tx,
    error::Result,
    http::{Items, Json},
    identity::Staff,
    outbox::{self, Event, Topic},
    types::ids::CampaignId,
};

mod sql {
    //! All the SQL of campaigns.
    use super::{Campaign, CampaignId, Result, Tx};

    pub(super) async fn find(tx: &mut Tx, platform: &str, external_id: &str) -> Result<Option<(CampaignId, String)>> {
        let row = sqlx::query!(
            "select id, name from campaigns where platform = $1 and external_id = $2",
            platform,
            external_id
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| (CampaignId(row.id), row.name)))
    }

    /// Inserts, or renames; of two that come at once, both get the same id.
    pub(super) async fn upsert(
        tx: &mut Tx,
        id: CampaignId,
        platform: &str,
        external_id: &str,
        name: &str,
    ) -> Result<CampaignId> {
        let now = tx.now();
        let id = sqlx::query_scalar!(
            "insert into campaigns (id, platform, external_id, name, created_at) values ($1, $2, $3, $4, $5)
             on conflict (organization_id, platform, external_id) do update set name = excluded.name returning id",
            id.0,
            platform,
            external_id,
            name,
            now
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(CampaignId(id))
    }

    pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Campaign>> {
        Ok(sqlx::query_as!(
            Campaign,
            r#"select id as "id: CampaignId", name, platform, external_id from campaigns order by name, id limit 1000"#
        )
        .fetch_all(tx.conn())
        .await?)
    }
}

/// A campaign.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Campaign {
    pub id: CampaignId,
    pub name: String,
    /// `meta`, …
    pub platform: String,
    /// The platform's own id.
    pub external_id: String,
}

/// The campaign of this id at the platform; made, or renamed, where needed.
pub async fn ensure(tx: &mut Tx, platform: &str, external_id: &str, name: Option<&str>) -> Result<CampaignId> {
    let known = sql::find(tx, platform, external_id).await?;
    if let Some((id, known_name)) = &known
        && name.is_none_or(|name| name == known_name)
    {
        return Ok(*id);
    }
    let fresh = CampaignId::new(tx.now());
    let id = sql::upsert(tx, fresh, platform, external_id, name.unwrap_or(external_id)).await?;
    outbox::record(tx, Event::ListChanged { topic: Topic::Campaigns, id: id.0 });
    Ok(id)
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Campaign>> {
    sql::all(tx).await
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The organization's campaigns.
#[utoipa::path(get, path = "/api/campaigns", tag = "campaigns", responses((status = 200, body = Items<Campaign>)))]
async fn list(staff: Staff) -> Result<Json<Items<Campaign>>> {
    let items = staff.read(async |tx| all(tx).await).await?;
    Ok(Json(Items { items }))
}
