//! Labels that are probably wrong.

use serde::Serialize;
use tailward_datasets::SampleId;
use tailward_labelling::project::Project;
use tailward_labelling::statistics::confident_learning;

use super::fit::{Fit, highest, softmax};

/// A label that is probably wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suspect {
    /// The image.
    pub sample: SampleId,
    /// Its label.
    pub label: u32,
    /// How probable the head holds that label.
    pub believed: f32,
    /// What the head takes it for, and how probable that is.
    pub suggested: (u32, f32),
}

/// The labels that a head which did not learn from them holds for wrong, by confident learning (Northcutt, Jiang and Chuang, 2021),
/// the least believed first. Those that somebody has settled are not doubted again.
pub fn suspects(project: &Project, fit: &Fit) -> Vec<Suspect> {
    let probabilities = softmax(fit.blind().left_out.view());
    let labels: Vec<u32> = fit.labelled.iter().map(|(_, label)| *label).collect();
    let suspect = |row: usize| {
        let (sample, label) = fit.labelled[row];
        let class = highest(probabilities.row(row));
        let suggested = (class as u32, probabilities[[row, class]]);
        Suspect { sample, label, believed: probabilities[[row, label as usize]], suggested }
    };
    let found = confident_learning(probabilities.view(), &labels).suspects.into_iter().map(suspect);
    let is_doubtful = |suspect: &Suspect| {
        suspect.suggested.0 != suspect.label && project.ledger.settled(suspect.sample).is_none()
    };
    found.filter(is_doubtful).collect()
}
