//! What holds for whatever anybody sends us, as functions of bytes: `fuzz/` looks for bytes for which it does not, and `tests/it/corpus.rs`
//! goes through what was found before.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    doors::{payload, table},
    integrations::mapping::{MAX_CHARS, Overrides, Target, map_consents, map_lead},
    providers::meta::{GraphForm, GraphLead, parse_webhook, signature},
    types::{country::Country, phone::Phone},
};

/// A delivery: reading never panics, every change comes out as exactly one of lead, other field, unreadable; and only what was signed
/// verifies.
pub fn webhook(data: &[u8]) {
    let signed = signature::sign(b"secret", data);
    assert!(signature::verify(b"secret", data, Some(&signed)));
    let (header, body) = data.split_at(data.len().min(71));
    if let Ok(header) = std::str::from_utf8(header) {
        assert!(
            !signature::verify(b"secret", body, Some(header))
                || header.eq_ignore_ascii_case(&signature::sign(b"secret", body))
        );
    }
    let Ok(webhook) = parse_webhook(data) else { return };
    let came_out = webhook.leads.len() + webhook.ignored.len() + webhook.rejected.len();
    assert_eq!(came_out, changes(data), "a change was lost, or doubled");
    for lead in &webhook.leads {
        for id in [&lead.leadgen_id, &lead.page_id] {
            assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit()) && (1..=40).contains(&id.as_str().len()));
        }
    }
    let mut places: Vec<usize> = webhook.ignored.iter().map(|part| part.index).collect();
    places.extend(webhook.rejected.iter().map(|part| part.index));
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), all, "two parts stand at one place");
}

/// Counted in another way than they are read: entries, each with its changes, or itself where it has none.
fn changes(data: &[u8]) -> usize {
    #[derive(serde::Deserialize)]
    struct Post<'a> {
        #[serde(borrow)]
        entry: Vec<&'a RawValue>,
    }
    #[derive(serde::Deserialize)]
    struct Entry<'a> {
        #[serde(borrow, default)]
        changes: Option<Vec<&'a RawValue>>,
    }
    let Ok(post) = serde_json::from_slice::<Post<'_>>(data) else { return 0 };
    let count = |entry: &&RawValue| {
        // What our own reader refuses as a whole is one part: an `id` twice, for instance.
        let alone = parse_webhook(format!("{{\"object\":\"page\",\"entry\":[{}]}}", entry.get()).as_bytes());
        let is_whole = alone.is_ok_and(|alone| alone.rejected.iter().any(|part| part.raw == entry.get()));
        match serde_json::from_str::<Entry<'_>>(entry.get()) {
            Ok(Entry { changes: Some(changes) }) if !is_whole => changes.len(),
            _ => 1,
        }
    };
    post.entry.iter().map(count).sum()
}

/// A lead, as Graph answers it, and perhaps its form, one line each: whatever it is it maps, and nothing a person said is lost.
pub fn mapping(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let lead = lines.next().unwrap_or_default();
    let form = lines.next().and_then(|line| serde_json::from_slice::<GraphForm>(line).ok());
    let overrides = lines.next().and_then(|line| serde_json::from_slice::<Overrides>(line).ok()).unwrap_or_default();
    let Ok(mut lead) = serde_json::from_slice::<GraphLead>(lead) else { return };
    lead.field_data.truncate(100); // more is cut on purpose
    for country in [Country::NORWAY, Country::GERMANY] {
        let mapped = map_lead(&lead, form.as_ref(), &overrides, country);
        let core = [
            &mapped.full_name,
            &mapped.phone_given,
            &mapped.email,
            &mapped.postal_code,
            &mapped.city,
            &mapped.service,
            &mapped.message,
        ];
        let answers = mapped.answers.iter().flat_map(|answer| answer.values.iter().chain([&answer.key, &answer.label]));
        for text in core.into_iter().flatten().chain(answers) {
            assert!(text.chars().count() <= MAX_CHARS);
            assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "a control character passed");
        }
        if overrides.values().all(|target| *target != Target::Ignore) {
            nothing_is_lost(&lead, form.as_ref(), &mapped);
        }
        let _ = map_consents(&lead, form.as_ref(), &overrides);
    }
}

