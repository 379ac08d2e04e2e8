//! NextMove: streams new Meta leads into an agent's hand and gets the person called within minutes.
//!
//! The map is `docs/ARCHITECTURE.md`. Floors, from the ground up; imports go down only (`tests/it/floors.rs`).

// 0: words everybody uses
pub mod config;
pub mod error;
pub mod http;
pub mod spans;
pub mod types;
pub mod words;

// 1: the ground: tenants, jobs, events, live
pub mod db;
pub mod jobs;
pub mod live;
pub mod outbox;

// 2: the outside world
pub mod app;
pub mod providers;

// 3: domains, each using only the front doors of earlier ones
pub mod alerts;
pub mod attempts;
pub mod audit;
pub mod campaigns;
pub mod demo;
pub mod desk;
pub mod distribution;
pub mod doors;
pub mod identity;
pub mod integrations;
pub mod leads;
pub mod messages;
pub mod notifications;
pub mod organizations;
pub mod rota;
pub mod seed;
pub mod sequences;
pub mod sla;

// 4: what follows from what happened
pub mod reactions;

// 5: wiring
pub mod cli;
pub mod fuzzing;
pub mod sandbox;
pub mod start;
pub mod telemetry;
pub mod web;
pub mod worker;
