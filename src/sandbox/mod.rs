//! Providers played on loopback over real HTTP, for tests, the demo and benchmarks: no mocks, so URLs, JSON, signatures,
//! timeouts and retries are truly exercised.

pub mod mail;
pub mod meta;
pub mod push;
pub mod senders;
