//! What people write down about a lead. Append-only, sealed.

use chrono::{DateTime, Utc};

use super::{find, sql, work};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    outbox::{self, Event},
    types::ids::{LeadId, NoteId},
};

/// Adds a note, written now, to the timeline.
pub async fn add_note(tx: &mut Tx, viewer: &Viewer, lead: LeadId, text: &str) -> Result<NoteId> {
    let (id, now) = (NoteId::new(tx.now()), tx.now());
    if write_note(tx, viewer, lead, id, now, text).await? {
        Ok(id)
    } else {
        Err(Error::internal("the id of a new note is taken"))
    }
}

/// Adds a note under an id that its writer chose, written at `at`. False where the id is taken.
pub async fn write_note(
    tx: &mut Tx,
    viewer: &Viewer,
    lead: LeadId,
    id: NoteId,
    at: DateTime<Utc>,
    text: &str,
) -> Result<bool> {
    let row = sql::row(tx, lead).await?.filter(|row| find::is_visible(viewer, row)).ok_or(Error::NotFound)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "required", "An empty note says nothing."));
    }
    if text.chars().count() > 4000 {
        return Err(Error::invalid("text", "too_long", "At most 4,000 characters."));
    }
    let sealed = tx.seal("lead_notes", "text", id.0, text)?;
    let stored = sql::insert_note(tx, id, row.id(), Some(viewer.user), "note", sealed, at).await?;
    if stored {
        audit::record(tx, Action::NoteAdded.on(lead).with("note", id));
    }
    outbox::record(tx, Event::TimelineChanged { lead });
    Ok(stored)
}

/// Asks the team to do something with a lead: it stands in *To do* at once, and says what. Nobody wrote it; a lead that is closed is left alone.
pub async fn give_task(tx: &mut Tx, lead: LeadId, text: &str) -> Result<()> {
    let mut row = sql::lock(tx, lead).await?;
    if !row.status()?.is_open() {
        return Ok(());
    }
    let (id, now) = (NoteId::new(tx.now()), tx.now());
    let sealed = tx.seal("lead_notes", "text", id.0, text.trim())?;
    sql::insert_note(tx, id, lead, None, "task", sealed, now).await?;
    row.snoozed_until = None;
    row.next_at = Some(row.next_at.map_or(now, |next| next.min(now)));
    work::save_quietly(tx, row, None).await?;
    outbox::record(tx, Event::TimelineChanged { lead });
    Ok(())
}
