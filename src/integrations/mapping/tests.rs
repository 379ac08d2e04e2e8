use proptest::prelude::*;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/meta/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(super) fn lead(name: &str) -> GraphLead {
    serde_json::from_slice(&fixture(name)).unwrap()
}

pub(super) fn form(name: &str) -> GraphForm {
    serde_json::from_slice(&fixture(name)).unwrap()
}

fn with_fields(fields: &[(&str, &[&str])]) -> GraphLead {
    let mut lead = lead("lead_organic");
    let field = |(name, values): &(&str, &[&str])| Field {
        name: (*name).to_owned(),
        values: values.iter().map(|v| (*v).to_owned()).collect(),
    };
    lead.field_data = fields.iter().map(field).collect();
    lead
}

fn map(fields: &[(&str, &[&str])]) -> MappedLead {
    map_lead(&with_fields(fields), None, &Overrides::new(), Country::NORWAY)
}

fn answers(lead: &MappedLead) -> Vec<(&str, &str, String)> {
    lead.answers.iter().map(|a| (a.key.as_str(), a.label.as_str(), a.values.join("|"))).collect()
}

#[test]
fn a_norwegian_lead_with_its_own_questions() {
    let lead = map_lead(&lead("lead_custom_questions"), Some(&form("form_nb")), &Overrides::new(), Country::NORWAY);
    assert_eq!(lead.full_name.as_deref(), Some("Åse Nordmann"));
    assert_eq!(lead.phone.as_ref().map(Phone::as_str), Some("+4791234567"));
    assert_eq!(lead.email.as_deref(), Some("Ase.Nordmann@example.com"), "as typed");
    assert_eq!(lead.email_index.as_deref(), Some("ase.nordmann@example.com"));
    assert_eq!(lead.postal_code.as_deref(), Some("0150"));
    assert_eq!(lead.message, None, "left empty");
    assert_eq!(
        answers(&lead),
        [
            ("hva_ønsker_du_hjelp_med?", "Hva ønsker du hjelp med?", "Varmepumpe luft-luft".into()),
            ("når_passer_det_at_vi_ringer?", "Når passer det at vi ringer?", "Formiddag|Kveld".into()),
        ]
    );
}

#[test]
fn first_and_last_name_make_one() {
    let lead = map_lead(&lead("lead_first_last_name"), Some(&form("form_de")), &Overrides::new(), Country::GERMANY);
    assert_eq!(lead.full_name.as_deref(), Some("Jürgen Müller-Lüdenscheidt"));
    assert_eq!(lead.phone.as_ref().map(Phone::as_str), Some("+491713920000"));
    assert_eq!(map(&[("achternaam", &["de Vries"])]).full_name.as_deref(), Some("de Vries"));
    assert_eq!(map(&[("etternavn", &["Hansen"]), ("fornavn", &["Kari"])]).full_name.as_deref(), Some("Kari Hansen"));
}

#[test]
fn the_order_is_the_forms() {
    let form = form("form_nb");
    let mut lead = lead("lead_custom_questions");
    lead.field_data.reverse();
    lead.field_data.insert(0, Field { name: "skjult_felt".into(), values: vec!["7".into()] });
    let mapped = map_lead(&lead, Some(&form), &Overrides::new(), Country::NORWAY);
    let keys: Vec<&str> = mapped.answers.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys, ["hva_ønsker_du_hjelp_med?", "når_passer_det_at_vi_ringer?", "skjult_felt"]);
    assert_eq!(mapped.answers[2].label, "Skjult felt");
}

#[test]
fn an_odd_phone_is_kept_as_given() {
    let lead = map(&[("telefonnummer", &["ring 912 34 567 etter kl 17"])]);
    assert_eq!((lead.phone, lead.phone_given.as_deref()), (None, Some("ring 912 34 567 etter kl 17")));
}

#[test]
fn a_good_number_wins_and_the_other_stays_an_answer() {
    let lead = map(&[("phone_number", &["123"]), ("mobil", &["912 34 567"]), ("work_phone_number", &["22 12 34 56"])]);
    assert_eq!(lead.phone.as_ref().map(Phone::as_str), Some("+4791234567"));
    assert_eq!(lead.phone_given, None);
    assert_eq!(lead.answers.len(), 2);
}

