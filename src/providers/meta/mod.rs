pub mod id;
pub mod signature;
pub mod webhook;
