//! What must hold whatever the pool is.

use std::collections::BTreeSet;

use ndarray::{Array2, Axis, concatenate};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::k_center::FarthestFirst;
use tailward_acquisition::{GreedyBalance, Lambda, LambdaRule, LambdaScale, balance, k_center};

use crate::support::{Pool, made, pools, rng, rows};

fn check(pool: &Pool, picked: &[usize]) {
    assert_eq!(picked.len(), pool.budget);
    let distinct: BTreeSet<usize> = picked.iter().copied().collect();
    assert_eq!(distinct.len(), pool.budget);
    assert!(distinct.iter().all(|&row| row < pool.unlabelled.nrows()));
}

/// How many picks are made while every class lacks more than any row can bring.
fn unsaturated(pool: &Pool, picked: &[usize]) -> usize {
    let mut missing = balance::requirement(&pool.labelled_counts, pool.budget);
    let highest: Vec<f64> = (0..4)
        .map(|class| f64::from(pool.probabilities.column(class).iter().copied().fold(0.0, f32::max)))
        .collect();
    let mut count = 0;
    for &pick in picked {
        if missing.iter().zip(&highest).any(|(value, highest)| value < highest) {
            break;
        }
        count += 1;
        missing.iter_mut().zip(pool.probabilities.row(pick)).for_each(|(value, &p)| *value -= f64::from(p));
    }
    count
}

