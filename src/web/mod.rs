//! HTTP as it leaves the house: the router, what happens to every request, health, the API's document, the app's files.

pub mod admission;
mod audit;
pub mod health;
pub mod listen;
pub mod middleware;
pub mod numbers;
pub mod openapi;
mod pwa;
pub mod router;
pub mod socket;
