//! From a strategy to rows: the one place where strategies are told apart.

use ndarray::{Array3, Axis};
use rand_chacha::ChaCha8Rng;

use crate::declared::Declared;
use crate::{
    ConfidenceOf, Conversation, Error, Matrix, Predictions, PseudoLabelOrder, Selection, Side, Strategy,
    badge, bait, balance, bald, base, batch_bald, cluster_margin, coreset, direct, entropy, k_center,
    least_confidence, margin, most_likely_positive, pseudo_label, random, select, similar, typiclust, vaal,
};

pub use crate::{Embeddings, Pool};

/// What every strategy is told.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Unlabelled rows.
    pub rows: usize,
    /// Labels of each class in the labelled set.
    pub labelled_counts: &'a [usize],
    /// What was told of each labelled row. `[labelled]`
    pub labels: &'a [u32],
    /// Labels asked for.
    pub budget: usize,
    /// The stream for the strategy's own random choices.
    pub rng: &'a mut ChaCha8Rng,
}

/// Begins a query of the budget's number of unlabelled rows. The pool is asked for what [`Strategy::needs`] declares, and for
/// nothing else.
///
/// # Errors
///
/// Those of the pool; the budget is larger than the pool, an input is not finite or not a probability, a told label is no
/// class, or a parameter is out of range.
pub fn begin<'a, P: Pool<'a>>(
    strategy: &Strategy,
    inputs: Inputs<'_>,
    pool: &mut P,
) -> Result<Conversation, P::Error> {
    let (rows, classes) = (inputs.rows, inputs.labelled_counts.len());
    let pool = &mut Declared::new(pool, strategy);
    match strategy {
        Strategy::Direct { mode, parallel } => {
            let (unlabelled, labelled) = (pool.probabilities()?, pool.labelled_probabilities()?);
            let given = predictions(&inputs, &unlabelled, &labelled)?;
            Ok(Conversation::direct(
                &given,
                direct::Parameters { mode: *mode, parallel: *parallel },
                inputs.budget,
                inputs.rng,
            )?)
        }
        Strategy::Galaxy { mode } => {
            let (unlabelled, labelled) = (pool.probabilities()?, pool.labelled_probabilities()?);
            let given = predictions(&inputs, &unlabelled, &labelled)?;
            Ok(Conversation::galaxy(&given, *mode, inputs.budget, inputs.rng)?)
        }
        _ => Ok(Conversation::once(rows, classes, choose(strategy, inputs, pool)?)),
    }
}

/// What strategies that rank labelled rows among unlabelled ones are given.
fn predictions<'a>(
    inputs: &Inputs<'a>,
    unlabelled: &'a Matrix<'_>,
    labelled: &'a Matrix<'_>,
) -> Result<Predictions<'a>, Error> {
    let (classes, found) = (inputs.labelled_counts.len(), unlabelled.ncols());
    if classes != found {
        return Err(Error::LengthMismatch { what: "classes of the probabilities", expected: classes, found });
    }
    Ok(Predictions { unlabelled: unlabelled.view(), labelled: labelled.view(), labels: inputs.labels })
}

/// Chooses the budget's number of unlabelled rows with a strategy that asks once.
///
/// # Errors
///
/// As [`begin`]; [`Error::Unsupported`] for a strategy whose choice depends on answers.
pub fn query<'a, P: Pool<'a>>(
    strategy: &Strategy,
    inputs: Inputs<'_>,
    pool: &mut P,
) -> Result<Selection, P::Error> {
    choose(strategy, inputs, &mut Declared::new(pool, strategy))
}

