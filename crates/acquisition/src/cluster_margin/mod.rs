//! Cluster-Margin: query rows of a low margin from many clusters, the small ones first.
//!
//! Citovsky et al., *Batch Active Learning at Scale*, NeurIPS 2021, in the form in which the code beside GALAXY (Zhang
//! et al., ICML 2022) runs it: there a sample of the pool is clustered to a number of clusters, here the paper clusters
//! the whole pool up to a distance, and within a cluster the best row is picked, where the paper draws one.

#[cfg(test)]
mod tests;

use kodama::Method;
use ndarray::{Array2, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;

use crate::distances::{self, Rows};
use crate::range::{at_least, within};
use crate::select::{self, validate_budget};
use crate::{Error, Selection, random};

/// What the clusters are made of, and how many rows compete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Rows that are drawn and clustered hierarchically; all rows if there are fewer. GALAXY's code has 1,000.
    pub sample: usize,
    /// Clusters at which the hierarchy is cut; one for every row of the sample if there are fewer of these. GALAXY's code
    /// has 500.
    pub clusters: usize,
    /// Rows that compete, those of the highest scores, as a multiple of the budget, rounded down. GALAXY's code has
    /// 1.25.
    pub candidates: f64,
}

impl Parameters {
    /// The settings of the code beside GALAXY.
    pub fn galaxy() -> Self {
        Self { sample: 1_000, clusters: 500, candidates: 1.25 }
    }

    /// Checks what a type cannot check.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let Self { sample, clusters, candidates } = *self;
        at_least("sample", sample, 1)?;
        at_least("clusters", clusters, 1)?;
        within("candidates", candidates, candidates.is_finite() && candidates >= 1.0, "at least 1")
    }
}

/// Clusters the pool and picks from the clusters: [`cluster`], then [`query_clusters`].
///
/// # Shapes
///
/// `embeddings`: `[rows, dims]`, `scores`: `[rows]`; higher = queried first, as [`margin`](crate::margin) gives them.
///
/// # Errors
///
/// Those of [`cluster`] and [`query_clusters`].
pub fn query(
    embeddings: ArrayView2<f32>,
    scores: &[f64],
    parameters: &Parameters,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Selection, Error> {
    let clusters = cluster(embeddings, parameters, rng)?;
    query_clusters(&clusters, scores, parameters, budget)
}

/// The cluster of every row, counted from 0.
///
/// A sample is drawn uniformly and merged by average linkage on Euclidean distances, until the wanted number of
/// clusters is left. Every row, those of the sample included, then belongs to the cluster with the nearest mean, ties by
/// lowest cluster; clusters are numbered by the lowest row of the sample in them. Some may be left empty.
///
/// Takes `O(sample² · dims + clusters · rows · dims)`; `sample²/2` distances are kept while the sample is merged.
///
/// # Shapes
///
/// `embeddings`: `[rows, dims]`; the answer: `[rows]`.
///
/// # Errors
///
/// Those of [`Parameters::validate`]; [`Error::NoDimensions`] and [`Error::EmbeddingNotFinite`].
pub fn cluster(
    embeddings: ArrayView2<f32>,
    parameters: &Parameters,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<usize>, Error> {
    parameters.validate()?;
    let rows = Rows::new("unlabelled", embeddings)?;
    if rows.len() == 0 {
        return Ok(Vec::new());
    }
    let drawn = random::query(rows.len(), parameters.sample.min(rows.len()), rng)?;
    let mut sample: Vec<usize> = drawn.picks.iter().map(|pick| pick.row).collect();
    sample.sort_unstable();
    let sample = embeddings.select(Axis(0), &sample);
    let means = means(&sample, &average_linkage(&sample, parameters.clusters)?);
    Ok(distances::nearest_centres(&rows, &Rows::new("unlabelled", means.view())?))
}

/// Picks `budget` of the rows with the highest scores, one of every cluster in turn.
///
/// The rows that compete are the `candidates · budget` of the highest scores, ties by lowest row. Their clusters are
/// taken in the order of how many of these rows they hold, the smallest first, ties by lowest cluster. One round after
/// the other each cluster gives its best row that is left, until the budget is spent.
///
/// # Shapes
///
/// `clusters`: `[rows]`, `scores`: `[rows]`; higher = queried first.
///
/// # Errors
///
/// Those of [`Parameters::validate`]; [`Error::LengthMismatch`], [`Error::ScoreNotFinite`] and
/// [`Error::BudgetAbovePool`].
pub fn query_clusters(
    clusters: &[usize],
    scores: &[f64],
    parameters: &Parameters,
    budget: usize,
) -> Result<Selection, Error> {
    parameters.validate()?;
    if clusters.len() != scores.len() {
        let (expected, found) = (clusters.len(), scores.len());
        return Err(Error::LengthMismatch { what: "scores", expected, found });
    }
    validate_budget(budget, scores.len())?;
    let count = ((parameters.candidates * budget as f64) as usize).clamp(budget, scores.len());
    let best = select::top(scores, count)?.picks;
    let mut members = vec![Vec::new(); clusters.iter().max().map_or(0, |&last| last + 1)];
    best.into_iter().for_each(|pick| members[clusters[pick.row]].push(pick));
    // A stable sort keeps the lowest cluster first; what is empty gives nothing in any round.
    members.sort_by_key(Vec::len);
    let rounds = members.last().map_or(0, Vec::len);
    let in_turn = (0..rounds).flat_map(|round| members.iter().filter_map(move |rows| rows.get(round)));
    Ok(Selection::of(in_turn.copied().take(budget).collect()))
}

/// The cluster of every row of the sample, numbered by its lowest row.
///
/// # Errors
///
/// Those of [`Rows::new`].
fn average_linkage(sample: &Array2<f32>, clusters: usize) -> Result<Vec<usize>, Error> {
    let rows = Rows::new("unlabelled", sample.view())?;
    let count = rows.len();
    // The distances of every row to those after it, row after row.
    let mut condensed: Vec<f64> = (0..count)
        .flat_map(|row| (row + 1..count).map(move |other| (row, other)))
        .map(|(row, other)| distances::distance(rows.row(row), rows.row(other)))
        .collect();
    let dendrogram = kodama::linkage(&mut condensed, count, Method::Average);
    // Step `i` makes the node `count + i`. Of a node that is merged, `parents` tells into which.
    let merges = count.saturating_sub(clusters);
    let mut parents: Vec<usize> = (0..count + merges).collect();
    for (step, node) in dendrogram.steps().iter().zip(count..count + merges) {
        parents[step.cluster1] = node;
        parents[step.cluster2] = node;
    }
    let mut numbers = vec![usize::MAX; count + merges];
    let mut next = 0;
    Ok((0..count)
        .map(|row| {
            let mut root = row;
            while parents[root] != root {
                root = parents[root];
            }
            if numbers[root] == usize::MAX {
                numbers[root] = next;
                next += 1;
            }
            numbers[root]
        })
        .collect())
}

/// The mean of every cluster. `[clusters, dims]`
fn means(sample: &Array2<f32>, clusters: &[usize]) -> Array2<f32> {
    let count = clusters.iter().max().map_or(0, |&last| last + 1);
    let mut sums = Array2::<f64>::zeros((count, sample.ncols()));
    let mut sizes = vec![0.0_f64; count];
    for (row, &cluster) in sample.rows().into_iter().zip(clusters) {
        sizes[cluster] += 1.0;
        sums.row_mut(cluster).iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    Array2::from_shape_fn(sums.dim(), |(cluster, column)| (sums[[cluster, column]] / sizes[cluster]) as f32)
}
