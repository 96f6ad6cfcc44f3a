//! Labels that are known at the beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tailward_datasets::SampleId;
use tailward_labelling::known::{self, Known, KnownLabel};
use tailward_labelling::ledger::{Event, Told};
use tailward_labelling::project::{IMPORTED, ImageRow, Project, class_by_folder};

use super::plan::{Plan, Source};
use crate::Error;
use crate::output::say;

/// Who the ledger says they are from.
const IMPORTER: &str = "import";

/// Takes known labels over, as answers that cost nothing; those of before are left as they are.
pub(super) fn import(project: &mut Project, plan: &Plan) -> anyhow::Result<usize> {
    let labels: BTreeMap<SampleId, u32> = match &plan.source {
        Source::Nowhere => BTreeMap::new(),
        Source::Folders => {
            let label = |path: PathBuf| class_by_folder(&path).and_then(|name| project.classes.find(&name));
            let labelled = project
                .images
                .usable()
                .filter_map(|row| row.relative_path().and_then(label).map(|label| (row.id, label)));
            labelled.collect()
        }
        Source::File(file, known) => of_file(project, file, known),
    };
    let known: BTreeSet<SampleId> =
        labels.keys().copied().filter(|&sample| project.ledger.standing(sample).is_some()).collect();
    let new: Vec<(SampleId, u32)> =
        labels.into_iter().filter(|(sample, _)| !known.contains(sample)).collect();
    let samples: Vec<SampleId> = new.iter().map(|(sample, _)| *sample).collect();
    project.ledger.request(0, &samples, Some(IMPORTED)).map_err(Error::from)?;
    let told: Vec<Told> = new
        .iter()
        .map(|&(sample, label)| Told {
            event: Event::Answered,
            sample,
            label: Some(label),
            annotator: IMPORTER,
            how: None,
            cost: 0.0,
            note: None,
        })
        .collect();
    project.ledger.tell(&told).map_err(Error::from)?;
    Ok(told.len())
}

/// The labels of a file by images; what has no image, or more than one, is said.
fn of_file(project: &Project, file: &Path, known: &Known) -> BTreeMap<SampleId, u32> {
    let rows: Vec<&ImageRow> = project.images.usable().collect();
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let matched = known::matched(known, &paths);
    for (labels, why) in [
        (&matched.unknown, "name no image that takes part"),
        (&matched.ambiguous, "could be of several images"),
    ] {
        if let Some(first) = labels.first() {
            say(format_args!(
                "{}: {} labels {why}, the first in {}: `{}`",
                file.display(),
                labels.len(),
                first.place,
                first.file
            ));
        }
    }
    let label = |(place, label): (&usize, &&KnownLabel)| {
        project.classes.find(&label.class).map(|class| (rows[*place].id, class))
    };
    matched.labels.iter().filter_map(label).collect()
}
