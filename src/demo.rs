//! The demo world: an agency, two of its customers, their people, and a fortnight of leads. Everybody in it is invented.
//!
//! It is filled through the same verbs that the real world uses, with the clock set back; then the sandbox sends new leads through the
//! real webhook.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::{
    app::App,
    attempts::{self, Channel, Outcome},
    campaigns,
    db::{Actor, Tx},
    error::{Error, Result},
    identity::{self, NewUser, Role, Viewer},
    integrations::{self, IntroducePage},
    jobs,
    leads::{self, Answer, Captured, Change, LostReason, NewConsent, NewLead, Person, Received, Status},
    organizations::{self, Locale, NewOrganization, Visibility},
    sla,
    types::{
        country::Country,
        ids::{CampaignId, LeadId, OrganizationId, UserId},
        phone::Phone,
    },
};

/// A page of the demo: what the sandbox plays, and what the organization is connected to.
pub struct DemoPage {
    pub id: &'static str,
    pub name: &'static str,
    pub token: &'static str,
    /// Form ids; the sandbox asks their questions in the page's language.
    pub forms: &'static [&'static str],
    pub language: &'static str,
}

/// The pages, one per organization.
pub const PAGES: [DemoPage; 2] = [
    DemoPage {
        id: "100200300400501",
        name: "Fjordtak",
        token: "demo-token-fjordtak",
        forms: &["900100200300401"],
        language: "nb",
    },
    DemoPage {
        id: "100200300400502",
        name: "Rheinsolar",
        token: "demo-token-rheinsolar",
        forms: &["900100200300402"],
        language: "de",
    },
];

#[derive(Deserialize)]
struct People {
    no: Vec<Someone>,
    de: Vec<Someone>,
}

#[derive(Clone, Deserialize)]
struct Someone {
    full_name: String,
    phone: String,
    email: Option<String>,
    postal_code: String,
    city: String,
    service: String,
    message: Option<String>,
    answers: Vec<Answer>,
}

/// How a lead of the past went.
#[derive(Clone, Copy)]
enum Story {
    /// Nobody tried yet.
    Waiting,
    NoAnswer,
    Contacted,
    Scheduled,
    Won,
    Lost(LostReason),
}

/// Age, and how it went, of the Norwegian leads; newest first. A Monday morning at a roofer's.
const STORIES: [(i64, Story); 30] = {
    use Story::{Contacted, Lost, NoAnswer, Scheduled, Waiting, Won};
    [
        (3, Waiting),
        (7, Waiting),
        (11, Waiting),
        (19, Waiting),
        (42, NoAnswer),
        (65, Contacted),
        (100, NoAnswer),
        (170, Scheduled),
        (240, Contacted),
        (420, Won),
        (700, NoAnswer),
        (1_500, Contacted),
        (1_600, Scheduled),
        (1_800, Lost(LostReason::TooExpensive)),
        (2_900, Won),
        (3_100, Contacted),
        (3_300, Lost(LostReason::NotInterested)),
        (4_400, Scheduled),
        (4_700, Won),
        (6_000, Lost(LostReason::WrongNumber)),
        (6_200, Contacted),
        (7_500, Won),
        (8_800, Lost(LostReason::Competitor)),
        (9_000, NoAnswer),
        (10_200, Scheduled),
        (11_600, Won),
        (13_000, Lost(LostReason::OutsideArea)),
        (14_400, Won),
        (16_000, Lost(LostReason::Unreachable)),
        (18_000, Won),
    ]
};

