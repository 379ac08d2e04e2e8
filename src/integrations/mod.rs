//! What connects an organization to the outside.

pub mod mapping;
