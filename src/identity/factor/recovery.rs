//! Recovery codes: ten, shown once, each good for one sign-in without the phone. Fifty bits of chance each, and kept as an HMAC under the
//! directory's index key, so that a copy of the database opens nothing.

use super::sql;
use crate::{
    db::{Directory, seal},
    error::Result,
    types::ids::UserId,
};

pub const COUNT: usize = 10;
const LENGTH: usize = 10;
/// Crockford's base 32: nothing that can be read as something else.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn make() -> String {
    let code: String =
        seal::random::<LENGTH>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    format!("{}-{}", &code[..LENGTH / 2], &code[LENGTH / 2..])
}

/// As it is compared: small, without dashes, and what looks like a digit is one.
fn normalise(code: &str) -> Option<String> {
    let code: String = code
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    (code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

fn hash(directory: &Directory, user: UserId, normalised: &str) -> Result<Vec<u8>> {
    directory.index("recovery_codes.code", &format!("{user}|{normalised}"))
}

/// New codes; those of before are worth nothing any more.
pub(super) async fn renew(directory: &mut Directory, user: UserId) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..COUNT).map(|_| make()).collect();
    let hashes =
        codes.iter().map(|code| hash(directory, user, &code.replace('-', ""))).collect::<Result<Vec<Vec<u8>>>>()?;
    sql::replace_recovery_codes(directory, user, &hashes).await?;
    Ok(codes)
}

/// Takes a code: once.
pub(super) async fn take(directory: &mut Directory, user: UserId, code: &str) -> Result<bool> {
    let Some(normalised) = normalise(code) else { return Ok(false) };
    let hash = hash(directory, user, &normalised)?;
    sql::use_recovery_code(directory, user, &hash).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_write_them() {
        let code = make();
        assert_eq!(normalise(&code), Some(code.replace('-', "")));
        assert_eq!(normalise(&code.to_uppercase().replace('-', " ")), Some(code.replace('-', "")));
        assert_eq!(normalise("OIL00-00000").as_deref(), Some("0110000000"));
        for wrong in ["", "123456", "uuuuu-uuuuu", "00000-000000"] {
            assert_eq!(normalise(wrong), None, "{wrong}");
        }
    }
}
