//! Training that sees unlabelled images, and training that stops early, in whole runs.

use std::path::Path;

use tailward_datasets::Dataset;
use tailward_engine::run::{Setting, run};
use tailward_experiment::definition::{
    EarlyStopping, FlexMatch, Mixup, MixupTargets, PoolDefinition, RunDefinition, TrainingDefinition,
    Validation,
};
use tailward_experiment::record::Record;

use crate::fixture::{
    data_dir, run_inputs, smoke_definition, synthetic_manifest, timeless_ledger, timeless_record,
};

/// A smoke run whose pool leaves training images unused, with another training.
fn definition(change: impl FnOnce(&mut TrainingDefinition)) -> RunDefinition {
    let mut definition = smoke_definition("entropy", 0);
    definition.pool = PoolDefinition::Uniform { initial: 40, size: Some(300) };
    definition.imbalance_factor = 1.0;
    change(definition.training.as_mut().unwrap());
    definition
}

fn flexmatch(training: &mut TrainingDefinition) {
    training.flexmatch = Some(FlexMatch { unlabelled_batch: 64, threshold: 0.5, weight: 1.0, operations: 3 });
}

fn start_on(
    definition: &RunDefinition,
    folder: &Path,
    change: impl FnOnce(&mut Setting),
) -> Result<Record, tailward_engine::Error> {
    let dataset: Dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let mut setting = Setting::new(definition, dataset, data_dir()).unwrap();
    change(&mut setting);
    let inputs = run_inputs(setting, folder);
    run(definition, inputs, &mut |_| {})
}

fn start(definition: &RunDefinition, folder: &Path) -> Result<Record, tailward_engine::Error> {
    start_on(definition, folder, |_| {})
}

#[test]
fn a_record_says_what_flexmatch_learned_by() {
    let definition = definition(flexmatch);
    let folder = tempfile::tempdir().unwrap();
    let record = start(&definition, folder.path()).unwrap();
    let epochs = definition.training.as_ref().unwrap().epochs;
    for round in &record.rounds {
        let line = round.flexmatch.as_ref().unwrap();
        assert_eq!(line.used.len(), epochs);
        assert!(line.used.iter().all(|share| (0.0..=1.0).contains(share)), "{line:?}");
        let confident: usize = line.class_counts.iter().sum();
        assert!(line.right <= confident && confident <= 300 - round.labelled, "{line:?}");
        assert!(round.validation.is_none());
    }
    assert!(
        record.rounds.iter().any(|round| round
            .flexmatch
            .as_ref()
            .unwrap()
            .used
            .iter()
            .any(|&share| share > 0.0)),
        "something was learned from unlabelled images"
    );
    // Another first model than supervised training gives: the unlabelled images matter.
    let other = tempfile::tempdir().unwrap();
    let supervised = start(&self::definition(|_| {}), other.path()).unwrap();
    assert_ne!(supervised.rounds[0].evaluation, record.rounds[0].evaluation);
    assert!(supervised.rounds[0].flexmatch.is_none());
}

/// The last round of a run may have nothing left that is unlabelled.
#[test]
fn flexmatch_ends_where_everything_is_labelled() {
    let mut definition = definition(flexmatch);
    let wanted = 40 + definition.rounds * definition.budget;
    definition.pool = PoolDefinition::Uniform { initial: 40, size: Some(wanted) };
    let folder = tempfile::tempdir().unwrap();
    let record = start(&definition, folder.path()).unwrap();
    let learned: Vec<bool> = record.rounds.iter().map(|round| round.flexmatch.is_some()).collect();
    let (last, before) = learned.split_last().unwrap();
    assert!(!last && before.iter().all(|it| *it), "{learned:?}");
}

