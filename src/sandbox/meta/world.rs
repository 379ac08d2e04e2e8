//! Believable people, made from a seed and a number: the same seed gives the same people, in any order.
//!
//! Names are put together from common ones; addresses lie in domains reserved for examples. Norwegian, German and Dutch
//! numbers are well-formed and may belong to somebody: nothing here may be dialled or texted for real. British ones lie in
//! the London range Ofcom keeps for drama (the mobile one fails
//! every validation).

use chrono::{DateTime, Utc};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use super::{
    NewLead,
    forms::{self, Language},
};

/// Ids of the sandbox's leads begin here: beyond 2^53, as Meta's do.
pub(super) const FIRST_LEAD: u64 = 120_210_000_000_000_001;

struct People {
    first: &'static [&'static str],
    last: &'static [&'static str],
    towns: &'static [(&'static str, &'static str)],
    messages: &'static [&'static str],
    mail: &'static str,
}

/// One lead as Graph gives it, with every field we know.
pub(super) fn lead(seed: u64, n: u64, form_id: &str, language: Language, new: &NewLead, now: DateTime<Utc>) -> Value {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let test = new.test.unwrap_or_else(|| rng.random_bool(0.03));
    let organic = new.organic.unwrap_or_else(|| rng.random_bool(0.12)) || test;
    let (w, people) = (forms::words(language), people(language));

    let (first, last) = (pick(&mut rng, people.first), pick(&mut rng, people.last));
    let (post_code, _town) = pick(&mut rng, people.towns);
    let mut fields: Vec<(String, Vec<String>)> = vec![
        (w.service.0.to_owned(), vec![pick(&mut rng, w.services).0.to_owned()]),
        (w.when.0.to_owned(), vec![pick(&mut rng, w.times).0.to_owned()]),
        (
            w.message.0.to_owned(),
            vec![if rng.random_bool(0.5) { pick(&mut rng, people.messages).to_owned() } else { String::new() }],
        ),
        ("full_name".to_owned(), vec![format!("{first} {last}")]),
        (
            "phone_number".to_owned(),
            vec![if rng.random_bool(0.06) { odd_phone(&mut rng) } else { phone(&mut rng, language) }],
        ),
    ];
    if !rng.random_bool(0.08) {
        fields
            .push(("email".to_owned(), vec![format!("{}.{}{}@{}", ascii(first), ascii(last), n % 1_000, people.mail)]));
    }
    fields.push(("post_code".to_owned(), vec![post_code.to_owned()]));
    if test {
        fields.iter_mut().for_each(|(name, values)| *values = vec![format!("<test lead: dummy data for {name}>")]);
    }
    for (name, value) in [("full_name", &new.full_name), ("phone_number", &new.phone), ("email", &new.email)] {
        if let Some(value) = value {
            set(&mut fields, name, vec![value.clone()]);
        }
    }
    for (name, values) in &new.fields {
        set(&mut fields, name, values.clone());
    }

    // As Graph does, at least as documented: optional boxes only.
    let mut boxes: Vec<(String, bool)> =
        vec![("optional_1".into(), rng.random_bool(0.6)), ("optional_2".into(), rng.random_bool(0.8))];
    for (key, ticked) in &new.consents {
        boxes.retain(|(k, _)| k != key);
        boxes.push((key.clone(), *ticked));
    }
    let boxes: Vec<Value> =
        boxes.iter().map(|(key, on)| json!({"checkbox_key": key, "is_checked": if *on { "1" } else { "" }})).collect();

    let created = new.created_time.unwrap_or(now);
    let data: Vec<Value> = fields.iter().map(|(name, values)| json!({"name": name, "values": values})).collect();
    let mut lead = json!({
        "id": (FIRST_LEAD + n).to_string(),
        "created_time": created.format("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "form_id": form_id, "is_organic": organic, "platform": if rng.random_bool(0.4) { "ig" } else { "fb" },
        "field_data": data, "custom_disclaimer_responses": boxes,
    });
    if !organic {
        advertise(&mut lead, rng.random_range(0..3), rng.random_range(0..2), rng.random_range(0..2));
    }
    lead
}

/// Three campaigns of two ad sets of two ads each.
fn advertise(lead: &mut Value, campaign: u64, set: u64, ad: u64) {
    const CAMPAIGNS: [&str; 3] = ["Varmepumpe høst", "Solceller vår", "Hele huset"];
    const SETS: [&str; 2] = ["Enebolig 35–65", "Lookalike 2 %"];
    const ADS: [&str; 2] = ["Video: montøren forteller", "Bilde: før og etter"];
    let id = |n: u64| (120_330_000_000_000_000 + n).to_string();
    lead["campaign_id"] = id(campaign).into();
    lead["campaign_name"] = CAMPAIGNS[campaign as usize].into();
    lead["adset_id"] = id(100 + campaign * 10 + set).into();
    lead["adset_name"] = SETS[set as usize].into();
    lead["ad_id"] = id(1000 + campaign * 100 + set * 10 + ad).into();
    lead["ad_name"] = ADS[ad as usize].into();
}

/// The lead any numeric id names in the open world: made from the id alone, at once, for benchmarks.
pub(super) fn open_lead(id: &str, now: DateTime<Utc>) -> Value {
    // Beyond 64 bits only the last digits count.
    let number: u64 = id[id.len().saturating_sub(18)..].parse().unwrap_or_default();
    json!({
        "id": id, "created_time": now.format("%Y-%m-%dT%H:%M:%S+0000").to_string(), "form_id": "900",
        "ad_id": "31", "adset_id": "32", "campaign_id": "33", "platform": "fb", "is_organic": false,
        "field_data": [
            {"name": "full_name", "values": [format!("Åse Nordmann {id}")]},
            {"name": "phone_number", "values": [format!("+47{}", 40_000_000 + number % 9_999_999)]},
            {"name": "email", "values": [format!("lead{id}@example.com")]},
            {"name": "post_code", "values": ["0150"]},
        ],
    })
}

fn set(fields: &mut Vec<(String, Vec<String>)>, name: &str, values: Vec<String>) {
    match fields.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => *old = values,
        None => fields.push((name.to_owned(), values)),
    }
}

