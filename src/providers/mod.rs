//! Clients of other people's services. They know no domain; each is tested against its sandbox.

pub mod delivery;
pub mod hooks;
pub mod mail;
pub mod meta;
pub mod observed;
pub mod push;
pub mod sms;
