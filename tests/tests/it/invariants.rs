//! What holds for every run: budgets, pairing, independence of threads and of the order in which things happen.

use std::collections::{BTreeMap, BTreeSet};

use tailward_experiment::record::Record;

use crate::fixture::{data_dir, smoke_command, smoke_definition, synthetic_manifest, timeless_record};

/// Rows of a ledger as (round, event, sample, label).
fn ledger_rows(folder: &std::path::Path) -> Vec<(usize, String, u32, Option<u32>)> {
    let text = std::fs::read_to_string(folder.join("ledger.csv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].parse().unwrap(), cells[3].to_owned(), cells[4].parse().unwrap(), cells[5].parse().ok())
        })
        .collect()
}

#[test]
fn every_label_is_asked_for_once_answered_once_and_true() {
    let out = tempfile::tempdir().unwrap();
    let truth = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap().train.labels;
    for strategy in ["random", "entropy", "entropy-cb"] {
        assert!(smoke_command(strategy, 0, out.path()).output().unwrap().status.success());
        let definition = smoke_definition(strategy, 0);
        let mut requested: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let mut answered = BTreeSet::new();
        for (round, event, sample, label) in ledger_rows(&out.path().join(definition.folder())) {
            if event == "requested" {
                assert!(asked.insert(sample), "{strategy}: sample {sample} is asked for twice");
                requested.entry(round).or_default().insert(sample);
            } else {
                assert!(asked.contains(&sample) && answered.insert(sample));
                assert_eq!(label, Some(truth[sample as usize]), "{strategy}: sample {sample}");
            }
        }
        assert_eq!(asked, answered);
        let sizes: Vec<usize> = requested.values().map(BTreeSet::len).collect();
        assert_eq!(sizes, [40, definition.budget, definition.budget], "{strategy}");
    }
}

/// Changing the strategy changes neither the pool, nor the initial set, nor the first model; changing the seed does.
#[test]
fn strategies_of_one_seed_are_paired() {
    let out = tempfile::tempdir().unwrap();
    let record = |strategy: &str, seed| {
        assert!(smoke_command(strategy, seed, out.path()).output().unwrap().status.success());
        let path = out.path().join(smoke_definition(strategy, seed).folder()).join("record.jsonl");
        Record::load(&path).unwrap().unwrap()
    };
    let (random, balanced, other) = (record("random", 0), record("entropy-cb", 0), record("random", 1));
    assert_eq!(random.header.pool_hash, balanced.header.pool_hash);
    assert_eq!(random.rounds[0].epoch_losses, balanced.rounds[0].epoch_losses);
    assert_eq!(random.rounds[0].evaluation, balanced.rounds[0].evaluation);
    assert_ne!(random.rounds[1].evaluation, balanced.rounds[1].evaluation);
    assert_ne!(random.header.pool_hash, other.header.pool_hash);
    assert_ne!(random.rounds[0].epoch_losses, other.rounds[0].epoch_losses);
}

/// The CPU backend gives the same numbers on one thread and on several.
#[test]
fn a_run_does_not_depend_on_the_number_of_threads() {
    let run = |threads: &str| {
        let out = tempfile::tempdir().unwrap();
        let status = smoke_command("entropy-cb", 3, out.path())
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        timeless_record(&out.path().join(smoke_definition("entropy-cb", 3).folder()))
    };
    assert_eq!(run("1"), run("3"));
}
