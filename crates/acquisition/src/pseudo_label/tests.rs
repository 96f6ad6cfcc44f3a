use ndarray::{Array2, array};
use rand::{RngExt, SeedableRng};

use super::*;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(5)
}

/// Rows whose predicted classes are given, with a certainty that falls from row to row.
fn predicted_as(classes: &[usize], count: usize) -> Array2<f32> {
    Array2::from_shape_fn((classes.len(), count), |(row, class)| {
        let rest = 0.1 + 0.2 * row as f32 / classes.len() as f32;
        if classes[row] == class { 1.0 - rest } else { rest / (count - 1) as f32 }
    })
}

/// Points on a line.
fn line(at: &[f32]) -> Array2<f32> {
    Array2::from_shape_fn((at.len(), 1), |(row, _)| at[row])
}

fn rows(selection: &Selection) -> Vec<usize> {
    selection.picks.iter().map(|pick| pick.row).collect()
}

fn sorted(selection: &Selection) -> Vec<usize> {
    let mut rows = rows(selection);
    rows.sort_unstable();
    rows
}

/// The picks per predicted class.
fn counts(selection: &Selection, classes: &[usize], count: usize) -> Vec<usize> {
    let mut counts = vec![0; count];
    rows(selection).iter().for_each(|&row| counts[classes[row]] += 1);
    counts
}

#[test]
fn quotas_are_requirements_rounded_up() {
    assert_eq!(quotas(&[10, 10, 10], 6), [2, 2, 2]);
    // (7 + 3) / 4 = 2.5 per class: 0, 0.5, 2.5 and 2.5 are missing.
    assert_eq!(quotas(&[5, 2, 0, 0], 3), [0, 1, 3, 3]);
    for (counts, budget) in [(vec![3, 9, 1, 0, 0], 7), (vec![100, 0, 0], 10), (vec![0; 6], 1), (vec![4], 3)] {
        let quotas = quotas(&counts, budget);
        assert!(quotas.iter().sum::<usize>() >= budget, "{quotas:?}");
        for (quota, need) in quotas.iter().zip(requirement(&counts, budget)) {
            assert!((*quota as f64 - need.ceil()).abs() < 1e-12, "{quota} is not {need} rounded up");
        }
    }
}

#[test]
fn the_most_uncertain_of_every_class_where_quotas_fit_exactly() {
    let classes = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
    let p = predicted_as(&classes, 3);
    // (9 + 6) / 3 = 5 per class: 1, 2 and 3 are missing. The entropy rises from row to row.
    let selection = query_entropy(p.view(), &[4, 3, 2], 6, &mut rng()).unwrap();
    assert_eq!(rows(&selection), [9, 8, 7, 6, 5, 2]);
    let outcome = selection.balance.unwrap();
    assert_eq!((outcome.lambda, outcome.certificate), (None, None));
    assert_eq!(outcome.requirement, [1.0, 2.0, 3.0]);
    // What plain entropy picks is rows 4 to 9.
    let l1 = |picks: &[usize]| -> f64 {
        let have = |class: usize| picks.iter().map(|&row| f64::from(p[[row, class]])).sum::<f64>();
        [1.0, 2.0, 3.0].iter().enumerate().map(|(class, need)| (need - have(class)).abs()).sum()
    };
    assert!((outcome.l1_before - 6.0).abs() < 1e-12);
    assert!((outcome.l1_baseline.unwrap() - l1(&[4, 5, 6, 7, 8, 9])).abs() < 1e-9);
    assert!((outcome.l1 - l1(&[9, 8, 7, 6, 5, 2])).abs() < 1e-9);
}

#[test]
fn what_is_missing_is_drawn_from_the_whole_pool() {
    // Class 2 needs 4 and has 1; the others need 1 each and have plenty.
    let classes = [0, 0, 0, 0, 1, 1, 1, 1, 2];
    let p = predicted_as(&classes, 3);
    let mut drawn = [false; 9];
    for seed in 0..60 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let selection = query_entropy(p.view(), &[4, 4, 1], 6, &mut rng).unwrap();
        let picked = sorted(&selection);
        assert!([3, 7, 8].iter().all(|row| picked.contains(row)), "{picked:?}");
        assert_eq!(picked.len(), 6);
        picked.iter().for_each(|&row| drawn[row] = true);
        let scores = entropy::scores(p.view()).unwrap();
        assert!(selection.picks.iter().all(|pick| (pick.score - scores[pick.row]).abs() < 1e-15));
    }
    assert_eq!(drawn, [true; 9], "every row is drawn at some time");
}

