//! The closed list of strategies.

use serde::{Deserialize, Serialize};

use crate::{Error, cluster_margin};

/// How the next rows to label are chosen, with every parameter of the choice.
///
/// In TOML: `{ kind = "entropy", balance = { lambda = 2.0, solver = "auto" } }`. An unknown key is an error, and no
/// parameter has a default.
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
    /// variational auto-encoder (VAAL, Sinha et al., ICCV 2019).
    Vaal {
        /// The two networks and how they are trained.
        networks: VaalNetworks,
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

/// Of what the highest is lowest where confidence is least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfidenceOf {
    /// The outputs before the softmax, as the released code of GALAXY has it.
    Logits,
}

/// The forms of DIRECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DirectMode {
    /// Algorithms 1 and 2, with what is misprinted there put right.
    Paper,
    /// As the code released with LabelBench does it, faults included.
    #[serde(rename_all = "kebab-case")]
    Labelbench {
        /// Its setting of that name, 60 in the published runs. It works the wrong way round: a class's budget in the
        /// first phase is *lowered* to it.
        #[serde(rename = "min_budget_per_class")]
        min_budget_per_class: usize,
    },
}

/// The forms of GALAXY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GalaxyMode {
    /// Shortest paths in a graph for each class, which take turns; steps grow longer where no path is left (the paper
    /// and its code).
    Graph,
    /// Shortest unlabelled runs in a list drawn at random, then rows next to where a class ends (LabelBench, with the
    /// direction of its search put right).
    Labelbench,
    /// As LabelBench has it: once no run is left, only places count where labels change *against* the order of the list.
    LabelbenchReleased,
}

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

/// The class-balancing term (CBAL Eq. 8): minimise `aᵀz + lambda ‖Ω − Pᵀz‖₁` instead of `aᵀz` alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// What one sample missing from a class, or one too many, costs in units of the score. The authors' code uses
    /// 0.6 on CIFAR-10 and 2 on CIFAR-100 with the entropy in nats. `"auto"` is the paper's rule.
    pub lambda: Lambda,
    /// How hard to try.
    pub solver: SolverMode,
    /// What stands for the unknown classes; absent: the probabilities, as in the paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
}

/// What stands for the class of a row whose label is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The most probable class alone (the pseudo-label), ties by lowest class.
    OneHot,
}

/// The class-balancing term of a greedy strategy (CBAL Algorithm 2): each step takes the row with the least
/// `−d + λ ‖Ω − q − Pᵀz‖₁`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GreedyBalance {
    /// The weight, in units of the distance for each sample, before `scale`.
    pub lambda: Lambda,
    /// What the weight is divided by.
    pub scale: LambdaScale,
}

/// What the weight of a greedy strategy's class-balancing term is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaScale {
    /// Nothing: Algorithm 2 as it is printed.
    Absolute,
    /// The number of classes, as in the authors' code, which uses 5 on CIFAR-10 and 50 on CIFAR-100.
    PerClass,
}

/// The weight of a class-balancing term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or \"auto\"")]
pub enum Lambda {
    /// A number, finite and not negative.
    Fixed(f64),
    /// Found by a rule.
    Rule(LambdaRule),
}

/// How the weight of a class-balancing term is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LambdaRule {
    /// The smallest λ of a sweep after which ℓ1 stops falling, with the first round's model, kept for all rounds
    /// (CBAL, Section 4.1).
    Auto,
}

/// How hard the class-balancing programme is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolverMode {
    /// The linear relaxation exactly, then rounding and local search: an answer with a certified gap, in a fraction
    /// of a second.
    Auto,
    /// As `auto`, then branch and bound on the rows that could still change, if they are few. It can still end
    /// with a gap.
    Exact,
}

