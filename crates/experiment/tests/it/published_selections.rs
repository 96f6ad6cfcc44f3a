//! The selections that `replay-labelbench-cifar100` replays, against what their authors published of them. They are not part of
//! the repository: `TAILWARD_DATA` names a data folder with `labelbench-cifar100/` and CIFAR-100. Without them the test says that
//! it was skipped.

use std::io::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::DatasetManifest;
use tailward_experiment::definition::{Definition, Scale};

fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Labels of the smallest and of the largest class among the first 1,000, 2,000, … images of every list.
#[test]
fn classes_develop_as_published() {
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        return skipped("TAILWARD_DATA names no data folder");
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let published = data_dir.join("labelbench-cifar100/metrics.csv");
    let Ok(published) = std::fs::read_to_string(&published) else {
        return skipped("the data folder has no labelbench-cifar100/metrics.csv");
    };
    let manifest = DatasetManifest::load(&workspace.join("datasets/cifar100.toml")).unwrap();
    let Ok(dataset) = tailward_datasets::read(&manifest, &data_dir) else {
        return skipped("the data folder has no CIFAR-100");
    };
    let labels = dataset.truth.train;
    let path = workspace.join("experiments/replay-labelbench-cifar100/definition.toml");
    let definition = Definition::load(&path).unwrap();
    let replay = definition.scale(Scale::Desk).unwrap().replay.as_ref().unwrap();
    let mut compared = 0;
    for list in &replay.lists {
        let text = std::fs::read_to_string(data_dir.join(&list.path)).unwrap();
        let order: Vec<usize> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(order.len(), replay.samples);
        let mut counts = vec![0_usize; 100];
        for (labelled, index) in (1..).zip(order) {
            counts[labels[index] as usize] += 1;
            if labelled % 1000 != 0 {
                continue;
            }
            // strategy, seed, labelled, two accuracies, smallest, largest
            let key = format!("{},{},{labelled},", list.strategy, list.seed);
            let row = published.lines().find(|line| line.starts_with(&key)).unwrap();
            let expected: Vec<usize> = row.split(',').skip(5).map(|field| field.parse().unwrap()).collect();
            let found = [*counts.iter().min().unwrap(), *counts.iter().max().unwrap()];
            assert_eq!(found, *expected, "{key}");
            compared += 1;
        }
    }
    assert_eq!(compared, 7 * 4 * 10);
}
