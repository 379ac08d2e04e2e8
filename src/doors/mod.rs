//! The other doors by which leads come in: what somebody of the business takes down by hand, what other systems and the forms of web pages
//! post, files of rows. Each ends in `leads::capture`, so that one person is one lead whichever door they came by.
//!
//! Invariants: what is answered with success is on disk; what cannot be read is kept, seen, and can be read again; a delivery is taken once,
//! by the sender's name for it.

mod deliveries;
mod entry;
mod http;
mod import_jobs;
mod import_rows;
mod imports;
mod imports_http;
mod owner;
pub mod payload;
mod receive;
mod rows_sql;
pub mod signature;
mod sources;
mod sql;
pub mod table;

use crate::{db::Tx, error::Result};

pub use entry::{Entered, Entry, EntrySource, StatedConsent, enter, known};
pub use http::routes;
pub use import_jobs::{RunImport, UndoImport};
pub use imports_http::routes as import_routes;
pub use owner::routes as owner_routes;
pub use receive::webhook_routes;

/// Forgets what came so long ago that nobody asks for it; at most `most` rows. Tells how many.
pub async fn forget(tx: &mut Tx, most: i64) -> Result<u64> {
    let now = tx.now();
    let files = rows_sql::delete_files(tx, now - imports::FILE_KEPT).await?;
    Ok(files.max(sql::forget(tx, now - deliveries::KEPT, most).await?))
}
