//! The other doors by which leads come in: what somebody of the business takes down by hand. Each ends in `leads::capture`,
//! so that one person is one lead whichever door they came by.

mod entry;
mod http;

pub use entry::{Entered, Entry, EntrySource, StatedConsent, enter, known};
pub use http::routes;
