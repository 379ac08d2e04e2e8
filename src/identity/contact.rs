//! How a colleague is reached outside the app.

use super::sql::own;
use crate::{
    db::Tx,
    error::Result,
    organizations::Locale,
    types::{ids::UserId, phone::Phone},
};

/// A colleague's own addresses. Never for lists, logs or jobs: read where a message is sent.
#[derive(Clone, Debug)]
pub struct Contact {
    pub name: String,
    pub email: String,
    /// Only where they wrote one down.
    pub phone: Option<Phone>,
    /// Overrides the organization's language.
    pub locale: Option<Locale>,
}

/// How somebody of this transaction's organization is reached; `None` for strangers and for those who left.
pub async fn contact(tx: &mut Tx, user: UserId) -> Result<Option<Contact>> {
    own::contact(tx, user).await
}