/// A run that was cut off after a round's line goes on and ends as one that was not: the state of pseudo-labels is a round's own.
#[test]
fn a_run_with_flexmatch_goes_on_as_if_it_had_not_stopped() {
    let definition = definition(flexmatch);
    let (whole, torn) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    start(&definition, whole.path()).unwrap();
    let record = std::fs::read_to_string(whole.path().join("record.jsonl")).unwrap();
    let kept: String = record.split_inclusive('\n').take(3).collect();
    std::fs::write(torn.path().join("record.jsonl"), kept).unwrap();
    std::fs::copy(whole.path().join("ledger.csv"), torn.path().join("ledger.csv")).unwrap();
    start(&definition, torn.path()).unwrap();
    assert_eq!(timeless_record(torn.path()), timeless_record(whole.path()));
    assert_eq!(timeless_ledger(torn.path()), timeless_ledger(whole.path()));
}

/// Unlabelled images are seen, and what they show is not: other true labels of all that is never asked for change nothing but
/// what is measured.
#[test]
fn flexmatch_sees_no_label_that_was_not_told() {
    let definition = definition(flexmatch);
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tell = |setting: &mut Setting| setting.study.told = Some(setting.study.truth.train.clone());
    let first = start_on(&definition, one.path(), tell).unwrap();
    let second = start_on(&definition, other.path(), |setting| {
        tell(setting);
        let classes = setting.class_names.len() as u32;
        for label in &mut setting.study.truth.train {
            *label = (*label + 1) % classes;
        }
    })
    .unwrap();
    for (one, other) in first.rounds.iter().zip(&second.rounds) {
        assert_eq!((&one.epoch_losses, &one.evaluation), (&other.epoch_losses, &other.evaluation));
        let (one, other) = (one.flexmatch.as_ref().unwrap(), other.flexmatch.as_ref().unwrap());
        assert_eq!((&one.used, &one.class_counts), (&other.used, &other.class_counts));
    }
    for (one, other) in first.queries.iter().zip(&second.queries) {
        assert_eq!(one.picks, other.picks);
    }
}

/// The network of the best epoch is what is evaluated, and training ends after as many worse ones as patience allows.
#[test]
fn training_that_stops_early_keeps_its_best_epoch() {
    let definition = definition(|training| {
        training.epochs = 12;
        training.learning_rate *= 4.0;
        training.early_stopping =
            Some(EarlyStopping { patience: 2, validation: Validation::Unused { images: 200 } });
    });
    let folder = tempfile::tempdir().unwrap();
    let record = start(&definition, folder.path()).unwrap();
    for round in &record.rounds {
        let line = round.validation.as_ref().unwrap();
        assert_eq!((line.images, line.losses.len()), (200, round.epoch_losses.len()));
        let lowest = line.losses.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(line.losses[line.best_epoch - 1] <= lowest, "{line:?}");
        let worse = line.losses[line.best_epoch..].iter().filter(|&&loss| loss > lowest).count();
        assert!(worse == 2 || (worse < 2 && line.losses.len() == 12), "{line:?}");
    }
    assert!(
        record.rounds.iter().any(|round| round.epoch_losses.len() < 12),
        "no round of this training stops early: the test says nothing"
    );
    let again = tempfile::tempdir().unwrap();
    start(&definition, again.path()).unwrap();
    assert_eq!(timeless_record(again.path()), timeless_record(folder.path()));
}

#[test]
fn validation_images_that_there_are_not_are_an_error() {
    let wanting = definition(|training| {
        training.early_stopping =
            Some(EarlyStopping { patience: 2, validation: Validation::Unused { images: 1_000_000 } });
    });
    let folder = tempfile::tempdir().unwrap();
    let error = start(&wanting, folder.path()).unwrap_err().to_string();
    assert!(error.contains("1000000") && error.contains("take no part"), "{error}");
}

#[test]
fn mixup_trains_a_run_in_either_form() {
    let mut seen = Vec::new();
    for targets in [MixupTargets::Both, MixupTargets::Larger] {
        let definition = definition(|training| training.mixup = Some(Mixup { alpha: 0.3, targets }));
        let folder = tempfile::tempdir().unwrap();
        seen.push(start(&definition, folder.path()).unwrap().rounds[0].epoch_losses.clone());
    }
    assert_ne!(seen[0], seen[1]);
}
