//! `run.toml`: every run of every experiment goes through it unchanged, and a file changed by hand is refused by key.

use std::path::Path;

use tailward_experiment::definition::{Definition, RUN_FILE, RunDefinition, Selector};

fn definitions() -> Vec<Definition> {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let folders = std::fs::read_dir(experiments).unwrap().map(|entry| entry.unwrap().path());
    let definitions: Vec<Definition> =
        folders.map(|folder| Definition::load(&folder.join("definition.toml")).unwrap()).collect();
    assert!(definitions.len() >= 20, "only {} experiments", definitions.len());
    definitions
}

#[test]
fn every_run_of_every_experiment_comes_back_as_it_was_with_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    for definition in definitions() {
        for &scale in definition.scales.keys() {
            let seeds = vec![definition.scales[&scale].seeds[0]];
            let selector = Selector { seeds, ..Selector::default() };
            for run in definition.runs(scale, &selector).unwrap() {
                let path = run.write(&folder.path().join(run.folder())).unwrap();
                let back = RunDefinition::load(&path).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(back, run);
                assert_eq!(back.hash(), run.hash());
            }
        }
    }
}

#[test]
fn a_folder_keeps_its_run() {
    let definition = definitions().into_iter().find(|definition| definition.name == "synthetic").unwrap();
    let scale = *definition.scales.keys().next().unwrap();
    let runs = definition.runs(scale, &Selector::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = runs[0].write(folder.path()).unwrap();
    assert_eq!(path, folder.path().join(RUN_FILE));
    let before = std::fs::read_to_string(&path).unwrap();
    assert!(before.starts_with(&format!("# {}\n", runs[0].label())), "{before}");
    // The same run again is nothing new; another one is refused, and the file stays.
    runs[0].write(folder.path()).unwrap();
    let error = runs[1].write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("run.toml is of another run") && error.contains(&runs[1].hash()), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    let wrong = before.replacen("budget = ", "budget = -", 1);
    std::fs::write(&path, wrong).unwrap();
    let error = RunDefinition::load(&path).unwrap_err().to_string();
    assert!(error.contains("run.toml") && error.contains("budget"), "{error}");
}
