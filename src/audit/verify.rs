//! Walks a chain and says where it first breaks.

use crate::{
    db::{Actor, Db, Tx},
    error::Result,
    outbox::trail::{Content, GENESIS, Hash, link, origin_hash},
    types::ids::OrganizationId,
};

use super::sql::{self, Row};

/// Entries read at a time.
const PAGE: i64 = 1000;
/// So far from its place an entry is looked for.
const REACH: i64 = 10_000;

/// A place in a chain: the number of an entry, and its hash. Kept elsewhere, it proves that nothing up to there was changed or cut off since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub number: i64,
    pub hash: Hash,
}

impl Position {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, hash: GENESIS };
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.number, hex::encode(self.hash))
    }
}

impl std::str::FromStr for Position {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts =
            text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hex::decode(hash).ok()?)));
        let (number, hash) = parts.ok_or("a head is written <number>:<64 hexadecimal digits>")?;
        let hash = hash.try_into().map_err(|_| "the hash of a head has 64 hexadecimal digits")?;
        Ok(Self { number, hash })
    }
}

/// What is wrong where a chain first breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// What the entry says is not what was hashed.
    Changed(i64),
    /// Its origin is not the one that was hashed.
    OriginChanged(i64),
    /// The entry was replaced and hashed anew: the next one does not follow on it.
    Replaced(i64),
    /// These are gone, first and last.
    Removed(i64, i64),
    /// These were put in between, first and last.
    Inserted(i64, i64),
    /// Another entry stands here, and this one elsewhere.
    Reordered(i64),
    /// The head knows entries up to the second number; those after the first are gone.
    CutOff(i64, i64),
    /// Entries stand after the one that the head knows as the last.
    Beyond(i64),
    /// The entry of this number is not the one that was noted elsewhere.
    NotAsNoted(i64),
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let range = |f: &mut std::fmt::Formatter<'_>, first: &i64, last: &i64, what: &str| {
            if first == last {
                write!(f, "entry {first} was {what}")
            } else {
                write!(f, "entries {first} to {last} were {what}")
            }
        };
        match self {
            Self::Changed(number) => write!(f, "entry {number} was changed"),
            Self::OriginChanged(number) => write!(f, "the origin of entry {number} was changed"),
            Self::Replaced(number) => write!(f, "entry {number} was replaced: the next one does not follow on it"),
            Self::Removed(first, last) => range(f, first, last, "removed"),
            Self::Inserted(first, last) => range(f, first, last, "inserted"),
            Self::Reordered(number) => write!(f, "the entries from {number} on were reordered"),
            Self::CutOff(last, head) => write!(f, "the chain was cut off after entry {last}: its head is entry {head}"),
            Self::Beyond(number) => write!(f, "entry {number} stands after the head, or the head was set back"),
            Self::NotAsNoted(number) => write!(f, "entry {number} is not the one that was noted"),
        }
    }
}

/// What became of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whole up to here.
    pub upto: Position,
    pub broken: Option<Break>,
}

/// Where the organization's chain says that it ends.
pub async fn head(tx: &mut Tx) -> Result<Position> {
    sql::head(tx).await
}

/// Walks the chain of an organization, or of the house, to its head, a page in a transaction. `noted`: a place of it that was kept elsewhere.
pub async fn verify(db: &Db, organization: OrganizationId, noted: Option<Position>) -> Result<Found> {
    let mut upto = Position::START;
    loop {
        let page = db.read(organization, Actor::System, async |tx| verify_page(tx, upto, noted).await).await?;
        upto = page.found.upto;
        if page.is_last {
            return Ok(page.found);
        }
    }
}

struct Page {
    found: Found,
    is_last: bool,
}

async fn verify_page(tx: &mut Tx, from: Position, noted: Option<Position>) -> Result<Page> {
    let rows = sql::after(tx, from.number, PAGE).await?;
    let is_last = rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
    let mut upto = from;
    for row in &rows {
        if let Some(broken) = check(tx, upto, row).await? {
            return Ok(Page { found: Found { upto, broken: Some(broken) }, is_last: true });
        }
        upto = Position { number: row.number, hash: sql::as_hash(&row.hash)? };
        if noted.is_some_and(|noted| noted.number == upto.number && noted != upto) {
            let broken = Some(Break::NotAsNoted(upto.number));
            return Ok(Page { found: Found { upto, broken }, is_last: true });
        }
    }
    let mut broken = None;
    if is_last {
        let head = sql::head(tx).await?;
        let known = noted.map_or(head.number, |noted| noted.number.max(head.number));
        broken = match upto.number {
            last if last < known => Some(Break::CutOff(last, known)),
            last if last > head.number => Some(Break::Beyond(head.number + 1)),
            last if upto.hash != head.hash => Some(Break::Replaced(last)),
            _ => None,
        };
    }
    Ok(Page { found: Found { upto, broken }, is_last })
}

/// What is wrong with the entry that should follow on `before`.
async fn check(tx: &mut Tx, before: Position, row: &Row) -> Result<Option<Break>> {
    let place = before.number + 1;
    if row.number != place {
        return Ok(Some(Break::Removed(place, row.number - 1)));
    }
    let digest = content(tx, row).digest();
    if row.previous == before.hash {
        if link(&row.previous, place, &digest).as_slice() != row.hash {
            return changed_or_inserted(tx, before).await.map(Some);
        }
        // An origin that does not open is not the one that was sealed.
        let is_own = match (row.origin_text(tx), &row.origin_hash) {
            (Ok(Some(text)), Some(hash)) => origin_hash(&text).as_slice() == hash.as_slice(),
            (Ok(text), None) => text.is_none(),
            (Ok(None), Some(_)) => true, // erased
            (Err(_), _) => false,
        };
        return Ok((!is_own).then_some(Break::OriginChanged(place)));
    }
    // It follows on something else. Where did it stand?
    let stood = |number: &i64| link(&row.previous, *number, &digest).as_slice() == row.hash;
    let nearby = std::iter::once(place).chain((1..REACH).flat_map(|off| [place + off, place - off]));
    Ok(Some(match nearby.filter(|number| *number > 0).find(stood) {
        Some(number) if number == place => Break::Replaced(before.number),
        Some(number) if number < place => Break::Inserted(number, before.number),
        Some(_) if sql::stands_after(tx, place, &row.previous).await? => Break::Reordered(place),
        Some(number) => Break::Removed(place, number - 1),
        None => changed_or_inserted(tx, before).await?,
    }))
}

/// The entry after `before` is none that we wrote. Is it in the place of one, or in between?
async fn changed_or_inserted(tx: &mut Tx, before: Position) -> Result<Break> {
    let place = before.number + 1;
    let next = sql::after(tx, place, 1).await?.pop().filter(|next| next.previous == before.hash);
    let was_here =
        next.is_some_and(|next| link(&next.previous, place, &content(tx, &next).digest()).as_slice() == next.hash);
    Ok(if was_here { Break::Inserted(place, place) } else { Break::Changed(place) })
}

fn content<'a>(tx: &Tx, row: &'a Row) -> Content<'a> {
    Content {
        organization: tx.organization(),
        at: row.at,
        actor_kind: &row.actor_kind,
        actor_id: row.actor_id,
        action: &row.action,
        subject_kind: row.subject_kind.as_deref(),
        subject_id: row.subject_id,
        details: &row.details,
        request_id: row.request_id.as_deref(),
        origin_hash: row.origin_hash.as_deref(),
    }
}