fn choose<'a, P: Pool<'a>>(
    strategy: &Strategy,
    inputs: Inputs<'_>,
    pool: &mut Declared<'_, P>,
) -> Result<Selection, P::Error> {
    let Inputs { rows, labelled_counts, labels, budget, rng } = inputs;
    match strategy {
        Strategy::Random {} => Ok(random::query(rows, budget, rng)?),
        Strategy::Entropy { .. }
        | Strategy::Margin { .. }
        | Strategy::LeastConfidence { .. }
        | Strategy::Bald { .. }
        | Strategy::MostLikelyPositive { .. }
        | Strategy::Vaal { .. } => {
            let scores = scores_of(strategy, pool)?;
            match strategy.balance() {
                None => Ok(select::top(&scores, budget)?),
                Some(balance) => {
                    let probabilities = pool.probabilities()?;
                    Ok(balance::query(probabilities.view(), &scores, labelled_counts, budget, balance)?)
                }
            }
        }
        Strategy::KCenterGreedy { decimals, balance } => {
            let embeddings = &rounded(pool.embeddings()?, *decimals);
            match balance {
                None => Ok(k_center::query(embeddings, budget, rng)?),
                Some(balance) => {
                    let probabilities = pool.probabilities()?;
                    let p = probabilities.view();
                    Ok(k_center::query_with(embeddings, p, labelled_counts, budget, balance, rng)?)
                }
            }
        }
        Strategy::Coreset { outlier_fraction, tolerance } => {
            Ok(coreset::query(&pool.embeddings()?, budget, *outlier_fraction, *tolerance)?)
        }
        &Strategy::TypiClust { neighbours, max_clusters } => {
            let parameters = typiclust::Parameters { neighbours, max_clusters };
            Ok(typiclust::query(&pool.embeddings()?, budget, &parameters, rng)?)
        }
        Strategy::PseudoLabel { order } => {
            let probabilities = pool.probabilities()?;
            let p = probabilities.view();
            Ok(match order {
                PseudoLabelOrder::Entropy => pseudo_label::query_entropy(p, labelled_counts, budget, rng)?,
                PseudoLabelOrder::Random => pseudo_label::query_random(p, labelled_counts, budget, rng)?,
                PseudoLabelOrder::KCenter => {
                    let embeddings = pool.embeddings()?;
                    pseudo_label::query_k_center(&embeddings, p, labelled_counts, budget, rng)?
                }
                PseudoLabelOrder::KCenterPerClass => {
                    let embeddings = pool.embeddings()?;
                    pseudo_label::query_k_center_per_class(&embeddings, p, labelled_counts, budget, rng)?
                }
            })
        }
        Strategy::BatchBald { passes, configurations, candidates } => {
            let passes = stacked(*passes, pool)?;
            let effort = batch_bald::Effort { configurations: *configurations, candidates: *candidates };
            Ok(batch_bald::query(passes.view(), budget, &effort, rng)?)
        }
        Strategy::Base {} => Ok(base::query(pool.logits()?.view(), pool.head()?.view(), budget)?),
        Strategy::Badge {} => {
            let embeddings = pool.unlabelled_embeddings()?;
            Ok(badge::query(pool.probabilities()?.view(), embeddings.view(), budget, rng)?)
        }
        Strategy::ClusterMargin { sample, clusters, candidates } => {
            let scores = margin::scores_of_logits(pool.logits()?.view())?;
            let embeddings = pool.unlabelled_embeddings()?;
            let parameters =
                cluster_margin::Parameters { sample: *sample, clusters: *clusters, candidates: *candidates };
            Ok(cluster_margin::query(embeddings.view(), &scores, &parameters, budget, rng)?)
        }
        Strategy::Similar { eta, negative } => {
            let known = Known::of(pool)?;
            let [unlabelled, labelled] = known.sides();
            let parameters = similar::Parameters { eta: *eta, negative: *negative };
            Ok(similar::query(unlabelled, labelled, labels, &parameters, budget)?)
        }
        Strategy::Bait { regularisation, memory_limit_mib } => {
            let known = Known::of(pool)?;
            let [unlabelled, labelled] = known.sides();
            let limit_bytes = memory_limit_mib.saturating_mul(1 << 20);
            let parameters = bait::Parameters { lambda: *regularisation, limit_bytes };
            Ok(bait::query(unlabelled, labelled, &parameters, budget)?)
        }
        Strategy::Direct { .. } | Strategy::Galaxy { .. } => {
            Err(Error::Unsupported { strategy: strategy.name() }.into())
        }
    }
}

