//! Robust k-center: query the rows that cover the pool within the smallest radius, outliers apart.
//!
//! Sener & Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set Approach*, ICLR 2018, Algorithm 2:
//! the greedy radius, then bisection, where a mixed-integer programme says whether a radius is feasible.

mod cover;
mod distances;
#[cfg(feature = "exact")]
mod programme;

use std::time::{Duration, Instant};

use crate::range::within;
use crate::{CoverOutcome, Embeddings, Error, Selection};

use cover::{Cover, Decision};
use distances::Distances;

/// What a programme may be at most, and how long all of them may take.
///
/// How long branch and bound takes is not known beforehand. On one core of a shared cloud machine (EPYC), programmes
/// of up to 4,808 variables and 81,487 entries were decided in 0.6 to 9.3 s each, within 90 MB, and most of a tenth
/// that size in milliseconds; but one of 2,413 variables and 17,408 entries was open after 56 s. The limits are a
/// little above what was tried, and time does the rest.
struct Limits {
    /// Rows of the pool, because all distances between them are kept: 67 MB.
    rows: usize,
    /// Variables of a reduced programme.
    variables: usize,
    /// Entries of a reduced programme that are not zero.
    entries: usize,
    /// Time for all programmes of a query.
    time: Duration,
}

const LIMITS: Limits =
    Limits { rows: 4_096, variables: 5_000, entries: 100_000, time: Duration::from_secs(60) };

/// What may stay uncovered, and how closely the radius is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// The share of the pool that may stay uncovered, in [0, 1).
    pub outlier_fraction: f64,
    /// Bisection ends when the radius is known to within this share of the greedy radius.
    pub tolerance: f64,
}

impl Parameters {
    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let Self { outlier_fraction: share, tolerance } = *self;
        within("outlier_fraction", share, (0.0..1.0).contains(&share), "in [0, 1)")?;
        within("tolerance", tolerance, tolerance > 0.0 && tolerance < 1.0, "in (0, 1)")
    }
}

/// Picks `budget` rows so that, with the labelled rows, they cover all rows of the pool but
/// `⌊outlier_fraction · rows⌋` within a radius as small as possible.
///
/// The radius is bisected until it is known to within `tolerance` times the radius of the greedy choice
/// ([`k_center::query`](crate::k_center::query)); what [`Selection::cover`] says of it is certain, `bound` included: no
/// other choice is better than that. A radius is decided by a greedy cover, by rows that no two of which have a common
/// neighbour, or else by a mixed-integer programme in the set-covering form (a row is covered if one of its neighbours
/// is picked), which has the solutions of the paper's form with its assignment variables. Bisection stops early after a
/// minute, with the gap that is left then; only in that case does the answer depend on the machine.
///
/// Where fewer centres suffice for the radius, the rest are taken farthest first. Picks come farthest first among
/// themselves; the score of a pick is its distance to the labelled rows and the picks before it. Where no row is
/// labelled, the score of the first is its distance to the row of the pool farthest from it.
///
/// The released code of CBAL allows no outliers and stops at a bracket of 1 or 5 in units of the distance.
///
/// # Shapes
///
/// Those of [`Embeddings`].
///
/// # Errors
///
/// [`Error::InvalidParameter`], [`Error::BudgetAbovePool`], [`Error::CoresetTooLarge`] for a pool of more than 4,096
/// rows or if a programme has more than 5,000 variables or 100,000 entries, [`Error::Reference`] if the solver fails,
/// [`Error::WithoutSolver`] if the solver is needed and was left out of the build, and those of [`Embeddings::validate`].
pub fn query(
    embeddings: &Embeddings<'_>,
    budget: usize,
    outlier_fraction: f64,
    tolerance: f64,
) -> Result<Selection, Error> {
    Parameters { outlier_fraction, tolerance }.validate()?;
    let outliers = (outlier_fraction * embeddings.unlabelled.nrows() as f64).floor() as usize;
    search(embeddings, budget, &Search { outliers, tolerance, limits: LIMITS })
}

/// How a cover is searched.
struct Search {
    /// Rows that may stay uncovered.
    outliers: usize,
    tolerance: f64,
    limits: Limits,
}

fn search(embeddings: &Embeddings<'_>, budget: usize, search: &Search) -> Result<Selection, Error> {
    let pool = embeddings.unlabelled.nrows();
    if budget > pool {
        return Err(Error::BudgetAbovePool { budget, pool });
    }
    let (rows, labelled) = embeddings.rows()?;
    if pool > search.limits.rows {
        return Err(Error::CoresetTooLarge { what: "rows", size: pool, limit: search.limits.rows });
    }
    let distances = Distances::new(&rows, &labelled);
    if pool > 0 && budget == 0 && labelled.len() == 0 {
        return Ok(Selection::default());
    }
    let (chosen, bound) = bisect(&distances, budget, search)?;
    let everything: Vec<usize> = (0..pool).collect();
    let rest = distances.farthest_first(&everything, &chosen, budget - chosen.len());
    let all: Vec<usize> = chosen.into_iter().chain(rest.into_iter().map(|pick| pick.row)).collect();
    let (radius, outliers) = distances.radius(&all, search.outliers);
    let picks = distances.farthest_first(&all, &[], budget);
    Ok(Selection { picks, balance: None, cover: Some(CoverOutcome::new(radius, bound, outliers)) })
}