/// Fills an empty world; a filled one stays as it is.
pub async fn fill(app: &App) -> Result<()> {
    if app.db.directory(async |directory| organizations::by_slug(directory, "fjordtak").await).await?.is_some() {
        return Ok(());
    }
    let people: People = serde_json::from_str(include_str!("../fixtures/demo/people.json"))?;
    let password = identity::hash_password(app, hex::encode(crate::db::seal::random::<24>())).await?;
    let now = app.clock.now();
    let (fjordtak, fjordtak_team, rheinsolar, rheinsolar_team) = app
        .db
        .directory(async |directory| {
            let agency = organizations::create_operator(directory, "Nordlys Media").await?;
            let mut fjordtak =
                NewOrganization::new("Fjordtak AS", "fjordtak", Country::NORWAY, "Europe/Oslo", Locale::Nb);
            fjordtak.operator_id = Some(agency);
            fjordtak.brand_color = Some("#0f766e".to_owned());
            let fjordtak = organizations::create(directory, fjordtak).await?;
            let mut rheinsolar =
                NewOrganization::new("Rheinsolar GmbH", "rheinsolar", Country::GERMANY, "Europe/Berlin", Locale::De);
            rheinsolar.operator_id = Some(agency);
            rheinsolar.brand_color = Some("#c2410c".to_owned());
            rheinsolar.lead_visibility = Visibility::Own;
            let rheinsolar = organizations::create(directory, rheinsolar).await?;
            let mut person = async |email: &str, name: &str, locale: Locale| {
                let new = NewUser {
                    email: email.to_owned(),
                    name: name.to_owned(),
                    password_hash: password.clone(),
                    locale: Some(locale),
                };
                identity::create_user(directory, new).await
            };
            let olav = person("olav@nordlysmedia.example", "Olav Nordlys", Locale::En).await?;
            let asha = person("asha@fjordtak.example", "Asha Berg", Locale::Nb).await?;
            let mats = person("mats@fjordtak.example", "Mats Hansen", Locale::Nb).await?;
            let ravi = person("ravi@fjordtak.example", "Ravi Solheim", Locale::Nb).await?;
            let ingrid = person("ingrid@fjordtak.example", "Ingrid Vik", Locale::Nb).await?;
            let gita = person("gita@rheinsolar.example", "Gita Neumann", Locale::De).await?;
            let jonas = person("jonas@rheinsolar.example", "Jonas Becker", Locale::De).await?;
            identity::add_operator_admin(directory, agency, olav).await?;
            for (user, role) in [(asha, Role::Owner), (mats, Role::Manager), (ravi, Role::Agent), (ingrid, Role::Agent)]
            {
                identity::add_member(directory, fjordtak, user, role).await?;
            }
            for (user, role) in [(gita, Role::Owner), (jonas, Role::Agent)] {
                identity::add_member(directory, rheinsolar, user, role).await?;
            }
            // One who works for both, to switch between them.
            identity::add_member(directory, rheinsolar, mats, Role::Manager).await?;
            Ok((fjordtak, [ravi, ingrid], rheinsolar, [jonas, gita]))
        })
        .await?;
    for (organization, page) in [(fjordtak, &PAGES[0]), (rheinsolar, &PAGES[1])] {
        app.db
            .write(organization, Actor::System, async |tx| {
                tx.set_now(now - TimeDelta::days(20));
                integrations::connect_page(tx, page.id, page.name, page.token).await?;
                tx.set_now(now);
                jobs::enqueue::<App, _>(tx, &IntroducePage { page_id: page.id.to_owned() }).await
            })
            .await?;
    }
    past(app, fjordtak, &PAGES[0], &fjordtak_team, &people.no, "Nytt tak før vinteren", now).await?;
    past(app, rheinsolar, &PAGES[1], &rheinsolar_team, &people.de, "Solar für Eigenheime", now).await
}

async fn past(
    app: &App,
    organization: OrganizationId,
    page: &DemoPage,
    team: &[UserId],
    people: &[Someone],
    campaign: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    for (position, (someone, (age, story))) in
        people.iter().zip(STORIES).enumerate().collect::<Vec<_>>().into_iter().rev()
    {
        let came = now - TimeDelta::minutes(age) - TimeDelta::seconds(i64::try_from(position).unwrap_or(0) * 7 % 50);
        let agent = team[position % team.len()];
        app.db
            .write(organization, Actor::System, async |tx| {
                tx.set_now(came + TimeDelta::milliseconds(850));
                let id = campaigns::ensure(
                    tx,
                    "meta",
                    if position % 3 == 0 { "7001" } else { "7002" },
                    Some(if position % 3 == 0 { campaign } else { "Retargeting" }),
                )
                .await?;
                let lead = capture(tx, someone, position, came, id).await?;
                let received_at = came + TimeDelta::milliseconds(420);
                integrations::remember(tx, page.id, page.forms[0], &meta_lead_id(came, position), came, received_at)
                    .await?;
                live_it(tx, lead, agent, story, came, now).await
            })
            .await?;
    }
    Ok(())
}

