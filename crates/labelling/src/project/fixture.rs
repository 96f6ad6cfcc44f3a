//! A small project for tests.

use std::path::Path;

use tailward_datasets::SampleId;

use super::{
    Audit, ClassTable, Combine, Features, FileLimits, ImageRow, ImageState, ImageTable, PatchFeatures,
    Project, Settings,
};
use crate::ledger::{Event, Told};
use crate::{Access, Patience};

/// A project of eight images and two classes, all of them asked for in round 1.
pub(crate) fn project(folder: &Path, combine: Combine) -> Project {
    let strategy = tailward_acquisition::Strategy::Random {};
    let settings = Settings {
        format: 1,
        images: ".".into(),
        seed: 0,
        budget: 100,
        batch: 10,
        combine,
        features: Features::Patches(PatchFeatures { side: 32, centres: 10 }),
        strategy: strategy.clone(),
        first: strategy,
        audit: Audit { share: 0.0, at_least: 0 },
        limits: FileLimits { max_file_bytes: 10, max_pixels: 10 },
        keys: Default::default(),
    };
    settings.write(&folder.join(Settings::FILE)).unwrap();
    let mut images = ImageTable::open(&folder.join(ImageTable::FILE), Access::Append).unwrap();
    let row = |id: u32| ImageRow {
        id: SampleId(id),
        path: format!("{id}.jpg"),
        bytes: 1,
        sha256: None,
        pixels_sha256: None,
        width: None,
        height: None,
        orientation: None,
        state: ImageState::Usable,
        detail: None,
    };
    images.append(&(0..8).map(row).collect::<Vec<_>>()).unwrap();
    let names = ["lynx", "wolf"].map(str::to_owned);
    ClassTable::open(&folder.join(ClassTable::FILE), Access::Append).unwrap().add(&names).unwrap();
    let mut project = Project::open(folder, Patience::Refuse).unwrap();
    project.ledger.request(1, &(0..8).map(SampleId).collect::<Vec<_>>(), None).unwrap();
    project
}

/// Somebody says something of an image.
pub(crate) fn says(project: &mut Project, event: Event, sample: u32, label: Option<u32>, annotator: &str) {
    let sample = SampleId(sample);
    let told = Told { event, sample, label, annotator, how: None, cost: 1.0, note: None };
    project.ledger.tell(&[told]).unwrap();
}
