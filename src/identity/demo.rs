//! One-tap logins for a world of invented people. The routes exist in demo mode only.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SessionRole, sql};
use crate::{
    db::Directory,
    error::{Error, Result},
};

/// Somebody to be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DemoLogin {
    pub email: String,
    pub name: String,
    pub role: SessionRole,
    #[schema(required = true)]
    pub organization: Option<String>,
}

/// Everybody who can sign in: members by organization, then operators' staff.
pub async fn demo_logins(directory: &mut Directory) -> Result<Vec<DemoLogin>> {
    let mut logins = Vec::new();
    for (id, email, name, role, organization) in sql::everybody(directory).await? {
        let role = match role.as_str() {
            "owner" => SessionRole::Owner,
            "manager" => SessionRole::Manager,
            "agent" => SessionRole::Agent,
            "operator_admin" => SessionRole::OperatorAdmin,
            other => return Err(Error::internal(format!("unknown role {other}"))),
        };
        let email = directory.open("users", "email", id, &email)?;
        let name = directory.open("users", "name", id, &name)?;
        logins.push(DemoLogin { email, name, role, organization });
    }
    Ok(logins)
}
