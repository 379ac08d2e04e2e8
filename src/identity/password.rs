//! Passwords: argon2id with the library's parameters (19 MiB, two passes: OWASP's), so many at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::{
    app::App,
    error::{Error, Result},
};

/// In place of a hash: no password opens this account. A demo's people, and those who are yet to choose one.
pub const NO_PASSWORD: &str = "!";

/// What an unknown address is verified against, so that it takes as long as a known one. Of no password anybody knows.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIGl0$Zm9yIHVua25vd24gYWRkcmVzc2VzLCBubyBwYXNzd28";

/// Longer ones would let anybody keep the hasher busy.
const MAX_BYTES: usize = 1024;

/// So many wait for a slot: about two seconds. More would only hold the places of everybody else's requests.
const WAITING: usize = 32;

struct Room(Semaphore);

impl Default for Room {
    fn default() -> Self {
        Self(Semaphore::new(WAITING))
    }
}

/// A slot and a thread for one hash. 503 where too many wait already.
async fn hashing<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let room = app.kept::<Room>();
    let _waits = room.0.try_acquire().map_err(|_| Error::Full)?;
    let permit = app.hashing.clone().acquire_owned().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    })
    .await
    .map_err(Error::internal)
}

/// The hash to store.
pub async fn hash_password(app: &App, password: String) -> Result<String> {
    if password.len() > MAX_BYTES {
        return Err(Error::invalid("password", "too_long", "A password has at most 1024 bytes."));
    }
    hashing(app, move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(Error::internal)
    })
    .await?
}

/// Whether the password is the one. Without a hash it takes as long, and is not.
pub(super) async fn verify(app: &App, hash: Option<String>, password: String) -> Result<bool> {
    if password.len() > MAX_BYTES {
        return Ok(false);
    }
    hashing(app, move || {
        let known = hash.filter(|hash| hash != NO_PASSWORD);
        let parsed = PasswordHash::new(known.as_deref().unwrap_or(DUMMY)).map_err(Error::internal)?;
        let fits = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(fits && known.is_some())
    })
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let real = Argon2::default().hash_password(b"correct horse").expect("hashes").to_string();
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&real), cost(DUMMY));
        let parsed = PasswordHash::new(DUMMY).expect("parses");
        assert_eq!(parsed.hash.map(|hash| hash.len()), Some(32));
        assert!(Argon2::default().verify_password(b"", &parsed).is_err());
    }
}
