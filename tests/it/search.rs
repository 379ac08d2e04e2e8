//! Lists and search give the same leads wherever their statement begins: compared with a list of all, filtered here.

use chrono::{DateTime, TimeDelta, Utc};
use nextmove::{
    db::Actor,
    identity::{Role, Viewer},
    leads::{self, Filter, Lead, Status, View},
    seed,
    types::ids::OrganizationId,
};

use crate::world::TestApp;

async fn everything(app: &TestApp, organization: OrganizationId, viewer: &Viewer, filter: Filter) -> Vec<Lead> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let filter = Filter { limit: Some(filter.limit.unwrap_or(200)), cursor, ..filter.clone() };
        let page =
            app.app.db.read(organization, Actor::User(viewer.user), async |tx| leads::list(tx, viewer, filter).await);
        let page = page.await.expect("a page");
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

fn sees(viewer: &Viewer, lead: &Lead) -> bool {
    viewer.sees_all || lead.assignee_id.is_none_or(|assignee| assignee == viewer.user)
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace('å', "a").replace('ø', "o").replace('æ', "ae")
}

/// As the search field reads a name.
fn has_words(lead: &Lead, words: &[&str]) -> bool {
    let name = folded(lead.full_name.as_deref().unwrap_or_default());
    words.iter().all(|word| name.split([' ', '-']).any(|part| part.starts_with(word)))
}

#[tokio::test]
async fn every_way_into_the_list_gives_the_same_leads() {
    let app = TestApp::new().await;
    let plan = seed::Plan { leads: 900, organizations: 2, seed: 11, password: None, anyway: false };
    let made = seed::fill(&app.app, plan, |_| {}).await.expect("seeded");
    let organization = made.organizations[0].0;
    let owner = Viewer { user: app.world.asha, role: Role::Owner, sees_all: true };
    let all = everything(&app, organization, &owner, Filter::default()).await;
    assert_eq!(all.len(), made.organizations[0].2);
    assert!(all.is_sorted_by_key(|lead| std::cmp::Reverse((lead.created_at, lead.id))));
    let agent = all.iter().find_map(|lead| lead.assignee_id).expect("somebody works");
    let now: DateTime<Utc> = app.clock.now();
    let month = now - TimeDelta::days(90);
    let (campaign, form) = (all[0].campaign_id, all[0].form_id);

    let viewers = [
        owner,
        Viewer { user: agent, role: Role::Agent, sees_all: true },
        Viewer { user: agent, role: Role::Agent, sees_all: false },
        Viewer { user: app.world.rosa, role: Role::Agent, sees_all: false },
    ];
    let searches: [&[&str]; 5] = [&[], &["as"], &["no"], &["no", "as"], &["kari", "haugen"]];
    let statuses = [None, Some("won"), Some("scheduled,new"), Some("new,contacted,no_answer,scheduled,won,lost")];
    let mut combination = 0;
    for viewer in viewers {
        for words in searches {
            for status in statuses {
                for (narrower, by_campaign, by_form, from) in [
                    (0, None, None, None),
                    (1, campaign, None, None),
                    (2, None, form, None),
                    (3, None, None, Some(month)),
                ] {
                    for (whose, assignee) in
                        [("everybody", None), ("me or nobody", Some("me,none")), ("me", Some("me"))]
                    {
                        for view in [View::All, View::Todo, View::Mine, View::Best] {
                            // Every thirteenth: each two of these choices still meet.
                            combination += 1;
                            if combination % 13 != 0 {
                                continue;
                            }
                            let filter = Filter {
                                view,
                                status: status.map(str::to_owned),
                                assignee: assignee.map(str::to_owned),
                                campaign: by_campaign,
                                form: by_form,
                                from,
                                q: (!words.is_empty()).then(|| words.join(" ")),
                                limit: Some(if narrower == 0 { 40 } else { 200 }),
                                ..Filter::default()
                            };
                            let mine_or_nobodys = |lead: &Lead| lead.assignee_id.is_none_or(|user| user == viewer.user);
                            let mut expected: Vec<&Lead> = all
                                .iter()
                                .filter(|lead| sees(&viewer, lead) && (words.is_empty() || has_words(lead, words)))
                                .filter(|lead| {
                                    status.is_none_or(|wanted| {
                                        wanted.split(',').any(|one| one.parse::<Status>().ok() == Some(lead.status))
                                    })
                                })
                                .filter(|lead| by_campaign.is_none() || lead.campaign_id == by_campaign)
                                .filter(|lead| by_form.is_none() || lead.form_id == by_form)
                                .filter(|lead| from.is_none_or(|from| lead.created_at >= from))
                                .filter(|lead| match (view, whose) {
                                    (View::Mine, _) | (_, "me") => lead.assignee_id == Some(viewer.user),
                                    (_, "me or nobody") => mine_or_nobodys(lead),
                                    (View::Todo, _) => viewer.is_manager() || mine_or_nobodys(lead),
                                    (View::All | View::Best, _) => true,
                                })
                                .collect();
                            if matches!(view, View::Todo | View::Best) {
                                expected.retain(|lead| {
                                    lead.next_at.is_some() && lead.snoozed_until.is_none_or(|until| until <= now)
                                });
                            }
                            if view == View::Best {
                                expected.sort_by_key(|lead| std::cmp::Reverse((lead.score, lead.created_at, lead.id)));
                            }
                            if view == View::Todo {
                                expected.sort_by_key(|lead| (lead.first_attempt_at.is_some(), lead.next_at, lead.id));
                            }
                            let expected: Vec<_> = expected.into_iter().map(|lead| lead.id).collect();
                            let told = format!("{viewer:?} {filter:?}");
                            let given = everything(&app, organization, &viewer, filter).await;
                            let given: Vec<_> = given.into_iter().map(|lead| lead.id).collect();
                            assert_eq!(given, expected, "{told}");
                        }
                    }
                }
            }
        }
    }
    app.run_jobs().await;
}
