//! From what Meta answers to what an agent reads: pure functions, no clock, no database.
//!
//! A business names its questions as it likes, so each answer finds its place by, in this order: the business's own setting
//! for that form, Meta's type of the question, the words of its key, the words of its label. What finds no place stays
//! an answer under its question, in the order of the form, with the labels the person read. Nothing a person said is dropped:
//! a second telephone number and an address that is none become answers too.
//!
//! Invariant: total. Any lead maps to something; no text is longer than [`MAX_CHARS`] or holds control characters.

mod consent;
mod keys;

use std::{collections::BTreeMap, fmt};

use crate::{
    providers::meta::{Field, GraphForm, GraphLead, Question},
    types::{country::Country, phone::Phone},
};

pub use self::{
    consent::{MappedConsent, map_consents},
    keys::{Target, normalize},
};

/// The longest text we keep of one answer, in characters. Meta's own limit for a free answer is far below.
pub const MAX_CHARS: usize = 10_000;
const MAX_ANSWERS: usize = 200;
const MAX_VALUES: usize = 100;

/// Settings of one form: question key → where its answer goes. Wins over every guess.
pub type Overrides = BTreeMap<String, Target>;

/// A lead in our own words. `Debug` says what is there, not what it says: this is all personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MappedLead {
    pub full_name: Option<String>,
    pub phone: Option<Phone>,
    /// As it was typed, when it is no valid number.
    pub phone_given: Option<String>,
    /// As it was typed, without the space around it.
    pub email: Option<String>,
    /// [`MappedLead::email`] in lower case, to find and to deduplicate by.
    pub email_index: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub service: Option<String>,
    pub message: Option<String>,
    /// Everything else, in the order of the form.
    pub answers: Vec<Answer>,
}

/// One question and what the person said. No values: they left it empty.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    pub key: String,
    /// What the person read; the key, made readable, when the form is not known.
    pub label: String,
    /// With the labels of the options the person chose.
    pub values: Vec<String>,
}

/// An answer on its way to its place.
struct Placed {
    target: Target,
    answer: Answer,
}

/// Maps one lead. `country` is the organization's, for telephone numbers without a country code.
#[must_use]
pub fn map_lead(lead: &GraphLead, form: Option<&GraphForm>, overrides: &Overrides, country: Country) -> MappedLead {
    let mut placed = place(lead, form, overrides);
    let phone = take(&mut placed, Target::Phone, |text| Phone::parse(text, country).is_ok(), true);
    let email = take(&mut placed, Target::Email, looks_like_email, false);
    let any = |_: &str| true;
    let full_name = take(&mut placed, Target::FullName, any, false).or_else(|| {
        let names = [Target::FirstName, Target::LastName].map(|target| take(&mut placed, target, any, false));
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    });
    let parsed = phone.as_deref().and_then(|text| Phone::parse(text, country).ok());
    MappedLead {
        full_name: full_name.map(|name| one_line(&name)),
        phone_given: phone.filter(|_| parsed.is_none()).map(|text| one_line(&text)),
        phone: parsed,
        email_index: email.as_deref().map(|email| clean(&email.to_lowercase(), MAX_CHARS)),
        email,
        postal_code: take(&mut placed, Target::PostalCode, any, false).map(|text| one_line(&text)),
        city: take(&mut placed, Target::City, any, false).map(|text| one_line(&text)),
        service: take(&mut placed, Target::Service, any, false),
        message: take(&mut placed, Target::Message, any, false),
        answers: placed.into_iter().map(|placed| placed.answer).take(MAX_ANSWERS).collect(),
    }
}

/// Gives every field its target, in the order of the form; fields the form does not know follow in Graph's order.
fn place(lead: &GraphLead, form: Option<&GraphForm>, overrides: &Overrides) -> Vec<Placed> {
    let questions = form.map_or(&[][..], |form| &form.questions);
    let mut fields: Vec<(usize, &Field)> =
        lead.field_data.iter().map(|field| (position(questions, &field.name), field)).collect();
    fields.sort_by_key(|(position, _)| *position);
    let placed = fields.into_iter().map(|(position, field)| {
        let question = questions.get(position);
        Placed { target: target(field, question, overrides), answer: answer(field, question) }
    });
    placed.filter(|placed| placed.target != Target::Ignore).collect()
}

