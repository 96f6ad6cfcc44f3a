//! What the images of a project are labelled as, all annotators heard.

use std::collections::{BTreeMap, BTreeSet};

use tailward_datasets::SampleId;

use super::{Combine, Project};
use crate::ledger::Standing;
use crate::statistics::{DawidSkene, Vote, dawid_skene, majority};

/// What is added to the counts of an annotator's answers: a tenth of an answer, so that somebody who was never seen to err can.
const SMOOTHING: f64 = 0.1;

/// Rounds of expectation and maximisation; they settle within some dozens.
const ROUNDS: usize = 100;

impl Project {
    /// The label of each image that has one, the audit's left out: what somebody settled on, else what the annotators'
    /// answers come to by the way that the settings name. Where that leaves it open, the image has none.
    pub fn labels(&self) -> BTreeMap<SampleId, u32> {
        let (samples, votes) = self.votes();
        let classes = self.classes.names().len();
        let combined: Vec<Option<u32>> = match self.settings.combine {
            Combine::Majority => majority(&votes, samples.len(), classes),
            Combine::DawidSkene => {
                let how = DawidSkene { rounds: ROUNDS, smoothing: SMOOTHING };
                let truth = dawid_skene(&votes, samples.len(), classes, how);
                truth
                    .rows()
                    .into_iter()
                    .map(|row| most_probable(row.as_slice().unwrap_or_default()))
                    .collect()
            }
        };
        let label = |(sample, combined): (&SampleId, Option<u32>)| {
            let label = self.ledger.settled(*sample).or(combined)?;
            Some((*sample, label))
        };
        samples.iter().zip(combined).filter_map(label).collect()
    }

    /// The images that were asked for at the cost of the budget, in their order.
    pub fn asked(&self) -> impl Iterator<Item = SampleId> {
        (1..self.ledger.rounds()).flat_map(|round| self.ledger.requested(round).iter().copied())
    }

    /// The images whose answers differ and of which nobody has settled what holds.
    pub fn disputed(&self) -> Vec<SampleId> {
        let asked = (0..self.ledger.rounds()).flat_map(|round| self.ledger.requested(round).iter().copied());
        let asked: BTreeSet<SampleId> = asked.collect();
        asked.into_iter().filter(|&sample| self.ledger.standing(sample) == Some(Standing::Disputed)).collect()
    }

    /// Every answer with a label that stands, by the place of its image in the list; and the list, rising. An image that was
    /// settled without an answer is in it, too.
    pub fn votes(&self) -> (Vec<SampleId>, Vec<Vote>) {
        let mut annotators: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut samples, mut votes) = (Vec::new(), Vec::new());
        for (sample, opinions) in self.ledger.opinions() {
            for (annotator, label) in opinions {
                let next = annotators.len();
                let annotator = *annotators.entry(annotator).or_insert(next);
                votes.push(Vote { item: samples.len(), annotator, label });
            }
            samples.push(sample);
        }
        (samples, votes)
    }
}

/// The most probable class, or nothing where two are as probable.
fn most_probable(probabilities: &[f64]) -> Option<u32> {
    let highest = probabilities.iter().copied().fold(0.0, f64::max);
    let mut best = (0..).zip(probabilities).filter(|(_, probability)| **probability > highest - 1e-9);
    match (best.next(), best.next()) {
        (Some((class, _)), None) => Some(class),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Event;
    use crate::project::fixture::{project, says};

    /// Three annotators of eight images, as in the golden numbers of [`statistics`](crate::statistics); both ways come to the same here.
    #[test]
    fn answers_are_combined_as_the_settings_say() {
        let answers = [[0, 0, 0, 1, 1, 1, 0, 1], [0, 0, 1, 1, 1, 0, 1, 1], [0, 1, 1, 1, 0, 0, 0, 1]];
        for (combine, expected) in
            [(Combine::Majority, [0, 0, 1, 1, 1, 0, 0, 1]), (Combine::DawidSkene, [0, 0, 1, 1, 1, 0, 0, 1])]
        {
            let folder = tempfile::tempdir().unwrap();
            let mut project = project(folder.path(), combine);
            for (annotator, answers) in ["ada", "bo", "cy"].iter().zip(answers) {
                for (sample, label) in (0..).zip(answers) {
                    says(&mut project, Event::Answered, sample, Some(label), annotator);
                }
            }
            let found: Vec<u32> = project.labels().into_values().collect();
            assert_eq!(found, expected, "{combine:?}");
            assert_eq!(project.disputed(), [1, 2, 4, 5, 6].map(SampleId));
            says(&mut project, Event::Settled, 6, Some(1), "ada");
            assert_eq!(project.labels()[&SampleId(6)], 1);
            assert_eq!(project.disputed(), [1, 2, 4, 5].map(SampleId));
        }
    }

    #[test]
    fn ties_and_skips_leave_it_open_and_the_last_word_of_each_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(folder.path(), Combine::Majority);
        says(&mut project, Event::Answered, 0, Some(0), "ada");
        says(&mut project, Event::Answered, 0, Some(1), "bo");
        says(&mut project, Event::Answered, 1, Some(0), "ada");
        says(&mut project, Event::Corrected, 1, Some(1), "ada");
        says(&mut project, Event::Skipped, 2, None, "ada");
        says(&mut project, Event::Audited, 3, Some(1), "ada");
        says(&mut project, Event::Answered, 4, Some(1), "ada");
        says(&mut project, Event::Undone, 4, None, "ada");
        assert_eq!(project.labels(), BTreeMap::from([(SampleId(1), 1)]));
        says(&mut project, Event::Answered, 0, Some(1), "cy");
        assert_eq!(project.labels()[&SampleId(0)], 1);
    }
}
