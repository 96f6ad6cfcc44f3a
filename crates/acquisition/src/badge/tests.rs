//! BADGE against gradient embeddings that are written out.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};

use super::*;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Random probabilities and embeddings; `copies` rows for each that is different.
fn made(different: usize, copies: usize, classes: usize, dims: usize, seed: u64) -> [Array2<f32>; 2] {
    let mut rng = rng(seed);
    let mut p = Array2::from_shape_simple_fn((different, classes), || rng.random_range(0.0_f32..4.0).exp());
    for mut row in p.rows_mut() {
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    let embeddings = Array2::from_shape_simple_fn((different, dims), || rng.random_range(-1.0_f32..1.0));
    let rows: Vec<usize> = (0..different * copies).map(|row| row % different).collect();
    [p.select(ndarray::Axis(0), &rows), embeddings.select(ndarray::Axis(0), &rows)]
}

/// `(e_y − p) ⊗ h` of every row.
fn written_out(p: &Array2<f32>, embeddings: &Array2<f32>) -> Vec<Vec<f64>> {
    let row = |row: usize| {
        let p: Vec<f64> = p.row(row).iter().map(|&p| f64::from(p)).collect();
        let best = (0..p.len()).rev().max_by(|&i, &j| p[i].total_cmp(&p[j])).unwrap();
        let residual = (0..p.len()).map(|class| f64::from(u8::from(class == best)) - p[class]);
        let h: Vec<f64> = embeddings.row(row).iter().map(|&h| f64::from(h)).collect();
        residual.flat_map(|a| h.iter().map(move |h| a * h).collect::<Vec<_>>()).collect()
    };
    (0..p.nrows()).map(row).collect()
}

fn between(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The same draws with all distances kept up to date, and nothing left out.
fn plainly(gradients: &[Vec<f64>], budget: usize, rng: &mut ChaCha8Rng) -> Vec<(usize, f64)> {
    let norms: Vec<f64> = gradients.iter().map(|g| g.iter().map(|x| x * x).sum()).collect();
    let first = (0..norms.len()).rev().max_by(|&i, &j| norms[i].total_cmp(&norms[j])).unwrap();
    let mut picks = vec![(first, norms[first])];
    let distances = |picks: &[(usize, f64)]| -> Vec<f64> {
        let nearest =
            |g: &Vec<f64>| picks.iter().map(|&(row, _)| between(g, &gradients[row])).reduce(f64::min);
        gradients.iter().map(|g| nearest(g).unwrap()).collect()
    };
    let mut bounds = distances(&picks);
    while picks.len() < budget {
        let distances = distances(&picks);
        let total: f64 = bounds.iter().sum();
        let mut point = rng.random::<f64>() * total;
        if total <= 0.0 {
            let rest: Vec<usize> =
                (0..norms.len()).filter(|row| picks.iter().all(|pick| pick.0 != *row)).collect();
            picks.push((rest[rng.random_range(0..rest.len())], 0.0));
            continue;
        }
        let row = (0..bounds.len())
            .find(|&row| {
                let here = point < bounds[row];
                point -= if here { 0.0 } else { bounds[row] };
                here
            })
            .unwrap();
        bounds[row] = distances[row];
        if point < distances[row] {
            bounds[row] = 0.0;
            picks.push((row, distances[row]));
        }
    }
    picks
}

proptest! {
    #[test]
    fn the_picks_are_those_of_embeddings_that_are_written_out(
        (rows, classes, dims, share, seed) in (1_usize..40, 1_usize..6, 1_usize..20, 0.05..=1.0_f64, any::<u64>()),
    ) {
        let [p, embeddings] = made(rows, 1, classes, dims, seed);
        let budget = (rows as f64 * share).ceil() as usize;
        let found = query(p.view(), embeddings.view(), budget, &mut rng(seed)).unwrap();
        let expected = plainly(&written_out(&p, &embeddings), budget, &mut rng(seed));
        for (pick, (row, score)) in found.picks.iter().zip(expected) {
            prop_assert_eq!(pick.row, row);
            prop_assert!((pick.score - score).abs() <= 1e-6 * score.max(1e-3), "{} is not {}", pick.score, score);
        }
        let distinct: BTreeSet<usize> = found.picks.iter().map(|pick| pick.row).collect();
        prop_assert_eq!(distinct.len(), budget);
    }

    #[test]
    fn the_distribution_is_that_of_embeddings_that_are_written_out(
        (rows, classes, dims, seed) in (2_usize..30, 2_usize..6, 1_usize..20, any::<u64>()),
    ) {
        let [p, embeddings] = made(rows, 1, classes, dims, seed);
        let gradients = written_out(&p, &embeddings);
        let picked: Vec<usize> = (0..rows / 2 + 1).collect();
        let distances: Vec<f64> = gradients
            .iter()
            .map(|g| picked.iter().map(|&row| between(g, &gradients[row])).fold(f64::INFINITY, f64::min))
            .collect();
        let total: f64 = distances.iter().sum();
        let found = distribution(p.view(), embeddings.view(), &picked).unwrap();
        if total > 1e-6 {
            for (found, distance) in found.iter().zip(&distances) {
                prop_assert!((found - distance / total).abs() < 1e-5, "{} of {}", found, distance / total);
            }
        }
    }
}

#[test]
fn lazy_draws_have_the_distribution_of_the_definition() {
    let [p, embeddings] = made(7, 1, 3, 2, 5);
    let probability = |picks: &[usize]| {
        (1..picks.len())
            .map(|count| distribution(p.view(), embeddings.view(), &picks[..count]).unwrap()[picks[count]])
            .product::<f64>()
    };
    let mut counts = BTreeMap::<Vec<usize>, u32>::new();
    let mut rng = rng(11);
    let draws = 60_000;
    for _ in 0..draws {
        let selection = query(p.view(), embeddings.view(), 4, &mut rng).unwrap();
        *counts.entry(selection.picks.iter().map(|pick| pick.row).collect()).or_default() += 1;
    }
    // Of the 120 orders that can come out, those that are expected at least 20 times.
    let expected: Vec<(f64, u32)> = counts
        .iter()
        .map(|(picks, &count)| (probability(picks) * f64::from(draws), count))
        .filter(|&(expected, _)| expected >= 20.0)
        .collect();
    let chi_squared: f64 =
        expected.iter().map(|&(expected, count)| (f64::from(count) - expected).powi(2) / expected).sum();
    let freedom = expected.len() as f64;
    assert!(freedom > 60.0, "{freedom}");
    // Mean `freedom`, standard deviation `√(2 freedom)`: four of them.
    assert!(chi_squared < freedom + 4.0 * (2.0 * freedom).sqrt(), "{chi_squared} at {freedom}");
}

#[test]
fn two_repeated_positions_give_six_distinct_rows() {
    for seed in 0..50 {
        let [p, embeddings] = made(2, 6, 3, 4, seed);
        let picks = query(p.view(), embeddings.view(), 6, &mut rng(seed)).unwrap().picks;
        let distinct: BTreeSet<usize> = picks.iter().map(|pick| pick.row).collect();
        assert_eq!(distinct.len(), 6);
        // One of the other position comes second, and there is nothing to tell the rest apart.
        assert_ne!(picks[0].row % 2, picks[1].row % 2);
        assert!(picks[1].score > 0.0 && picks[2..].iter().all(|pick| pick.score == 0.0));
    }
}

#[test]
fn rows_that_do_not_differ_are_drawn_uniformly() {
    let [p, embeddings] = made(1, 5, 3, 4, 1);
    let mut counts = [0_u32; 5];
    let mut rng = rng(3);
    for _ in 0..4_000 {
        let picks = query(p.view(), embeddings.view(), 2, &mut rng).unwrap().picks;
        assert_eq!(picks[0].row, 0);
        counts[picks[1].row] += 1;
    }
    // 1,000 expected of each but the first, standard deviation 27.
    assert!(counts[0] == 0 && counts[1..].iter().all(|&count| (890..=1_110).contains(&count)), "{counts:?}");
    let after_two = distribution(p.view(), embeddings.view(), &[0, 3]).unwrap();
    assert!(after_two.iter().zip([0.0, 1.0, 1.0, 0.0, 1.0]).all(|(q, one)| (q - one / 3.0).abs() < 1e-15));
    // Certain predictions have no gradient.
    let certain = array![[1.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0]];
    let picks = query(certain.view(), embeddings.select(ndarray::Axis(0), &[0, 1, 2]).view(), 3, &mut rng)
        .unwrap()
        .picks;
    assert!(picks[0].row == 0 && picks.iter().all(|pick| pick.score == 0.0));
}

#[test]
fn the_number_of_threads_changes_no_pick() {
    let [p, embeddings] = made(900, 1, 5, 20, 9);
    let with = |threads: usize| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        threads.install(|| query(p.view(), embeddings.view(), 700, &mut rng(4)).unwrap())
    };
    assert_eq!(with(1), with(3));
    let transposed = embeddings.t().as_standard_layout().to_owned();
    assert_eq!(query(p.view(), transposed.t(), 700, &mut rng(4)).unwrap(), with(2));
}

#[test]
fn faults_are_named() {
    let (p, h) = (array![[0.5_f32, 0.5]], array![[1.0_f32]]);
    let fault = |p: &Array2<f32>, h: &Array2<f32>, budget| {
        query(p.view(), h.view(), budget, &mut rng(1)).unwrap_err().to_string()
    };
    assert_eq!(fault(&p, &h, 2), "query 2 rows: the pool holds only 1");
    assert_eq!(fault(&p, &array![[1.0], [2.0]], 1), "match the rows of the embeddings: expected 1, found 2");
    assert_eq!(fault(&p, &array![[f32::NAN]], 1), "read unlabelled embeddings: row 0, column 0 is NaN");
    assert_eq!(fault(&array![[0.5, f32::NAN]], &h, 1), "read probabilities: row 0, column 1 is NaN");
    let empty = Array2::zeros((0, 2));
    assert!(query(empty.view(), empty.view(), 0, &mut rng(1)).unwrap().picks.is_empty());
    assert!(distribution(empty.view(), empty.view(), &[]).unwrap().is_empty());
}
