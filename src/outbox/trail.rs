//! One line of the audit trail, as it is hashed. `docs/decisions/0004-audit-chain.md` says the same in words; what is meant by the lines
//! is the matter of `audit`.
//!
//! `digest = SHA-256(01 ‖ fields)`, each field as its length (u32, big endian) and its bytes, one that is absent as the length FFFFFFFF.
//! `hash = SHA-256(01 ‖ hash before ‖ number (i64, big endian) ‖ digest)`. The first entry follows on 32 zero bytes.

use std::sync::Arc;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{Actor, seal},
    types::{ids::OrganizationId, origin::Origin},
};

/// Of the encoding; a new one is told from the old by it.
const VERSION: u8 = 1;

pub type Hash = [u8; 32];

/// What the first entry follows on.
pub const GENESIS: Hash = [0; 32];

/// A line that waits for the end of its transaction.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: DateTime<Utc>,
    pub actor: Actor,
    pub origin: Option<Arc<Origin>>,
    /// Stable: it stands in the database.
    pub action: &'static str,
    pub subject: Option<(&'static str, Uuid)>,
    /// JSON; ids and plain words only.
    pub details: String,
}

/// What is hashed of an entry, apart from its place in the chain.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    pub organization: OrganizationId,
    pub at: DateTime<Utc>,
    pub actor_kind: &'a str,
    pub actor_id: Option<Uuid>,
    pub action: &'a str,
    pub subject_kind: Option<&'a str>,
    pub subject_id: Option<Uuid>,
    /// The JSON as it stands in the database, byte for byte.
    pub details: &'a str,
    pub request_id: Option<&'a str>,
    pub origin_hash: Option<&'a [u8]>,
}

impl Content<'_> {
    pub fn digest(&self) -> Hash {
        let mut encoded = vec![VERSION];
        let mut field = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u32::MAX, |bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX - 1));
            encoded.extend(length.to_be_bytes());
            encoded.extend(bytes.unwrap_or_default());
        };
        field(Some(self.organization.0.as_bytes()));
        field(Some(&self.at.timestamp_micros().to_be_bytes()));
        field(Some(self.actor_kind.as_bytes()));
        field(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        field(Some(self.action.as_bytes()));
        field(self.subject_kind.map(str::as_bytes));
        field(self.subject_id.as_ref().map(|id| id.as_bytes().as_slice()));
        field(Some(self.details.as_bytes()));
        field(self.request_id.map(str::as_bytes));
        field(self.origin_hash);
        sha256(&encoded)
    }
}

/// The hash of the entry `number`; the database does the same in `audit_links`.
pub fn link(before: &[u8], number: i64, digest: &Hash) -> Hash {
    let mut encoded = vec![VERSION];
    encoded.extend(before);
    encoded.extend(number.to_be_bytes());
    encoded.extend(digest);
    sha256(&encoded)
}

fn sha256(bytes: &[u8]) -> Hash {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The plain text of an origin, as it is sealed: it begins with 32 random bytes, so that its hash tells nobody which address it was
/// once the text is gone.
pub fn origin_text(origin: &Origin) -> String {
    let plain = serde_json::json!({ "address": origin.address, "agent": origin.agent });
    format!("{} {plain}", hex::encode(seal::random::<32>()))
}

/// What [`origin_text`] wrote; nothing where it cannot be read.
pub fn read_origin(text: &str) -> Option<Origin> {
    serde_json::from_str(text.split_once(' ')?.1).ok()
}

/// What the chain holds of an origin.
pub fn origin_hash(text: &str) -> Hash {
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content<'static> {
        Content {
            organization: OrganizationId(Uuid::from_u128(1)),
            at: DateTime::from_timestamp(1_772_442_000, 123_456_000).expect("a time"),
            actor_kind: "user",
            actor_id: Some(Uuid::from_u128(2)),
            action: "lead_claimed",
            subject_kind: Some("lead"),
            subject_id: Some(Uuid::from_u128(3)),
            details: "{}",
            request_id: None,
            origin_hash: None,
        }
    }

    /// Computed by hand from the description, with Python's hashlib: the encoding may never change under the same version.
    #[test]
    fn the_encoding_is_the_documented_one() {
        assert_eq!(hex::encode(content().digest()), "0a51b735d76057d33433e5884c50fce7d119ad5fa2690203bfb2110cbbe808d6");
        assert_eq!(
            hex::encode(link(&GENESIS, 1, &content().digest())),
            "5cd79b0e74f4b3378db09db3c52ba57df419e8810e5ffcc88ab10ecf31242d8a"
        );
    }

    #[test]
    fn every_field_is_covered_and_none_flows_into_the_next() {
        let other = [
            Content { organization: OrganizationId(Uuid::from_u128(9)), ..content() },
            Content { at: content().at + chrono::TimeDelta::microseconds(1), ..content() },
            Content { actor_kind: "operator", ..content() },
            Content { actor_id: None, ..content() },
            Content { action: "lead_claimedlead", subject_kind: Some(""), ..content() },
            Content { subject_kind: None, ..content() },
            Content { subject_id: None, ..content() },
            Content { details: "{ }", ..content() },
            Content { request_id: Some(""), ..content() },
            Content { origin_hash: Some(&GENESIS), ..content() },
        ];
        let mut digests: Vec<Hash> = other.iter().map(Content::digest).collect();
        digests.push(content().digest());
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 11);
        assert_ne!(link(&GENESIS, 1, &digests[0]), link(&GENESIS, 2, &digests[0]), "the place counts");
    }

    #[test]
    fn an_origin_is_salted_and_read_again() {
        let origin = Origin::new("::ffff:192.0.2.7".parse().ok(), Some("Mozilla/5.0 é"), Some("r1"));
        let (one, two) = (origin_text(&origin), origin_text(&origin));
        assert_ne!(origin_hash(&one), origin_hash(&two), "the same address twice is not recognised");
        let read = read_origin(&one).expect("reads");
        assert_eq!((read.address, read.agent), (origin.address, origin.agent));
        assert_eq!(read.address.map(|address| address.to_string()).as_deref(), Some("192.0.2.7"));
    }
}
