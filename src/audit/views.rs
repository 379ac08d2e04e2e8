//! What is seen. Reading costs one commit more the first time: an answer leaves when the trail has it, so that a crash loses no view.
//! Then the same person seeing the same thing is silent for ten minutes, and views that come together share a commit.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Action, Entry, line, sql};
use crate::{
    app::App,
    db::{By, Tx},
    error::Result,
    jobs::Gather,
    types::ids::OrganizationId,
};

/// For so long, a person who sees the same thing again leaves no further entry.
pub const SEEN_FOR: TimeDelta = TimeDelta::minutes(10);
/// Views in one transaction.
const MOST: usize = 64;
/// What a process remembers at most.
const REMEMBERED: usize = 100_000;

type Key = (OrganizationId, Option<Uuid>, Action, Option<Uuid>);

/// What this process knows to be in the trail.
#[derive(Default)]
struct Seen(Mutex<HashMap<Key, DateTime<Utc>>>);

impl Seen {
    fn lately(&self, key: &Key, now: DateTime<Utc>) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).is_some_and(|at| now - *at < SEEN_FOR)
    }

    fn remember(&self, key: Key, now: DateTime<Utc>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, at| now - *at < SEEN_FOR);
        }
        if seen.len() < REMEMBERED {
            seen.insert(key, now);
        }
    }
}

/// A view that waits to be written.
struct View {
    by: By,
    entry: Entry,
}

#[derive(Default)]
struct Gathers(Mutex<HashMap<OrganizationId, Arc<Gather<View, ()>>>>);

impl Gathers {
    fn of(&self, organization: OrganizationId) -> Arc<Gather<View, ()>> {
        let mut gathers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathers.entry(organization).or_insert_with(|| Arc::new(Gather::new(1, MOST))).clone()
    }
}

/// Writes that somebody sees something, before they do; of what belongs to the house, in the trail of the
/// [`house`](crate::types::ids::HOUSE). Only what was committed is remembered.
pub async fn saw(app: &App, organization: OrganizationId, by: By, entry: impl Into<Entry>) -> Result<()> {
    let entry = entry.into();
    let (seen, now) = (app.kept::<Seen>(), app.clock.now());
    let key = (organization, by.actor.user().map(|id| id.0), entry.action, entry.subject);
    if seen.lately(&key, now) {
        return Ok(());
    }
    let work = {
        let app = app.clone();
        move |views: Vec<Arc<View>>| {
            let app = app.clone();
            async move { write(&app, organization, views).await }
        }
    };
    app.kept::<Gathers>().of(organization).add(View { by, entry }, work).await?;
    seen.remember(key, now);
    Ok(())
}

async fn write(app: &App, organization: OrganizationId, views: Vec<Arc<View>>) -> Result<Vec<()>> {
    app.db
        .write(organization, crate::db::Actor::System, async |tx| {
            for view in &views {
                saw_in(tx, view.by.clone(), view.entry.clone()).await?;
            }
            Ok(views.iter().map(|_| ()).collect())
        })
        .await
}

/// As [`saw`], as part of a transaction. Another process may know what this one does not, so the trail itself is asked.
pub async fn saw_in(tx: &mut Tx, by: By, entry: impl Into<Entry>) -> Result<()> {
    let entry = entry.into();
    let now = tx.now();
    let last = sql::last(tx, by.actor.user(), entry.action, entry.subject).await?;
    if last.is_none_or(|last| now - last >= SEEN_FOR) {
        let line = line(now, by, entry);
        // Two of one batch.
        let told = |known: &crate::outbox::trail::Line| {
            (known.actor, known.action, known.subject) == (line.actor, line.action, line.subject)
        };
        if !tx.lines().iter().any(told) {
            tx.lines().push(line);
        }
    }
    Ok(())
}
