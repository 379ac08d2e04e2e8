//! From a step's text to the words for one person. The owner's templates see six places and nothing else; they cannot loop for long, read
//! anything, or fail in the middle of the night for a word that was misspelt: that is refused when they are saved.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::{Step, StepKind};
use crate::{
    db::Tx,
    error::{Error, Result},
    identity,
    leads::LeadDetail,
    organizations::Organization,
    types::ids::UserId,
};

/// What a template may take to be written, in the engine's own measure: some thousand operations.
const FUEL: u64 = 20_000;
/// The places of a text.
pub(super) const PLACES: [&str; 6] = ["first_name", "name", "service", "city", "organization", "agent"];

/// What a person's message is filled with.
#[derive(Clone, Debug, Default)]
pub(super) struct Filling {
    pub name: String,
    pub service: String,
    pub city: String,
    pub organization: String,
    /// Whose lead it is; empty where it is nobody's.
    pub agent: String,
}

/// The words for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub subject: Option<String>,
    pub text: String,
    /// Of an e-mail: the same words.
    pub html: Option<String>,
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment
}

/// Whether a text can be written: it reads as a template, and every place in it is one of ours.
pub(super) fn check(field: &'static str, text: &str) -> Result<()> {
    let environment = environment();
    let invalid = |error: minijinja::Error| {
        let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
        Error::invalid(field, "template_invalid", format!("It cannot be read{line}: {}.", error.kind()))
    };
    let template = environment.template_from_str(text).map_err(invalid)?;
    let unknown = template.undeclared_variables(false).into_iter().find(|name| !PLACES.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(Error::invalid(
            field,
            "place_unknown",
            format!("There is no place {name}; there are {}.", PLACES.join(", ")),
        ));
    }
    let example = Filling {
        name: "Kari Nordmann".to_owned(),
        service: "x".to_owned(),
        city: "x".to_owned(),
        organization: "x".to_owned(),
        agent: "x".to_owned(),
    };
    fill(text, &example).map(drop).map_err(|_| {
        Error::invalid(
            field,
            "template_invalid",
            "It reads well, and cannot be written: a loop, or a filter that does not fit.",
        )
    })
}

fn fill(text: &str, filling: &Filling) -> Result<String> {
    let first_name = filling.name.split_whitespace().next().unwrap_or_default();
    let values = context! {
        first_name,
        name => filling.name.clone(),
        service => filling.service.clone(),
        city => filling.city.clone(),
        organization => filling.organization.clone(),
        agent => filling.agent.clone(),
    };
    environment()
        .render_str(text, values)
        .map_err(|error| Error::internal(format!("a template of a sequence: {}", error.kind())))
}

/// Writes a step.
pub(super) fn write(step: &Step, filling: &Filling) -> Result<Written> {
    let subject = step.subject.as_deref().map(|subject| fill(subject, filling)).transpose()?;
    let subject =
        subject.map(|subject| subject.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect());
    let text = fill(&step.text, filling)?.trim().to_owned();
    let html = (step.kind == StepKind::Email).then(|| {
        let paragraphs =
            text.split("\n\n").map(|paragraph| format!("<p>{}</p>", escaped(paragraph).replace('\n', "<br>")));
        paragraphs.collect()
    });
    Ok(Written { subject, text, html })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What is known of a lead.
pub(super) async fn filling(tx: &mut Tx, detail: &LeadDetail, organization: &Organization) -> Result<Filling> {
    let lead = &detail.lead;
    let agent = match lead.assignee_id {
        Some(user) => agent_name(tx, user).await?,
        None => String::new(),
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Ok(Filling {
        name: text(&lead.full_name),
        service: text(&lead.service),
        city: text(&lead.city),
        organization: organization.name.clone(),
        agent,
    })
}

async fn agent_name(tx: &mut Tx, user: UserId) -> Result<String> {
    let contact = identity::contact(tx, user).await?;
    Ok(contact.map(|contact| contact.name.split_whitespace().next().unwrap_or_default().to_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: StepKind, text: &str) -> Step {
        Step { kind, after_minutes: 0, subject: Some("Hei {{ first_name }}\nBcc: x".to_owned()), text: text.to_owned() }
    }

    #[test]
    fn a_person_is_greeted_by_name_and_one_without_is_greeted_all_the_same() {
        let kari =
            Filling { name: "Kari Nordmann".to_owned(), organization: "Fjord & Tak".to_owned(), ..Filling::default() };
        let text = "Hei {{ first_name or 'der' }}, her er {{ organization }}.";
        assert_eq!(write(&step(StepKind::Sms, text), &kari).expect("writes").text, "Hei Kari, her er Fjord & Tak.");
        let nobody = Filling { name: String::new(), ..kari.clone() };
        assert_eq!(write(&step(StepKind::Sms, text), &nobody).expect("writes").text, "Hei der, her er Fjord & Tak.");
        let mail = write(&step(StepKind::Email, "{{ organization }}\n\nHilsen"), &kari).expect("writes");
        assert_eq!(mail.html.as_deref(), Some("<p>Fjord &amp; Tak</p><p>Hilsen</p>"));
        assert_eq!(mail.subject.as_deref(), Some("Hei Kari Bcc: x"), "one line: no header of its own");
    }

    #[test]
    fn what_a_lead_wrote_is_no_template() {
        let sly = Filling { name: "{{ organization }} {% for x in range(9) %}".to_owned(), ..Filling::default() };
        let written = write(&step(StepKind::Sms, "Hei {{ name }}"), &sly).expect("writes");
        assert_eq!(written.text, "Hei {{ organization }} {% for x in range(9) %}");
    }

    #[test]
    fn endless_templates_run_out_of_fuel() {
        let loops = "{% for a in 'xxxxxxxxxxxxxxxx'|list %}".repeat(4) + "x" + &"{% endfor %}".repeat(4);
        assert!(matches!(check("text", &loops), Err(Error::Invalid { reason: "template_invalid", .. })));
        let once = "{% for a in 'xx'|list %}x{% endfor %}";
        assert!(check("text", once).is_ok(), "what refuses the loops above is how often they run");
        assert!(matches!(check("text", "{{ range(9) }}"), Err(Error::Invalid { reason: "place_unknown", .. })));
        assert!(matches!(check("text", "{{ secret }}"), Err(Error::Invalid { reason: "place_unknown", .. })));
    }
}