fn meta_lead_id(came: DateTime<Utc>, position: usize) -> String {
    format!("{}{position:03}", came.timestamp())
}

async fn capture(
    tx: &mut Tx,
    someone: &Someone,
    position: usize,
    came: DateTime<Utc>,
    campaign: CampaignId,
) -> Result<LeadId> {
    let new = NewLead {
        id: None,
        clock: leads::Clock::Running,
        source: "meta",
        platform: Some(if position % 4 == 3 { "ig" } else { "fb" }.to_owned()),
        meta_lead_id: Some(meta_lead_id(came, position)),
        campaign: Some(campaign),
        form: None,
        adset: (Some("7101".to_owned()), Some("35–60".to_owned())),
        ad: (Some("7201".to_owned()), Some("Video A".to_owned())),
        is_test: false,
        is_organic: position % 9 == 8,
        person: Person {
            full_name: Some(someone.full_name.clone()),
            phone: Some(Phone::from_e164(&someone.phone).map_err(Error::internal)?),
            phone_given: None,
            email: someone.email.clone(),
            postal_code: Some(someone.postal_code.clone()),
            city: Some(someone.city.clone()),
            service: Some(someone.service.clone()),
            message: someone.message.clone(),
            answers: someone.answers.clone(),
        },
        consents: vec![NewConsent {
            key: "contact".to_owned(),
            text: "Ja, dere kan kontakte meg om tilbudet på telefon, SMS og e-post.".to_owned(),
            version: "demo-2026-01".to_owned(),
            given: true,
            inferred: false,
            privacy_policy_url: Some("https://example.com/personvern".to_owned()),
        }],
        created_at: came,
        received: Received {
            received_at: came + TimeDelta::milliseconds(420),
            fetched_at: Some(came + TimeDelta::milliseconds(780)),
        },
    };
    let sla = sla::current(tx).await?;
    match leads::capture(tx, new, &sla).await? {
        Captured::New(lead) | Captured::Joined(lead) | Captured::Known(lead) => Ok(lead),
    }
}

async fn live_it(
    tx: &mut Tx,
    lead: LeadId,
    agent: UserId,
    story: Story,
    came: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    if matches!(story, Story::Waiting) {
        return Ok(());
    }
    let viewer = Viewer { user: agent, role: Role::Agent, sees_all: true };
    tx.set_actor(Actor::User(agent));
    let at = |tx: &mut Tx, after: i64| {
        let time = (came + TimeDelta::minutes(after)).min(now);
        tx.set_now(time);
    };
    at(tx, 4);
    let call = attempts::log(tx, &viewer, lead, Channel::Call).await?;
    at(tx, 6);
    if matches!(story, Story::NoAnswer | Story::Lost(LostReason::Unreachable)) {
        attempts::report(tx, &viewer, lead, call.id, Outcome::NoAnswer, None).await?;
        at(tx, 8);
        let sms = attempts::log(tx, &viewer, lead, Channel::Sms).await?;
        attempts::report(tx, &viewer, lead, sms.id, Outcome::Sent, None).await?;
    } else if matches!(story, Story::Lost(LostReason::WrongNumber)) {
        attempts::report(tx, &viewer, lead, call.id, Outcome::WrongNumber, None).await?;
    } else {
        attempts::report(tx, &viewer, lead, call.id, Outcome::Reached, None).await?;
        at(tx, 9);
        leads::add_note(tx, &viewer, lead, "Hyggelig samtale. Ønsker befaring og et skriftlig tilbud.").await?;
    }
    at(tx, 30);
    let next = match story {
        Story::Scheduled => Some((Status::Scheduled, None)),
        Story::Won => Some((Status::Won, None)),
        Story::Lost(reason) => Some((Status::Lost, Some(reason))),
        Story::Waiting | Story::NoAnswer | Story::Contacted => None,
    };
    if let Some((status, lost_reason)) = next {
        let version = leads::find(tx, &viewer, lead).await?.version;
        leads::change(tx, &viewer, lead, version, Change { status: Some(status), lost_reason, ..Change::default() })
            .await?;
    }
    Ok(())
}
