pub mod country;
pub mod phone;
