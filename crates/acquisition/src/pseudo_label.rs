//! Balance by pseudo-labels: class by class, as many of the rows predicted as a class as it still needs.
//!
//! CBAL (Bengar et al., WACV 2022), supplement H; the entropy order is the reference line of its Figure 4. The released
//! code has these in comments only, and the rules below are theirs where nothing else is said.
//!
//! A class may get at most its quota of rows that are predicted as it ([`quotas`]). If what the classes get is too much
//! in all, picks are taken out at random, from classes only whose supply of predicted rows reached the quota. If it is
//! too little, the rest is drawn uniformly from the remaining pool.
//!
//! A pool that cannot be balanced is no error. A class with fewer predicted rows than its quota gets them all, and what
//! is missing is drawn from the whole pool, as above. Where the picks of such classes alone are too many, because a
//! few classes had most of the labels and every other quota is far above its supply, the rule leaves it open what goes;
//! here all picks of the other classes go, and the rest at random.
//!
//! The outcome's `l1` is of the probabilities, so that it compares with that of the programme; it has no weight and no
//! certificate.

use std::time::Instant;

use ndarray::{ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::balance::{Problem, certificate, requirement};
use crate::k_center::FarthestFirst;
use crate::{
    BalanceOutcome, Embeddings, Error, Pick, Selection, entropy, probabilities, select,
    validate_probabilities,
};

/// Which rows predicted as a class are taken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PseudoLabelOrder {
    /// Those with the highest entropy (Entropy-L1-pseudo-label, the reference line of CBAL's Figure 4).
    Entropy,
    /// Any, uniformly.
    Random,
    /// Farthest first over the whole pool; a row whose predicted class has its quota is discarded.
    KCenter,
    /// Farthest first within each predicted class.
    KCenterPerClass,
}

/// Rows that each class may get: its requirement (CBAL Eq. 4) rounded up.
///
/// The authors' targets are whole numbers on CIFAR. Rounded up, quotas sum to at least the budget, so that a pool with
/// enough of everything is balanced without a random pick, and what is too much is taken out by the rule that is there
/// for it.
///
/// # Shapes
///
/// `labelled_counts`: `[classes]`; the quotas: `[classes]`.
pub fn quotas(labelled_counts: &[usize], budget: usize) -> Vec<usize> {
    let labelled: usize = labelled_counts.iter().sum();
    let target = (labelled + budget).div_ceil(labelled_counts.len().max(1));
    labelled_counts.iter().map(|&count| target.saturating_sub(count)).collect()
}

/// Takes the rows with the highest entropy of every predicted class (Entropy-L1-pseudo-label).
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, `labelled_counts`: `[classes]`.
///
/// # Errors
///
/// [`Error::BudgetAbovePool`], [`Error::LengthMismatch`] and those of [`validate_probabilities`].
pub fn query_entropy(
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let classes = Classes::new(probabilities, labelled_counts, budget)?;
    let scores = entropy::scores(probabilities)?;
    let ordered = |mut rows: Vec<Pick>, quota| {
        rows.iter_mut().for_each(|pick| pick.score = scores[pick.row]);
        rows.sort_unstable_by(select::query_order);
        rows.truncate(quota);
        Ok(rows)
    };
    let mut picks = classes.settle(classes.each(ordered)?, rng);
    // Those that were drawn to fill up have their entropies as well.
    picks.iter_mut().for_each(|pick| pick.score = scores[pick.row]);
    picks.sort_unstable_by(select::query_order);
    let baseline = select::top(&scores, budget)?;
    Ok(classes.selection(picks, Some(&baseline.picks)))
}

/// Takes any rows of every predicted class, uniformly. Every score is 0.
///
/// # Shapes
///
/// Those of [`query_entropy`].
///
/// # Errors
///
/// Those of [`query_entropy`].
pub fn query_random(
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let classes = Classes::new(probabilities, labelled_counts, budget)?;
    let chosen = classes.each(|rows, quota| {
        let drawn = rand::seq::index::sample(rng, rows.len(), quota.min(rows.len()));
        Ok(drawn.into_iter().map(|place| rows[place]).collect())
    })?;
    let picks = classes.settle(chosen, rng);
    Ok(classes.selection(picks, None))
}