/// The best choice found, and a radius that no choice can go below.
fn bisect(distances: &Distances, budget: usize, search: &Search) -> Result<(Vec<usize>, f64), Error> {
    let everything: Vec<usize> = (0..distances.rows()).collect();
    let greedy = distances.farthest_first(&everything, &[], budget + search.outliers + 1);
    let mut best: Vec<usize> = greedy.iter().take(budget).map(|pick| pick.row).collect();
    let (mut upper, _) = distances.radius(&best, search.outliers);
    if budget == 0 {
        return Ok((best, upper));
    }
    // These `budget + outliers + 1` points are at least as far from each other and from the labelled rows as the last of
    // them was. Without any `outliers` of them, two have a centre in common, or one has a labelled row. A midpoint may be
    // a rounding error nearer than half of that.
    let separation = greedy.get(budget + search.outliers).map_or(0.0, |pick| pick.score);
    let radii = distances.radii(separation / 2.0 * (1.0 - 1e-9), upper);
    let mut lower = radii.first().copied().unwrap_or(upper);
    let enough = search.tolerance * upper;
    let deadline = Instant::now() + search.limits.time;
    while upper - lower > enough {
        let middle = f64::midpoint(lower, upper);
        let place = radii.partition_point(|&radius| radius <= middle && radius < upper);
        let radius = radii[place - 1];
        match decide(distances, radius, budget, search, deadline)? {
            // A solver works within tolerances: what it calls a solution has to be one.
            Decision::Feasible(rows)
                if rows.len() <= budget && distances.radius(&rows, search.outliers).0 <= radius =>
            {
                upper = distances.radius(&rows, search.outliers).0;
                best = rows;
            }
            Decision::Infeasible => lower = radii[place],
            Decision::Feasible(_) | Decision::Undecided => break,
        }
    }
    Ok((best, lower))
}

fn decide(
    distances: &Distances,
    radius: f64,
    budget: usize,
    search: &Search,
    deadline: Instant,
) -> Result<Decision, Error> {
    let cover = Cover::new(distances, radius, search.outliers).reduced();
    if let Some(rows) = cover.greedy(budget) {
        return Ok(Decision::Feasible(rows));
    }
    if cover.is_packed(budget) {
        return Ok(Decision::Infeasible);
    }
    let limits = &search.limits;
    for (what, size, limit) in
        [("variables", cover.variables(), limits.variables), ("entries", cover.entries(), limits.entries)]
    {
        if size > limit {
            return Err(Error::CoresetTooLarge { what, size, limit });
        }
    }
    programme::decide(&cover, budget, deadline.saturating_duration_since(Instant::now()))
}

/// What is left of the programme where its solver is left out of the build.
#[cfg(not(feature = "exact"))]
mod programme {
    use std::time::Duration;

    use super::cover::{Cover, Decision};
    use crate::Error;

    /// Nothing can be decided.
    pub(super) fn decide(_cover: &Cover, _budget: usize, time: Duration) -> Result<Decision, Error> {
        if time.is_zero() {
            return Ok(Decision::Undecided);
        }
        Err(Error::WithoutSolver { what: "core-set on this pool" })
    }
}

#[cfg(test)]
#[cfg(feature = "exact")]
mod tests {
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::distances::Rows;

    pub(super) fn points(rows: usize, dims: usize, seed: u64) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, dims), || rng.random_range(-1.0_f32..1.0))
    }

    pub(super) fn distances(pool: &Array2<f32>, labelled: &Array2<f32>) -> Distances {
        let (rows, labelled) =
            (Rows::new("unlabelled", pool.view()).unwrap(), Rows::new("labelled", labelled.view()).unwrap());
        Distances::new(&rows, &labelled)
    }

    fn found(seed: u64, outliers: usize, limits: Limits) -> Result<Selection, Error> {
        let (pool, labelled) = (points(80, 2, seed), points(2, 2, seed + 1000));
        let embeddings = Embeddings { unlabelled: pool.into(), labelled: labelled.into() };
        search(&embeddings, 8, &Search { outliers, tolerance: 1e-9, limits })
    }

    #[test]
    fn out_of_time_the_gap_is_certain_and_nothing_is_claimed() {
        let mut open = 0;
        for seed in 0..12 {
            let outliers = if seed % 2 == 0 { 0 } else { 3 };
            let exact = found(seed, outliers, LIMITS).unwrap().cover.unwrap();
            assert_eq!(exact.relative_gap.to_bits(), 0.0_f64.to_bits());
            for time in [Duration::ZERO, Duration::from_micros(1)] {
                let hasty = found(seed, outliers, Limits { time, ..LIMITS }).unwrap();
                let cover = hasty.cover.unwrap();
                assert_eq!(hasty.picks.len(), 8);
                assert!(cover.bound <= exact.radius && exact.radius <= cover.radius, "{cover:?} {exact:?}");
                open += usize::from(cover.relative_gap > 0.0);
            }
        }
        assert!(open >= 12, "only {open} of 24 searches needed the solver");
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_size() {
        let refusal = |limits| found(1, 3, limits).unwrap_err().to_string();
        assert_eq!(
            refusal(Limits { rows: 79, ..LIMITS }),
            "choose a core-set: its programme has 80 rows, above the limit of 79; use k-center-greedy, or a smaller pool"
        );
        assert!(refusal(Limits { variables: 9, ..LIMITS }).contains("variables, above the limit of 9;"));
        assert!(refusal(Limits { entries: 9, ..LIMITS }).contains("entries, above the limit of 9;"));
    }
}
