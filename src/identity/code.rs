//! One-time codes: what a person types to show that a letter reached them. A link would be opened by mail scanners; a code is not.
//!
//! Eight characters of thirty (39 bits), in two groups, from the system's randomness, without those that look alike. What is stored to
//! compare with is a keyed hash, bound to what the code is for: whoever reads the database cannot try out a code. Tries are counted before the
//! code is looked at, in PostgreSQL, by what is tried and by address, with the same blocks as logins.

use std::net::IpAddr;

use chrono::TimeDelta;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sql;
use crate::{
    db::{
        Directory,
        seal::{self, Vault},
    },
    error::{Error, Result},
};

/// Without 0 and O, 1, I and L, and U, which is read as V.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

const PER_SUBJECT: i32 = 5;
const PER_ADDRESS: i32 = 30;
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// A code, without what is only for the eye.
pub(super) struct Code(Zeroizing<String>);

impl Code {
    pub fn make() -> Self {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        while code.len() < LENGTH {
            // The rest above a multiple of thirty would make some characters likelier.
            let fair = seal::random::<16>().into_iter().filter(|byte| *byte < 240);
            let missing = LENGTH - code.len();
            code.extend(fair.take(missing).map(|byte| char::from(ALPHABET[usize::from(byte % 30)])));
        }
        Self(code)
    }

    /// As somebody typed it: in small letters, with or without the dash, with spaces of a paste around it.
    pub fn read(typed: &str) -> Option<Self> {
        let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-' && *c != '–');
        let code: Zeroizing<String> = Zeroizing::new(plain.take(LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect());
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// `ABCD-2345`
    pub fn shown(&self) -> String {
        format!("{}-{}", &self.0[..LENGTH / 2], &self.0[LENGTH / 2..])
    }

    /// What is stored. `of`: what the code is for.
    pub fn index(&self, vault: &Vault, of: Uuid) -> Result<Vec<u8>> {
        vault.index("one_time_code", &format!("{of}:{}", *self.0)).map_err(Error::internal)
    }

    /// Whether it is the code that was stored, in the same time whatever differs.
    pub fn is(&self, vault: &Vault, of: Uuid, stored: &[u8]) -> Result<bool> {
        Ok(self.index(vault, of)?.ct_eq(stored).into())
    }
}

/// What every code that does not work is answered with: mistyped, used, too old, or never made.
pub(super) fn refused() -> Error {
    Error::invalid("code", "code_wrong", "This code does not work. It may be mistyped, used or too old.")
}

/// A try that is counted.
pub(super) struct Try {
    subject: Vec<u8>,
    address: Vec<u8>,
}

impl Try {
    /// Counts before the code is looked at. The inner error has to be committed with the counters.
    pub async fn count(
        directory: &mut Directory,
        what: &'static str,
        subject: &str,
        address: IpAddr,
    ) -> Result<Result<Self>> {
        let counted = Self {
            subject: directory.index(what, subject)?,
            address: directory.index("code.address", &address.to_string())?,
        };
        for (key, limit) in [(&counted.address, PER_ADDRESS), (&counted.subject, PER_SUBJECT)] {
            if let Some(retry_after) = over(directory, key, limit).await? {
                return Ok(Err(Error::TooMany { retry_after, reason: "code" }));
            }
        }
        Ok(Ok(counted))
    }

    /// The right code: the subject starts afresh, and the address gets its try back.
    pub async fn forgive(&self, directory: &mut Directory) -> Result<()> {
        sql::forgive_login(directory, &self.subject, &self.address).await
    }
}

/// Counts one more of `key`; the seconds to wait where there were too many.
pub(super) async fn over(directory: &mut Directory, key: &[u8], limit: i32) -> Result<Option<u64>> {
    if sql::count_login(directory, key, limit, WINDOW).await? {
        return Ok(None);
    }
    let until = sql::blocked_until(directory, key).await?.unwrap_or(directory.now());
    Ok(Some(((until - directory.now()).num_seconds().max(0) + 1).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn vault() -> Vault {
        Vault::new([], [(1, Zeroizing::new([8; 32]))])
    }

    #[test]
    fn codes_are_different_and_read_as_people_type() {
        let made: HashSet<String> = (0..1000).map(|_| Code::make().shown()).collect();
        assert_eq!(made.len(), 1000);
        let letters: HashSet<char> = made.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), 31, "all thirty, and the dash");
        let code = Code::read("abcd2345").expect("a code");
        for typed in ["ABCD-2345", " abcd 2345\n", "a b c d – 2345", "Abcd2345"] {
            assert_eq!(Code::read(typed).expect(typed).shown(), code.shown(), "{typed}");
        }
        for none in ["", "ABCD-234", "ABCD-23456", "ABCD-234O", "ABCD-2341", "ÅBCD-2345"] {
            assert!(Code::read(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_code_is_for_one_thing() {
        let (code, other) = (Code::read("ABCD2345").expect("a code"), Code::read("ABCD2346").expect("a code"));
        let stored = code.index(&vault(), Uuid::from_u128(1)).expect("a key");
        assert!(code.is(&vault(), Uuid::from_u128(1), &stored).expect("a key"));
        assert!(!code.is(&vault(), Uuid::from_u128(2), &stored).expect("a key"));
        assert!(!other.is(&vault(), Uuid::from_u128(1), &stored).expect("a key"));
    }
}