/// Every word that was said is found again, once for each time it was said; cut texts apart.
fn nothing_is_lost(lead: &GraphLead, form: Option<&GraphForm>, mapped: &crate::integrations::mapping::MappedLead) {
    // Only plain letters: punctuation and space may go, and a choice is told by its label.
    let choices: usize = form.map_or(0, |form| form.questions.iter().map(|question| question.options.len()).sum());
    if choices > 0 {
        return;
    }
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
    };
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    let texts = [
        &mapped.full_name,
        &mapped.phone_given,
        &mapped.email,
        &mapped.postal_code,
        &mapped.city,
        &mapped.service,
        &mapped.message,
    ];
    for text in texts.into_iter().flatten().chain(mapped.answers.iter().flat_map(|answer| &answer.values)) {
        for word in words(text) {
            *kept.entry(word).or_default() += 1;
        }
    }
    let digits = mapped.phone.as_ref().map(|phone| phone.as_str().to_owned()).unwrap_or_default();
    for field in &lead.field_data {
        let long = field.values.iter().map(|value| value.len()).sum::<usize>() > MAX_CHARS || field.values.len() > 90;
        // Hidden marks go, and may stand within a word; a number is written anew.
        let plain =
            field.values.iter().all(|value| value.is_ascii() && !value.bytes().any(|byte| byte.is_ascii_control()));
        let is_phone = field.values.iter().any(|value| {
            let given: String = value.chars().filter(char::is_ascii_digit).collect();
            !digits.is_empty()
                && given.len() > 3
                && (digits.ends_with(&given)
                    || digits.ends_with(given.trim_start_matches('0'))
                    || given.ends_with(&digits[3..]))
        });
        if long || !plain || is_phone {
            continue;
        }
        for word in field.values.iter().flat_map(|value| words(value)) {
            *said.entry(word).or_default() += 1;
        }
    }
    for (word, times) in said {
        let found = kept.get(&word).copied().unwrap_or(0);
        assert!(found >= times || !digits.is_empty(), "said {times} times, kept {found} times");
    }
}

/// A telephone number: what is read is E.164, is read again as itself in every country, and is told to nobody by `Debug`.
pub fn phone(data: &[u8]) {
    let [first, second, rest @ ..] = data else { return };
    let letter = |byte: &u8| char::from(b'A' + byte % 26);
    let country = Country::parse(&format!("{}{}", letter(first), letter(second))).expect("two letters");
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let Ok(phone) = Phone::parse(text, country) else { return };
    let written = phone.as_str();
    assert!(Phone::from_e164(written).is_ok_and(|again| again == phone));
    for other in [country, Country::NORWAY, Country::GERMANY, Country::NETHERLANDS] {
        assert!(Phone::parse(written, other).is_ok_and(|again| again == phone), "it reads differently in {other}");
    }
    let json = serde_json::to_string(&phone).expect("serializes");
    assert!(serde_json::from_str::<Phone>(&json).is_ok_and(|again| again == phone));
    assert!(!format!("{phone:?}").contains(&written[3..]), "Debug tells the number");
    let _ = phone.takes_sms();
}

/// What another system posts, and a file of leads: reading never panics; fields are bounded and have names; rows are as wide as their headers,
/// and what a file says comes back from a file that is safe to open.
pub fn payload(data: &[u8]) {
    if let Ok(fields) = payload::fields(&String::from_utf8_lossy(data)) {
        assert!((1..=200).contains(&fields.len()));
        assert!(fields.iter().all(|field| field.name.chars().count() <= 200));
        let (lead, form) = payload::as_lead(fields, chrono::DateTime::UNIX_EPOCH).expect("a lead");
        let mapped = map_lead(&lead, Some(&form), &Overrides::new(), Country::NORWAY);
        assert!(
            mapped.answers.iter().flat_map(|answer| &answer.values).all(|value| value.chars().count() <= MAX_CHARS)
        );
    }
    let (text, _) = table::decode(data);
    let Ok(table) = table::read(&text, table::delimiter(&text)) else { return };
    assert!(table.rows.len() <= table::MOST_ROWS && table.rows.iter().all(|row| row.len() == table.headers.len()));
    for cell in table.rows.iter().flatten() {
        assert!(!table::guarded(cell).starts_with(['=', '+', '-', '@', '\t', '\r']));
    }
}
