//! Imports go down only, and files stay small: read from the sources themselves.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// From the ground up. On a floor of several words each may use the others, except the domains, which have an order of their own.
const FLOORS: [&[&str]; 6] = [
    &["error", "http", "config", "spans", "types", "words"],
    &["db", "jobs", "outbox", "live"],
    &["providers", "sandbox", "app"],
    DOMAINS,
    &["reactions"],
    &["worker", "web", "start", "cli", "main", "lib", "telemetry", "fuzzing"],
];

/// Each may use the front doors of earlier ones.
const DOMAINS: &[&str] = &[
    "organizations",
    "audit",
    "identity",
    "sla",
    "rota",
    "messages",
    "notifications",
    "leads",
    "attempts",
    "campaigns",
    "distribution",
    "alerts",
    "desk",
    "sequences",
    "integrations",
    "doors",
    "demo",
    "seed",
];

/// The configuration is read once the floors above it have said how: where the data lie, what a master key is.
const ALLOWED: [(&str, &str); 2] = [("config", "db"), ("config", "providers")];

const LINES: usize = 400;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source with the room it belongs to.
fn rooms() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let room = |path: &Path| {
        let inside = path.strip_prefix(&root).expect("under src");
        let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    };
    found.into_iter().map(|path| (path.clone(), room(&path))).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

/// The rooms that a source names: `crate::x::…`, and the names in `use crate::{x::…, y}`.
fn named(source: &str) -> Vec<String> {
    let code: String = source
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect() };
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let mut depth = 1;
        let mut begins = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                c if depth == 1 && begins && !c.is_whitespace() => {
                    names.push(word(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

fn floor(room: &str) -> usize {
    FLOORS.iter().position(|floor| floor.contains(&room)).unwrap_or_else(|| {
        panic!("on which floor is src/{room}? Say so in FLOORS of tests/it/floors.rs (docs/ARCHITECTURE.md)")
    })
}

fn order(domain: &str) -> Option<usize> {
    DOMAINS.iter().position(|known| *known == domain)
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (path, room) in rooms() {
        if is_test(&path) {
            continue;
        }
        for other in named(&fs::read_to_string(&path).expect("a source")) {
            if other == room
                || ALLOWED.contains(&(room.as_str(), other.as_str()))
                || !FLOORS.concat().contains(&other.as_str())
            {
                continue;
            }
            let is_upward = floor(&other) > floor(&room);
            let is_later = order(&other).zip(order(&room)).is_some_and(|(other, own)| other > own);
            if is_upward || is_later {
                wrong.push(format!("{} uses {other}, which stands above it", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports go down only; turn it round, with an event or an argument: {wrong:#?}");
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = rooms()
        .into_keys()
        .filter(|path| !is_test(path))
        .map(|path| (fs::read_to_string(&path).expect("a source").lines().count(), path))
        .filter(|(lines, _)| *lines > LINES)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "a room that grew: move a capability into a file of its own: {long:#?}");
}

#[test]
fn the_reader_of_imports_reads() {
    let source =
        "use crate::{\n    app::App,\n    db::{Tx, seal},\n    error,\n};\n// crate::never\nlet x = crate::live::Bell;";
    assert_eq!(named(source), ["app", "db", "error", "live"]);
}
