use ndarray::Array3;
use rand::SeedableRng;

use super::*;

const EXACT: Effort = Effort { configurations: 1_000_000, candidates: None };

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(11)
}

fn random(passes: usize, rows: usize, classes: usize, seed: u64) -> Array3<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut p =
        Array3::from_shape_simple_fn((passes, rows, classes), || rng.random_range(0.0_f32..3.0).exp());
    for mut row in p.rows_mut() {
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    p
}

/// `I(y_1 … y_k; ω)` by the definition: a sum over every configuration of the batch.
fn joint(passes: &Array3<f32>, batch: &[usize]) -> f64 {
    let (count, _, classes) = passes.dim();
    let p = |pass: usize, row: usize, class: usize| f64::from(passes[[pass, row, class]]);
    let mut information = 0.0;
    for configuration in 0..classes.pow(batch.len() as u32) {
        let probability: f64 = (0..count)
            .map(|pass| {
                let mut rest = configuration;
                let mut product = 1.0 / count as f64;
                for &row in batch {
                    product *= p(pass, row, rest % classes);
                    rest /= classes;
                }
                product
            })
            .sum();
        information -= probability * probability.ln();
    }
    for &row in batch {
        for pass in 0..count {
            for class in 0..classes {
                information += p(pass, row, class) * p(pass, row, class).ln() / count as f64;
            }
        }
    }
    information
}

fn rows(selection: &Selection) -> Vec<usize> {
    selection.picks.iter().map(|pick| pick.row).collect()
}

#[test]
fn every_gain_is_the_best_there_is_by_brute_force() {
    for (count, classes, seed) in [(2, 2, 1), (3, 4, 2), (10, 3, 3)] {
        let passes = random(count, 12, classes, seed);
        let selection = query(passes.view(), 4, &EXACT, &mut rng()).unwrap();
        let mut batch: Vec<usize> = Vec::new();
        for pick in &selection.picks {
            let before = joint(&passes, &batch);
            let gain = |row: usize| joint(&passes, &[batch.as_slice(), &[row]].concat()) - before;
            // Rows sum to 1 within 1e-7 in f32, and the joint entropy feels every one of them.
            assert!((pick.score - gain(pick.row)).abs() < 1e-6, "{pick:?}: {}", gain(pick.row));
            let best = (0..12).filter(|row| !batch.contains(row)).map(gain).fold(0.0, f64::max);
            assert!(pick.score > best - 1e-6, "{pick:?}: {best}");
            batch.push(pick.row);
        }
    }
}

#[test]
fn a_batch_of_one_is_bald_to_the_last_bit() {
    let passes = random(5, 60, 6, 4);
    let bald = select::top(&bald::scores(passes.view()).unwrap(), 1).unwrap();
    for configurations in [1, 1000] {
        let effort = Effort { configurations, candidates: None };
        assert_eq!(query(passes.view(), 1, &effort, &mut rng()).unwrap(), bald);
    }
}

#[test]
fn exact_gains_never_rise_and_never_exceed_what_there_is_to_learn() {
    for seed in 0..8 {
        let passes = random(4, 40, 3, seed);
        let gains: Vec<f64> = query(passes.view(), 8, &EXACT, &mut rng())
            .unwrap()
            .picks
            .iter()
            .map(|pick| pick.score)
            .collect();
        assert!(gains.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "{gains:?}");
        assert!(gains.iter().sum::<f64>() <= 4.0_f64.ln() + 1e-6, "{gains:?}");
    }
}

#[test]
fn a_copy_of_a_pick_is_worth_less_than_something_new() {
    // Rows 0 and 1 tell the first two passes from the last two; row 2 tells even from odd ones, less surely.
    let (sure, not, high, low) = ([1.0_f32, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9]);
    let passes = Array3::from(vec![[sure, sure, high], [sure, sure, low], [not, not, high], [not, not, low]]);
    let scores = bald::scores(passes.view()).unwrap();
    assert_eq!(rows(&select::top(&scores, 2).unwrap()), [0, 1]);
    let selection = query(passes.view(), 3, &EXACT, &mut rng()).unwrap();
    assert_eq!(rows(&selection), [0, 2, 1]);
    let unsure = 2.0_f64.ln() + 0.9 * 0.9_f64.ln() + 0.1 * 0.1_f64.ln();
    for (pick, gain) in selection.picks.iter().zip([2.0_f64.ln(), unsure, 0.0]) {
        assert!((pick.score - gain).abs() < 1e-7, "{pick:?} does not gain {gain}");
    }
}