/// The variational auto-encoder and the discriminator of VAAL, and how they are trained in each round.
///
/// [`VaalNetworks::official`] has the settings of the official implementation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaalNetworks {
    /// Dimensions of the latent space.
    pub latent: usize,
    /// Channels after the first convolution; the next have 2, 4 and 8 times as many.
    pub width: usize,
    /// Weight of the Kullback–Leibler term.
    pub beta: f64,
    /// Over what the Kullback–Leibler term is reduced.
    pub kl: KlReduction,
    /// Iterations over which `beta` rises linearly from 0; 0 for none.
    pub warmup: usize,
    /// Weight of the adversarial term in the auto-encoder's loss.
    pub adversarial_weight: f64,
    /// Adam's learning rate, constant, for both networks.
    pub learning_rate: f64,
    /// Labelled images in a batch, and as many unlabelled ones.
    pub batch_size: usize,
    /// Iterations in a round.
    pub iterations: usize,
    /// Steps of the auto-encoder in an iteration, each after the first on new batches.
    pub vae_steps: usize,
    /// Steps of the discriminator in an iteration, the first on the last batches of the auto-encoder.
    pub discriminator_steps: usize,
    /// Score with the statistics of shuffled batches, as the official code does, which leaves its networks in training
    /// mode; false: with the running statistics.
    pub batch_statistics: bool,
}

/// Over what the Kullback–Leibler term of a variational auto-encoder is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KlReduction {
    /// Summed over batch and latent dimensions, as in the official code, beside a reconstruction error that is a mean:
    /// the posterior collapses.
    Sum,
    /// Mean over batch and latent dimensions, as the reconstruction error is over its own.
    Mean,
}

/// What a strategy must be given. There is room to grow: a later strategy adds a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The class probabilities of every unlabelled sample.
    pub probabilities: bool,
    /// The same of the labelled samples.
    pub labelled_probabilities: bool,
    /// The outputs before the softmax.
    pub logits: bool,
    /// The pooled features before the head.
    pub embeddings: bool,
    /// The same of the labelled samples.
    pub labelled_embeddings: bool,
    /// How many passes with dropout; 0 for none.
    pub dropout_passes: usize,
    /// The estimates of VAAL's discriminator.
    pub discriminator: bool,
    /// The weights of the last layer.
    pub head: bool,
}

impl Strategy {
    /// What the engine has to compute for this strategy: exactly that, and nothing else.
    pub fn needs(&self) -> Needs {
        let none = Needs::default();
        let balanced = self.balance().is_some();
        match self {
            Self::Random {} => none,
            Self::LeastConfidence { of: Some(ConfidenceOf::Logits), .. } => {
                Needs { probabilities: balanced, logits: true, ..none }
            }
            Self::Entropy { .. } | Self::Margin { .. } | Self::LeastConfidence { .. } => {
                Needs { probabilities: true, ..none }
            }
            Self::MostLikelyPositive { .. } => Needs { logits: true, ..none },
            Self::Base {} => Needs { logits: true, head: true, ..none },
            Self::Badge {} => Needs { probabilities: true, embeddings: true, ..none },
            Self::ClusterMargin { .. } => Needs { logits: true, embeddings: true, ..none },
            Self::Similar { .. } | Self::Bait { .. } => Needs {
                probabilities: true,
                labelled_probabilities: true,
                embeddings: true,
                labelled_embeddings: true,
                ..none
            },
            Self::KCenterGreedy { balance, .. } => Needs {
                probabilities: balance.is_some(),
                embeddings: true,
                labelled_embeddings: true,
                ..none
            },
            Self::Coreset { .. } => Needs { embeddings: true, labelled_embeddings: true, ..none },
            Self::Bald { passes, .. } => Needs { probabilities: balanced, dropout_passes: *passes, ..none },
            Self::BatchBald { passes, .. } => Needs { dropout_passes: *passes, ..none },
            Self::Vaal { .. } => Needs { probabilities: balanced, discriminator: true, ..none },
            Self::PseudoLabel { order } => {
                let distances =
                    matches!(order, PseudoLabelOrder::KCenter | PseudoLabelOrder::KCenterPerClass);
                Needs { probabilities: true, embeddings: distances, labelled_embeddings: distances, ..none }
            }
            Self::Direct { .. } | Self::Galaxy { .. } => {
                Needs { probabilities: true, labelled_probabilities: true, ..none }
            }
        }
    }

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
            | Self::Galaxy { .. } => Ok(()),
            Self::Coreset { outlier_fraction, tolerance } => {
                within(
                    "outlier_fraction",
                    *outlier_fraction,
                    (0.0..1.0).contains(outlier_fraction),
                    "in [0, 1)",
                )?;
                within("tolerance", *tolerance, *tolerance > 0.0 && *tolerance < 1.0, "in (0, 1)")
            }
            Self::Bald { passes, .. } => at_least("passes", *passes, 2),
            Self::BatchBald { passes, configurations, candidates } => {
                at_least("passes", *passes, 2)?;
                at_least("configurations", *configurations, 1)?;
                candidates.map_or(Ok(()), |count| at_least("candidates", count, 1))
            }
            Self::Vaal { networks, .. } => networks.validate(),
            Self::Direct { parallel, .. } => at_least("parallel", *parallel, 1),
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

