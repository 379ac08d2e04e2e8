//! The phone library that we use says what Google's own says (fixtures/phones), and what we make of it stays with that.

use std::{fs, path::Path};

use nextmove::types::{
    country::Country,
    phone::{Phone, PhoneError},
};
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

/// Region, input, kind, E.164.
fn answers() -> Vec<[String; 4]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/phones/google.tsv");
    let text = fs::read_to_string(path).expect("the answers");
    text.lines()
        .map(|line| {
            let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            fields.try_into().unwrap_or_else(|fields| panic!("four fields: {fields:?}"))
        })
        .collect()
}

fn kind(kind: PhoneNumberType) -> &'static str {
    match kind {
        PhoneNumberType::FixedLine => "fixed_line",
        PhoneNumberType::Mobile => "mobile",
        PhoneNumberType::FixedLineOrMobile => "fixed_line_or_mobile",
        PhoneNumberType::TollFree => "toll_free",
        PhoneNumberType::PremiumRate => "premium_rate",
        PhoneNumberType::SharedCost => "shared_cost",
        PhoneNumberType::VoIP => "voip",
        PhoneNumberType::PersonalNumber => "personal_number",
        PhoneNumberType::Pager => "pager",
        PhoneNumberType::UAN => "uan",
        PhoneNumberType::VoiceMail => "voicemail",
        PhoneNumberType::Unknown => "unknown",
    }
}

#[test]
fn the_library_agrees_with_googles() {
    let answers = answers();
    assert!(answers.len() > 10_000, "{}", answers.len());
    let mut different = Vec::new();
    for [region, input, expected_kind, expected] in &answers {
        let known = Region::from_code(region).expect("a region");
        let (found_kind, found) = match PhoneNumber::parse(input, Some(known)) {
            Err(_) => ("unreadable", String::new()),
            Ok(number) if !number.is_valid() => ("invalid", String::new()),
            Ok(number) => (kind(number.get_type()), number.format_as(PhoneNumberFormat::E164).to_string()),
        };
        if (found_kind, found.as_str()) != (expected_kind, expected) {
            different.push(format!("{region} {input}: {found_kind} {found}, not {expected_kind} {expected}"));
        }
    }
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), answers.len(), different.join("\n"));
}

/// Where Google's library has an answer, ours is the same, except that premium numbers are refused, that a German mobile whose plus was
/// forgotten is one, and that E.164 ends at fifteen digits, which some German plans do not. Where it has none, ours may only come from
/// reading `00` or `(0)` as people mean them.
#[test]
fn what_we_read_is_what_google_reads() {
    let mut different = Vec::new();
    for [region, input, kind, expected] in answers() {
        let country = Country::parse(&region).expect("a country");
        let read = Phone::parse(&input, country);
        let agrees = match (&read, kind.as_str()) {
            (Err(PhoneError::PremiumRate), "premium_rate") => true,
            (Ok(_), "invalid" | "unreadable") => {
                let forgotten_plus = region == "DE" && input.starts_with("49");
                forgotten_plus || input.starts_with("00") || input.contains("(0)")
            }
            (Err(_), "invalid" | "unreadable") => true,
            (Ok(phone), _) => phone.as_str() == expected || (region == "DE" && format!("+{input}") == phone.as_str()),
            (Err(PhoneError::NotE164), _) => expected.len() > "+".len() + 15,
            (Err(_), _) => false,
        };
        if !agrees {
            different.push(format!(
                "{region} {input}: {:?}, not {kind} {expected}",
                read.map(|phone| phone.as_str().to_owned())
            ));
        }
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
}