proptest! {
    #[test]
    fn exactly_the_budget_of_distinct_rows(pool in prop_oneof![pools(true), pools(false)], weight in 0.0..4.0_f64) {
        check(&pool, &rows(&pool.plain().picks));
        check(&pool, &rows(&pool.balanced(weight).picks));
    }

    #[test]
    fn without_a_weight_nothing_is_balanced(pool in prop_oneof![pools(true), pools(false)]) {
        let (plain, balanced) = (pool.plain(), pool.balanced(0.0));
        prop_assert_eq!(plain.picks, balanced.picks);
        prop_assert_eq!(plain.cover, balanced.cover);
    }

    #[test]
    fn scores_do_not_rise(pool in prop_oneof![pools(true), pools(false)]) {
        let picks = pool.plain().picks;
        prop_assert!(picks.windows(2).all(|pair| pair[0].score >= pair[1].score));
        prop_assert!(picks.iter().all(|pick| pick.score.is_finite() && pick.score >= 0.0));
    }

    #[test]
    fn a_larger_budget_only_goes_on(pool in pools(true)) {
        let all = Pool { budget: pool.unlabelled.nrows(), ..pool.clone() }.plain();
        prop_assert_eq!(&rows(&all.picks)[..pool.budget], &rows(&pool.plain().picks)[..]);
    }

    #[test]
    fn permuting_the_pool_permutes_the_picks(pool in pools(false), step in 1_usize..60) {
        prop_assume!(pool.labelled.nrows() > 0);
        let count = pool.unlabelled.nrows();
        let step = (step..).find(|&step| gcd(step, count) == 1).unwrap();
        let order: Vec<usize> = (0..count).map(|row| row * step % count).collect();
        let permuted = Pool {
            unlabelled: pool.unlabelled.select(Axis(0), &order),
            probabilities: pool.probabilities.select(Axis(0), &order),
            ..pool.clone()
        };
        for (found, expected) in
            [(permuted.plain().picks, pool.plain().picks), (permuted.balanced(1.0).picks, pool.balanced(1.0).picks)]
        {
            let differ = found.iter().zip(&expected).find(|(one, other)| order[one.row] != other.row);
            // Two rows that are as far but for rounding go by their place in the pool; what follows may differ then.
            if let Some((one, other)) = differ {
                prop_assert!((one.score - other.score).abs() <= 1e-6 * other.score.abs(), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn leaving_out_what_was_not_picked_changes_nothing(pool in pools(true), weight in 0.0..4.0_f64) {
        prop_assume!(pool.labelled.nrows() > 0);
        for balanced in [false, true] {
            let query = |pool: &Pool| if balanced { pool.balanced(weight) } else { pool.plain() };
            let picks = query(&pool).picks;
            let picked = rows(&picks);
            let count = pool.unlabelled.nrows();
            let kept: Vec<usize> = (0..count).filter(|row| row % 3 != 0 || picked.contains(row)).collect();
            let restricted = Pool {
                unlabelled: pool.unlabelled.select(Axis(0), &kept),
                probabilities: pool.probabilities.select(Axis(0), &kept),
                ..pool.clone()
            };
            let again: Vec<usize> = rows(&query(&restricted).picks).into_iter().map(|row| kept[row]).collect();
            prop_assert_eq!(again, picked);
        }
    }

    #[test]
    fn arrays_in_another_order_of_memory_give_the_same(pool in pools(true)) {
        let turned = |array: &Array2<f32>| array.t().as_standard_layout().to_owned().reversed_axes();
        let other = Pool {
            unlabelled: turned(&pool.unlabelled),
            labelled: turned(&pool.labelled),
            probabilities: turned(&pool.probabilities),
            ..pool.clone()
        };
        prop_assert_eq!(other.plain(), pool.plain());
        prop_assert_eq!(other.balanced(0.5).picks, pool.balanced(0.5).picks);
    }

    #[test]
    fn a_traversal_with_discards_is_that_of_a_smaller_pool(pool in pools(true), every in 2_usize..5) {
        prop_assume!(pool.labelled.nrows() > 0);
        // Rows to discard are met in the order of distance, in between the others.
        let embeddings = pool.embeddings();
        let mut traversal = FarthestFirst::new(&embeddings).unwrap();
        let mut accepted = Vec::new();
        while let Some(pick) = traversal.farthest() {
            if pick.row % every == 0 {
                traversal.discard(pick.row);
            } else {
                traversal.accept(pick.row);
                accepted.push(pick);
            }
        }
        prop_assert_eq!(traversal.remaining(), 0);
        let kept: Vec<usize> = (0..pool.unlabelled.nrows()).filter(|row| row % every != 0).collect();
        let smaller = Pool {
            unlabelled: pool.unlabelled.select(Axis(0), &kept),
            budget: kept.len(),
            ..pool.clone()
        };
        let mut expected = smaller.plain().picks;
        expected.iter_mut().for_each(|pick| pick.row = kept[pick.row]);
        prop_assert_eq!(accepted, expected);
    }
}

fn gcd(left: usize, right: usize) -> usize {
    if right == 0 { left } else { gcd(right, left % right) }
}

#[test]
fn until_the_first_class_saturates_balancing_changes_nothing() {
    let mut compared = 0;
    let mut diverged = 0;
    for seed in 0..200 {
        let mut pool = made(60, 5, 30, seed % 2 == 0, seed);
        // Everything is needed at first: (5 + 30) / 4 − 5 and more.
        pool.labelled_counts = vec![1, 2, 1, 1];
        let (plain, balanced) = (rows(&pool.plain().picks), rows(&pool.balanced(8.0).picks));
        let count = unsaturated(&pool, &plain);
        assert_eq!(balanced[..count], plain[..count], "seed {seed}");
        compared += count;
        diverged += usize::from(balanced != plain);
    }
    assert!(compared > 200 * 10, "only {compared} picks come before the first class has enough");
    assert!(diverged > 150, "only {diverged} of 200 pools differ in the end");
}

#[test]
fn balancing_balances() {
    for seed in 0..20 {
        let pool = made(300, 5, 60, false, seed);
        let l1 = |weight| pool.balanced(weight).balance.unwrap().l1;
        assert!(l1(64.0) < 0.5 * l1(0.0), "seed {seed}: {} and {}", l1(64.0), l1(0.0));
    }
}

#[test]
fn identical_and_duplicate_points_go_by_lowest_row() {
    let pool = made(20, 3, 9, false, 1);
    let identical = Pool { unlabelled: Array2::from_elem((20, 3), 0.7), ..pool.clone() };
    let identical = Pool { labelled: Array2::from_elem((3, 3), 0.7), ..identical };
    let selection = identical.plain();
    assert_eq!(rows(&selection.picks), (0..9).collect::<Vec<_>>());
    assert!(selection.picks.iter().all(|pick| pick.score.to_bits() == 0));
    let cover = selection.cover.unwrap();
    assert_eq!([cover.radius, cover.bound, cover.relative_gap].map(f64::to_bits), [0; 3]);

    let thrice =
        Pool { unlabelled: concatenate![Axis(0), pool.unlabelled, pool.unlabelled, pool.unlabelled], ..pool };
    let picks = Pool { budget: 60, ..thrice }.plain().picks;
    // Every point once, from its first copy; then the copies, for nothing, by row.
    assert!(rows(&picks[..20]).iter().all(|&row| row < 20));
    assert_eq!(rows(&picks[20..]), (20..60).collect::<Vec<_>>());
}

#[test]
fn without_labelled_rows_the_first_is_drawn() {
    let pool = made(50, 0, 10, false, 2);
    let drawn = rng().random_range(0..50);
    for selection in [pool.plain(), pool.balanced(2.0)] {
        assert_eq!(selection.picks[0].row, drawn);
        check(&pool, &rows(&selection.picks));
    }
    let picks = pool.plain().picks;
    assert_eq!(picks[0].score.to_bits(), picks[1].score.to_bits());
    let none = Pool { labelled: Array2::zeros((0, 0)), ..pool.clone() };
    assert_eq!(none.plain(), pool.plain());
    let firsts: BTreeSet<usize> = (0..40)
        .map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            k_center::query(&pool.embeddings(), 1, &mut rng).unwrap().picks[0].row
        })
        .collect();
    assert!(firsts.len() > 20, "{firsts:?}");
}

#[test]
fn with_labelled_rows_nothing_is_drawn() {
    let (pool, mut drawn) = (made(50, 1, 10, false, 2), rng());
    let (embeddings, p) = (pool.embeddings(), pool.probabilities.view());
    k_center::query(&embeddings, 10, &mut drawn).unwrap();
    k_center::query_balanced(&embeddings, p, &pool.labelled_counts, 10, 2.0, &mut drawn).unwrap();
    let balance = GreedyBalance { lambda: Lambda::Rule(LambdaRule::Auto), scale: LambdaScale::Absolute };
    k_center::query_with(&embeddings, p, &pool.labelled_counts, 10, &balance, &mut drawn).unwrap();
    assert_eq!(drawn, rng());
    let none = Pool { labelled: Array2::zeros((0, 0)), ..pool };
    k_center::query(&none.embeddings(), 0, &mut drawn).unwrap();
    assert_eq!(drawn, rng(), "an empty query draws nothing either");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let pool = made(700, 600, 300, false, 3);
    let with = |threads: usize| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        threads.install(|| (pool.plain(), pool.balanced(1.0).picks))
    };
    let one = with(1);
    assert_eq!(with(2), one);
    assert_eq!(with(5), one);
}

#[test]
fn rounding_is_half_to_even_in_single_precision() {
    let given = ndarray::array![[0.125_f32, 0.375, -0.125, 2.5, 1e38, 0.0, 0.005]];
    // 0.005 is 0.004999999888 in f32; times 100 it rounds to 0.5, which is even at 0.
    let expected = ndarray::array![[0.12_f32, 0.38, -0.12, 2.5, 1e38, 0.0, 0.0]];
    assert_eq!(k_center::rounded(given.view(), 2), expected);
    assert_eq!(k_center::rounded(given.view(), 40), given);
}
