//! What fuzzing begins with, and what it found, goes through the same checks in every run (`src/fuzzing.rs`, `fuzz/README.md`).

use std::{fs, path::Path};

use proptest::prelude::*;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 4] = [
    ("webhook", nextmove::fuzzing::webhook),
    ("mapping", nextmove::fuzzing::mapping),
    ("phone", nextmove::fuzzing::phone),
    ("payload", nextmove::fuzzing::payload),
];

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |entry: fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file"))
    };
    entries.map(|entry| read(entry.expect("an entry"))).collect()
}

#[test]
fn all_of_the_corpus_holds() {
    for (name, check) in TARGETS {
        let files = corpus(name);
        assert!(files.len() >= 10, "{name}: the corpus is there");
        for (file, data) in files {
            let held = std::panic::catch_unwind(|| check(&data));
            assert!(held.is_ok(), "fuzz/corpus/{name}/{file} does not hold");
        }
    }
}

#[test]
fn every_target_is_built_by_the_fuzzer() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).expect("a file");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}

/// A file of the corpus with some bytes changed, cut out or doubled: the cheap half of what a fuzzer does, in every run.
fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> =
        corpus(name).into_iter().map(|(_, data)| data).filter(|data| data.len() < 20_000).collect();
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8, 1..9usize);
    (prop::sample::select(files), proptest::collection::vec(edit, 1..6)).prop_map(|(mut data, edits)| {
        for (at, byte, kind, length) in edits {
            let at = at.index(data.len() + 1);
            match kind {
                0 if at < data.len() => data[at] = byte,
                1 => data.insert(at, byte),
                2 => drop(data.drain(at..(at + length).min(data.len()))),
                _ => {
                    let part = data[at..(at + length).min(data.len())].to_vec();
                    data.splice(at..at, part);
                }
            }
        }
        data
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_delivery_holds(data in mutated("webhook")) {
        nextmove::fuzzing::webhook(&data);
    }

    #[test]
    fn a_damaged_lead_holds(data in mutated("mapping")) {
        nextmove::fuzzing::mapping(&data);
    }

    #[test]
    fn a_damaged_payload_or_file_holds(data in mutated("payload")) {
        nextmove::fuzzing::payload(&data);
    }

    #[test]
    fn a_damaged_number_holds(data in mutated("phone")) {
        nextmove::fuzzing::phone(&data);
    }
}
