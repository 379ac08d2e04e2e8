//! What one process tells the others: who has news, never what it is. `<process>|<kinds>|<organizations>`.

use std::collections::HashSet;

use uuid::Uuid;

use crate::types::ids::OrganizationId;

/// A payload of NOTIFY holds 8,000 bytes; with more organizations than fit everybody looks at all of theirs.
const MOST: usize = 150;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notice {
    pub jobs: bool,
    pub sessions: bool,
    pub organizations: HashSet<OrganizationId>,
    /// More organizations than can be named.
    pub all: bool,
}

impl Notice {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn write(&self, from: Uuid) -> String {
        let jobs = if self.jobs { "j" } else { "" };
        let sessions = if self.sessions { "s" } else { "" };
        let organizations = if self.all || self.organizations.len() > MOST {
            "*".to_owned()
        } else {
            self.organizations.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        format!("{from}|{jobs}{sessions}|{organizations}")
    }

    /// Nothing where `me` wrote it, who heard it already, or where it is no notice.
    pub fn read(text: &str, me: Uuid) -> Option<Self> {
        let mut parts = text.splitn(3, '|');
        let from: Uuid = parts.next()?.parse().ok()?;
        let (kinds, organizations) = (parts.next()?, parts.next()?);
        (from != me).then(|| Self {
            jobs: kinds.contains('j'),
            sessions: kinds.contains('s'),
            all: organizations == "*",
            organizations: organizations.split(',').filter_map(|id| id.parse().ok()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_everybody_else() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let organizations = HashSet::from([OrganizationId(Uuid::from_u128(7)), OrganizationId(Uuid::from_u128(8))]);
        let notice = Notice { jobs: true, sessions: true, organizations, all: false };
        assert_eq!(Notice::read(&notice.write(me), other), Some(notice.clone()));
        assert_eq!(Notice::read(&notice.write(me), me), None);
        for odd in ["", "x", "|j|", "nobody|j|*"] {
            assert_eq!(Notice::read(odd, me), None, "{odd}");
        }
    }

    #[test]
    fn it_fits_into_a_payload_however_many_have_news() {
        let organizations = (0..5_000).map(|n| OrganizationId(Uuid::from_u128(n))).collect();
        let text = Notice { organizations, ..Notice::default() }.write(Uuid::nil());
        assert!(text.len() < 8_000);
        assert!(Notice::read(&text, Uuid::max()).expect("a notice").all);
        let organizations = (0..MOST as u128).map(|n| OrganizationId(Uuid::from_u128(n))).collect();
        assert!(Notice { organizations, ..Notice::default() }.write(Uuid::nil()).len() < 8_000);
    }
}
