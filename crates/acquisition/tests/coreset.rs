//! Robust k-center, seen from outside: against every selection there is, and against greedy k-center.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView1, Axis};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::k_center::FarthestFirst;
use tailward_acquisition::{CoverOutcome, Embeddings, Error, Selection, coreset};

/// What a query is given.
#[derive(Clone, Debug)]
struct Pool {
    unlabelled: Array2<f32>,
    labelled: Array2<f32>,
    budget: usize,
    outlier_fraction: f64,
}

impl Pool {
    /// Coordinates are small integers if coarse, so that there are ties and duplicates.
    fn made(rows: usize, labelled: usize, budget: usize, coarse: bool, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let dims = rng.random_range(1..4);
        let mut embed = |rows| {
            Array2::from_shape_simple_fn((rows, dims), || match coarse {
                true => rng.random_range(0..4_u8).into(),
                false => rng.random_range(-1.0_f32..1.0),
            })
        };
        Self { unlabelled: embed(rows), labelled: embed(labelled), budget, outlier_fraction: 0.0 }
    }

    fn embeddings(&self) -> Embeddings<'_> {
        Embeddings { unlabelled: self.unlabelled.view().into(), labelled: self.labelled.view().into() }
    }

    fn query(&self, tolerance: f64) -> Selection {
        coreset::query(&self.embeddings(), self.budget, self.outlier_fraction, tolerance)
            .expect("a small pool")
    }

    fn outliers(&self) -> usize {
        (self.unlabelled.nrows() as f64 * self.outlier_fraction).floor() as usize
    }

    /// The radius that a selection leaves, by plain loops.
    fn radius(&self, picks: &[usize]) -> f64 {
        let picked = picks.iter().map(|&pick| self.unlabelled.row(pick));
        let centres: Vec<_> = self.labelled.rows().into_iter().chain(picked).collect();
        let nearest = |row: ArrayView1<f32>| {
            let distance = |centre: &ArrayView1<f32>| {
                let squares = row.iter().zip(centre).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
                squares.sum::<f64>().sqrt()
            };
            centres.iter().map(distance).fold(f64::INFINITY, f64::min)
        };
        let mut all: Vec<f64> = self.unlabelled.rows().into_iter().map(nearest).collect();
        all.sort_by(|left, right| right.total_cmp(left));
        all.get(self.outliers()).copied().unwrap_or(0.0)
    }

    /// The least radius of any selection.
    fn optimum(&self) -> f64 {
        let rows = self.unlabelled.nrows();
        (0_u32..1 << rows)
            .filter(|set| set.count_ones() as usize == self.budget)
            .map(|set| self.radius(&(0..rows).filter(|row| set >> row & 1 == 1).collect::<Vec<_>>()))
            .fold(f64::INFINITY, f64::min)
    }
}

fn rows(selection: &Selection) -> Vec<usize> {
    selection.picks.iter().map(|pick| pick.row).collect()
}

/// A selection that is one, and whose account is that of its picks.
fn check(pool: &Pool, selection: &Selection) -> CoverOutcome {
    let picked = rows(selection);
    assert_eq!(picked.len(), pool.budget);
    assert_eq!(picked.iter().collect::<BTreeSet<_>>().len(), pool.budget);
    assert!(selection.picks.windows(2).all(|pair| pair[0].score >= pair[1].score), "{selection:?}");
    assert!(selection.picks.iter().all(|pick| pick.score.is_finite()), "{selection:?}");
    let cover = selection.cover.clone().expect("there are centres");
    assert!((cover.radius - pool.radius(&picked)).abs() < 1e-12, "{cover:?}");
    assert!(cover.outliers <= pool.outliers());
    assert!(cover.bound <= cover.radius);
    cover
}

#[test]
fn with_a_small_tolerance_the_answer_is_the_best_there_is() {
    let mut better = 0;
    for seed in 0..240 {
        let (rows, budget) = (6 + seed as usize % 7, 1 + seed as usize % 4);
        let outlier_fraction = [0.0, 0.1, 0.3][seed as usize % 3];
        let pool = Pool::made(rows, seed as usize / 3 % 3, budget, seed % 5 == 0, seed);
        let pool = Pool { outlier_fraction, ..pool };
        let best = pool.optimum();
        let cover = check(&pool, &pool.query(1e-9));
        assert!((cover.radius - best).abs() < 1e-12, "seed {seed}: {cover:?}, optimum {best}");
        assert!((cover.bound - best).abs() < 1e-12, "seed {seed}: {cover:?}, optimum {best}");
        assert!(cover.relative_gap < 1e-12, "seed {seed}: {cover:?}");
        for tolerance in [0.05, 0.3, 0.9] {
            let greedy = rows_of_greedy(&pool);
            let cover = check(&pool, &pool.query(tolerance));
            assert!(
                cover.bound <= best + 1e-12 && best <= cover.radius + 1e-12,
                "seed {seed}: {cover:?}, {best}"
            );
            assert!(cover.radius - cover.bound <= tolerance * pool.radius(&greedy) + 1e-12, "seed {seed}");
            better += usize::from(cover.radius < pool.radius(&greedy));
        }
    }
    assert!(better > 100, "the greedy choice was improved in {better} of 720 cases only");
}

/// The greedy choice that bisection starts from, which begins with the lowest row where nothing is labelled.
fn rows_of_greedy(pool: &Pool) -> Vec<usize> {
    let embeddings = pool.embeddings();
    let mut traversal = FarthestFirst::new(&embeddings).expect("a valid pool");
    let mut next = || {
        let row = traversal.farthest().expect("the pool holds the budget").row;
        traversal.accept(row);
        row
    };
    (0..pool.budget).map(|_| next()).collect()
}

