//! Which images each annotator is shown, where several work at once.

use std::collections::{BTreeMap, BTreeSet};

use tailward_datasets::SampleId;

use crate::ledger::Standing;
use crate::project::Project;

/// The share of the audit that two people label where there are two: how far they differ says how good its labels are.
const AUDIT_OVERLAP: f64 = 0.2;

/// How images are shared out.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// Who works on them.
    pub annotators: &'a [String],
    /// The share of images that two of them label, from 0 to 1.
    pub overlap: f64,
    /// Images that are being looked at, with who does.
    pub lent: &'a BTreeMap<SampleId, String>,
}

/// The images that `annotator` is to look at, in the order of `asked`: first their own share, then what is left of the others'.
///
/// An image of the audit or a disputed one is looked at by one more than has spoken, as long as there is somebody. Shares follow
/// from the order of the ledger's requests, so that they are the same after a restart.
pub fn queue(project: &Project, asked: &[SampleId], sharing: Sharing<'_>, annotator: &str) -> Vec<SampleId> {
    let places = places(project, asked);
    let count = sharing.annotators.len().max(1);
    let me = sharing.annotators.iter().position(|name| name == annotator);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for &sample in asked {
        let spoke = spoke(project, sample);
        let is_lent = sharing.lent.get(&sample).is_some_and(|who| who != annotator);
        let place = places.get(&sample).copied().unwrap_or(0);
        if is_lent || spoke.contains(annotator) || !is_open(project, sample, place, sharing, spoke.len()) {
            continue;
        }
        let is_own = me.is_none_or(|me| (place + spoke.len()) % count == me);
        if is_own { &mut own } else { &mut others }.push(sample);
    }
    own.extend(others);
    own
}

/// How many of the images still wait for somebody.
pub fn open(project: &Project, asked: &[SampleId], sharing: Sharing<'_>) -> usize {
    let places = places(project, asked);
    let waits = |sample: &&SampleId| {
        let place = places.get(sample).copied().unwrap_or(0);
        is_open(project, **sample, place, sharing, spoke(project, **sample).len())
    };
    asked.iter().filter(waits).count()
}

/// The place of each image among those of its kind, the audit's or the others, in the order of the requests.
fn places(project: &Project, asked: &[SampleId]) -> BTreeMap<SampleId, usize> {
    let wanted: BTreeSet<SampleId> = asked.iter().copied().collect();
    let mut next = [0, 0];
    let requested = (0..project.ledger.rounds()).flat_map(|round| project.ledger.requested(round));
    let place = |&sample: &SampleId| {
        let next = &mut next[usize::from(project.is_audit(sample))];
        *next += 1;
        (sample, *next - 1)
    };
    requested.filter(|sample| wanted.contains(sample)).map(place).collect()
}

fn spoke(project: &Project, sample: SampleId) -> BTreeSet<&str> {
    project.ledger.spoke(sample).into_iter().collect()
}

/// Whether somebody else is to look at an image.
fn is_open(
    project: &Project,
    sample: SampleId,
    place: usize,
    Sharing { annotators, overlap, .. }: Sharing<'_>,
    spoke: usize,
) -> bool {
    if project.ledger.settled(sample).is_some() {
        return false;
    }
    let overlap = if project.is_audit(sample) { overlap.max(AUDIT_OVERLAP) } else { overlap };
    // Every so manieth: the whole part grows.
    let is_twice = ((place + 1) as f64 * overlap).floor() > (place as f64 * overlap).floor();
    let mut wanted = if is_twice { 2 } else { 1 };
    if project.ledger.standing(sample) == Some(Standing::Disputed) {
        wanted = spoke + 1;
    }
    spoke < wanted.min(annotators.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Event;
    use crate::project::Combine;
    use crate::project::fixture::{project, says};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn samples(samples: &[u32]) -> Vec<SampleId> {
        samples.iter().copied().map(SampleId).collect()
    }

    #[test]
    fn each_has_a_share_and_then_helps_with_what_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(folder.path(), Combine::Majority);
        let asked = samples(&[3, 1, 0, 2]);
        let people = names(&["ada", "bo"]);
        let lent = BTreeMap::new();
        let sharing = Sharing { annotators: &people, overlap: 0.0, lent: &lent };
        assert_eq!(queue(&project, &asked, sharing, "ada"), samples(&[0, 2, 3, 1]));
        assert_eq!(queue(&project, &asked, sharing, "bo"), samples(&[3, 1, 0, 2]));
        says(&mut project, Event::Answered, 0, Some(1), "ada");
        assert_eq!(queue(&project, &asked, sharing, "ada"), samples(&[2, 3, 1]));
        assert_eq!(queue(&project, &asked, sharing, "bo"), samples(&[3, 1, 2]));
        let lent = BTreeMap::from([(SampleId(1), "bo".to_owned())]);
        let sharing = Sharing { lent: &lent, ..sharing };
        assert_eq!(queue(&project, &asked, sharing, "ada"), samples(&[2, 3]));
        assert_eq!(open(&project, &asked, sharing), 3);
        let alone = names(&["ada"]);
        let sharing = Sharing { annotators: &alone, overlap: 1.0, lent: &BTreeMap::new() };
        assert_eq!(queue(&project, &asked, sharing, "ada"), samples(&[3, 1, 2]), "nobody is asked twice");
    }

    #[test]
    fn a_share_of_the_images_is_looked_at_by_two_and_a_dispute_by_a_third() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(folder.path(), Combine::Majority);
        let asked = samples(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let people = names(&["ada", "bo", "cy"]);
        let lent = BTreeMap::new();
        let sharing = Sharing { annotators: &people, overlap: 0.25, lent: &lent };
        for sample in 0..8 {
            says(&mut project, Event::Answered, sample, Some(0), "ada");
        }
        assert_eq!(queue(&project, &asked, sharing, "ada"), []);
        assert_eq!(queue(&project, &asked, sharing, "bo"), samples(&[3, 7]), "every fourth");
        says(&mut project, Event::Answered, 3, Some(1), "bo");
        says(&mut project, Event::Answered, 7, Some(0), "bo");
        assert_eq!(queue(&project, &asked, sharing, "cy"), samples(&[3]), "they differ");
        says(&mut project, Event::Answered, 3, Some(1), "cy");
        assert_eq!(open(&project, &asked, sharing), 0);
    }
}
