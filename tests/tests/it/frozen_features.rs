//! Layers that are trained on the features of a network that is not, in whole runs.

use std::path::Path;

use tailward_datasets::{Dataset, StoredImages};
use tailward_engine::run::{RunInputs, Setting, run};
use tailward_experiment::definition::{
    EarlyStopping, FlexMatch, FrozenFeatures, ModelDefinition, PoolDefinition, RunDefinition, Validation,
    VitTower,
};
use tailward_experiment::record::Record;

use crate::fixture::{
    data_dir, run_inputs, smoke_definition, synthetic_manifest, timeless_ledger, timeless_record,
};

const VIEWS: usize = 2;

/// A smoke run of layers on the features of a tiny tower with random weights, which learn from unlabelled images and stop early.
fn definition(strategy: &str, layers: impl Fn(FrozenFeatures) -> ModelDefinition) -> RunDefinition {
    let mut definition = smoke_definition("entropy", 0);
    definition.strategy = smoke_definition(strategy, 0).strategy;
    definition.pool = PoolDefinition::Uniform { initial: 40, size: Some(300) };
    definition.imbalance_factor = 1.0;
    let network =
        VitTower { image: 32, patch: 8, width: 16, layers: 2, heads: 2, features: 12, pretrained: None };
    definition.model = Some(layers(FrozenFeatures { strong_views: Some(VIEWS), network }));
    let training = definition.training.as_mut().unwrap();
    (training.crop_padding, training.horizontal_flip) = (0, false);
    training.epochs = 4;
    training.flexmatch = Some(FlexMatch { unlabelled_batch: 32, threshold: 0.3, weight: 1.0, operations: 2 });
    training.early_stopping =
        Some(EarlyStopping { patience: 3, validation: Validation::Unused { images: 50 } });
    definition
}

fn start(definition: &RunDefinition, cache_dir: &Path, folder: &Path) -> Record {
    let dataset: Dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let setting = Setting::new(definition, dataset, data_dir()).unwrap();
    let inputs = RunInputs { cache_dir, ..run_inputs(setting, folder) };
    run(definition, inputs, &mut |_| {}).unwrap()
}

/// The files of features below a folder, by name, with their bytes.
fn kept(cache_dir: &Path) -> Vec<(String, Vec<u8>)> {
    let folders = std::fs::read_dir(cache_dir.join("features")).unwrap().map(|it| it.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|it| it.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|it| it == "bin"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Both kinds, with strategies that look at embeddings and at the head: the features are computed once, by the first run, and what a run
/// gives does not depend on who computed them.
#[test]
fn runs_share_what_is_computed_once() {
    let cache = tempfile::tempdir().unwrap();
    let mut first: Option<Vec<(String, Vec<u8>)>> = None;
    let kinds: [fn(FrozenFeatures) -> ModelDefinition; 2] =
        [ModelDefinition::Linear, ModelDefinition::Shallow];
    let mut losses = Vec::new();
    for layers in kinds {
        for strategy in ["entropy", "random"] {
            let definition = definition(strategy, layers);
            let folder = tempfile::tempdir().unwrap();
            let record = start(&definition, cache.path(), folder.path());
            for round in &record.rounds {
                let line = round.flexmatch.as_ref().unwrap();
                assert_eq!(round.validation.as_ref().unwrap().images, 50);
                assert!(line.used.iter().all(|share| (0.0..=1.0).contains(share)), "{line:?}");
            }
            losses.push(record.rounds[0].epoch_losses.clone());
            let found = kept(cache.path());
            // The training images as they are and in each strong view, and the test images.
            assert_eq!(found.len(), 2 + VIEWS);
            assert_eq!(first.get_or_insert_with(|| found.clone()), &found, "they are computed once");
            if losses.len() == 4 {
                let alone = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
                start(&definition, alone[0].path(), alone[1].path());
                assert_eq!(timeless_record(alone[1].path()), timeless_record(folder.path()));
                assert_eq!(timeless_ledger(alone[1].path()), timeless_ledger(folder.path()));
            }
        }
    }
    assert_eq!(losses[0], losses[1], "strategies of one seed share the first model");
    assert_ne!(losses[0], losses[2], "two layers are not one");
}

/// A run that was cut off after a round goes on, with features that are damaged meanwhile: they are computed again.
#[test]
fn a_run_goes_on_where_features_are_lost() {
    let definition = definition("entropy", ModelDefinition::Shallow);
    let [cache, whole, torn] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    start(&definition, cache.path(), whole.path());
    let before = kept(cache.path());
    let record = std::fs::read_to_string(whole.path().join("record.jsonl")).unwrap();
    let part: String = record.split_inclusive('\n').take(3).collect();
    std::fs::write(torn.path().join("record.jsonl"), part).unwrap();
    std::fs::copy(whole.path().join("ledger.csv"), torn.path().join("ledger.csv")).unwrap();
    let folder = std::fs::read_dir(cache.path().join("features")).unwrap().next().unwrap().unwrap().path();
    for (name, bytes) in &before {
        std::fs::write(folder.join(name), &bytes[..bytes.len() / 2]).unwrap();
    }
    start(&definition, cache.path(), torn.path());
    assert_eq!(kept(cache.path()), before);
    assert_eq!(timeless_record(torn.path()), timeless_record(whole.path()));
    assert_eq!(timeless_ledger(torn.path()), timeless_ledger(whole.path()));
}

/// Images on the disk give the run that images in memory give, of a network on images and of layers on features.
#[test]
fn a_run_on_the_disk_is_the_run_in_memory() {
    let on_features = definition("entropy", ModelDefinition::Linear);
    let mut on_images = smoke_definition("entropy", 0);
    on_images.rounds = 1;
    for definition in [on_features, on_images] {
        let dataset: Dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let on_disk = |name: &str, images: &tailward_datasets::Images| {
            let sources: Vec<String> = (0..images.len()).map(|row| format!("{name} {row}")).collect();
            let path = folder.path().join(name);
            let make = |row: usize, into: &mut [u8]| {
                into.copy_from_slice(images.image(row));
                Ok(())
            };
            StoredImages::from(
                tailward_datasets::PixelFile::prepare(&path, images.shape, &sources, make).unwrap(),
            )
        };
        let stored = [on_disk("train", &dataset.train), on_disk("test", &dataset.test)];
        let [memory, disk] = [false, true].map(|is_on_disk| {
            let mut setting = Setting::new(&definition, dataset.clone(), data_dir()).unwrap();
            if is_on_disk {
                let [train, test] = stored.clone();
                (setting.train, setting.test) = (train, test);
            }
            let [cache, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            let inputs = RunInputs { cache_dir: cache.path(), ..run_inputs(setting, folder.path()) };
            run(&definition, inputs, &mut |_| {}).unwrap();
            (timeless_record(folder.path()), timeless_ledger(folder.path()))
        });
        assert_eq!(memory, disk);
    }
}
