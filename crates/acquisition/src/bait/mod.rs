//! BAIT: query rows that together say most about the last layer, as far as it matters for the pool.
//!
//! Ash et al., *Gone Fishing: Neural Active Learning with Fisher Embeddings*, NeurIPS 2021, Algorithm 1, in the form of
//! its code and of the code beside GALAXY (Zhang et al., ICML 2022).

mod dense;
mod design;
mod information;
mod plan;

#[cfg(test)]
mod tests;

use ndarray::Array2;

use crate::select::validate_budget;
use crate::{Error, Pick, Selection, Side};

use design::{Change, Design};
use information::{Known, add_sum};
use plan::OVERSAMPLING;

pub use plan::{MemoryPlan, plan};

/// What BAIT may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// What is added to the diagonal of the information of the labelled rows. The authors have 1.
    pub lambda: f64,
    /// The most bytes that may be kept, see [`plan`]. They grow with the square of classes times dimensions.
    pub limit_bytes: u64,
}

/// Picks `budget` rows that make `tr(M⁻¹F)` small: twice as many greedily one after the other, of which the worst are
/// removed again, one after the other.
///
/// `F` is the mean Fisher information of the last layer over all rows, labelled or not, and
/// `M = λI + n/(n + b) · (mean of that of the n labelled rows) + b/(n + b) · Σ (that of the picks)`. (The picks are not divided by
/// `b`, as in the authors' code; in the paper all are means.) The Fisher information of a row is the expectation over what
/// the network thinks its class is, so that no label is needed.
///
/// Each pick lowers `tr(M⁻¹F)` the most, ties by lowest row; what it lowers it by is its score. Each removal raises it
/// the least; of those that tie the one that was picked last goes. The picks that are left come in the order in which
/// they were picked.
///
/// With `K` classes and `d` dimensions a row is `K` vectors of `Kd` numbers, never written out. Two `K × K` blocks for every row
/// say what it would add, and are kept up to date by Woodbury's identity. To begin takes `O(N (Kd)² + (Kd)³)` operations,
/// a pick `O(N (dK² + K³) + K (Kd)²)`, in `f64`. [`plan`] tells the memory. Picks do not depend on the number of threads.
///
/// # Shapes
///
/// Those of [`Side`].
///
/// # Errors
///
/// Those of [`Side::validate`] and [`Side::comparable`]; [`Error::BudgetAbovePool`]; [`Error::InvalidParameter`] if
/// `lambda` is not finite and positive; [`Error::AboveMemoryLimit`]; [`Error::NotInvertible`] if the numbers are so
/// large that `M` cannot be inverted.
pub fn query(
    unlabelled: Side,
    labelled: Side,
    parameters: &Parameters,
    budget: usize,
) -> Result<Selection, Error> {
    let (rows, classes) = unlabelled.probabilities.dim();
    validate_budget(budget, rows)?;
    let lambda = parameters.lambda;
    if !(lambda.is_finite() && lambda > 0.0) {
        let range = "finite and positive".to_owned();
        return Err(Error::InvalidParameter { name: "lambda", value: lambda, range });
    }
    Side::comparable(unlabelled, labelled)?;
    let pool = Known { probabilities: unlabelled.probabilities, embeddings: unlabelled.rows("unlabelled")? };
    let labelled_rows = labelled.rows("labelled")?;
    if budget == 0 {
        return Ok(Selection::default());
    }
    let plan = plan(rows, classes, pool.embeddings.dims(), budget);
    if plan.bytes() > parameters.limit_bytes {
        return Err(Error::AboveMemoryLimit { plan, limit_bytes: parameters.limit_bytes });
    }
    let labelled = Known { probabilities: labelled.probabilities, embeddings: labelled_rows };
    let seen = labelled.len();
    let design = start(pool, &labelled, lambda, budget).ok_or(Error::NotInvertible { labelled: seen })?;
    Ok(Selection::of(choose(design, budget).ok_or(Error::NotInvertible { labelled: seen })?))
}

/// What is known before the first pick.
fn start<'a>(pool: Known<'a>, labelled: &Known, lambda: f64, budget: usize) -> Option<Design<'a>> {
    let parameters = pool.probabilities.ncols() * pool.embeddings.dims();
    let (rows, seen) = (pool.len() as f64, labelled.len() as f64);
    let mut fisher = Array2::zeros((parameters, parameters));
    add_sum(&pool, 1.0 / (rows + seen), &mut fisher);
    add_sum(labelled, 1.0 / (rows + seen), &mut fisher);
    let mut information = Array2::zeros((parameters, parameters));
    // n/(n + b) times a mean over n.
    let share = seen + budget as f64;
    add_sum(labelled, 1.0 / share, &mut information);
    information.diag_mut().iter_mut().for_each(|value| *value += lambda);
    Design::new(pool, (budget as f64 / share).sqrt(), fisher, information)
}

/// Forward picks, then backward removals. `None` if there is no telling what a row adds.
fn choose(mut design: Design, budget: usize) -> Option<Vec<Pick>> {
    let rows = design.candidates().len();
    let mut picks: Vec<Pick> = Vec::new();
    let mut picked = vec![false; rows];
    while picks.len() < rows.min(OVERSAMPLING * budget) {
        let gains = design.changes(Change::Add);
        let left = gains.iter().enumerate().filter(|&(row, _)| !picked[row]);
        let (row, &score) = left.reduce(|best, other| if *other.1 > *best.1 { other } else { best })?;
        if !score.is_finite() {
            return None;
        }
        design.apply(row, Change::Add)?;
        picked[row] = true;
        picks.push(Pick { row, score });
    }
    let mut kept: Vec<usize> = picks.iter().map(|pick| pick.row).collect();
    while kept.len() > budget {
        design.keep(&kept);
        kept = (0..kept.len()).collect();
        let losses = design.changes(Change::Remove);
        let all = losses.iter().enumerate();
        let (place, _) = all.reduce(|least, other| if *other.1 <= *least.1 { other } else { least })?;
        // Where none can be taken from `M`, the last to be picked goes and `M` is left as it is.
        if losses[place].is_finite() {
            design.apply(place, Change::Remove)?;
        }
        kept.remove(place);
        picks.remove(place);
    }
    Some(picks)
}
