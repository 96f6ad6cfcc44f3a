//! What a publication states in words, and how our records are held to it.

use serde::{Deserialize, Serialize};

use crate::statistics::Smoothing;

/// One statement of a publication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// A short name, such as `fig-4-l1`.
    pub id: String,
    /// What is stated, in our words, with what was added to make it checkable.
    pub statement: String,
    /// The publication and the place.
    pub source: String,
    /// How it is checked.
    pub check: Check,
}

/// How a statement is checked. Differences are paired by seed; one is told from noise by its 95 % interval (Student's t).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// A quantity of a sweep never rises from one weight to the next, for any seed and imbalance factor.
    NonIncreasingInLambda {
        /// The swept strategy.
        strategy: String,
        /// What must not rise.
        quantity: SweptQuantity,
        /// Rises of up to this share of the value at the smallest weight are forgiven: choices are certified to a gap,
        /// not to the last digit.
        tolerance: f64,
    },
    /// At a weight of 0 a sweep chooses what the strategy without balancing chooses.
    ZeroWeightIsPlain {
        /// The swept strategy.
        strategy: String,
    },
    /// After the last round, the labelled set has a lower L1 score (Eq. 10) than another strategy's.
    CloserToUniform {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
    },
    /// The classes of all that was queried are distributed more like the pool than uniformly, in total variation.
    FollowsPool {
        /// The strategy.
        strategy: String,
        /// The imbalance factor.
        imbalance_factor: f64,
    },
    /// The L1 score after the last round is higher than after the first query.
    ImbalanceGrows {
        /// The strategy.
        strategy: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// Whose score.
        of: Sampled,
    },
    /// The gain in accuracy over another strategy is at least so many points.
    Gain {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// The round; absent: the mean over all rounds after the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<usize>,
        /// On which images.
        #[serde(default)]
        on: EvaluatedOn,
        /// Percentage points.
        at_least: f64,
    },
    /// The gain in accuracy over another strategy, averaged over rounds, is within so many points of 0.
    GainWithin {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// On which images.
        #[serde(default)]
        on: EvaluatedOn,
        /// Percentage points to either side.
        points: f64,
    },
    /// After the last round a strategy is within so many points of a published value. Absolute values belong to a network and its
    /// training: this is looked at at paper scale only.
    EndsNear {
        /// The strategy.
        strategy: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// On which images.
        #[serde(default)]
        on: EvaluatedOn,
        /// The published value, in percent.
        percent: f64,
        /// Percentage points to either side.
        points: f64,
    },
    /// The gain in accuracy over another strategy is higher after the last round than after the first query.
    GainGrows {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
    },
    /// A strategy reaches what another reaches with all its labels, with at most so large a share of them.
    SavesLabels {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// The share of the other's labels that is saved, in (0, 1).
        at_least: f64,
        /// On which images.
        #[serde(default)]
        on: EvaluatedOn,
        /// How curves are smoothed.
        #[serde(default)]
        smoothing: Smoothing,
    },
    /// After the last round, the labelled set has more labels of rare classes than another strategy's.
    FindsMoreRare {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        baseline: String,
        /// The imbalance factor.
        imbalance_factor: f64,
    },
    /// A strategy reaches an accuracy for which another needs more labels. Absolute accuracies belong to a network and
    /// its training: this is looked at at paper scale only.
    ReachesAccuracy {
        /// The strategy.
        strategy: String,
        /// The other strategy.
        other: String,
        /// The imbalance factor.
        imbalance_factor: f64,
        /// Top-1 test accuracy, in (0, 1].
        accuracy: f64,
        /// Labels that the other needs beyond ours.
        more_labels: usize,
        /// The share of `more_labels` that may be lacking, in [0, 1).
        tolerance: f64,
    },
}

/// What is measured along a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweptQuantity {
    /// ‖Ω − Pᵀz‖₁.
    L1,
    /// Mean entropy of the chosen.
    MeanEntropy,
    /// L1 score (Eq. 10) of the chosen alone.
    L1ScoreOfQuery,
    /// L1 score (Eq. 10) of the labelled set with the chosen.
    L1ScoreOfLabelledSet,
}

