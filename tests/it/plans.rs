//! What lists, search and counts read: the statements themselves, as the role that serves under row-level security, in an organization of
//! ten thousand leads beside another one. Pages and rows are counted, never time. A statement is found by the comment it begins with.

use std::{collections::BTreeMap, fs, path::Path};

use nextmove::{db::Actor, leads, seed, types::ids::OrganizationId};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::world::TestApp;

/// Of an index: its root, what lies between, and a page of the list. A page of 51 leads that lie apart is 51 more.
const PAGE: i64 = 16;
const ROWS: i64 = 51;

/// The statements that say what they are, as they were compiled in.
fn statements() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the query cache").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a query");
        let query: Value = serde_json::from_str(&text).expect("JSON");
        let sql = query["query"].as_str().expect("a statement");
        if let Some((name, _)) = sql.strip_prefix("/* ").and_then(|rest| rest.split_once(" */")) {
            found.insert(name.to_owned(), sql.to_owned());
        }
    }
    found
}

struct Desk {
    served: PgConnection,
    organization: OrganizationId,
    statements: BTreeMap<String, String>,
}

/// What a statement did.
struct Done {
    rows: i64,
    buffers: i64,
    removed: i64,
    /// Each node that reads, as `Index Scan leads_newest`.
    scans: Vec<String>,
    text: String,
}

impl Desk {
    /// Runs the statement with these arguments, as SQL.
    async fn explain(&mut self, name: &str, arguments: &[&str]) -> Done {
        let statement = self.statements.get(name).unwrap_or_else(|| panic!("no statement begins with /* {name} */"));
        let mut tx = self.served.begin().await.expect("begins");
        for line in [
            format!("set local app.organization = '{}'", self.organization),
            "set local plan_cache_mode = force_custom_plan".to_owned(),
            format!("prepare it as {statement}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(line)).execute(&mut *tx).await.expect("prepares");
        }
        let execute = format!("explain (analyze, buffers, format json) execute it({})", arguments.join(", "));
        let plan: Value = sqlx::query_scalar(AssertSqlSafe(execute)).fetch_one(&mut *tx).await.expect(name);
        sqlx::raw_sql("deallocate it").execute(&mut *tx).await.expect("forgets");
        tx.rollback().await.expect("ends");
        let top = &plan[0]["Plan"];
        let mut done = Done {
            rows: top["Actual Rows"].as_f64().unwrap_or_default() as i64,
            buffers: buffers(top),
            removed: 0,
            scans: Vec::new(),
            text: serde_json::to_string_pretty(&plan).expect("JSON"),
        };
        walk(top, &mut done);
        done
    }
}

fn buffers(node: &Value) -> i64 {
    ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| node[name].as_i64()).sum()
}

fn walk(node: &Value, done: &mut Done) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let loops = node["Actual Loops"].as_i64().unwrap_or_default();
    if loops > 0 && kind.contains("Scan") && (node["Index Name"].is_string() || node["Relation Name"].is_string()) {
        let on = node["Index Name"].as_str().or(node["Relation Name"].as_str()).unwrap_or_default();
        done.scans.push(format!("{kind} {on}"));
    }
    done.removed += node["Rows Removed by Filter"].as_f64().unwrap_or_default() as i64 * loops.max(1);
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, done);
    }
}

impl Done {
    /// It read these indexes and nothing else, so many pages at most, and threw at most so many rows away.
    #[track_caller]
    fn reads(&self, indexes: &[&str], buffers: i64, removed: i64) {
        let wrong = self.scans.iter().find(|scan| {
            !scan.starts_with("Index") || !indexes.iter().any(|index| scan.ends_with(&format!(" {index}")))
        });
        assert!(wrong.is_none(), "reads {wrong:?} instead of {indexes:?}: {}", self.text);
        assert!(self.buffers <= buffers, "{} pages instead of {buffers}: {}", self.buffers, self.text);
        assert!(self.removed <= removed, "{} rows thrown away instead of {removed}: {}", self.removed, self.text);
    }
}

async fn one(superuser: &mut PgConnection, organization: OrganizationId, query: &'static str) -> String {
    sqlx::query_scalar(query).bind(organization.0).fetch_one(superuser).await.expect(query)
}

async fn most_common(superuser: &mut PgConnection, organization: OrganizationId) -> Vec<u8> {
    let most =
        "select token from lead_tokens where organization_id = $1 group by token order by count(*) desc, token limit 1";
    sqlx::query_scalar(most).bind(organization.0).fetch_one(superuser).await.expect("a token")
}

