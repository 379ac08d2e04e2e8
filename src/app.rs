//! What the whole server is made of.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    db::Db,
    providers::{
        mail::Mail,
        meta::{AppSecret, Meta},
        push::PushSender,
        sms::Sms,
    },
    types::clock::Clock,
};

/// Cheap to clone; every clone is the same app.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    pub db: Db,
    pub meta: Meta,
    /// `None`: mail is not set up.
    pub mail: Option<Mail>,
    /// `None`: text messages are not set up.
    pub sms: Option<Sms>,
    pub push: PushSender,
    /// Checks the signature of deliveries.
    pub meta_secret: AppSecret,
    pub clock: Clock,
    pub config: Config,
    /// Password hashing takes memory and a core: so many at a time.
    pub hashing: Arc<tokio::sync::Semaphore>,
    /// Cancelled once this process was told to stop: it still serves, and says that it is not ready.
    pub stopping: CancellationToken,
    kept: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl App {
    pub fn new(
        db: Db,
        meta: Meta,
        (mail, sms, push): (Option<Mail>, Option<Sms>, PushSender),
        clock: Clock,
        config: Config,
    ) -> Self {
        let meta_secret = AppSecret::new(config.meta.app_secret.clone());
        Self(Arc::new(Parts {
            db,
            meta,
            mail,
            sms,
            push,
            meta_secret,
            clock,
            config,
            hashing: Arc::new(tokio::sync::Semaphore::new(2)),
            stopping: CancellationToken::new(),
            kept: RwLock::default(),
        }))
    }

    /// What a domain keeps in this process's memory, by its type; made when it is first asked for.
    pub fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let key = TypeId::of::<T>();
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let kept = known.unwrap_or_else(|| {
            self.kept
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(key)
                .or_insert_with(|| Arc::<T>::default())
                .clone()
        });
        kept.downcast().expect("it is kept under its own type")
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