    /// The class-balancing programme, if the strategy has one.
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::Entropy { balance }
            | Self::Margin { balance }
            | Self::LeastConfidence { balance, .. }
            | Self::Bald { balance, .. }
            | Self::Vaal { balance, .. } => balance.as_ref(),
            Self::Random {}
            | Self::KCenterGreedy { .. }
            | Self::Coreset { .. }
            | Self::BatchBald { .. }
            | Self::PseudoLabel { .. }
            | Self::MostLikelyPositive { .. }
            | Self::Base {}
            | Self::Badge {}
            | Self::ClusterMargin { .. }
            | Self::Similar { .. }
            | Self::Bait { .. }
            | Self::Direct { .. }
            | Self::Galaxy { .. } => None,
        }
    }

    /// The weight of the class-balancing term, be it that of a programme or of a greedy strategy.
    pub fn lambda(&self) -> Option<Lambda> {
        match self {
            Self::KCenterGreedy { balance, .. } => balance.as_ref().map(|balance| balance.lambda),
            _ => self.balance().map(|balance| balance.lambda),
        }
    }

    /// The same strategy with this weight of its class-balancing term; unchanged if it has none.
    pub fn with_lambda(&self, lambda: f64) -> Self {
        let mut changed = self.clone();
        let place = match &mut changed {
            Self::Entropy { balance }
            | Self::Margin { balance }
            | Self::LeastConfidence { balance, .. }
            | Self::Bald { balance, .. }
            | Self::Vaal { balance, .. } => balance.as_mut().map(|balance| &mut balance.lambda),
            Self::KCenterGreedy { balance, .. } => balance.as_mut().map(|balance| &mut balance.lambda),
            Self::Random {}
            | Self::Coreset { .. }
            | Self::BatchBald { .. }
            | Self::PseudoLabel { .. }
            | Self::MostLikelyPositive { .. }
            | Self::Base {}
            | Self::Badge {}
            | Self::ClusterMargin { .. }
            | Self::Similar { .. }
            | Self::Bait { .. }
            | Self::Direct { .. }
            | Self::Galaxy { .. } => None,
        };
        if let Some(place) = place {
            *place = Lambda::Fixed(lambda);
        }
        changed
    }

    /// The same strategy without class balancing: what its gain is measured against.
    pub fn baseline(&self) -> Self {
        let mut plain = self.clone();
        match &mut plain {
            Self::Entropy { balance }
            | Self::Margin { balance }
            | Self::LeastConfidence { balance, .. }
            | Self::Bald { balance, .. }
            | Self::Vaal { balance, .. } => *balance = None,
            Self::KCenterGreedy { balance, .. } => *balance = None,
            Self::PseudoLabel { order } => {
                plain = match order {
                    PseudoLabelOrder::Entropy => Self::Entropy { balance: None },
                    PseudoLabelOrder::Random => Self::Random {},
                    PseudoLabelOrder::KCenter | PseudoLabelOrder::KCenterPerClass => {
                        Self::KCenterGreedy { decimals: None, balance: None }
                    }
                };
            }
            Self::Random {}
            | Self::Coreset { .. }
            | Self::BatchBald { .. }
            | Self::MostLikelyPositive { .. }
            | Self::Base {}
            | Self::Badge {}
            | Self::ClusterMargin { .. }
            | Self::Similar { .. }
            | Self::Bait { .. }
            | Self::Direct { .. }
            | Self::Galaxy { .. } => {}
        }
        plain
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

impl VaalNetworks {
    /// The settings of the official implementation, at its revision of February 2020.
    pub fn official() -> Self {
        Self {
            latent: 32,
            width: 128,
            beta: 1.0,
            kl: KlReduction::Sum,
            warmup: 0,
            adversarial_weight: 1.0,
            learning_rate: 5e-4,
            batch_size: 128,
            iterations: 39_062,
            vae_steps: 2,
            discriminator_steps: 1,
            batch_statistics: true,
        }
    }

    fn validate(&self) -> Result<(), Error> {
        at_least("latent", self.latent, 1)?;
        at_least("width", self.width, 1)?;
        at_least("batch_size", self.batch_size, 2)?;
        at_least("iterations", self.iterations, 1)?;
        at_least("vae_steps", self.vae_steps, 1)?;
        at_least("discriminator_steps", self.discriminator_steps, 1)?;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        within("beta", self.beta, not_negative(self.beta), "finite and not negative")?;
        let weight = self.adversarial_weight;
        within("adversarial_weight", weight, not_negative(weight), "finite and not negative")?;
        let rate = self.learning_rate;
        within("learning_rate", rate, rate.is_finite() && rate > 0.0, "finite and positive")
    }
}

fn within(name: &'static str, value: f64, holds: bool, range: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::InvalidParameter { name, value, range: range.to_owned() }) }
}

fn at_least(name: &'static str, value: usize, least: usize) -> Result<(), Error> {
    within(name, value as f64, value >= least, &format!("at least {least}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balanced(lambda: f64) -> Strategy {
        Strategy::Entropy {
            balance: Some(Balance {
                lambda: Lambda::Fixed(lambda),
                solver: SolverMode::Auto,
                prediction: None,
            }),
        }
    }

    #[test]
    fn a_strategy_survives_being_written_down() {
        for (strategy, text) in [
            (Strategy::Random {}, r#"{"kind":"random"}"#),
            (Strategy::Margin { balance: None }, r#"{"kind":"margin"}"#),
            (balanced(0.6), r#"{"kind":"entropy","balance":{"lambda":0.6,"solver":"auto"}}"#),
            (
                Strategy::LeastConfidence {
                    of: None,
                    balance: Some(Balance {
                        lambda: Lambda::Fixed(2.0),
                        solver: SolverMode::Exact,
                        prediction: None,
                    }),
                },
                r#"{"kind":"least-confidence","balance":{"lambda":2.0,"solver":"exact"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&strategy).unwrap(), text);
            assert_eq!(serde_json::from_str::<Strategy>(text).unwrap(), strategy);
        }
    }

    #[test]
    fn a_weight_is_a_number_or_a_rule() {
        let read = |lambda: &str| {
            let text = format!(r#"{{"kind":"entropy","balance":{{"lambda":{lambda},"solver":"auto"}}}}"#);
            serde_json::from_str::<Strategy>(&text).map(|strategy| strategy.lambda())
        };
        assert_eq!(read("2").unwrap(), Some(Lambda::Fixed(2.0)));
        assert_eq!(read("0.6").unwrap(), Some(Lambda::Fixed(0.6)));
        assert_eq!(read(r#""auto""#).unwrap(), Some(Lambda::Rule(LambdaRule::Auto)));
        let error = read(r#""best""#).unwrap_err().to_string();
        assert!(error.contains("a number or \"auto\""), "{error}");
        let found = Strategy::Entropy {
            balance: Some(Balance {
                lambda: Lambda::Rule(LambdaRule::Auto),
                solver: SolverMode::Auto,
                prediction: Some(Prediction::OneHot),
            }),
        };
        assert_eq!(found.with_lambda(0.4).lambda(), Some(Lambda::Fixed(0.4)));
        assert_eq!(found.with_lambda(0.4).balance().unwrap().prediction, Some(Prediction::OneHot));
        assert_eq!(Strategy::Random {}.with_lambda(0.4), Strategy::Random {});
    }

    #[test]
    fn a_weight_in_toml_may_be_a_whole_number() {
        let read = |lambda: &str| {
            let text =
                format!("kind = 'k-center-greedy'\nbalance = {{ lambda = {lambda}, scale = 'per-class' }}");
            toml::from_str::<Strategy>(&text).map(|strategy| strategy.lambda())
        };
        assert_eq!(read("50").unwrap(), Some(Lambda::Fixed(50.0)));
        assert_eq!(read("0.5").unwrap(), Some(Lambda::Fixed(0.5)));
        assert_eq!(read("'auto'").unwrap(), Some(Lambda::Rule(LambdaRule::Auto)));
        for wrong in ["'Auto'", "'2'", "true", "[2]"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("expected a number or \"auto\""), "{wrong}: {error}");
        }
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        let cases = [
            (Strategy::Bald { passes: 1, balance: None }, "passes = 1: it must be at least 2"),
            (Strategy::Coreset { outlier_fraction: 1.0, tolerance: 0.1 }, "outlier_fraction = 1"),
            (Strategy::Coreset { outlier_fraction: f64::NAN, tolerance: 0.1 }, "outlier_fraction = NaN"),
            (Strategy::Coreset { outlier_fraction: 0.0, tolerance: 0.0 }, "tolerance = 0"),
            (Strategy::BatchBald { passes: 5, configurations: 0, candidates: None }, "configurations = 0"),
            (Strategy::BatchBald { passes: 5, configurations: 9, candidates: Some(0) }, "candidates = 0"),
        ];
        for (strategy, words) in cases {
            let error = strategy.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let networks = VaalNetworks::official();
        let wrong = [
            (VaalNetworks { latent: 0, ..networks.clone() }, "latent = 0"),
            (VaalNetworks { batch_size: 1, ..networks.clone() }, "batch_size = 1"),
            (VaalNetworks { beta: -1.0, ..networks.clone() }, "beta = -1"),
            (VaalNetworks { learning_rate: 0.0, ..networks.clone() }, "learning_rate = 0"),
            (VaalNetworks { iterations: 0, ..networks.clone() }, "iterations = 0"),
        ];
        for (networks, words) in wrong {
            let error = Strategy::Vaal { networks, balance: None }.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        Strategy::Vaal { networks, balance: None }.validate().unwrap();
    }

    #[test]
    fn unknown_keys_and_missing_values_are_errors() {
        for text in [
            r#"{"kind":"random","budget":3}"#,
            r#"{"kind":"random","balance":{"lambda":1.0,"solver":"auto"}}"#,
            r#"{"kind":"entropy","lambda":1.0}"#,
            r#"{"kind":"entropy","balance":{"lambda":1.0}}"#,
            r#"{"kind":"entropy","balance":{"solver":"auto"}}"#,
            r#"{"kind":"entropy","balance":{"lambda":1.0,"solver":"auto","gap":0.1}}"#,
            r#"{"kind":"Entropy"}"#,
        ] {
            assert!(serde_json::from_str::<Strategy>(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn lambda_must_be_finite_and_not_negative() {
        balanced(0.0).validate().unwrap();
        balanced(50.0).validate().unwrap();
        for lambda in [-1e-9, f64::NAN, f64::INFINITY] {
            assert!(matches!(balanced(lambda).validate(), Err(Error::InvalidLambda { .. })));
        }
    }

    #[test]
    fn names_needs_and_baselines() {
        assert_eq!(balanced(1.0).name(), "entropy-cb");
        assert_eq!(balanced(1.0).baseline(), Strategy::Entropy { balance: None });
        assert_eq!(Strategy::LeastConfidence { of: None, balance: None }.name(), "least-confidence");
        assert_eq!(Strategy::Random {}.needs(), Needs::default());
        assert!(balanced(1.0).needs().probabilities);
        assert!(!balanced(1.0).needs().embeddings);
    }
}
