//! By whom mail and text messages are sent.

use std::time::Duration;

use url::Url;

use super::{Purpose, Reader, is_loopback};
use crate::providers::{
    hooks,
    mail::MailOptions,
    sms::{Sms, SmsOptions},
};

/// For a conversation with the mail server.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(20);
const SMS_TIMEOUT: Duration = Duration::from_secs(15);

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    /// `MAIL_URL`, or `SMTP_URL`, which is the older name for relays.
    pub(super) fn mail(&mut self, purpose: Purpose) -> Option<MailOptions> {
        let name = match (self.text("MAIL_URL"), self.text("SMTP_URL")) {
            (Some(_), Some(_)) => {
                self.say("SMTP_URL", "and MAIL_URL say the same thing: keep one of them");
                return None;
            }
            (Some(_), None) => "MAIL_URL",
            _ => "SMTP_URL",
        };
        let url: Url = self.optional(name, "a URL such as smtps://user:password@mail.example.com")?;
        let is_private = match (url.scheme(), url.query_pairs().find(|(name, _)| name == "tls")) {
            ("smtps", _) => true,
            ("smtp", Some((_, tls))) => tls == "required",
            ("smtp", None) => is_loopback(&url) || purpose == Purpose::Demo,
            ("sendgrid" | "mailgun", _) if name == "MAIL_URL" => self.is_api(name, &url)?,
            _ => {
                let also = if name == "MAIL_URL" { "; or with sendgrid:// or mailgun://" } else { "" };
                self.say(name, &format!("begins with smtps://, or with smtp:// and ends in ?tls=required{also}"));
                return None;
            }
        };
        if !is_private {
            self.say(name, "would send codes in the clear: use smtps://, or append ?tls=required");
        }
        if self.text("MAIL_FROM").is_none() {
            self.say("MAIL_FROM", &format!("is needed together with {name}: NextMove <nextmove@example.com>"));
        }
        let from = self.optional("MAIL_FROM", "a sender such as NextMove <nextmove@example.com>")?;
        let webhook_key = self.text("MAIL_WEBHOOK_KEY");
        if url.scheme() == "sendgrid" && webhook_key.as_deref().is_some_and(|key| hooks::p256_point(key).is_none()) {
            self.say("MAIL_WEBHOOK_KEY", "is not the public key that SendGrid shows: base64, beginning with MFkw");
        }
        Some(MailOptions { url, from, timeout: MAIL_TIMEOUT, webhook_key })
    }

    /// A key, and of Mailgun's a domain.
    fn is_api(&mut self, name: &str, url: &Url) -> Option<bool> {
        let is_whole = url.password().is_some_and(|key| !key.is_empty())
            && url.host().is_some()
            && (url.scheme() == "sendgrid" || !url.username().is_empty());
        if !is_whole {
            self.say(
                name,
                "is written sendgrid://:key@api.sendgrid.com or mailgun://example.com:key@api.eu.mailgun.net",
            );
            return None;
        }
        Some(true)
    }

    pub(super) fn sms(&mut self) -> Option<SmsOptions> {
        let from =
            self.optional("SMS_FROM", "a sender: at most 11 letters and digits, or a number such as +4791234567");
        let url = self.optional("SMS_URL", "a URL such as twilio://AccountSid:AuthToken@api.twilio.com")?;
        let options = SmsOptions { url, from, webhook_key: self.text("SMS_WEBHOOK_KEY"), timeout: SMS_TIMEOUT };
        if let Err(why) = Sms::new(options.clone()) {
            self.say("SMS_URL", &why);
            return None;
        }
        if options.webhook_key.is_none() && options.url.scheme() != "twilio" {
            self.say("SMS_WEBHOOK_KEY", "is needed: without it reports and answers cannot be told from forgeries");
        }
        Some(options)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Problems};
    use super::*;

    const SECRETS: [(&str, &str); 2] =
        [("META_APP_SECRET", "0123456789abcdef0123"), ("META_VERIFY_TOKEN", "fedcba98765432100123")];

    fn read(purpose: Purpose, given: &[(&str, &str)]) -> Result<Config, Problems> {
        Config::read(purpose, |name| given.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn mail_is_private_or_stays_on_this_machine() {
        let read = |url: &str, from: &str| {
            let given = [SECRETS[0], SECRETS[1], ("SMTP_URL", url), ("MAIL_FROM", from)];
            read(Purpose::Serve, &given).map(|config| config.mail.is_some())
        };
        let from = "NextMove <nextmove@example.com>";
        for good in [
            "smtps://user:secret-of-the-relay@mail.example.com",
            "smtp://mail.example.com:587?tls=required",
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
        ] {
            assert!(read(good, from).expect(good), "{good}");
        }
        for bad in [
            "smtp://user:secret-of-the-relay@mail.example.com",
            "smtp://mail.example.com?tls=opportunistic",
            "https://x",
            "mail",
        ] {
            let told = read(bad, from).expect_err(bad).to_string();
            assert!(told.contains("SMTP_URL") && !told.contains("secret-of-the-relay"), "{told}");
        }
        assert!(read("smtps://mail.example.com", "").expect_err("no sender").to_string().contains("MAIL_FROM"));
        assert!(read("smtps://mail.example.com", "nobody").expect_err("no sender").to_string().contains("MAIL_FROM"));
        assert!(!read("", from).expect("no mail"));
    }

    #[test]
    fn an_api_sends_mail_and_text_messages_where_its_key_is_given() {
        let read = |given: &[(&str, &str)]| {
            let given: Vec<_> = SECRETS.iter().chain(given).copied().collect();
            read(Purpose::Serve, &given).map_err(|problems| problems.to_string())
        };
        let from = ("MAIL_FROM", "NextMove <nextmove@example.com>");
        for url in [
            "sendgrid://:SG.key@api.eu.sendgrid.com",
            "mailgun://mg.example.com:key@api.mailgun.net",
            "smtps://a:b@mail.example.com",
        ] {
            assert!(read(&[("MAIL_URL", url), from]).expect(url).mail.is_some(), "{url}");
        }
        for given in [
            ("MAIL_URL", "sendgrid://api.sendgrid.com"),
            ("MAIL_URL", "mailgun://:key@h"),
            ("SMTP_URL", "sendgrid://:k@h"),
        ] {
            assert!(read(&[given, from]).expect_err("no key").contains(given.0), "{given:?}");
        }
        let twice = [("MAIL_URL", "smtps://a"), ("SMTP_URL", "smtps://a"), from];
        assert!(read(&twice).expect_err("two of them").contains("keep one"));
        let twilio = ("SMS_URL", "twilio://AC1:token-of-the-account@api.twilio.com");
        assert_eq!(read(&[twilio, ("SMS_FROM", "Acme")]).expect("sends").sms.expect("sms").from, "Acme".parse().ok());
        let told = read(&[twilio]).expect_err("no sender");
        assert!(told.contains("SMS_FROM") && !told.contains("token-of-the-account"), "{told}");
        let bird = ("SMS_URL", "bird://ws:key@api.bird.com?channel=c");
        assert!(read(&[bird]).expect_err("no key for callbacks").contains("SMS_WEBHOOK_KEY"));
    }
}