/// On which images a model is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluatedOn {
    /// The test set.
    #[default]
    Test,
    /// The initial set and the pool, labelled samples included, with their true labels.
    Pool,
}

/// Whose classes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampled {
    /// The whole labelled set.
    LabelledSet,
    /// The samples of one query.
    Query,
}

impl Claim {
    /// Checks what types cannot.
    ///
    /// # Errors
    ///
    /// Why the claim means nothing.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.id.is_empty() || self.statement.is_empty() || self.source.is_empty() {
            return Err("id, statement or source is empty".to_owned());
        }
        if let Some(factor) =
            self.check.imbalance_factor().filter(|factor| !(*factor > 0.0 && *factor <= 1.0))
        {
            return Err(format!("imbalance factor {factor} is not in (0, 1]"));
        }
        self.check.parameters()
    }
}

impl Check {
    /// The imbalance factor that is looked at; none where all are.
    pub fn imbalance_factor(&self) -> Option<f64> {
        match self {
            Self::NonIncreasingInLambda { .. } | Self::ZeroWeightIsPlain { .. } => None,
            Self::CloserToUniform { imbalance_factor, .. }
            | Self::FollowsPool { imbalance_factor, .. }
            | Self::ImbalanceGrows { imbalance_factor, .. }
            | Self::Gain { imbalance_factor, .. }
            | Self::GainWithin { imbalance_factor, .. }
            | Self::EndsNear { imbalance_factor, .. }
            | Self::GainGrows { imbalance_factor, .. }
            | Self::SavesLabels { imbalance_factor, .. }
            | Self::FindsMoreRare { imbalance_factor, .. }
            | Self::ReachesAccuracy { imbalance_factor, .. } => Some(*imbalance_factor),
        }
    }

    /// The names of the strategies that are looked at.
    pub fn strategies(&self) -> Vec<&str> {
        match self {
            Self::NonIncreasingInLambda { strategy, .. }
            | Self::ZeroWeightIsPlain { strategy }
            | Self::FollowsPool { strategy, .. }
            | Self::EndsNear { strategy, .. }
            | Self::ImbalanceGrows { strategy, .. } => vec![strategy],
            Self::CloserToUniform { strategy, baseline: other, .. }
            | Self::Gain { strategy, baseline: other, .. }
            | Self::GainWithin { strategy, baseline: other, .. }
            | Self::GainGrows { strategy, baseline: other, .. }
            | Self::SavesLabels { strategy, baseline: other, .. }
            | Self::FindsMoreRare { strategy, baseline: other, .. }
            | Self::ReachesAccuracy { strategy, other, .. } => vec![strategy, other],
        }
    }

    fn parameters(&self) -> Result<(), String> {
        let range = |name: &str, value: f64, holds: bool| {
            if holds { Ok(()) } else { Err(format!("{name} {value} is out of range")) }
        };
        match self {
            Self::NonIncreasingInLambda { tolerance, .. } => {
                range("tolerance", *tolerance, tolerance.is_finite() && *tolerance >= 0.0)
            }
            Self::Gain { at_least, round, .. } => {
                range("at_least", *at_least, at_least.is_finite())?;
                range("round", 0.0, *round != Some(0))
            }
            Self::SavesLabels { at_least, .. } => {
                range("at_least", *at_least, *at_least > 0.0 && *at_least < 1.0)
            }
            Self::GainWithin { points, .. } => range("points", *points, points.is_finite() && *points > 0.0),
            Self::EndsNear { percent, points, .. } => {
                range("percent", *percent, (0.0..=100.0).contains(percent))?;
                range("points", *points, points.is_finite() && *points > 0.0)
            }
            Self::ReachesAccuracy { accuracy, tolerance, .. } => {
                range("accuracy", *accuracy, *accuracy > 0.0 && *accuracy <= 1.0)?;
                range("tolerance", *tolerance, (0.0..1.0).contains(tolerance))
            }
            Self::ZeroWeightIsPlain { .. }
            | Self::CloserToUniform { .. }
            | Self::FollowsPool { .. }
            | Self::ImbalanceGrows { .. }
            | Self::FindsMoreRare { .. }
            | Self::GainGrows { .. } => Ok(()),
        }
    }
}