/// Traverses the pool farthest first. A row whose predicted class has its quota is discarded and is no centre; after
/// `2 · budget` rows, none is discarded any more. The score of a pick is its distance to the nearest centre.
///
/// Where the pool ends before the budget is reached, the rest is drawn uniformly from the discarded rows, with score 0.
///
/// # Shapes
///
/// Those of [`Embeddings`] and [`query_entropy`].
///
/// # Errors
///
/// Those of [`query_entropy`] and [`Embeddings::validate`].
pub fn query_k_center(
    embeddings: &Embeddings<'_>,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let classes = Classes::new(probabilities, labelled_counts, budget)?;
    classes.match_rows(embeddings)?;
    let mut left = classes.quotas.clone();
    let mut traversal = FarthestFirst::new(embeddings)?;
    let mut picks = Vec::with_capacity(budget);
    let mut looked_at = 0;
    while picks.len() < budget
        && let Some(pick) = traversal.farthest()
    {
        let left = &mut left[classes.predicted[pick.row]];
        if *left > 0 || looked_at >= 2 * budget {
            *left = left.saturating_sub(1);
            traversal.accept(pick.row);
            picks.push(pick);
        } else {
            traversal.discard(pick.row);
        }
        looked_at += 1;
    }
    let picks = classes.fill(picks, rng);
    Ok(classes.selection(picks, None))
}

/// Traverses the rows of every predicted class farthest first, from all labelled rows and apart from the other
/// classes. The score of a pick is its distance to the nearest centre of its traversal.
///
/// # Shapes
///
/// Those of [`query_k_center`].
///
/// # Errors
///
/// Those of [`query_k_center`].
pub fn query_k_center_per_class(
    embeddings: &Embeddings<'_>,
    probabilities: ArrayView2<f32>,
    labelled_counts: &[usize],
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let classes = Classes::new(probabilities, labelled_counts, budget)?;
    classes.match_rows(embeddings)?;
    embeddings.validate()?;
    let chosen = classes.each(|rows, quota| {
        let places: Vec<usize> = rows.iter().map(|pick| pick.row).collect();
        let unlabelled = embeddings.unlabelled.select(Axis(0), &places);
        let members = Embeddings { unlabelled, labelled: embeddings.labelled.clone() };
        let mut traversal = FarthestFirst::new(&members)?;
        let mut picks = Vec::new();
        while picks.len() < quota
            && let Some(pick) = traversal.farthest()
        {
            traversal.accept(pick.row);
            picks.push(Pick { row: places[pick.row], ..pick });
        }
        Ok(picks)
    })?;
    let picks = classes.settle(chosen, rng);
    Ok(classes.selection(picks, None))
}

/// What all orders share.
struct Classes<'a> {
    clock: Instant,
    probabilities: ArrayView2<'a, f32>,
    budget: usize,
    /// `Ω`. `[classes]`
    requirement: Vec<f64>,
    /// `[classes]`
    quotas: Vec<usize>,
    /// The predicted class of every row. `[rows]`
    predicted: Vec<usize>,
}

impl<'a> Classes<'a> {
    fn new(
        probabilities: ArrayView2<'a, f32>,
        labelled_counts: &[usize],
        budget: usize,
    ) -> Result<Self, Error> {
        let clock = Instant::now();
        let (rows, expected) = probabilities.dim();
        let found = labelled_counts.len();
        if expected != found {
            return Err(Error::LengthMismatch { what: "labelled counts", expected, found });
        }
        if budget > rows {
            return Err(Error::BudgetAbovePool { budget, pool: rows });
        }
        validate_probabilities(probabilities)?;
        Ok(Self {
            clock,
            probabilities,
            budget,
            requirement: requirement(labelled_counts, budget),
            quotas: quotas(labelled_counts, budget),
            predicted: probabilities::predicted(probabilities).collect(),
        })
    }