#[test]
fn sampled_gains_converge_to_exact_ones() {
    let passes = random(6, 10, 3, 5);
    let taken = [3, 7, 1];
    let candidates = |rows: &[usize]| -> Vec<Candidate> {
        rows.iter().map(|&row| Candidate::new(passes.view(), row)).collect()
    };
    let mut exact = Batch::new(6, 3, 81);
    candidates(&taken).into_iter().for_each(|pick| exact.take(pick, &mut rng()));
    assert_eq!((exact.weights.len(), exact.origins.len()), (27, 0));
    let rest = candidates(&[0, 2, 4, 5, 6, 8, 9]);
    // The root of the mean squared error over ten seeds and seven rows.
    let error = |configurations: usize| {
        let mut sum = 0.0;
        for seed in 0..10 {
            let mut sampled = Batch::new(6, 3, configurations);
            sampled.picks = candidates(&taken);
            sampled.draw(&mut ChaCha8Rng::seed_from_u64(seed));
            sum += rest.iter().map(|row| (sampled.gain(row) - exact.gain(row)).powi(2)).sum::<f64>();
        }
        (sum / 70.0).sqrt()
    };
    let errors = [100, 1600, 25_600].map(error);
    // Sixteen times as many configurations, a quarter of the error.
    assert!(errors.windows(2).all(|pair| pair[1] < pair[0] / 2.5 && pair[1] > pair[0] / 7.0), "{errors:?}");
    assert!(errors[2] < 1e-3, "{errors:?}");
}

#[test]
fn sampling_begins_where_the_configurations_exceed_the_limit() {
    let passes = random(6, 10, 3, 5);
    for (limit, picks) in [(80, 3), (81, 4), (8, 1), (9, 2)] {
        let mut batch = Batch::new(6, 3, limit);
        let exact = (0..6)
            .take_while(|&row| {
                batch.take(Candidate::new(passes.view(), row), &mut rng());
                batch.origins.is_empty()
            })
            .count();
        // The gain of the next pick is still exact.
        assert_eq!(exact + 1, picks, "limit {limit}");
    }
}

#[test]
fn long_batches_stay_finite_and_distinct() {
    // 10⁴⁰ configurations: the product of their probabilities would underflow.
    let passes = random(8, 50, 10, 6);
    let effort = Effort { configurations: 64, candidates: None };
    let selection = query(passes.view(), 40, &effort, &mut rng()).unwrap();
    let mut picked = rows(&selection);
    picked.sort_unstable();
    picked.dedup();
    assert_eq!(picked.len(), 40);
    assert!(selection.picks.iter().all(|pick| pick.score.is_finite() && pick.score >= 0.0));
    assert_eq!(query(passes.view(), 40, &effort, &mut rng()).unwrap(), selection);
}

#[test]
fn an_impossible_class_is_never_drawn() {
    let mut rng = rng();
    for _ in 0..1000 {
        assert_eq!(draw_class(&[0.0, 1.0, 0.0], &mut rng), 1);
        assert_ne!(draw_class(&[0.5, 0.0, 0.5, 0.0], &mut rng), 3);
    }
}

#[test]
fn candidates_are_those_with_the_highest_bald_scores() {
    let passes = random(5, 40, 3, 7);
    let scores = bald::scores(passes.view()).unwrap();
    let mut best = rows(&select::top(&scores, 6).unwrap());
    let effort = Effort { candidates: Some(6), ..EXACT };
    let mut picked = rows(&query(passes.view(), 6, &effort, &mut rng()).unwrap());
    best.sort_unstable();
    picked.sort_unstable();
    assert_eq!(picked, best);
    // More candidates than rows are all rows.
    let effort = Effort { candidates: Some(100), ..EXACT };
    assert_eq!(
        query(passes.view(), 3, &effort, &mut rng()).unwrap(),
        query(passes.view(), 3, &EXACT, &mut rng()).unwrap()
    );
}

#[test]
fn what_cannot_be_done_is_refused() {
    let passes = random(3, 5, 2, 8);
    let refuse =
        |budget, effort: &Effort| query(passes.view(), budget, effort, &mut rng()).unwrap_err().to_string();
    assert_eq!(refuse(6, &EXACT), "query 6 rows: the pool holds only 5");
    assert_eq!(
        refuse(3, &Effort { candidates: Some(2), ..EXACT }),
        "use candidates = 2: it must be at least the budget, 3"
    );
    assert_eq!(
        refuse(3, &Effort { configurations: 0, ..EXACT }),
        "use configurations = 0: it must be at least 1"
    );
    let error = query(random(1, 5, 2, 8).view(), 1, &EXACT, &mut rng()).unwrap_err();
    assert_eq!(error.to_string(), "use passes = 1: it must be at least 2");
}
