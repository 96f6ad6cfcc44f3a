//! TypiClust: query the most typical row of each cluster in which nothing is labelled.
//!
//! Hacohen, Dekel & Weinshall, *Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets*, ICML 2022,
//! Algorithm 1. It needs no model and no label, so that it can choose the first rows of all.

mod typicality;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use ndarray::{Array2, Axis, concatenate};
use rand_chacha::ChaCha8Rng;

use crate::distances::Rows;
use crate::k_means;
use crate::range::at_least;
use crate::select::validate_budget;
use crate::{Embeddings, Error, Pick, Selection};

use typicality::Candidates;

/// Clusters smaller than this come last: the authors' code leaves them out, as outliers (`MIN_CLUSTER_SIZE`).
const SMALL: usize = 5;

/// The parameters of TypiClust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// How many nearest neighbours a row's typicality is taken over (20 in the authors' code); at most half of the cluster.
    pub neighbours: usize,
    /// The most clusters that are made, however many labels there are (500 in the authors' code).
    pub max_clusters: usize,
}

impl Parameters {
    /// Checks what a type cannot check.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]: one of them is 0.
    pub fn validate(&self) -> Result<(), Error> {
        at_least("neighbours", self.neighbours, 1)?;
        at_least("max_clusters", self.max_clusters, 1)
    }
}

/// Picks `budget` unlabelled rows: all rows are put into as many clusters as there will be labels afterwards, by k-means,
/// and each pick is the most typical row of the largest cluster among those with the fewest labelled and picked rows.
///
/// The score of a pick is its typicality (Eq. 4), the inverse of the mean distance to its nearest neighbours in the cluster. As in
/// the authors' code a cluster's labelled and picked rows are no neighbours, and clusters of fewer than five rows come
/// last (there they are left out). Ties are broken by the lowest row, of clusters by the lowest number.
///
/// # Shapes
///
/// Those of [`Embeddings`].
///
/// # Errors
///
/// [`Error::InvalidParameter`], [`Error::BudgetAbovePool`] and those of [`Embeddings::validate`].
pub fn query(
    embeddings: &Embeddings<'_>,
    budget: usize,
    parameters: &Parameters,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    parameters.validate()?;
    embeddings.validate()?;
    let (unlabelled, labelled) = (embeddings.unlabelled.nrows(), embeddings.labelled.nrows());
    validate_budget(budget, unlabelled)?;
    if budget == 0 {
        return Ok(Selection::of(Vec::new()));
    }
    let all = all_rows(embeddings);
    let rows = Rows::new("embeddings", all.view())?;
    let clusters = (labelled + budget).min(parameters.max_clusters).min(rows.len());
    let clusters = k_means::clusters(&rows, clusters, rng);
    choose(&rows, unlabelled, &clusters, budget, parameters.neighbours)
}

/// As [`query`], in clusters that are given.
///
/// # Shapes
///
/// Those of [`Embeddings`]; `clusters`: `[unlabelled + labelled]`, the unlabelled rows first.
///
/// # Errors
///
/// As [`query`]; [`Error::LengthMismatch`] if there is not a cluster for each row.
pub fn query_in_clusters(
    embeddings: &Embeddings<'_>,
    clusters: &[usize],
    budget: usize,
    neighbours: usize,
) -> Result<Selection, Error> {
    at_least("neighbours", neighbours, 1)?;
    embeddings.validate()?;
    validate_budget(budget, embeddings.unlabelled.nrows())?;
    let all = all_rows(embeddings);
    if clusters.len() != all.nrows() {
        return Err(Error::LengthMismatch { what: "clusters", expected: all.nrows(), found: clusters.len() });
    }
    let rows = Rows::new("embeddings", all.view())?;
    choose(&rows, embeddings.unlabelled.nrows(), clusters, budget, neighbours)
}

/// The unlabelled rows, then the labelled ones; shared where there are none.
fn all_rows<'a>(embeddings: &'a Embeddings<'_>) -> ndarray::CowArray<'a, f32, ndarray::Ix2> {
    let (unlabelled, labelled) = (embeddings.unlabelled.view(), embeddings.labelled.view());
    if labelled.nrows() == 0 {
        return unlabelled.into();
    }
    let all: Array2<f32> =
        concatenate(Axis(0), &[unlabelled, labelled]).expect("both have the same columns, as was checked");
    all.into()
}

/// A cluster while rows are picked from it.
struct Cluster {
    /// Its unlabelled rows that are not picked.
    free: Candidates,
    /// Labelled and picked ones.
    taken: usize,
    size: usize,
}

fn choose(
    rows: &Rows,
    unlabelled: usize,
    clusters: &[usize],
    budget: usize,
    neighbours: usize,
) -> Result<Selection, Error> {
    let count = clusters.iter().max().map_or(0, |&last| last + 1);
    let mut free = vec![Vec::new(); count];
    let mut sizes = vec![0; count];
    for (row, &cluster) in clusters.iter().enumerate() {
        sizes[cluster] += 1;
        if row < unlabelled {
            free[cluster].push(row);
        }
    }
    let mut members: Vec<Cluster> = free
        .into_iter()
        .zip(sizes)
        .map(|(free, size)| Cluster { taken: size - free.len(), free: Candidates::new(free), size })
        .collect();
    let mut picks = Vec::with_capacity(budget);
    while picks.len() < budget {
        let next = (0..count)
            .filter(|&cluster| !members[cluster].free.is_empty())
            .min_by_key(|&cluster| {
                let Cluster { taken, size, .. } = members[cluster];
                (size < SMALL, taken, Reverse(size))
            })
            .expect("the pool holds the budget");
        let cluster = &mut members[next];
        let (row, typicality) = cluster.free.take_most_typical(rows, neighbours);
        picks.push(Pick { row, score: typicality });
        cluster.taken += 1;
    }
    Ok(Selection::of(picks))
}
