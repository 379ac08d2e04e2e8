//! What the whole server is made of.

use std::sync::Arc;

use crate::{
    config::Config,
    db::Db,
    providers::meta::{AppSecret, Meta},
    types::clock::Clock,
};

/// Cheap to clone; every clone is the same app.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    pub db: Db,
    pub meta: Meta,
    /// Checks the signature of deliveries.
    pub meta_secret: AppSecret,
    pub clock: Clock,
    pub config: Config,
    /// Password hashing takes memory and a core: so many at a time.
    pub hashing: Arc<tokio::sync::Semaphore>,
}

impl App {
    pub fn new(db: Db, meta: Meta, clock: Clock, config: Config) -> Self {
        let meta_secret = AppSecret::new(config.meta.app_secret.clone());
        Self(Arc::new(Parts {
            db,
            meta,
            meta_secret,
            clock,
            config,
            hashing: Arc::new(tokio::sync::Semaphore::new(2)),
        }))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
