//! Authenticator apps: time-based codes (RFC 6238), six digits every thirty seconds. One app a person; setting up another replaces it.
//!
//! A code of the step before or after is good too, for clocks differ; each step is taken once, for somebody may look over a shoulder.

use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret};
use utoipa::ToSchema;

use super::{
    Added, Factors,
    ceremony::{self, Kind},
    sql,
};
use crate::{
    config::Config,
    db::{Directory, seal},
    error::{Error, Result},
    identity::{session::Live, sql as people},
    types::ids::UserId,
};

const DIGITS: usize = 6;
const ISSUER: &str = "NextMove";

/// What an authenticator app is fed with. Shown once, until the first code confirms it.
#[derive(Serialize, ToSchema)]
pub struct TotpEnrolment {
    /// For typing, in groups of four.
    pub secret: String,
    /// `otpauth://…`: opens an app on the same phone.
    pub uri: String,
    /// The same as an SVG to scan; drawn here, since the secret is nobody else's.
    pub qr: String,
}

/// What waits for its first code.
#[derive(Serialize, Deserialize)]
struct Pending {
    secret: String,
}

/// Six digits, however they are grouped; anything else is none.
pub(super) fn as_digits(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn generator(secret: &str) -> Result<Builder> {
    let secret = Secret::try_from_base32(secret).map_err(|_| Error::internal("a secret that is not base32"))?;
    Ok(Builder::new().with_secret(secret))
}

/// The step whose code this is.
fn step_of(secret: &str, digits: &str, at: chrono::DateTime<chrono::Utc>) -> Result<Option<i64>> {
    let totp = generator(secret)?.build().map_err(|_| Error::internal("a secret that is too short"))?;
    let seconds = u64::try_from(at.timestamp()).map_err(Error::internal)?;
    Ok(totp.check(digits, seconds).map(u64::cast_signed))
}

/// Makes a secret, which counts once a code of it was seen.
pub async fn begin(directory: &mut Directory, live: &Live) -> Result<TotpEnrolment> {
    sql::forget_ceremonies(directory, Kind::TotpEnrolment.as_str(), live.session.0).await?;
    let secret = Secret::from(seal::random::<20>()).to_base32();
    ceremony::begin(directory, Kind::TotpEnrolment, Some(live.session.0), &Pending { secret: secret.clone() }).await?;
    let user = people::user(directory, live.user).await?;
    let totp = generator(&secret)?
        .with_account_name(user.email.replace(':', " "))
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|_| Error::internal("an address that no authenticator takes"))?;
    let uri = totp.to_url().map_err(|_| Error::internal("an address that no authenticator takes"))?;
    let groups: Vec<&str> = (0..secret.len()).step_by(4).map(|at| &secret[at..(at + 4).min(secret.len())]).collect();
    Ok(TotpEnrolment { qr: draw(&uri)?, secret: groups.join(" "), uri })
}

fn draw(text: &str) -> Result<String> {
    use fast_qr::{
        convert::{Builder as _, svg::SvgBuilder},
        qr::QRBuilder,
    };
    let code = QRBuilder::new(text).build().map_err(|_| Error::internal("too long for a QR code"))?;
    Ok(SvgBuilder::default().margin(4).to_str(&code))
}

/// Confirms the secret by a code of it. 422 `factor_code_wrong`, `ceremony_over`.
pub async fn confirm(directory: &mut Directory, config: &Config, live: &Live, code: &str) -> Result<Added> {
    let pending: Pending = ceremony::peek(directory, Kind::TotpEnrolment, live.session.0).await?;
    let digits = as_digits(code).ok_or_else(wrong_code)?;
    let step = step_of(&pending.secret, &digits, directory.now())?.ok_or_else(wrong_code)?;
    sql::save_totp(directory, live.user, &pending.secret, step).await?;
    sql::forget_ceremonies(directory, Kind::TotpEnrolment.as_str(), live.session.0).await?;
    super::added(directory, config, live).await
}

/// Takes a code of the person's app. A step is taken once: of two who present it at once, one.
pub(super) async fn take(directory: &mut Directory, user: UserId, digits: &str) -> Result<bool> {
    let Some(row) = sql::totp(directory, user).await? else { return Ok(false) };
    let secret = directory.open("totp_factors", "secret", user.0, &row.secret)?;
    match step_of(&secret, digits, directory.now())? {
        Some(step) => sql::use_totp(directory, user, step).await,
        None => Ok(false),
    }
}

/// Takes the app away. 404 without one; 409 `factor_required`.
pub async fn remove(directory: &mut Directory, config: &Config, live: &Live) -> Result<Factors> {
    if !sql::remove_totp(directory, live.user).await? {
        return Err(Error::NotFound);
    }
    super::removed(directory, config, live).await
}

/// What a person reads whose code is not taken.
pub(in crate::identity) fn wrong_code() -> Error {
    Error::invalid("code", "factor_code_wrong", "This code is not right, or was used already.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret is "12345678901234567890", six digits of eight.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            let at = chrono::DateTime::from_timestamp(seconds, 0).expect("a time");
            assert_eq!(step_of(secret, code, at).expect("reads"), Some(seconds / 30));
            assert_eq!(step_of(secret, code, at + chrono::TimeDelta::seconds(30)).expect("reads"), Some(seconds / 30));
            assert_eq!(step_of(secret, code, at + chrono::TimeDelta::seconds(60)).expect("reads"), None);
        }
    }

    #[test]
    fn digits_are_read_as_people_write_them() {
        assert_eq!(as_digits(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(as_digits("123-456").as_deref(), Some("123456"));
        for other in ["12345", "1234567", "12345a", "abcde-fghjk", "١٢٣٤٥٦"] {
            assert_eq!(as_digits(other), None, "{other}");
        }
    }

    #[test]
    fn the_picture_is_drawn_here() {
        let svg = draw("otpauth://totp/NextMove:a%40b.example?secret=GEZDGNBV").expect("draws");
        let names_only = svg.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
        assert!(svg.starts_with("<svg") && !names_only.contains("http"), "nothing is fetched: {svg}");
    }
}