proptest! {
    #[test]
    fn exactly_the_budget_of_distinct_rows(
        (count, labelled, share) in (1_usize..40, 0_usize..4, 0.0..=1.0_f64),
        outlier_fraction in prop::sample::select(vec![0.0, 0.05, 0.5, 0.99]),
        (coarse, seed) in any::<(bool, u64)>(),
    ) {
        let budget = (count as f64 * share).round() as usize;
        let pool = Pool { outlier_fraction, ..Pool::made(count, labelled, budget, coarse, seed) };
        if labelled + budget > 0 {
            let selection = pool.query(0.01);
            let cover = check(&pool, &selection);
            prop_assert!(cover.radius <= pool.radius(&rows_of_greedy(&pool)) + 1e-12);
            prop_assert_eq!(&pool.query(0.01), &selection);
        } else {
            prop_assert_eq!(pool.query(0.01), Selection::default());
        }
    }

    #[test]
    fn permuting_the_pool_keeps_the_radius(seed in any::<u64>(), step in prop::sample::select(vec![3_usize, 7, 11, 19])) {
        let pool = Pool { outlier_fraction: 0.1, ..Pool::made(25, 2, 4, false, seed) };
        let order: Vec<usize> = (0..25).map(|row| row * step % 25).collect();
        let permuted = Pool { unlabelled: pool.unlabelled.select(Axis(0), &order), ..pool.clone() };
        let (before, after) = (check(&pool, &pool.query(1e-9)), check(&permuted, &permuted.query(1e-9)));
        prop_assert_eq!(before.radius.to_bits(), after.radius.to_bits());
        prop_assert_eq!(before.bound.to_bits(), after.bound.to_bits());
    }
}

#[test]
fn outliers_are_left_out() {
    // Two clusters, and one point far away that greedy k-center goes for.
    let pool = ndarray::array![[0.0_f32], [1.0], [2.0], [10.0], [11.0], [12.0], [90.0], [13.0], [3.0], [4.0]];
    let labelled = Array2::zeros((0, 1));
    let pool = Pool { unlabelled: pool, labelled, budget: 2, outlier_fraction: 0.1 };
    let selection = pool.query(1e-6);
    assert_eq!(rows(&selection).iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([2, 4]));
    let cover = check(&pool, &selection);
    assert_eq!([cover.radius, cover.bound].map(f64::to_bits), [2.0_f64; 2].map(f64::to_bits));
    assert_eq!(cover.outliers, 1);
    let strict = Pool { outlier_fraction: 0.0, ..pool };
    let cover = check(&strict, &strict.query(1e-6));
    assert_eq!(cover.outliers, 0);
    // One centre for 90, and 4 for the rest, up to 13.
    assert_eq!(cover.radius.to_bits(), 9.0_f64.to_bits());
}

#[test]
fn a_centre_half_way_between_two_points_is_found() {
    // The bound that the greedy choice gives is the optimum itself: bisection must not start above it.
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..200 {
        let end = Array2::from_shape_simple_fn((1, 7), || rng.random_range(-1.0_f32..1.0));
        let half = end.mapv(|value| value / 2.0);
        let unlabelled = ndarray::concatenate![Axis(0), Array2::zeros((1, 7)), end, half];
        let pool = Pool { unlabelled, labelled: Array2::zeros((0, 7)), budget: 1, outlier_fraction: 0.0 };
        let selection = pool.query(1e-6);
        assert_eq!(rows(&selection), [2]);
        check(&pool, &selection);
    }
}

#[test]
fn identical_points_are_covered_at_once() {
    let pool = Pool {
        unlabelled: Array2::from_elem((9, 2), 0.3),
        labelled: Array2::zeros((0, 2)),
        budget: 4,
        outlier_fraction: 0.2,
    };
    let selection = pool.query(0.01);
    assert_eq!(rows(&selection), [0, 1, 2, 3]);
    assert_eq!(check(&pool, &selection).radius.to_bits(), 0);
}

#[test]
fn refusals() {
    let pool = Pool::made(10, 1, 3, false, 1);
    let query = |budget, outlier_fraction, tolerance| {
        coreset::query(&pool.embeddings(), budget, outlier_fraction, tolerance).unwrap_err()
    };
    assert!(matches!(query(11, 0.0, 0.1), Error::BudgetAbovePool { budget: 11, pool: 10 }));
    assert_eq!(query(3, 1.0, 0.1).to_string(), "use outlier_fraction = 1: it must be in [0, 1)");
    assert!(matches!(query(3, f64::NAN, 0.1), Error::InvalidParameter { name: "outlier_fraction", .. }));
    assert!(matches!(query(3, 0.0, 0.0), Error::InvalidParameter { name: "tolerance", .. }));
    let mut faulty = pool.clone();
    faulty.unlabelled[[2, 0]] = f32::NAN;
    let error = coreset::query(&faulty.embeddings(), 3, 0.0, 0.1).unwrap_err();
    assert_eq!(error.to_string(), "read unlabelled embeddings: row 2, column 0 is NaN");
    let large = Pool::made(4_097, 1, 3, true, 1);
    let error = coreset::query(&large.embeddings(), 3, 0.0, 0.1).unwrap_err();
    assert!(matches!(error, Error::CoresetTooLarge { what: "rows", size: 4_097, limit: 4_096 }));
}