/// The scores of the strategies that have one for each row; higher is queried first.
///
/// # Errors
///
/// As [`query`]; [`Error::Unsupported`] for a strategy that chooses rows in view of each other.
pub fn scores<'a, P: Pool<'a>>(strategy: &Strategy, pool: &mut P) -> Result<Vec<f64>, P::Error> {
    scores_of(strategy, &mut Declared::new(pool, strategy))
}

fn scores_of<'a, P: Pool<'a>>(strategy: &Strategy, pool: &mut Declared<'_, P>) -> Result<Vec<f64>, P::Error> {
    match strategy {
        Strategy::Entropy { .. } => Ok(entropy::scores(pool.probabilities()?.view())?),
        Strategy::Margin { .. } => Ok(margin::scores(pool.probabilities()?.view())?),
        Strategy::LeastConfidence { of: Some(ConfidenceOf::Logits), .. } => {
            Ok(least_confidence::scores_of_logits(pool.logits()?.view())?)
        }
        Strategy::MostLikelyPositive { negative } => {
            Ok(most_likely_positive::scores(pool.logits()?.view(), *negative)?)
        }
        Strategy::LeastConfidence { .. } => Ok(least_confidence::scores(pool.probabilities()?.view())?),
        Strategy::Bald { passes, .. } => {
            let first = pool.dropout_pass(0)?;
            let mut accumulator = bald::Accumulator::new(first.nrows(), first.ncols());
            accumulator.add(first.view())?;
            for pass in 1..*passes {
                accumulator.add(pool.dropout_pass(pass)?.view())?;
            }
            Ok(accumulator.finish()?.scores)
        }
        Strategy::Vaal { .. } => Ok(vaal::scores(&pool.estimates()?)?),
        Strategy::Random {}
        | Strategy::KCenterGreedy { .. }
        | Strategy::Coreset { .. }
        | Strategy::TypiClust { .. }
        | Strategy::BatchBald { .. }
        | Strategy::PseudoLabel { .. }
        | Strategy::Base {}
        | Strategy::Badge {}
        | Strategy::ClusterMargin { .. }
        | Strategy::Similar { .. }
        | Strategy::Bait { .. }
        | Strategy::Direct { .. }
        | Strategy::Galaxy { .. } => Err(Error::Unsupported { strategy: strategy.name() }.into()),
    }
}

/// Probabilities and embeddings of all rows, for the strategies that look at both.
struct Known<'a> {
    probabilities: [Matrix<'a>; 2],
    embeddings: Embeddings<'a>,
}

impl<'a> Known<'a> {
    fn of<P: Pool<'a>>(pool: &mut P) -> Result<Self, P::Error> {
        let probabilities = [pool.probabilities()?, pool.labelled_probabilities()?];
        Ok(Self { probabilities, embeddings: pool.embeddings()? })
    }

    /// The unlabelled rows, then the labelled ones.
    fn sides(&self) -> [Side<'_>; 2] {
        let [unlabelled, labelled] = &self.probabilities;
        [
            Side { probabilities: unlabelled.view(), embeddings: self.embeddings.unlabelled.view() },
            Side { probabilities: labelled.view(), embeddings: self.embeddings.labelled.view() },
        ]
    }
}

/// The embeddings as a strategy wants them: rounded ([`k_center::rounded`]) to some decimals, or as they are.
pub fn rounded(embeddings: Embeddings<'_>, decimals: Option<u32>) -> Embeddings<'_> {
    let Some(decimals) = decimals else { return embeddings };
    let round = |array: &Matrix<'_>| k_center::rounded(array.view(), decimals).into();
    Embeddings { unlabelled: round(&embeddings.unlabelled), labelled: round(&embeddings.labelled) }
}

/// All passes with dropout: `[passes, rows, classes]`.
fn stacked<'a, P: Pool<'a>>(passes: usize, pool: &mut P) -> Result<Array3<f32>, P::Error> {
    let first = pool.dropout_pass(0)?;
    let mut stack = Array3::zeros((passes, first.nrows(), first.ncols()));
    stack.index_axis_mut(Axis(0), 0).assign(&first.view());
    for pass in 1..passes {
        stack.index_axis_mut(Axis(0), pass).assign(&pool.dropout_pass(pass)?.view());
    }
    Ok(stack)
}
