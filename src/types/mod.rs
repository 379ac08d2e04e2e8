//! Values that are valid by construction.

pub mod country;
pub mod phone;
