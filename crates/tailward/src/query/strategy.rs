//! From the command line's options to a strategy.

use clap::{Args, ValueEnum};
use tailward_acquisition::{
    Balance, ConfidenceOf, DirectMode, GalaxyMode, GreedyBalance, Lambda, LambdaRule, LambdaScale,
    Prediction, PseudoLabelOrder, SolverMode, Strategy,
};

use crate::Error;

/// The strategy and its parameters.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// How samples are chosen.
    #[arg(long, value_enum)]
    strategy: StrategyName,
    /// Balance the classes (CBAL, Eq. 8 and Algorithm 2) with this weight λ; `auto` finds it by the paper's rule.
    #[arg(long, value_name = "LAMBDA|auto", value_parser = parse_lambda)]
    balance: Option<Lambda>,
    /// How the class-balancing programme is solved.
    #[arg(long, value_enum, default_value = "auto", requires = "balance")]
    solver: SolverName,
    /// Balance the most probable classes (pseudo-labels) in place of the probabilities.
    #[arg(long, requires = "balance")]
    one_hot: bool,
    /// k-center-greedy: divide the weight by nothing or by the number of classes.
    #[arg(long, value_enum, default_value = "absolute", requires = "balance")]
    lambda_scale: ScaleName,
    /// k-center-greedy: round the embeddings to this many decimals first.
    #[arg(long)]
    decimals: Option<u32>,
    /// coreset: the share of the pool that may stay uncovered, in [0, 1).
    #[arg(long, required_if_eq("strategy", "coreset"))]
    outlier_fraction: Option<f64>,
    /// coreset: how closely the radius is searched, as a share of the greedy one.
    #[arg(long, required_if_eq("strategy", "coreset"))]
    tolerance: Option<f64>,
    /// batch-bald: up to how many class configurations the joint entropy is exact, and how many are sampled beyond.
    #[arg(long, required_if_eq("strategy", "batch-bald"))]
    configurations: Option<usize>,
    /// batch-bald: look only at this many samples, those with the highest BALD score.
    #[arg(long)]
    candidates: Option<usize>,
    /// least-confidence: the lowest highest logit in place of the lowest highest probability.
    #[arg(long)]
    of_logits: bool,
    /// most-likely-positive and similar: the class that is not looked for; by default the last.
    #[arg(long)]
    negative: Option<usize>,
    /// cluster-margin: how many samples are drawn and clustered hierarchically (GALAXY's code: 1000).
    #[arg(long, required_if_eq("strategy", "cluster-margin"))]
    sample: Option<usize>,
    /// cluster-margin: how many clusters they are cut into (GALAXY's code: 500).
    #[arg(long, required_if_eq("strategy", "cluster-margin"))]
    clusters: Option<usize>,
    /// cluster-margin: how many samples compete, as a multiple of the budget (GALAXY's code: 1.25).
    #[arg(long, required_if_eq("strategy", "cluster-margin"))]
    competing: Option<f64>,
    /// similar: how much likeness of each choice counts against cover of the labelled samples (the authors: 1).
    #[arg(long, required_if_eq("strategy", "similar"))]
    eta: Option<f64>,
    /// bait: what is added to the diagonal of the labelled samples' information (the authors: 1).
    #[arg(long, required_if_eq("strategy", "bait"))]
    regularisation: Option<f64>,
    /// bait: refuse to begin where more memory is needed, in mebibytes.
    #[arg(long, required_if_eq("strategy", "bait"))]
    memory_limit_mib: Option<u64>,
    /// direct: labels that can be told at the same time.
    #[arg(long, required_if_eq("strategy", "direct"))]
    parallel: Option<usize>,
    /// direct and galaxy: which form; `paper` for direct and `graph` for galaxy by default.
    #[arg(long, value_enum)]
    mode: Option<ModeName>,
    /// direct, mode labelbench: its setting of that name.
    #[arg(long)]
    min_budget_per_class: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StrategyName {
    Random,
    Entropy,
    Margin,
    LeastConfidence,
    KCenterGreedy,
    Coreset,
    Bald,
    BatchBald,
    Vaal,
    MostLikelyPositive,
    Base,
    Badge,
    ClusterMargin,
    Similar,
    Bait,
    Direct,
    Galaxy,
    EntropyPseudoLabel,
    RandomPseudoLabel,
    KCenterGreedyPseudoLabel,
    KCenterGreedyPseudoLabelPerClass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeName {
    /// direct: the paper's algorithms, with what is misprinted there put right
    Paper,
    /// galaxy: shortest paths in a graph for each class
    Graph,
    /// direct: as its released code, faults included; galaxy: as LabelBench, its direction put right
    Labelbench,
    /// galaxy: as LabelBench has it
    LabelbenchReleased,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SolverName {
    Auto,
    Exact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScaleName {
    Absolute,
    PerClass,
}

fn parse_lambda(text: &str) -> Result<Lambda, String> {
    match text {
        "auto" => Ok(Lambda::Rule(LambdaRule::Auto)),
        _ => text.parse().map(Lambda::Fixed).map_err(|error| format!("expected a number or `auto`: {error}")),
    }
}

impl Options {
    /// The strategy that is meant; `passes` is how many passes with dropout there are.
    ///
    /// # Errors
    ///
    /// An option does not belong to the strategy, or a parameter is out of range.
    pub(super) fn strategy(&self, passes: usize) -> Result<Strategy, Error> {
        use StrategyName as Name;
        self.check()?;
        let balance = self.balance.map(|lambda| Balance {
            lambda,
            solver: match self.solver {
                SolverName::Auto => SolverMode::Auto,
                SolverName::Exact => SolverMode::Exact,
            },
            prediction: self.one_hot.then_some(Prediction::OneHot),
        });
        let greedy = self.balance.map(|lambda| GreedyBalance {
            lambda,
            scale: match self.lambda_scale {
                ScaleName::Absolute => LambdaScale::Absolute,
                ScaleName::PerClass => LambdaScale::PerClass,
            },
        });
        let strategy = match self.strategy {
            Name::Random => Strategy::Random {},
            Name::Entropy => Strategy::Entropy { balance },
            Name::Margin => Strategy::Margin { balance },
            Name::LeastConfidence => {
                Strategy::LeastConfidence { of: self.of_logits.then_some(ConfidenceOf::Logits), balance }
            }
            Name::MostLikelyPositive => Strategy::MostLikelyPositive { negative: self.negative },
            Name::Base => Strategy::Base {},
            Name::Badge => Strategy::Badge {},
            Name::ClusterMargin => Strategy::ClusterMargin {
                sample: self.sample.unwrap_or_default(),
                clusters: self.clusters.unwrap_or_default(),
                candidates: self.competing.unwrap_or_default(),
            },
            Name::Similar => Strategy::Similar { eta: self.eta.unwrap_or_default(), negative: self.negative },
            Name::Bait => Strategy::Bait {
                regularisation: self.regularisation.unwrap_or_default(),
                memory_limit_mib: self.memory_limit_mib.unwrap_or_default(),
            },
            Name::Direct => {
                Strategy::Direct { mode: self.direct_mode()?, parallel: self.parallel.unwrap_or_default() }
            }
            Name::Galaxy => Strategy::Galaxy { mode: self.galaxy_mode()? },
            Name::KCenterGreedy => Strategy::KCenterGreedy { decimals: self.decimals, balance: greedy },
            Name::Coreset => Strategy::Coreset {
                outlier_fraction: self.outlier_fraction.unwrap_or_default(),
                tolerance: self.tolerance.unwrap_or_default(),
            },
            Name::Bald => Strategy::Bald { passes, balance },
            Name::BatchBald => Strategy::BatchBald {
                passes,
                configurations: self.configurations.unwrap_or_default(),
                candidates: self.candidates,
            },
            Name::Vaal => Strategy::Vaal { balance },
            Name::EntropyPseudoLabel => Strategy::PseudoLabel { order: PseudoLabelOrder::Entropy },
            Name::RandomPseudoLabel => Strategy::PseudoLabel { order: PseudoLabelOrder::Random },
            Name::KCenterGreedyPseudoLabel => Strategy::PseudoLabel { order: PseudoLabelOrder::KCenter },
            Name::KCenterGreedyPseudoLabelPerClass => {
                Strategy::PseudoLabel { order: PseudoLabelOrder::KCenterPerClass }
            }
        };
        if passes == 0 && matches!(strategy, Strategy::Bald { .. } | Strategy::BatchBald { .. }) {
            return Err(Error::MissingArray { option: "--dropout-probabilities".to_owned() });
        }
        strategy.validate()?;
        Ok(strategy)
    }

    fn direct_mode(&self) -> Result<DirectMode, Error> {
        match (self.mode, self.min_budget_per_class) {
            (None | Some(ModeName::Paper), None) => Ok(DirectMode::Paper),
            (Some(ModeName::Labelbench), Some(min_budget_per_class)) => {
                Ok(DirectMode::Labelbench { min_budget_per_class })
            }
            (Some(ModeName::Labelbench), None) => {
                Err(Error::MissingArray { option: "--min-budget-per-class".to_owned() })
            }
            (None | Some(ModeName::Paper), Some(_)) => Err(misplaced("--min-budget-per-class", "direct")),
            (Some(_), _) => Err(misplaced("--mode", "direct")),
        }
    }

    fn galaxy_mode(&self) -> Result<GalaxyMode, Error> {
        match self.mode {
            None | Some(ModeName::Graph) => Ok(GalaxyMode::Graph),
            Some(ModeName::Labelbench) => Ok(GalaxyMode::Labelbench),
            Some(ModeName::LabelbenchReleased) => Ok(GalaxyMode::LabelbenchReleased),
            Some(ModeName::Paper) => Err(misplaced("--mode paper", "galaxy")),
        }
    }

    /// Every option that is given belongs to the strategy.
    fn check(&self) -> Result<(), Error> {
        use StrategyName as Name;
        let name =
            self.strategy.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
        let programme = matches!(
            self.strategy,
            Name::Entropy | Name::Margin | Name::LeastConfidence | Name::Bald | Name::Vaal
        );
        let greedy = self.strategy == Name::KCenterGreedy;
        let exact = matches!(self.solver, SolverName::Exact);
        let coreset = self.strategy == Name::Coreset;
        let batch = self.strategy == Name::BatchBald;
        let direct = self.strategy == Name::Direct;
        let cluster = self.strategy == Name::ClusterMargin;
        let similar = self.strategy == Name::Similar;
        let bait = self.strategy == Name::Bait;
        let misplaced = [
            ("--balance", self.balance.is_some() && !(programme || greedy)),
            ("--solver exact", exact && !programme),
            ("--one-hot", self.one_hot && !programme),
            ("--lambda-scale", self.lambda_scale == ScaleName::PerClass && !greedy),
            ("--decimals", self.decimals.is_some() && !greedy),
            ("--outlier-fraction", self.outlier_fraction.is_some() && !coreset),
            ("--tolerance", self.tolerance.is_some() && !coreset),
            ("--configurations", self.configurations.is_some() && !batch),
            ("--candidates", self.candidates.is_some() && !batch),
            ("--of-logits", self.of_logits && self.strategy != Name::LeastConfidence),
            (
                "--negative",
                self.negative.is_some() && !(similar || self.strategy == Name::MostLikelyPositive),
            ),
            ("--sample", self.sample.is_some() && !cluster),
            ("--clusters", self.clusters.is_some() && !cluster),
            ("--competing", self.competing.is_some() && !cluster),
            ("--eta", self.eta.is_some() && !similar),
            ("--regularisation", self.regularisation.is_some() && !bait),
            ("--memory-limit-mib", self.memory_limit_mib.is_some() && !bait),
            ("--parallel", self.parallel.is_some() && !direct),
            ("--min-budget-per-class", self.min_budget_per_class.is_some() && !direct),
            ("--mode", self.mode.is_some() && !(direct || self.strategy == Name::Galaxy)),
        ];
        match misplaced.iter().find(|(_, wrong)| *wrong) {
            Some((option, _)) => Err(Error::Misplaced { option: (*option).to_owned(), strategy: name }),
            None => Ok(()),
        }
    }
}

fn misplaced(option: &str, strategy: &str) -> Error {
    Error::Misplaced { option: option.to_owned(), strategy: strategy.to_owned() }
}
