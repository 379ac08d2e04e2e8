//! The other doors by which leads come in: what somebody of the business takes down by hand, what other systems and the forms of web pages
//! post. Each ends in `leads::capture`, so that one person is one lead whichever door they came by.
//!
//! Invariants: what is answered with success is on disk; what cannot be read is kept, seen, and can be read again; a delivery is taken once,
//! by the sender's name for it.

mod deliveries;
mod entry;
mod http;
mod owner;
pub mod payload;
mod receive;
pub mod signature;
mod sources;
mod sql;

use crate::{db::Tx, error::Result};

pub use entry::{Entered, Entry, EntrySource, StatedConsent, enter, known};
pub use http::routes;
pub use owner::routes as owner_routes;
pub use receive::webhook_routes;

/// Forgets what came so long ago that nobody asks for it; at most `most` rows. Tells how many.
pub async fn forget(tx: &mut Tx, most: i64) -> Result<u64> {
    let before = tx.now() - deliveries::KEPT;
    sql::forget(tx, before, most).await
}