    fn match_rows(&self, embeddings: &Embeddings<'_>) -> Result<(), Error> {
        let (expected, found) = (self.predicted.len(), embeddings.unlabelled.nrows());
        if expected == found {
            Ok(())
        } else {
            Err(Error::LengthMismatch { what: "unlabelled embeddings", expected, found })
        }
    }

    /// The rows of every predicted class, ascending and with score 0, and of these what `order` takes, given them and
    /// the quota.
    fn each(
        &self,
        mut order: impl FnMut(Vec<Pick>, usize) -> Result<Vec<Pick>, Error>,
    ) -> Result<Vec<Chosen>, Error> {
        let mut members: Vec<Vec<Pick>> = vec![Vec::new(); self.quotas.len()];
        for (row, &class) in self.predicted.iter().enumerate() {
            members[class].push(Pick { row, score: 0.0 });
        }
        members
            .into_iter()
            .zip(&self.quotas)
            .map(|(rows, &quota)| Ok(Chosen { sufficient: rows.len() >= quota, picks: order(rows, quota)? }))
            .collect()
    }

    /// Takes out at random what is too much, or draws what is missing.
    fn settle(&self, chosen: Vec<Chosen>, rng: &mut ChaCha8Rng) -> Vec<Pick> {
        let total: usize = chosen.iter().map(|class| class.picks.len()).sum();
        let surplus = total.saturating_sub(self.budget);
        let (spare, scarce): (Vec<_>, Vec<_>) = chosen
            .into_iter()
            .flat_map(|class| class.picks.into_iter().map(move |pick| (class.sufficient, pick)))
            .partition(|&(sufficient, _)| sufficient);
        let from_spare = surplus.min(spare.len());
        let picks = [(spare, from_spare), (scarce, surplus - from_spare)];
        let kept = picks.into_iter().flat_map(|(picks, count)| without(picks, count, rng)).collect();
        self.fill(kept, rng)
    }

    /// Draws what is missing uniformly from the rows that were not picked, with score 0.
    fn fill(&self, mut picks: Vec<Pick>, rng: &mut ChaCha8Rng) -> Vec<Pick> {
        let mut rest = vec![true; self.predicted.len()];
        picks.iter().for_each(|pick| rest[pick.row] = false);
        let rest: Vec<usize> = (0..rest.len()).filter(|&row| rest[row]).collect();
        let drawn = rand::seq::index::sample(rng, rest.len(), self.budget - picks.len());
        picks.extend(drawn.into_iter().map(|place| Pick { row: rest[place], score: 0.0 }));
        picks
    }

    /// With what balancing came to.
    fn selection(self, picks: Vec<Pick>, baseline: Option<&[Pick]>) -> Selection {
        let problem = Problem {
            probabilities: self.probabilities,
            costs: &[],
            requirement: &self.requirement,
            lambda: 0.0,
            budget: self.budget,
        };
        let l1 = |picks: &[Pick]| {
            let rows: Vec<usize> = picks.iter().map(|pick| pick.row).collect();
            certificate::l1(&problem, &rows)
        };
        let outcome = BalanceOutcome {
            lambda: None,
            l1_before: l1(&[]),
            l1_baseline: baseline.map(l1),
            l1: l1(&picks),
            certificate: None,
            seconds: self.clock.elapsed().as_secs_f64(),
            requirement: self.requirement.clone(),
        };
        Selection { picks, balance: Some(outcome), cover: None }
    }
}

/// What a class got.
struct Chosen {
    /// Whether as many rows were predicted as it as it needs.
    sufficient: bool,
    picks: Vec<Pick>,
}

/// What is left, in order, when `count` of the picks are taken out at random.
fn without(picks: Vec<(bool, Pick)>, count: usize, rng: &mut ChaCha8Rng) -> Vec<Pick> {
    let mut kept = vec![true; picks.len()];
    rand::seq::index::sample(rng, picks.len(), count).into_iter().for_each(|place| kept[place] = false);
    picks.into_iter().zip(kept).filter(|&(_, kept)| kept).map(|((_, pick), _)| pick).collect()
}

#[cfg(test)]
mod tests;
