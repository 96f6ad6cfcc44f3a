//! SIMILAR: query rows that are like the labelled rows of the rare classes, and cover these.
//!
//! Kothawade et al., *SIMILAR: Submodular Information Measures Based Active Learning in Realistic Scenarios*, NeurIPS
//! 2021, with the measure FLQMI, which it takes for rare classes.

mod kernel;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use ndarray::ArrayView2;

use crate::most_likely_positive::negative_class;
use crate::select::{query_order, validate_budget};
use crate::told::validate_labels;
use crate::{Error, Pick, Selection, Side, probabilities};

use kernel::{Kernel, Points};

/// Rows whose gains are brought up to date at a time.
const BATCH: usize = 128;

/// What is looked for, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// How much it counts that a row is like some query row, against that every query row has a row that is like it.
    /// The authors have 1.
    pub eta: f64,
    /// The class that is not looked for; `None`: the last one.
    pub negative: Option<usize>,
}

/// Picks `budget` rows `A` one after the other, each with the highest gain in
/// `f(A) = Σ_q max_{a ∈ A} s(q, a) + η Σ_{a ∈ A} max_q s(q, a)`, ties by lowest row.
///
/// The `q` are the labelled rows whose label is not the negative class. `s` is the cosine of two gradients by bias and
/// weights of the last layer, floored at 0; unlabelled rows have the most probable class as their label (ties by
/// lowest), labelled ones the label that was told. The score of a pick is its gain; gains do not rise from pick to pick.
///
/// Where no row that is left gains anything, and that is so from the start if no query row is labelled, `f` says
/// nothing. These rows are picked in the order of their largest probability over all classes but the negative one, ties by
/// lowest row, with a score of 0. (The authors' code takes what its list ends with, and stops with an error if there
/// is no query row.)
///
/// The greedy choice is lazy (Minoux, 1978): `f` is submodular, and a gain computed earlier is an upper bound. Of the
/// similarities, `f32` by dense products, at most 512 MiB are kept; those of more rows are computed each time that they are
/// needed, with the same result.
///
/// # Shapes
///
/// Those of [`Side`]; `labels`: `[labelled]`.
///
/// # Errors
///
/// [`Error::InvalidParameter`] for `eta` and `negative`; [`Error::BudgetAbovePool`]; [`Error::LengthMismatch`];
/// [`Error::LabelOutOfRange`]; those of [`Side::validate`] and [`Side::comparable`].
pub fn query<'a>(
    unlabelled: Side<'a>,
    labelled: Side<'a>,
    labels: &[u32],
    parameters: &Parameters,
    budget: usize,
) -> Result<Selection, Error> {
    let (rows, classes) = unlabelled.probabilities.dim();
    validate_budget(budget, rows)?;
    let eta = parameters.eta;
    if !(eta.is_finite() && eta >= 0.0) {
        let range = "finite and not negative".to_owned();
        return Err(Error::InvalidParameter { name: "eta", value: eta, range });
    }
    if rows == 0 {
        return Ok(Selection::default());
    }
    let negative = negative_class(parameters.negative, classes)?;
    let kernel = kernel(unlabelled, labelled, labels, negative)?;
    let mut picks = lazy_greedy(&kernel, eta, budget);
    add_most_likely(unlabelled.probabilities, negative, budget, &mut picks);
    Ok(Selection::of(picks))
}

/// Both sides, valid and comparable.
fn kernel<'a>(
    unlabelled: Side<'a>,
    labelled: Side<'a>,
    labels: &[u32],
    negative: usize,
) -> Result<Kernel<'a>, Error> {
    Side::comparable(unlabelled, labelled)?;
    let (known, classes) = (labelled.probabilities.nrows(), unlabelled.probabilities.ncols());
    validate_labels(labels, known, classes)?;
    let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
    let queries: Vec<usize> = (0..known).filter(|&row| labels[row] != negative).collect();
    let predicted = probabilities::predicted(unlabelled.probabilities).collect();
    let pool = Points::new("unlabelled", unlabelled, predicted)?;
    let known = Points::new("labelled", labelled, labels)?;
    Ok(Kernel::new(pool, &known, &queries))
}

/// The greedy picks as long as something is gained.
fn lazy_greedy(kernel: &Kernel, eta: f64, budget: usize) -> Vec<Pick> {
    if kernel.queries() == 0 {
        return Vec::new();
    }
    let mut covered = vec![0.0_f32; kernel.queries()];
    let all: Vec<usize> = (0..kernel.rows()).collect();
    let bound = |(row, gain)| Bound { gain, row, picks: 0 };
    let mut bounds: BinaryHeap<Bound> =
        all.iter().copied().zip(kernel.gains(&all, &covered, eta)).map(bound).collect();
    let mut picks: Vec<Pick> = Vec::with_capacity(budget);
    while picks.len() < budget
        && let Some(highest) = bounds.pop()
        && highest.gain > 0.0
    {
        let now = picks.len();
        if highest.picks == now {
            picks.push(Pick { row: highest.row, score: highest.gain });
            let similar = kernel.similar(highest.row);
            covered.iter_mut().zip(similar).for_each(|(covered, s)| *covered = covered.max(s));
            continue;
        }
        // Those that come next are out of date as well.
        let mut rows = vec![highest.row];
        while rows.len() < BATCH
            && let Some(next) = bounds.peek_mut().filter(|next| next.picks < now)
        {
            rows.push(PeekMut::pop(next).row);
        }
        let gains = kernel.gains(&rows, &covered, eta);
        bounds.extend(rows.into_iter().zip(gains).map(|(row, gain)| Bound { gain, row, picks: now }));
    }
    picks
}

/// Fills up with the rows that are most likely not of the negative class.
fn add_most_likely(probabilities: ArrayView2<f32>, negative: usize, budget: usize, picks: &mut Vec<Pick>) {
    let mut picked = vec![false; probabilities.nrows()];
    picks.iter().for_each(|pick| picked[pick.row] = true);
    let likelihood = |row: usize| {
        let classes = probabilities.row(row).into_iter().enumerate();
        let positive = classes.filter(|&(class, _)| class != negative);
        f64::from(positive.fold(0.0_f32, |highest, (_, &p)| highest.max(p)))
    };
    let left = (0..picked.len()).filter(|&row| !picked[row]);
    let mut left: Vec<Pick> = left.map(|row| Pick { row, score: likelihood(row) }).collect();
    left.sort_unstable_by(query_order);
    let missing = budget - picks.len();
    picks.extend(left.into_iter().take(missing).map(|pick| Pick { row: pick.row, score: 0.0 }));
}

/// The gain of a row when there were so many picks: no less than what it is now.
struct Bound {
    gain: f64,
    row: usize,
    picks: usize,
}

impl Ord for Bound {
    /// The highest gain is the greatest, of those that tie the lowest row.
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}
