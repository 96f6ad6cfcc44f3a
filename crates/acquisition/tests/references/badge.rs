//! BADGE against scikit-activeml.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use tailward_acquisition::badge;

use crate::array;

#[derive(Deserialize)]
struct Golden {
    probabilities: Vec<Vec<String>>,
    embeddings: Vec<Vec<String>>,
    picks: Vec<usize>,
    /// What each pick but the first was drawn from.
    distributions: Vec<Vec<f64>>,
}

#[test]
fn the_distributions_are_those_of_scikit_activeml() {
    let instances: Vec<Golden> = serde_json::from_str(include_str!("../golden/badge.json")).unwrap();
    for (index, golden) in instances.iter().enumerate() {
        let (p, embeddings) = (array(&golden.probabilities), array(&golden.embeddings));
        let found = |picked: &[usize]| badge::distribution(p.view(), embeddings.view(), picked).unwrap();
        let first = badge::query(p.view(), embeddings.view(), 1, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert_eq!(first.picks[0].row, golden.picks[0], "instance {index}");
        for (count, expected) in (1..).zip(&golden.distributions) {
            let found = found(&golden.picks[..count]);
            assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
                let at = format!("instance {index}, {count} picks, row {row}");
                assert!((found - expected).abs() < 1e-7, "{at}: {found} is not {expected}");
            }
        }
    }
}
