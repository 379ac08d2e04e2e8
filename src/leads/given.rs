//! Fields as people type them.

use crate::error::{Error, Result};

/// A field as a person typed it: without the space around it, none where it is empty. 422 `too_long`, `control_characters`.
pub fn one_line(given: Option<&str>, name: &'static str, longest: usize) -> Result<Option<String>> {
    let text = given.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > longest) {
        return Err(Error::invalid(name, "too_long", format!("At most {longest} characters.")));
    }
    if text.is_some_and(|text| text.chars().any(char::is_control)) {
        return Err(Error::invalid(name, "control_characters", "One line of text, please."));
    }
    Ok(text.map(str::to_owned))
}

/// Lightly: the proof is a letter that arrives.
pub fn plausible_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
    }) && !email.contains(char::is_whitespace)
}
