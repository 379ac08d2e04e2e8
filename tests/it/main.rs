//! The server as its callers see it: over HTTP, on a database of its own for each test.

mod server;
mod world;

mod access;
mod actions;
mod audit;
mod authenticator;
mod cancelled;
mod checkup;
mod connect;
mod corpus;
mod document;
mod factors;
mod faults;
mod floors;
mod identity;
mod input;
mod keys;
mod leads;
mod limits;
mod offline;
mod operations;
mod phones;
mod plans;
mod processes;
mod pwa;
mod rules;
mod schema;
mod search;
mod seed;
mod silence;
mod sla;
mod sweeps;
mod team;
mod telemetry;
mod webhooks;
