pub mod integrations;
pub mod providers;
pub mod sandbox;
pub mod types;