#[test]
fn what_is_too_much_is_taken_from_classes_that_have_enough() {
    // (12 + 3) / 3 = 5 per class: nothing, 4 and 4 are missing, 8 for a budget of 3; class 2 has 2 of its 4.
    let classes = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2];
    let p = predicted_as(&classes, 3);
    let mut seen = Vec::new();
    for seed in 0..40 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let picked = sorted(&query_entropy(p.view(), &[10, 1, 1], 3, &mut rng).unwrap());
        assert_eq!(picked[1..], [8, 9], "class 2 keeps all that it has");
        // Of class 1 the four most uncertain were taken; three of them, any three, are taken out again.
        seen.push(picked[0]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [4, 5, 6, 7]);
}

#[test]
fn a_pool_that_cannot_be_balanced_gives_what_it_has() {
    // (100 + 3) / 3 = 35 per class: two classes need 35 each and have three and two rows; all of them are too many.
    let classes = [0, 0, 1, 1, 1, 2, 2];
    let p = predicted_as(&classes, 3);
    let mut taken = [false; 7];
    for seed in 0..60 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let picked = sorted(&query_random(p.view(), &[100, 0, 0], 3, &mut rng).unwrap());
        assert_eq!(picked.len(), 3);
        assert!(picked.iter().all(|&row| classes[row] > 0), "{picked:?}");
        picked.iter().for_each(|&row| taken[row] = true);
    }
    assert_eq!(taken, [false, false, true, true, true, true, true]);
    // Nothing is predicted as what is needed: all of it is drawn.
    let only = predicted_as(&[0; 5], 3);
    assert_eq!(query_entropy(only.view(), &[100, 0, 0], 4, &mut rng()).unwrap().picks.len(), 4);
}

#[test]
fn random_is_uniform_within_a_class() {
    let classes: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let p = predicted_as(&classes, 2);
    let mut times = [0; 40];
    let mut rng = rng();
    for _ in 0..2000 {
        // 6 per class are wanted in all; 4 of class 0 and 6 of class 1 are missing.
        let selection = query_random(p.view(), &[2, 0], 10, &mut rng).unwrap();
        assert_eq!(counts(&selection, &classes, 2), [4, 6]);
        assert!(selection.picks.iter().all(|pick| pick.score.abs() < f64::MIN_POSITIVE));
        rows(&selection).iter().for_each(|&row| times[row] += 1);
    }
    // 400 and 600 expected, standard deviations 18 and 20.
    for (row, &count) in times.iter().enumerate() {
        let expected = if row % 2 == 0 { 400 } else { 600 };
        assert!((expected - 100..=expected + 100).contains(&count), "row {row}: {count}");
    }
}

#[test]
fn k_center_discards_what_its_class_has_enough_of() {
    // Farthest first from 0: 100, 50, 75, 25 …; class 0 may have one row.
    let classes = [0, 0, 0, 1, 1];
    let pool = line(&[100.0, 50.0, 99.0, 20.0, 21.0]);
    let labelled = line(&[0.0]);
    let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
    let p = predicted_as(&classes, 2);
    // (4 + 3) / 2 = 3.5: 0.5 and 2.5 are missing, so quotas of 1 and 3.
    let selection = query_k_center(&embeddings, p.view(), &[3, 1], 3, &mut rng()).unwrap();
    // 100 is taken; 50 is discarded and no centre, so that 21 (distance 21) comes before 20; then 99 is discarded or
    // 20 taken: 20 has distance 1 from 21, as 99 has from 100, and the lowest row of them is looked at first.
    assert_eq!(rows(&selection), [0, 4, 3]);
    let distances: Vec<f64> = selection.picks.iter().map(|pick| pick.score).collect();
    for (distance, expected) in distances.iter().zip([100.0, 21.0, 1.0]) {
        assert!((distance - expected).abs() < 1e-9, "{distances:?}");
    }
}