/// Where the answers to each question of a form go: by every guess, and with the business's settings.
#[must_use]
pub fn destinations(form: &GraphForm, overrides: &Overrides) -> Vec<(Target, Target)> {
    let of = |question: &Question, overrides: &Overrides| {
        target(&Field { name: question.key.clone(), values: Vec::new() }, Some(question), overrides)
    };
    form.questions.iter().map(|question| (of(question, &Overrides::new()), of(question, overrides))).collect()
}

fn position(questions: &[Question], name: &str) -> usize {
    let exact = questions.iter().position(|q| q.key == name);
    let folded = || questions.iter().position(|q| !q.key.is_empty() && normalize(&q.key) == normalize(name));
    exact.or_else(folded).unwrap_or(usize::MAX)
}

fn target(field: &Field, question: Option<&Question>, overrides: &Overrides) -> Target {
    let key = normalize(&field.name);
    let set =
        overrides.get(&field.name).or_else(|| overrides.iter().find(|(k, _)| normalize(k) == key).map(|(_, t)| t));
    set.copied()
        .or_else(|| keys::of_kind(&question?.kind))
        .or_else(|| keys::of_word(&key))
        .or_else(|| keys::of_word(&normalize(&question?.label)))
        .unwrap_or(Target::Answer)
}

fn answer(field: &Field, question: Option<&Question>) -> Answer {
    let value = |value: &String| {
        let option = question.and_then(|q| q.options.iter().find(|option| option.key == *value));
        let label = option.map(|option| option.value.as_str()).filter(|label| !label.is_empty());
        clean(label.unwrap_or(value), MAX_CHARS)
    };
    let label = question.map(|q| clean(&q.label, MAX_CHARS)).filter(|label| !label.is_empty());
    Answer {
        key: clean(&field.name, MAX_CHARS),
        label: label.unwrap_or_else(|| readable(&field.name)),
        values: field.values.iter().take(MAX_VALUES).map(value).filter(|value| !value.is_empty()).collect(),
    }
}

/// Takes the first good answer for a target, or the first at all where `any` will do. The others stay answers.
fn take(placed: &mut Vec<Placed>, target: Target, good: impl Fn(&str) -> bool, any: bool) -> Option<String> {
    placed.retain(|p| p.target != target || !p.answer.values.is_empty());
    let text = |p: &Placed| clean(&p.answer.values.join(", "), MAX_CHARS);
    let first = |wanted: &dyn Fn(&str) -> bool| placed.iter().position(|p| p.target == target && wanted(&text(p)));
    let at = first(&good).or_else(|| if any { first(&|_| true) } else { None })?;
    Some(text(&placed.remove(at)))
}

/// Lightly: one `@`, something before it, a dot in what follows, nothing that breaks a mail header. The proof is a mail that arrives.
fn looks_like_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>,;:\"()[]\\".contains(c));
    let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    text.len() <= 254 && plain(local) && plain(domain) && dotted
}

/// Without control characters and direction overrides (which make a text read as another), trimmed, at most `max` characters.
fn clean(text: &str, max: usize) -> String {
    let kept = |c: &char| {
        let hidden = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        (!c.is_control() || matches!(c, '\n' | '\t')) && !hidden
    };
    let kept: String = text.chars().filter(kept).collect();
    let cut: String = kept.trim().chars().take(max).collect();
    cut.trim_end().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `når_passer_det?` → `Når passer det?`
fn readable(key: &str) -> String {
    let words = clean(&key.replace('_', " "), MAX_CHARS);
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    (first + chars.as_str()).chars().take(MAX_CHARS).collect()
}

impl fmt::Debug for MappedLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedLead")
            .field("full_name", &self.full_name.is_some())
            .field("phone", &self.phone)
            .field("phone_given", &self.phone_given.is_some())
            .field("email", &self.email.is_some())
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} value(s)", self.key, self.values.len())
    }
}

#[cfg(test)]
mod tests;
