//! What holds for every run: budgets, pairing, independence of threads and of the order in which things happen.

use std::collections::{BTreeMap, BTreeSet};

use tailward_experiment::definition::{Definition, Scale, Selector};
use tailward_experiment::record::Record;

use crate::fixture::{
    data_dir, project, run_command, smoke_command, smoke_definition, synthetic_manifest, timeless_record,
};

/// Rows of a ledger as (round, event, sample, label).
fn ledger_rows(folder: &std::path::Path) -> Vec<(usize, String, u32, Option<u32>)> {
    let text = std::fs::read_to_string(folder.join("ledger.csv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].parse().unwrap(), cells[4].to_owned(), cells[5].parse().unwrap(), cells[6].parse().ok())
        })
        .collect()
}

#[test]
fn every_label_is_asked_for_once_answered_once_and_true() {
    let out = tempfile::tempdir().unwrap();
    let truth = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap().truth.train;
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

/// A definition can name published index lists; then every seed works on exactly these samples.
#[test]
fn index_lists_are_the_initial_set_and_the_pool() {
    let folder = tempfile::tempdir().unwrap();
    let lists = data_dir().join("lists");
    std::fs::create_dir_all(&lists).unwrap();
    let lines = |ids: &[u32]| ids.iter().map(|id| format!("{id}\n")).collect::<String>();
    let initial: Vec<u32> = (100..140).collect();
    let pool: Vec<u32> = (200..500).step_by(2).collect();
    std::fs::write(lists.join("initial.txt"), lines(&initial)).unwrap();
    std::fs::write(lists.join("pool.txt"), lines(&[pool.clone(), initial.clone()].concat())).unwrap();
    let text = std::fs::read_to_string(project("experiments/synthetic/definition.toml")).unwrap();
    let (before, smoke) = text.split_once("[scales.smoke.pool]").unwrap();
    let (_, after) = smoke.split_once("[scales.smoke.model]").unwrap();
    let pair = r#"{ imbalance_factor = 0.1, initial = "lists/initial.txt", pool = "lists/pool.txt" }"#;
    let listed = format!("kind = \"index-lists\"\nlists = [{pair}]\n");
    let text = format!("{before}[scales.smoke.pool]\n{listed}\n[scales.smoke.model]{after}");
    let definition = folder.path().join("definition.toml");
    std::fs::write(&definition, text).unwrap();
    let definition = Definition::load(&definition).unwrap();
    let selector =
        Selector { strategies: vec!["random".to_owned()], seeds: vec![0, 1], ..Selector::default() };
    for definition in definition.runs(Scale::Smoke, &selector).unwrap() {
        let run = folder.path().join(definition.folder());
        let command = || run_command(&definition.write(&run).unwrap());
        let output = command().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rows = ledger_rows(&run);
        let asked = |wanted: usize| -> BTreeSet<u32> {
            rows.iter()
                .filter(|(round, event, ..)| *round == wanted && event == "requested")
                .map(|row| row.2)
                .collect()
        };
        assert_eq!(asked(0), initial.iter().copied().collect());
        assert!(asked(1).iter().chain(&asked(2)).all(|sample| pool.contains(sample)));
        // The list changes under an unfinished run: that is another pool, and nothing in the folder is touched.
        let path = run.join("record.jsonl");
        let record = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, record.split_inclusive('\n').take(2).collect::<String>()).unwrap();
        let before = std::fs::read_dir(&run).unwrap().count();
        std::fs::write(lists.join("pool.txt"), lines(&[&pool[1..], &initial].concat())).unwrap();
        let output = command().output().unwrap();
        std::fs::write(lists.join("pool.txt"), lines(&[pool.clone(), initial.clone()].concat())).unwrap();
        assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(std::fs::read_dir(&run).unwrap().count(), before);
    }
}