fn pick<T: Copy>(rng: &mut Xoshiro256PlusPlus, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

fn phone(rng: &mut Xoshiro256PlusPlus, language: Language) -> String {
    match language {
        Language::Nb => {
            let prefix =
                pick(rng, &["40", "41", "45", "46", "47", "48", "90", "91", "92", "93", "95", "97", "98", "99"]);
            format!("+47{prefix}{:06}", rng.random_range(0..1_000_000))
        }
        Language::De => format!("+49151{:08}", rng.random_range(10_000_000..100_000_000)),
        Language::Nl => format!("+316{:08}", rng.random_range(10_000_000..60_000_000)),
        Language::En => format!("+442079460{:03}", rng.random_range(0..1_000)),
    }
}

fn odd_phone(rng: &mut Xoshiro256PlusPlus) -> String {
    pick(rng, &["123", "+47 00 00 00 00", "999999999999", "ring på kvelden", "0", "+1234"]).to_owned()
}

fn ascii(name: &str) -> String {
    let folded =
        name.to_lowercase().replace(['ø', 'ö'], "o").replace(['å', 'ä'], "a").replace('æ', "ae").replace('ü', "u");
    folded.replace('ß', "ss").chars().filter(char::is_ascii_alphanumeric).collect()
}

fn people(language: Language) -> &'static People {
    match language {
        Language::Nb => &People {
            first: &[
                "Åse", "Bjørn", "Kari", "Ola", "Ingrid", "Håkon", "Solveig", "Sindre", "Marte", "Øyvind", "Nora",
                "Jørgen", "Ragnhild", "Eirik",
            ],
            last: &[
                "Nordmann", "Hansen", "Bråten", "Sæther", "Lund", "Haugen", "Østby", "Myhre", "Aasen", "Strand",
                "Bakken", "Solberg",
            ],
            towns: &[
                ("0150", "Oslo"),
                ("5003", "Bergen"),
                ("7010", "Trondheim"),
                ("4006", "Stavanger"),
                ("9008", "Tromsø"),
                ("3015", "Drammen"),
                ("1607", "Fredrikstad"),
                ("6002", "Ålesund"),
            ],
            messages: &[
                "Huset er fra 1962, ca. 140 m².",
                "Ønsker tilbud før jul 🎄",
                "Ring helst etter kl. 17.",
                "Vi har fått tilbud fra to andre.",
                "Gjelder hytta på Geilo.",
            ],
            mail: "example.no",
        },
        Language::De => &People {
            first: &["Jürgen", "Anna", "Lukas", "Käthe", "Björn", "Sabine", "Matthias", "Heike", "Florian", "Ute"],
            last: &["Müller", "Schröder", "Weiß", "Groß", "Lüdenscheidt", "Krämer", "Vogel", "Böhm"],
            towns: &[
                ("10115", "Berlin"),
                ("20095", "Hamburg"),
                ("80331", "München"),
                ("50667", "Köln"),
                ("01067", "Dresden"),
            ],
            messages: &[
                "Baujahr 1978, Gasheizung.",
                "Bitte nur nachmittags anrufen.",
                "Wir möchten noch dieses Jahr beginnen.",
                "Gibt es Förderung?",
            ],
            mail: "example.com",
        },
        Language::Nl => &People {
            first: &["Sanne", "Daan", "Femke", "Bram", "Anouk", "Jeroen", "Lotte", "Sjoerd", "Zoë"],
            last: &["de Vries", "van den Berg", "Jansen", "Bakker", "van Dijk", "Visser", "Smit", "Mulder"],
            towns: &[
                ("1012 AB", "Amsterdam"),
                ("3011 AA", "Rotterdam"),
                ("3511 AX", "Utrecht"),
                ("9712 CP", "Groningen"),
            ],
            messages: &["Jaren-30-woning, 120 m².", "Graag na zes uur bellen.", "We hebben al een offerte."],
            mail: "example.com",
        },
        Language::En => &People {
            first: &["Amelia", "Oliver", "Priya", "Callum", "Zoë", "Rhys", "Grace", "Imran"],
            last: &["Smith", "O’Neill", "Patel", "Hughes", "MacDonald", "Turner", "Khan"],
            towns: &[
                ("SW1A 1AA", "London"),
                ("M1 1AE", "Manchester"),
                ("EH1 1YZ", "Edinburgh"),
                ("CF10 1EP", "Cardiff"),
            ],
            messages: &["1930s semi, gas boiler.", "Please call after five.", "Is there a grant for this?"],
            mail: "example.com",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        integrations::mapping::{Overrides, map_consents, map_lead},
        providers::meta::{GraphForm, GraphLead},
        types::country::Country,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_793_001_600, 0).unwrap()
    }

    #[test]
    fn the_same_seed_makes_the_same_people() {
        let make = |seed, n| lead(seed, n, "900", Language::Nb, &NewLead::default(), now());
        assert_eq!(make(7, 3), make(7, 3));
        assert_ne!(make(7, 3)["field_data"], make(7, 4)["field_data"]);
        assert_ne!(make(7, 3)["field_data"], make(8, 3)["field_data"]);
    }

    #[test]
    fn a_thousand_people_can_be_read_and_are_mixed() {
        let (mut phones, mut odd, mut mails, mut organic, mut tests) = (0, 0, 0, 0, 0);
        let languages = [(Language::Nb, "NO"), (Language::De, "DE"), (Language::Nl, "NL"), (Language::En, "GB")];
        for n in 0..1_000 {
            let (language, country) = languages[n as usize % 4];
            let value = lead(1, n, "900", language, &NewLead::default(), now());
            let lead: GraphLead = serde_json::from_value(value).unwrap();
            let form: GraphForm = serde_json::from_value(forms::form("900", language)).unwrap();
            let mapped = map_lead(&lead, Some(&form), &Overrides::new(), Country::parse(country).unwrap());
            assert!(mapped.full_name.is_some() && mapped.service.is_some() && mapped.postal_code.is_some());
            assert_eq!(mapped.answers[0].key, form.questions[1].key);
            let consents = map_consents(&lead, Some(&form), &Overrides::new());
            assert!(consents[0].given && consents[0].inferred && !consents[2].given);
            phones += usize::from(mapped.phone.is_some());
            odd += usize::from(mapped.phone_given.is_some() && !lead.is_test());
            mails += usize::from(mapped.email.is_some());
            organic += usize::from(lead.is_organic);
            tests += usize::from(lead.is_test());
            assert_eq!(lead.is_organic, lead.ad_id.is_none());
        }
        assert!((850..=960).contains(&phones) && odd > 20 && (800..=950).contains(&mails), "{phones} {odd} {mails}");
        assert!((80..=250).contains(&organic) && (10..=70).contains(&tests), "{organic} {tests}");
    }

    #[test]
    fn the_open_world_is_the_benchmark_peers() {
        let lead = open_lead("12345678", now());
        assert_eq!(lead["field_data"][0]["values"][0], "Åse Nordmann 12345678");
        assert_eq!(lead["field_data"][1]["values"][0], "+4742345679");
        assert_eq!(lead["field_data"][2]["values"][0], "lead12345678@example.com");
        serde_json::from_value::<GraphLead>(open_lead(&"9".repeat(40), now())).unwrap();
    }
}
