//! What watches the server (LP-059, DK-062): every expression of `ops/` reads numbers that a real server exports, every alert has its
//! section in docs/OPERATIONS.md, and what can be checked of both is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use nextmove::sandbox::meta::{Fault, NewLead};
use serde_json::Value;

use crate::{
    processes::phone::Phone,
    webhooks::{arrive, connect},
    world::TestApp,
};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dashboard() -> Value {
    serde_json::from_str(&text("ops/grafana/dashboard.json")).expect("JSON")
}

/// Every expression, by where it stands.
fn expressions() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let rules = text("ops/prometheus/rules.yml");
    let mut alert = "";
    for line in rules.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            alert = name;
        }
        if let Some(expression) = line.strip_prefix("expr: ") {
            found.insert(format!("alert {alert}"), expression.trim_matches('\'').to_owned());
        }
    }
    for panel in dashboard()["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let name = format!("panel {}: {}", panel["title"], target["refId"]);
            found.insert(name, target["expr"].as_str().expect("an expression").to_owned());
        }
    }
    found
}

/// The numbers that an expression reads, each with the labels that it compares or sums by.
fn numbers(expression: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for prefix in ["nextmove_", "process_"] {
        for (at, _) in expression.match_indices(prefix) {
            if expression[..at].ends_with(is_name) {
                continue;
            }
            let rest = &expression[at..];
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let labels = rest[end..].strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
            let labels =
                labels.split(',').filter(|label| !label.contains("!=")).filter_map(|label| label.split_once('='));
            let labels = labels.map(|(name, value)| (name.trim().to_owned(), value.trim_matches('"').to_owned()));
            found.push((rest[..end].to_owned(), labels.filter(|(name, _)| name != "job").collect()));
        }
    }
    found
}

/// Asks until it is so, however busy the machine is.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not come to this: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_panel_and_every_alert_reads_what_a_server_exports() {
    let app = TestApp::new().await;
    connect(&app).await;
    // Somebody listens, a lead goes all the way; another one is fetched in vain; something is asked.
    let port = app.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let phone = Phone::open("ravi", &app.fresh_session(app.world.ravi).await, vec![port]);
    until("the phone is greeted", async || phone.seen().hellos > 0).await;
    arrive(&app, &NewLead::default()).await;
    let acknowledged = async || {
        app.anonymous().get("/metrics").await.text.contains("nextmove_lead_seconds_bucket{door=\"acknowledged\"")
    };
    until("the phone has the lead", acknowledged).await;
    app.sandbox.fail_next(Fault::Error500, 1);
    arrive(&app, &NewLead::default()).await;
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    app.ravi().get("/api/leads").await.ok();
    let exported = app.anonymous().get("/metrics").await;
    assert_eq!(exported.status, 200);

    let mut dead = Vec::new();
    let expressions = expressions();
    assert!(expressions.len() > 50, "the files were read: {expressions:#?}");
    for (place, expression) in &expressions {
        for (number, labels) in numbers(expression) {
            let has = |line: &&str| {
                line.strip_prefix(&number).is_some_and(|rest| rest.starts_with(['{', ' ']))
                    // Nobody has failed on purpose here: the value may be another one, but the label is there.
                    && labels.iter().all(|(name, value)| match name.as_str() {
                        "status" | "path" | "outcome" | "door" => line.contains(&format!("{name}=\"")),
                        _ => line.contains(&format!("{name}=\"{value}\"")),
                    })
            };
            if !exported.text.lines().any(|line| has(&line)) {
                dead.push(format!("{place}: {number} {labels:?}"));
            }
        }
    }
    assert!(dead.is_empty(), "nothing exports these: {dead:#?}\n{}", exported.text);
    for door in ["emitted", "acknowledged"] {
        assert!(exported.text.contains(&format!("nextmove_lead_seconds_bucket{{door=\"{door}\"")), "{door}");
    }
    for outcome in ["done", "failed"] {
        assert!(
            exported.text.contains(&format!("kind=\"fetch_lead\",outcome=\"{outcome}\"")),
            "{outcome}: {}",
            exported.text
        );
    }
    let ids = [app.world.acme.to_string(), app.world.ravi.to_string()];
    assert!(ids.iter().all(|id| !exported.text.contains(id)), "nobody's id is a label");
}

#[test]
fn every_alert_has_its_section_for_three_in_the_morning() {
    let rules = text("ops/prometheus/rules.yml");
    let operations = text("docs/OPERATIONS.md");
    let sections: BTreeSet<&str> = operations.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alerts: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 15);
    for alert in &alerts {
        assert!(sections.contains(alert), "docs/OPERATIONS.md has no section `### {alert}`");
        let section = operations
            .split(&format!("### {alert}\n"))
            .nth(1)
            .and_then(|rest| rest.split("\n### ").next())
            .expect("it is there");
        for part in ["**Means**", "**Look**", "**Do**", "**Over**"] {
            assert!(section.contains(part), "{alert} does not say {part}");
        }
        let url = format!("runbook_url: docs/OPERATIONS.md#{}", alert.to_lowercase());
        assert!(rules.contains(&url), "{alert} does not say where to read on");
    }
    let unknown: Vec<_> =
        sections.iter().filter(|name| name.starts_with("NextMove") && !alerts.contains(*name)).collect();
    assert!(unknown.is_empty(), "no alert is called so: {unknown:?}");
}

#[test]
fn the_dashboard_is_one_that_loads() {
    let dashboard = dashboard();
    assert_eq!(dashboard["schemaVersion"], 39);
    let variables: BTreeSet<&str> = dashboard["templating"]["list"]
        .as_array()
        .expect("variables")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "two panels have one id: {panel}");
        let place = |name: &str| panel["gridPos"][name].as_u64().expect("a place");
        assert!(place("x") + place("w") <= 24, "{}", panel["title"]);
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} lies on another panel", panel["title"]);
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}");
            for target in panel["targets"].as_array().expect("targets") {
                let expression = target["expr"].as_str().expect("an expression");
                for used in expression.split('$').skip(1) {
                    let name: String = used.chars().take_while(char::is_ascii_alphabetic).collect();
                    assert!(variables.contains(&*name), "{expression}: there is no variable {name}");
                }
            }
        }
    }
}

#[test]
fn promtool_finds_nothing_wrong() {
    let run =
        |arguments: &[&str]| Command::new("promtool").args(arguments).current_dir(file("ops/prometheus")).output();
    if run(&["--version"]).is_err() {
        eprintln!("SKIPPED: promtool is not here (Debian's package prometheus; scripts/setup --test brings it)");
        return;
    }
    for arguments in [
        &["check", "rules", "rules.yml"][..],
        &["check", "config", "prometheus.yml"],
        &["test", "rules", "rules.test.yml"],
    ] {
        let done = run(arguments).expect("it ran");
        assert!(
            done.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
}
