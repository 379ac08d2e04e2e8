//! The sandbox's forms, in four languages: the usual questions, two of the business's own, a box one must tick, one that one
//! may, and one that is ticked beforehand.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The language of a form and of the people who fill it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Nb,
    De,
    Nl,
    En,
}

/// What differs between the languages.
pub(super) struct Words {
    pub(super) locale: &'static str,
    name: &'static str,
    /// Key and label of the question for the service, and its options.
    pub(super) service: (&'static str, &'static str),
    pub(super) services: &'static [(&'static str, &'static str)],
    pub(super) when: (&'static str, &'static str),
    pub(super) times: &'static [(&'static str, &'static str)],
    pub(super) message: (&'static str, &'static str),
    labels: [&'static str; 4],
    title: &'static str,
    body: &'static str,
    boxes: [&'static str; 3],
    policy: (&'static str, &'static str),
}

pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::Nb => &NB,
        Language::De => &DE,
        Language::Nl => &NL,
        Language::En => &EN,
    }
}

/// The form as Graph gives it, with every field we know.
pub(super) fn form(id: &str, language: Language) -> Value {
    let w = words(language);
    let options = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| json!({"key": k, "value": v})).collect::<Vec<_>>();
    let [full_name, phone, email, post_code] = w.labels;
    let checkbox = |n: usize, key: &str, required: bool, preset: bool| json!({"id": format!("{id}9{n}"), "key": key, "text": w.boxes[n], "is_required": required, "is_checked_by_default": preset});
    json!({
        "id": id, "name": w.name, "status": "ACTIVE", "locale": w.locale,
        "questions": [
            {"id": format!("{id}1"), "key": w.service.0, "label": w.service.1, "type": "CUSTOM", "options": options(w.services)},
            {"id": format!("{id}2"), "key": w.when.0, "label": w.when.1, "type": "CUSTOM", "options": options(w.times)},
            {"id": format!("{id}3"), "key": w.message.0, "label": w.message.1, "type": "CUSTOM"},
            {"id": format!("{id}4"), "key": "full_name", "label": full_name, "type": "FULL_NAME"},
            {"id": format!("{id}5"), "key": "phone_number", "label": phone, "type": "PHONE"},
            {"id": format!("{id}6"), "key": "email", "label": email, "type": "EMAIL"},
            {"id": format!("{id}7"), "key": "post_code", "label": post_code, "type": "POST_CODE"},
        ],
        "legal_content": {
            "id": format!("{id}8"),
            "privacy_policy": {"url": w.policy.0, "link_text": w.policy.1},
            "custom_disclaimer": {
                "title": w.title, "body": {"text": w.body, "url_entities": []},
                "checkboxes": [
                    checkbox(0, "required_1", true, false),
                    checkbox(1, "optional_1", false, false),
                    checkbox(2, "optional_2", false, true),
                ],
            },
        },
        "privacy_policy_url": w.policy.0, "follow_up_action_url": "https://example.com/",
        "leads_count": 0, "expired_leads_count": 0,
    })
}

const NB: Words = Words {
    locale: "nb_NO",
    name: "Gratis befaring",
    service: ("tjeneste", "Hva ønsker du hjelp med?"),
    services: &[
        ("varmepumpe", "Varmepumpe"),
        ("solceller", "Solceller på taket"),
        ("etterisolering", "Etterisolering"),
        ("nytt_bad", "Nytt bad"),
    ],
    when: ("når_passer_det_at_vi_ringer?", "Når passer det at vi ringer?"),
    times: &[("formiddag", "Formiddag"), ("ettermiddag", "Ettermiddag"), ("kveld", "Kveld")],
    message: ("melding", "Noe vi bør vite?"),
    labels: ["Fullt navn", "Telefonnummer", "E-post", "Postnummer"],
    title: "Samtykke",
    body: "Vi bruker opplysningene til å kontakte deg om befaringen.",
    boxes: [
        "Jeg godtar å bli kontaktet om denne forespørselen.",
        "Send meg tilbud på e-post.",
        "Send meg nyhetsbrevet.",
    ],
    policy: ("https://example.com/personvern", "Personvernerklæring"),
};

const DE: Words = Words {
    locale: "de_DE",
    name: "Kostenlose Beratung",
    service: ("leistung", "Wobei dürfen wir helfen?"),
    services: &[
        ("wärmepumpe", "Wärmepumpe"),
        ("photovoltaik", "Photovoltaik"),
        ("dämmung", "Dämmung"),
        ("neues_bad", "Neues Bad"),
    ],
    when: ("wann_dürfen_wir_anrufen?", "Wann dürfen wir anrufen?"),
    times: &[("vormittags", "Vormittags"), ("nachmittags", "Nachmittags"), ("abends", "Abends")],
    message: ("nachricht", "Was sollten wir wissen?"),
    labels: ["Vollständiger Name", "Telefonnummer", "E-Mail", "Postleitzahl"],
    title: "Einwilligung",
    body: "Wir verwenden Ihre Angaben, um Sie wegen der Beratung zu kontaktieren.",
    boxes: [
        "Ich möchte zu dieser Anfrage kontaktiert werden.",
        "Senden Sie mir Angebote per E-Mail.",
        "Senden Sie mir den Newsletter.",
    ],
    policy: ("https://example.com/datenschutz", "Datenschutzerklärung"),
};

const NL: Words = Words {
    locale: "nl_NL",
    name: "Gratis adviesgesprek",
    service: ("dienst", "Waarmee kunnen we helpen?"),
    services: &[
        ("warmtepomp", "Warmtepomp"),
        ("zonnepanelen", "Zonnepanelen"),
        ("isolatie", "Isolatie"),
        ("nieuwe_badkamer", "Nieuwe badkamer"),
    ],
    when: ("wanneer_mogen_we_bellen?", "Wanneer mogen we bellen?"),
    times: &[("ochtend", "’s Ochtends"), ("middag", "’s Middags"), ("avond", "’s Avonds")],
    message: ("bericht", "Wat moeten we weten?"),
    labels: ["Volledige naam", "Telefoonnummer", "E-mailadres", "Postcode"],
    title: "Toestemming",
    body: "We gebruiken je gegevens om contact op te nemen over het adviesgesprek.",
    boxes: [
        "Ik wil over deze aanvraag benaderd worden.",
        "Stuur mij aanbiedingen per e-mail.",
        "Stuur mij de nieuwsbrief.",
    ],
    policy: ("https://example.com/privacy", "Privacyverklaring"),
};

const EN: Words = Words {
    locale: "en_GB",
    name: "Free survey",
    service: ("service", "What can we help you with?"),
    services: &[
        ("heat_pump", "Heat pump"),
        ("solar_panels", "Solar panels"),
        ("insulation", "Insulation"),
        ("new_bathroom", "New bathroom"),
    ],
    when: ("when_may_we_call?", "When may we call?"),
    times: &[("morning", "Morning"), ("afternoon", "Afternoon"), ("evening", "Evening")],
    message: ("message", "Anything we should know?"),
    labels: ["Full name", "Phone number", "Email", "Postcode"],
    title: "Consent",
    body: "We use your details to contact you about the survey.",
    boxes: ["I agree to be contacted about this enquiry.", "Send me offers by email.", "Send me the newsletter."],
    policy: ("https://example.com/privacy", "Privacy policy"),
};