#[tokio::test]
async fn lists_search_and_counts_read_about_a_page_however_many_leads_there_are() {
    let app = TestApp::new().await;
    let plan = seed::Plan { leads: 20_000, organizations: 2, seed: 7, password: None, anyway: false };
    let made = seed::fill(&app.app, plan, |_| {}).await.expect("seeded");
    let (organization, _, size) = made.organizations[0];
    assert!(size > 10_000);
    nextmove::db::setup::tidy(&app.owner_url()).await.expect("tidied");

    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let su = &mut superuser;
    let person = one(su, organization, "select quote_literal(assignee_id) from leads where organization_id = $1 and assignee_id is not null group by assignee_id order by count(*) desc limit 1").await;
    let people = format!("array[{person}::uuid]");
    let campaign = one(su, organization, "select quote_literal(campaign_id) from leads where organization_id = $1 group by campaign_id order by count(*) desc limit 1").await;
    let form = one(su, organization, "select quote_literal(form_id) from leads where organization_id = $1 group by form_id order by count(*) limit 1").await;
    let (deep_at, deep_id) = (
        one(su, organization, "select quote_literal(created_at) from leads where organization_id = $1 order by created_at, id limit 1 offset 400").await,
        one(su, organization, "select quote_literal(id) from leads where organization_id = $1 order by created_at, id limit 1 offset 400").await,
    );
    let common = one(su, organization, "select 'array[' || quote_literal(token) || '::bytea]' from lead_tokens where organization_id = $1 group by token order by count(*) desc limit 1").await;
    let other = one(su, organization, "select 'array[' || quote_literal(token) || '::bytea]' from lead_tokens where organization_id = $1 group by token order by count(*) desc limit 1 offset 5").await;
    let (due_at, due_id) = (
        one(su, organization, "select quote_literal(next_at) from leads where organization_id = $1 and next_at is not null and first_attempt_at is not null order by next_at desc, id desc limit 1 offset 300").await,
        one(su, organization, "select quote_literal(id) from leads where organization_id = $1 and next_at is not null and first_attempt_at is not null order by next_at desc, id desc limit 1 offset 300").await,
    );
    // Somebody who sees their own only and has nothing at all: the list must not look through everybody's to find that out.
    let stranger = "'00000000-0000-7000-8000-000000000000'";
    let stranger_alone = format!("array[{stranger}::uuid]");

    let served = PgConnection::connect(&app.app_url()).await.expect("a connection");
    let mut desk = Desk { served, organization, statements: statements() };
    // after, after_id, sees_all, me, campaign, form, from, to, three groups of tokens, limit
    let all = ["null", "null", "true", person.as_str(), "null", "null", "null", "null", "null", "null", "null", "51"];
    let with = |changes: &[(usize, &'static str)]| {
        let mut arguments = all.map(str::to_owned).to_vec();
        for (at, value) in changes {
            arguments[*at] = (*value).to_owned();
        }
        arguments
    };
    let set = |mut arguments: Vec<String>, changes: &[(usize, &str)]| {
        for (at, value) in changes {
            arguments[*at] = (*value).to_owned();
        }
        arguments
    };
    let own = with(&[(2, "false")]);
    let deep = set(with(&[]), &[(0, &deep_at), (1, &deep_id)]);
    let walked = set(with(&[]), &[(8, &common)]);
    let run = async |desk: &mut Desk, name: &str, arguments: Vec<String>, own: &[&str]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(own.iter().copied()).collect();
        desk.explain(name, &arguments).await
    };

    // The newest of all, deep in the list, of a campaign, of the rarest form, of an age.
    let (all, newest) = ("leads newest: all", &["leads_newest"][..]);
    let done = run(&mut desk, all, with(&[]), &["null"]).await;
    assert_eq!(done.rows, ROWS);
    done.reads(newest, PAGE, 0);
    run(&mut desk, all, deep.clone(), &["null"]).await.reads(newest, PAGE, 2);
    run(&mut desk, all, with(&[(6, "timestamptz '2026-02-20'")]), &["null"]).await.reads(newest, PAGE, 0);
    run(&mut desk, all, with(&[(7, "timestamptz '2025-02-20'")]), &["null"]).await.reads(newest, PAGE, 0);
    run(&mut desk, all, set(with(&[]), &[(4, &campaign)]), &["null"]).await.reads(&["leads_campaign"], PAGE, 0);
    run(&mut desk, all, set(with(&[]), &[(5, &form)]), &["null"]).await.reads(&["leads_form"], PAGE, 0);

    // Of one status, of two, of one that nobody has.
    let (statuses, status) = ("leads newest: statuses", &["leads_status"][..]);
    run(&mut desk, statuses, with(&[]), &["array['scheduled', 'won']"]).await.reads(status, 2 * PAGE, 0);
    run(&mut desk, statuses, deep, &["array['scheduled', 'won']"]).await.reads(status, 2 * PAGE, 4);

    // What an agent sees who sees their own and what is nobody's; what one sees who has nothing.
    let (somebodys, whose) = ("leads newest: people", &["leads_assignee", "leads_nobodys"][..]);
    run(&mut desk, somebodys, own.clone(), &[&people, "true", "null"]).await.reads(whose, 2 * PAGE, 0);
    let nothing = set(own.clone(), &[(3, stranger)]);
    let done = run(&mut desk, somebodys, nothing, &[&stranger_alone, "false", "null"]).await;
    assert_eq!(done.rows, 0);
    done.reads(&["leads_assignee"], PAGE, 0);

    // A common beginning of a name: the tokens alone, then the list is walked until it has a page. Three in a hundred have it.
    let (found, tokens) = ("leads found: one", &["lead_tokens_pkey"][..]);
    let done = run(&mut desk, found, vec![common.clone(), "2001".to_owned()], &[]).await;
    assert!(done.rows > 1000, "so many that the list is walked: {}", done.rows);
    done.reads(tokens, 80, 0);
    let both = format!("{common} || {other}");
    let several = vec![both, "array[1, 2]".to_owned(), "3".to_owned(), "2001".to_owned()];
    run(&mut desk, "leads found: several", several, &[]).await.reads(tokens, 160, 6000);
    let met = &["leads_newest", "lead_tokens_pkey"];
    run(&mut desk, all, walked.clone(), &["null"]).await.reads(met, 3000, 1000);
    let walked_own = set(walked, &[(2, "false")]);
    let met = &["leads_assignee", "leads_nobodys", "lead_tokens_pkey"];
    run(&mut desk, somebodys, walked_own, &[&people, "true", "null"]).await.reads(met, 6000, 2000);
    let ids = one(
        su,
        organization,
        "select quote_literal(array_agg(id)) || '::uuid[]' from (select id from leads where organization_id = $1 order by id limit 200) as few",
    )
    .await;
    let few = run(&mut desk, "leads newest: found", with(&[]), &[&ids, "null", "null", "false"]).await;
    few.reads(&["leads_pkey"], 200 * 4 + PAGE, 0);

    // What is to do: everybody's, deep in it, an agent's.
    let due = |after: Vec<String>, tried: &str| {
        [after, vec!["null".to_owned(), "timestamptz '2026-03-02 09:00Z'".to_owned(), tried.to_owned()]].concat()
    };
    let deep = set(with(&[]), &[(0, &due_at), (1, &due_id)]);
    let (all, next) = ("leads due: all", &["leads_next"][..]);
    run(&mut desk, all, due(with(&[]), "null"), &[]).await.reads(next, PAGE + ROWS, 0);
    run(&mut desk, all, due(deep.clone(), "true"), &[]).await.reads(next, PAGE + ROWS + 40, 60);
    let (mine, next_of) = ("leads due: people", &["leads_next_of"][..]);
    run(&mut desk, mine, due(own, "null"), &[&people, "true"]).await.reads(next_of, 2 * (PAGE + ROWS), 0);
    run(&mut desk, mine, due(set(deep, &[(2, "false")]), "true"), &[&people, "true"]).await.reads(
        next_of,
        2 * (PAGE + ROWS) + 40,
        60,
    );

    // The best first, from the top and deep in it; of those that are good enough.
    let (best, by_score) = ("leads best", &["leads_best"][..]);
    let now = "timestamptz '2026-03-02 09:00Z'";
    run(&mut desk, best, with(&[]), &["null", now, "0", "null", "null", "false", "null"]).await.reads(
        by_score,
        PAGE + ROWS,
        40,
    );
    run(&mut desk, best, with(&[]), &["null", now, "70", "null", "null", "false", "null"]).await.reads(
        by_score,
        PAGE + ROWS,
        40,
    );
    let (best_at, best_id, best_score) = (
        one(su, organization, "select quote_literal(created_at) from leads where organization_id = $1 and next_at is not null order by score desc, created_at desc, id desc limit 1 offset 300").await,
        one(su, organization, "select quote_literal(id) from leads where organization_id = $1 and next_at is not null order by score desc, created_at desc, id desc limit 1 offset 300").await,
        one(su, organization, "select score::text from leads where organization_id = $1 and next_at is not null order by score desc, created_at desc, id desc limit 1 offset 300").await,
    );
    let deep = set(with(&[]), &[(0, &best_at), (1, &best_id)]);
    run(&mut desk, best, deep, &["null", now, "0", &best_score, "null", "false", "null"]).await.reads(
        by_score,
        PAGE + ROWS + 40,
        60,
    );

    // Counts read one index and stop at a thousand.
    for manager in ["true", "false"] {
        let arguments =
            vec![manager.to_owned(), person.clone(), "timestamptz '2026-03-02 09:00Z'".to_owned(), "1000".to_owned()];
        run(&mut desk, "leads counts", arguments, &[]).await.reads(next_of, 120, 100);
    }

    // And nothing of it was lost on the way: what the counts say is what a count of all says.
    let counted: (i64, i64) = sqlx::query_as(
        "select least(count(*) filter (where snoozed_until is null or snoozed_until <= $2), 1000), least(count(*) filter (where assignee_id is null), 1000)
         from leads where organization_id = $1 and next_at is not null",
    )
    .bind(organization.0)
    .bind(app.clock.now())
    .fetch_one(&mut *su)
    .await
    .expect("counts");
    let viewer =
        nextmove::identity::Viewer { user: app.world.asha, role: nextmove::identity::Role::Owner, sees_all: true };
    let said = app.app.db.read(organization, Actor::User(app.world.asha), async |tx| leads::counts(tx, &viewer).await);
    let said = said.await.expect("counts");
    assert_eq!((said.todo, said.unclaimed, said.mine), (counted.0, counted.1, 0));

    // A search that walks finds what one that begins at the tokens would.
    let holders: BTreeMap<String, i64> = sqlx::query_as::<_, (String, i64)>(
        "select id::text, 1::bigint from leads where organization_id = $1 and id in (select lead_id from lead_tokens where organization_id = $1 and token = $2)",
    )
    .bind(organization.0)
    .bind(most_common(su, organization).await)
    .fetch_all(&mut *su)
    .await
    .expect("leads")
    .into_iter()
    .collect();
    let mut walked = None;
    for word in ["no", "bj", "ha", "be", "as", "ka", "so", "la", "jo", "an", "in", "ol", "ma", "kr", "li"] {
        let (mut found, mut cursor) = (BTreeMap::new(), None);
        loop {
            let filter =
                leads::Filter { q: Some(word.to_owned()), limit: Some(200), cursor, ..leads::Filter::default() };
            let page = app
                .app
                .db
                .read(organization, Actor::User(app.world.asha), async |tx| leads::list(tx, &viewer, filter).await);
            let page = page.await.expect("a page");
            found.extend(page.items.into_iter().map(|lead| (lead.id.to_string(), 1)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        walked = walked.or((found == holders).then_some(word));
    }
    assert!(walked.is_some(), "the {} leads of the most common beginning are found by it", holders.len());
    app.run_jobs().await;
}

#[tokio::test]
async fn taking_jobs_reads_what_is_due_however_much_waits_for_its_day() {
    let app = TestApp::new().await;
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let waiting = "insert into jobs (kind, key, payload, priority, run_at, created_at)
                   select 'end_snooze', n, '{}', 30 + 10 * (n % 8), timestamptz '2100-01-01' + n * interval '1 s', now() from generate_series(1, 20000) n";
    sqlx::raw_sql(waiting).execute(&mut superuser).await.expect("inserts");
    sqlx::raw_sql("vacuum analyze jobs").execute(&mut superuser).await.expect("analyzes");
    let served = PgConnection::connect(&app.app_url()).await.expect("a connection");
    let mut desk = Desk { served, organization: app.world.acme, statements: statements() };
    let worker = "'00000000-0000-7000-8000-000000000000'";
    let arguments = [worker, "array['end_snooze']", "32", "now()", "now()"];
    let done = desk.explain("jobs: take", &arguments).await;
    assert_eq!(done.rows, 0);
    // Eight priorities, each found and looked at from the root of the index. The last one has none behind it.
    done.reads(&["jobs_ready", "jobs_pkey"], 80, 16);
}