#[test]
fn k_center_takes_anything_after_twice_the_budget() {
    // Nothing is predicted as class 1, which alone is needed.
    let at: Vec<f32> = (1..=10).map(|row| (row * row) as f32).collect();
    let (pool, labelled) = (line(&at), line(&[0.0]));
    let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
    let p = predicted_as(&[0; 10], 2);
    let selection = query_k_center(&embeddings, p.view(), &[50, 0], 3, &mut rng()).unwrap();
    // The six farthest from 0 are discarded, then the farthest of the rest are taken: 16, then 9 (7 from 16), then 4.
    assert_eq!(rows(&selection), [3, 2, 1]);
    // A pool that ends within twice the budget is filled up with what was discarded.
    let selection = query_k_center(&embeddings, p.view(), &[50, 0], 7, &mut rng()).unwrap();
    assert_eq!(selection.picks.len(), 7);
    let every = query_k_center(&embeddings, p.view(), &[50, 0], 10, &mut rng()).unwrap();
    assert_eq!(sorted(&every), (0..10).collect::<Vec<_>>());
}

#[test]
fn k_center_per_class_knows_nothing_of_the_other_classes() {
    let classes = [0, 1, 0, 1, 0, 1];
    let pool = line(&[10.0, 10.5, 9.0, 4.0, 1.0, 9.5]);
    let labelled = line(&[0.0]);
    let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
    let p = predicted_as(&classes, 2);
    let selection = query_k_center_per_class(&embeddings, p.view(), &[0, 0], 4, &mut rng()).unwrap();
    // Of class 0: 10, then 9 and 1 are both 1 away from a centre and 9 is the lower row. Of class 1: 10.5, then 4.
    assert_eq!(rows(&selection), [0, 2, 1, 3]);
}

#[test]
fn every_order_keeps_to_the_quotas_where_the_pool_allows() {
    let mut random = rng();
    for _ in 0..50 {
        let classes: Vec<usize> = (0..90).map(|row| row % 3).collect();
        let p = predicted_as(&classes, 3);
        let pool = Array2::from_shape_simple_fn((90, 4), || random.random_range(-1.0_f32..1.0));
        let labelled = Array2::from_shape_simple_fn((5, 4), || random.random_range(-1.0_f32..1.0));
        let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
        let have: Vec<usize> = (0..3).map(|_| random.random_range(0..15)).collect();
        let quotas = quotas(&have, 12);
        for selection in [
            query_entropy(p.view(), &have, 12, &mut random).unwrap(),
            query_random(p.view(), &have, 12, &mut random).unwrap(),
            query_k_center_per_class(&embeddings, p.view(), &have, 12, &mut random).unwrap(),
        ] {
            assert_eq!(selection.picks.len(), 12);
            let counts = counts(&selection, &classes, 3);
            assert!(counts.iter().zip(&quotas).all(|(count, quota)| count <= quota), "{counts:?} {quotas:?}");
        }
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    let p = predicted_as(&[0, 1, 0], 2);
    let error = query_entropy(p.view(), &[1, 1], 4, &mut rng()).unwrap_err();
    assert_eq!(error.to_string(), "query 4 rows: the pool holds only 3");
    let error = query_random(p.view(), &[1, 1, 1], 1, &mut rng()).unwrap_err();
    assert_eq!(error.to_string(), "match the labelled counts: expected 2, found 3");
    let (pool, labelled) = (line(&[1.0, 2.0]), line(&[0.0]));
    let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
    let error = query_k_center(&embeddings, p.view(), &[1, 1], 1, &mut rng()).unwrap_err();
    assert_eq!(error.to_string(), "match the unlabelled embeddings: expected 3, found 2");
    let pool = array![[1.0_f32], [f32::NAN], [0.0]];
    let embeddings = Embeddings { unlabelled: pool.view().into(), labelled: labelled.view().into() };
    for order in [query_k_center, query_k_center_per_class] {
        let error = order(&embeddings, p.view(), &[1, 1], 1, &mut rng()).unwrap_err();
        assert_eq!(error.to_string(), "read unlabelled embeddings: row 1, column 0 is NaN");
    }
}
