//! How far annotators agree beyond chance.

use std::collections::BTreeMap;

use super::dawid_skene::Vote;

/// Cohen's κ of two annotators (1960) from pairs of their labels; nothing without pairs, or where both always say the same one thing.
pub fn cohens_kappa(pairs: &[(u32, u32)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mut shares: BTreeMap<u32, [f64; 2]> = BTreeMap::new();
    let mut agreed = 0.0;
    for &(one, other) in pairs {
        agreed += f64::from(u8::from(one == other)) / count;
        shares.entry(one).or_default()[0] += 1.0 / count;
        shares.entry(other).or_default()[1] += 1.0 / count;
    }
    let by_chance: f64 = shares.values().map(|[one, other]| one * other).sum();
    (!pairs.is_empty() && by_chance < 1.0 - 1e-12).then(|| (agreed - by_chance) / (1.0 - by_chance))
}

/// Krippendorff's α for labels without an order (*Computing Krippendorff's Alpha-Reliability*, 2011, Section C): any number of annotators,
/// answers may be missing. Nothing where no item has two answers, or all answers are the same.
pub fn krippendorffs_alpha(votes: &[Vote]) -> Option<f64> {
    let mut items: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for vote in votes {
        items.entry(vote.item).or_default().push(vote.label);
    }
    let (mut totals, mut observed): (BTreeMap<u32, f64>, f64) = (BTreeMap::new(), 0.0);
    for labels in items.values().filter(|labels| labels.len() > 1) {
        let others = labels.len() as f64 - 1.0;
        for (place, label) in labels.iter().enumerate() {
            *totals.entry(*label).or_default() += 1.0;
            let differ =
                labels.iter().enumerate().filter(|(other, found)| *other != place && *found != label);
            observed += differ.count() as f64 / others;
        }
    }
    let count: f64 = totals.values().sum();
    let expected = totals.values().map(|total| total * (count - total)).sum::<f64>() / (count - 1.0);
    (count > 1.0 && expected > 0.0).then(|| 1.0 - observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Cohen's κ that textbooks have: 20 both yes, 15 both no, 5 and 10 apart: 0.7 against 0.5 by chance.
    #[test]
    fn kappa_of_the_textbook() {
        let pairs: Vec<(u32, u32)> = [((1, 1), 20), ((0, 0), 15), ((1, 0), 5), ((0, 1), 10)]
            .iter()
            .flat_map(|&(pair, n)| vec![pair; n])
            .collect();
        assert!((cohens_kappa(&pairs).unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(cohens_kappa(&[(1, 1), (1, 1)]), None);
        assert_eq!(cohens_kappa(&[]), None);
    }

    /// Krippendorff's own example: four observers, twelve units, answers missing; nominal α is 0.743.
    #[test]
    fn alpha_of_krippendorffs_example() {
        let answers: [[u32; 12]; 4] = [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ];
        let mut votes = Vec::new();
        for (annotator, answers) in answers.iter().enumerate() {
            for (item, &label) in answers.iter().enumerate().filter(|(_, label)| **label > 0) {
                votes.push(Vote { item, annotator, label });
            }
        }
        let found = krippendorffs_alpha(&votes).unwrap();
        assert!((found - 0.743).abs() < 5e-4, "{found}");
        assert_eq!(krippendorffs_alpha(&votes[..1]), None);
    }
}