#[test]
fn an_address_that_is_none_stays_an_answer() {
    for bad in ["Åse", "a@b", "@example.com", "a@b@example.com", "a b@example.com", "a@example.", "a@exa\nmple.com"] {
        let lead = map(&[("email", &[bad])]);
        assert_eq!((lead.email.as_deref(), lead.answers.len()), (None, 1), "{bad}");
    }
    assert_eq!(map(&[("E-Post:", &["  Åse@Exämple.NO "])]).email_index.as_deref(), Some("åse@exämple.no"));
}

#[test]
fn the_business_decides_first() {
    let overrides: Overrides = serde_json::from_str(
        r#"{"hva_ønsker_du_hjelp_med?":"service","Når passer det at vi ringer":"message","post_code":"answer","email":"ignore"}"#,
    )
    .unwrap();
    let lead = map_lead(&lead("lead_custom_questions"), Some(&form("form_nb")), &overrides, Country::NORWAY);
    assert_eq!(lead.service.as_deref(), Some("Varmepumpe luft-luft"));
    assert_eq!(lead.message.as_deref(), Some("Formiddag, Kveld"));
    assert_eq!((lead.postal_code.as_deref(), lead.email.as_deref()), (None, None));
    assert_eq!(answers(&lead), [("post_code", "Postnummer", "0150".into())]);
}

#[test]
fn a_label_tells_what_a_bare_key_does_not() {
    let mut form = form("form_nb");
    form.questions[0].key = "q1".into();
    form.questions[0].label = "Postnummer:".into();
    let lead = map_lead(&with_fields(&[("q1", &["5003"])]), Some(&form), &Overrides::new(), Country::NORWAY);
    assert_eq!(lead.postal_code.as_deref(), Some("5003"));
}

#[test]
fn texts_are_cleaned_and_cut() {
    let long = "å".repeat(20_000);
    let lead =
        map(&[("navn", &[" Åse\n\u{0}\u{202e}Nordmann\u{7} "]), ("melding", &["linje 1\nlinje 2"]), ("x", &[&long])]);
    assert_eq!(lead.full_name.as_deref(), Some("Åse Nordmann"));
    assert_eq!(lead.message.as_deref(), Some("linje 1\nlinje 2"));
    assert_eq!(lead.answers[0].values[0].chars().count(), MAX_CHARS);
}

#[test]
fn debug_shows_no_answer() {
    let lead = map_lead(&lead("lead_custom_questions"), Some(&form("form_nb")), &Overrides::new(), Country::NORWAY);
    let debug = format!("{lead:?}");
    for secret in ["Åse", "91234567", "example", "Formiddag"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

fn texts(lead: &MappedLead) -> Vec<&str> {
    let answers = lead.answers.iter().flat_map(|a| a.values.iter().chain([&a.key, &a.label]));
    let core = [&lead.full_name, &lead.phone_given, &lead.email, &lead.email_index, &lead.postal_code, &lead.city];
    let rest = [&lead.service, &lead.message];
    core.into_iter().chain(rest).flatten().chain(answers).map(String::as_str).collect()
}

proptest! {
    #[test]
    fn any_lead_maps(
        fields in proptest::collection::vec(
            (prop_oneof!["[a-zæøå_ ?-]{0,20}", Just("phone".to_owned()), Just("email".to_owned()), Just("navn".to_owned()), ".{0,30}"],
             proptest::collection::vec(prop_oneof![".{0,60}", "[ -~\\n\\x00]{0,60}"], 0..4)),
            0..12),
        country in "[A-Z]{2}",
    ) {
        let mut lead = lead("lead_disclaimers");
        let count = fields.iter().filter(|(_, values)| values.iter().any(|v| !clean(v, MAX_CHARS).is_empty())).count();
        lead.field_data = fields.into_iter().map(|(name, values)| Field { name, values }).collect();
        for form in [None, Some(&form("form_nb"))] {
            let mapped = map_lead(&lead, form, &Overrides::new(), Country::parse(&country).unwrap());
            for text in texts(&mapped) {
                prop_assert!(text.chars().count() <= MAX_CHARS);
                prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{text:?}");
            }
            let kept = texts(&mapped).len() + usize::from(mapped.phone.is_some()) + 1;
            prop_assert!(kept >= count, "an answer was lost");
            let _ = map_consents(&lead, form, &Overrides::new());
        }
    }
}
