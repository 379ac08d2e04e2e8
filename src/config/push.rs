//! How pushes are sent.

use std::time::Duration;

use url::Url;

use super::{Reader, is_loopback};
use crate::providers::{mail::MailOptions, push::PushOptions};

/// For a push service's answer.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    /// Push services want to know whom to write to when something is wrong.
    pub(super) fn push(&mut self, public_url: &Url, mail: Option<&MailOptions>) -> PushOptions {
        let contact = self.text("PUSH_CONTACT").unwrap_or_else(|| match mail {
            Some(mail) => format!("mailto:{}", mail.from.email),
            None => public_url.to_string(),
        });
        if self.text("PUSH_CONTACT").is_some() && !contact.starts_with("mailto:") && !contact.starts_with("https://") {
            self.say("PUSH_CONTACT", "begins with mailto: or https://");
        }
        let list = self.text("PUSH_ORIGINS").unwrap_or_default();
        let mut origins = Vec::new();
        for text in list.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            match Url::parse(text) {
                Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
                    origins.push(url)
                }
                _ => self.say("PUSH_ORIGINS", "is a list of origins such as https://push.example.com"),
            }
        }
        PushOptions { contact, origins, timeout: PUSH_TIMEOUT }
    }
}
