//! The closed list of strategies.

mod balancing;
mod needs;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::range::{at_least, within};
use crate::{
    Balance, ConfidenceOf, DirectMode, Error, GalaxyMode, GreedyBalance, Lambda, PseudoLabelOrder, bait,
    cluster_margin, coreset, direct, typiclust,
};

pub use needs::Needs;

/// How the next rows to label are chosen, with every parameter of the choice.
///
/// In TOML: `{ kind = "entropy", balance = { lambda = 2.0, solver = "auto" } }`. An unknown key is an error, and no
/// parameter has a default.
///
/// ```
/// use tailward_acquisition::{Input, Strategy};
///
/// let strategy: Strategy = toml::from_str("kind = 'badge'")?;
/// assert_eq!(strategy, Strategy::Badge {});
/// assert_eq!(strategy.needs().inputs(), [Input::Probabilities, Input::Embeddings]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Strategy {
    /// Uniformly, without replacement.
    Random {},
    /// The highest entropy of the class probabilities first.
    Entropy {
        /// Balance the classes as well (Entropy-CB of CBAL).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The smallest difference between the two highest probabilities first.
    Margin {
        /// Balance the classes as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The lowest highest probability first.
    LeastConfidence {
        /// Of what the highest is lowest; absent: the probabilities.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<ConfidenceOf>,
        /// Balance the classes as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The row farthest from everything labelled or picked, again and again (greedy k-center, Sener & Savarese,
    /// ICLR 2018, Algorithm 1).
    KCenterGreedy {
        /// Round the embeddings to this many decimals first, as the released code of CBAL does (2); absent: do not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decimals: Option<u32>,
        /// Balance the classes as well (KCenterGreedy-CB, CBAL Algorithm 2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<GreedyBalance>,
    },
    /// The rows that cover the pool within the smallest radius, a fraction of outliers left uncovered (robust
    /// k-center, Sener & Savarese, ICLR 2018, Algorithm 2).
    Coreset {
        /// The share of the pool that may stay uncovered, in [0, 1).
        outlier_fraction: f64,
        /// Bisection ends when the radius is known to within this share of the greedy radius.
        tolerance: f64,
    },
    /// The most typical row of each cluster in which nothing is labelled (TypiClust, Hacohen et al., ICML 2022). For the
    /// first rows of all.
    #[serde(rename = "typiclust")]
    TypiClust {
        /// Nearest neighbours that typicality is taken over.
        neighbours: usize,
        /// The most clusters that are made.
        max_clusters: usize,
    },
    /// The highest mutual information between the class and the weights, by Monte-Carlo dropout (BALD, Gal et al.,
    /// ICML 2017).
    Bald {
        /// Passes of the network, each with dropout masks of its own.
        passes: usize,
        /// Balance the classes as well (BALD-CB of CBAL).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// The batch with the highest joint mutual information, greedily (BatchBALD, Kirsch et al., NeurIPS 2019). For
    /// small batches.
    BatchBald {
        /// Passes of the network, each with dropout masks of its own.
        passes: usize,
        /// The joint entropy is exact while the configurations of the batch are at most this many, and estimated from
        /// this many sampled ones afterwards.
        configurations: usize,
        /// Only this many rows, those with the highest BALD score, are looked at; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        candidates: Option<usize>,
    },
    /// The lowest estimate of a discriminator that tells labelled from unlabelled images in the latent space of a
    /// variational auto-encoder (VAAL, Sinha et al., ICCV 2019). Training the two is the business of whoever gives the
    /// estimates.
    Vaal {
        /// Balance the classes as well (VAAL-CB of CBAL, Eq. 9).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
    /// Class by class, as many of the rows predicted as a class as the class still needs (CBAL, supplement H).
    PseudoLabel {
        /// Which of them.
        order: PseudoLabelOrder,
    },
    /// The highest logit of a class that is looked for first (Warmuth et al., 2001; Jiang et al., 2018).
    MostLikelyPositive {
        /// The class that is not looked for; absent: the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        negative: Option<usize>,
    },
    /// As many rows for each class, those nearest to its border (BASE, Emam et al., 2021).
    Base {},
    /// k-means++ on gradient embeddings (BADGE, Ash et al., ICLR 2020).
    Badge {},
    /// The smallest margin of logits, round and round over clusters of embeddings (Cluster-Margin, Citovsky et al., NeurIPS
    /// 2021).
    ClusterMargin {
        /// Rows that are drawn and clustered hierarchically.
        sample: usize,
        /// Clusters that they are cut into.
        clusters: usize,
        /// Rows that compete, as a multiple of the budget.
        candidates: f64,
    },
    /// Rows that are like the labelled rows of classes that are looked for (SIMILAR with FLQMI, Kothawade et al., NeurIPS
    /// 2021).
    Similar {
        /// How much it counts that a row is like some labelled row, against that every such row has one that is like it.
        eta: f64,
        /// The class that is not looked for; absent: the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        negative: Option<usize>,
    },
    /// The rows that leave the least uncertainty of the last layer, by Fisher information (BAIT, Ash et al., NeurIPS 2021).
    Bait {
        /// What is added to the diagonal of the information of the labelled rows.
        regularisation: f64,
        /// Refuse to begin where more memory than this is needed, in mebibytes.
        memory_limit_mib: u64,
    },
    /// The end of each class on a line of all rows, then the rows next to it (DIRECT, Nuggehalli et al., 2023). Asks in
    /// sub-batches.
    Direct {
        /// Which of its two forms.
        mode: DirectMode,
        /// Labels that can be told at the same time, `B_parallel`.
        parallel: usize,
    },
    /// The places on a line of all rows where labels change (GALAXY, Zhang et al., ICML 2022). Asks for one row at a time.
    Galaxy {
        /// Which of its forms.
        mode: GalaxyMode,
    },
}

impl Strategy {
    /// Checks the parameters that a type cannot check.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLambda`] if `lambda` is negative, NaN or infinite; [`Error::InvalidParameter`] for any other
    /// parameter that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(Lambda::Fixed(lambda)) = self.lambda()
            && !(lambda.is_finite() && lambda >= 0.0)
        {
            return Err(Error::InvalidLambda { lambda });
        }
        match self {
            Self::Random {}
            | Self::Entropy { .. }
            | Self::Margin { .. }
            | Self::LeastConfidence { .. }
            | Self::KCenterGreedy { .. }
            | Self::PseudoLabel { .. }
            | Self::MostLikelyPositive { .. }
            | Self::Base {}
            | Self::Badge {}
            | Self::Vaal { .. }
            | Self::Galaxy { .. } => Ok(()),
            &Self::Coreset { outlier_fraction, tolerance } => {
                coreset::Parameters { outlier_fraction, tolerance }.validate()
            }
            &Self::TypiClust { neighbours, max_clusters } => {
                typiclust::Parameters { neighbours, max_clusters }.validate()
            }
            Self::Bald { passes, .. } => at_least("passes", *passes, 2),
            Self::BatchBald { passes, configurations, candidates } => {
                at_least("passes", *passes, 2)?;
                at_least("configurations", *configurations, 1)?;
                candidates.map_or(Ok(()), |count| at_least("candidates", count, 1))
            }
            &Self::Direct { mode, parallel } => direct::Parameters { mode, parallel }.validate(),
            &Self::ClusterMargin { sample, clusters, candidates } => {
                cluster_margin::Parameters { sample, clusters, candidates }.validate()
            }
            Self::Similar { eta, .. } => {
                within("eta", *eta, eta.is_finite() && *eta >= 0.0, "finite and not negative")
            }
            Self::Bait { regularisation, .. } => {
                let positive = regularisation.is_finite() && *regularisation > 0.0;
                within("regularisation", *regularisation, positive, "finite and positive")
            }
        }
    }

    /// What the strategy keeps beside its inputs, where that grows so fast that it has a limit (BAIT): for a query of `budget`
    /// of `rows` unlabelled rows, with `dims` features.
    pub fn memory_plan(
        &self,
        rows: usize,
        classes: usize,
        dims: usize,
        budget: usize,
    ) -> Option<bait::MemoryPlan> {
        matches!(self, Self::Bait { .. }).then(|| bait::plan(rows, classes, dims, budget))
    }

    /// A short name, such as `random`, `entropy`, `entropy-cb` or `k-center-greedy-cb`. It leaves the parameters out.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Random {} => "random",
            Self::Entropy { .. } => "entropy",
            Self::Margin { .. } => "margin",
            Self::LeastConfidence { .. } => "least-confidence",
            Self::KCenterGreedy { .. } => "k-center-greedy",
            Self::Coreset { .. } => "coreset",
            Self::TypiClust { .. } => "typiclust",
            Self::Bald { .. } => "bald",
            Self::BatchBald { .. } => "batch-bald",
            Self::Vaal { .. } => "vaal",
            Self::PseudoLabel { order } => match order {
                PseudoLabelOrder::Entropy => "entropy-pseudo-label",
                PseudoLabelOrder::Random => "random-pseudo-label",
                PseudoLabelOrder::KCenter => "k-center-greedy-pseudo-label",
                PseudoLabelOrder::KCenterPerClass => "k-center-greedy-pseudo-label-per-class",
            },
            Self::MostLikelyPositive { .. } => "most-likely-positive",
            Self::Base {} => "base",
            Self::Badge {} => "badge",
            Self::ClusterMargin { .. } => "cluster-margin",
            Self::Similar { .. } => "similar",
            Self::Bait { .. } => "bait",
            Self::Direct { .. } => "direct",
            Self::Galaxy { .. } => "galaxy",
        };
        let suffix = if self.lambda().is_some() { "-cb" } else { "" };
        format!("{name}{suffix}")
    }
}
