//! A letter: plain text and HTML of the same words.

use askama::Template;
use url::Url;

/// What is sent to one person. Its parts are words of their language; who writes HTML is [`Letter::html`] alone.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Of the recipient.
    pub name: String,
    pub address: String,
    /// For the `Message-ID`: the same letter that is sent twice has the same, so that a mailbox may show it once.
    pub id: String,
    /// For `lang`.
    pub language: String,
    pub subject: String,
    pub heading: String,
    pub greeting: String,
    pub before: Vec<String>,
    /// A one-time code, as it is typed.
    pub code: Option<String>,
    /// What the button says, and where it leads. Following it must do nothing: scanners do.
    pub button: (String, Url),
    pub after: Vec<String>,
    pub footer: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    language: &'a str,
    heading: &'a str,
    greeting: &'a str,
    before: &'a [String],
    code: Option<&'a str>,
    button: &'a str,
    link: &'a str,
    after: &'a [String],
    footer: &'a str,
}

impl Letter {
    pub fn text(&self) -> String {
        let code = self.code.as_ref().map(|code| format!("    {code}"));
        let mut parts: Vec<&str> = vec![&self.greeting];
        parts.extend(self.before.iter().map(String::as_str));
        parts.extend(code.as_deref());
        parts.push(self.button.1.as_str());
        parts.extend(self.after.iter().map(String::as_str));
        format!("{}\n\n-- \n{}\n", parts.join("\n\n"), self.footer)
    }

    pub fn html(&self) -> Result<String, askama::Error> {
        Html {
            language: &self.language,
            heading: &self.heading,
            greeting: &self.greeting,
            before: &self.before,
            code: self.code.as_deref(),
            button: &self.button.0,
            link: self.button.1.as_str(),
            after: &self.after,
            footer: &self.footer,
        }
        .render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        let letter = Letter {
            name: "Åse".to_owned(),
            address: "ase@example.com".to_owned(),
            id: "1".to_owned(),
            language: "nb".to_owned(),
            subject: "Hei".to_owned(),
            heading: "Velkommen til <b>Fjord & Tak</b>".to_owned(),
            greeting: "Hei Åse,".to_owned(),
            before: vec!["Skriv inn koden:".to_owned()],
            code: Some("ABCD-2345".to_owned()),
            button: ("Bli med".to_owned(), "https://app.example.com/join?i=1".parse().expect("a URL")),
            after: vec!["Den virker én gang.".to_owned()],
            footer: "NextMove".to_owned(),
        };
        let html = letter.html().expect("renders");
        assert!(!html.contains("<b>") && html.contains("Fjord"), "{html}");
        assert!(html.contains("ABCD-2345") && html.contains("href=\"https://app.example.com/join?i=1\""), "{html}");
        assert_eq!(
            letter.text(),
            "Hei Åse,\n\nSkriv inn koden:\n\n    ABCD-2345\n\nhttps://app.example.com/join?i=1\n\nDen virker én gang.\n\n-- \nNextMove\n"
        );
    }
}
