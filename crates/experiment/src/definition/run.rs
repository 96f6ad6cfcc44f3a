//! One run: everything that its result depends on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tailward_acquisition::Strategy;
use tailward_datasets::{Grouping, LabelNoise};
use tailward_labelling::project::Audit;

use super::audit::AuditPlan;
use super::classifier::ClassifierDefinition;
use super::early_stopping::Validation;
use super::head::HeadDefinition;
use super::model::ModelDefinition;
use super::pool::PoolDefinition;
use super::replay::ReplayDefinition;
use super::scale::Scale;
use super::scoring::{ScoringDefinition, Statistics};
use super::strategy::NamedStrategy;
use super::sweep::SweepDefinition;
use super::training::TrainingDefinition;

/// Everything that the result of one run depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDefinition {
    /// The experiment's name.
    pub experiment: String,
    /// The scale.
    pub scale: Scale,
    /// The dataset's name.
    pub dataset: String,
    /// How the dataset's classes are merged; absent: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
    /// What annotators say instead of the truth; absent: the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<LabelNoise>,
    /// The strategy.
    pub strategy: NamedStrategy,
    /// The imbalance factor, in (0, 1].
    pub imbalance_factor: f64,
    /// The seed that every stream of random numbers is derived from.
    pub seed: u64,
    /// The number of queries.
    pub rounds: usize,
    /// Labels asked for in a round.
    pub budget: usize,
    /// Where the initial set and the pool come from.
    pub pool: PoolDefinition,
    /// The network that learns; absent: a head does. What learns is asked of [`RunDefinition::classifier`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelDefinition>,
    /// How it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingDefinition>,
    /// The head on features that learns, in the place of a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadDefinition>,
    /// What chooses in the place of the strategy as long as there are no labels of two classes; absent: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Strategy>,
    /// The blind sample that accuracy is measured on: a part of the budget, drawn at random from the pool, never trained on and
    /// never offered to the strategy; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// How the pool and the test set are scored.
    pub scoring: ScoringDefinition,
    /// Label the samples of this list in their order, in place of querying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayDefinition>,
    /// Sweep the weight of the strategy's class-balancing term with the first model, in place of querying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepDefinition>,
}

impl RunDefinition {
    /// SHA-256 of the definition as JSON, in hexadecimal. Two runs with the same hash have the same result; what only
    /// names things in reports (a strategy's label and baseline) is not part of it.
    pub fn hash(&self) -> String {
        let mut essential = self.clone();
        essential.strategy.label.clear();
        essential.strategy.baseline = None;
        let json = serde_json::to_vec(&essential).expect("a definition holds nothing that JSON cannot");
        hex::encode(Sha256::digest(&json))
    }

    /// The number of classes, of so many of the dataset: fewer where some are merged.
    pub fn classes(&self, of_dataset: usize) -> usize {
        self.grouping.map_or(of_dataset, |grouping| grouping.classes())
    }

    /// What learns.
    ///
    /// # Panics
    ///
    /// The definition has neither a network nor a head, or both: one that was read from a file has been checked.
    pub fn classifier(&self) -> ClassifierDefinition<'_> {
        let found = ClassifierDefinition::of(self.model.as_ref(), self.training.as_ref(), self.head.as_ref());
        found.unwrap_or_else(|(field, reason)| panic!("{}: {field} {reason}", self.label()))
    }

    /// Whether training stops early by the dataset's own validation images, which are read for it.
    pub fn wants_validation_split(&self) -> bool {
        self.classifier().early_stopping().is_some_and(|early| early.validation == Validation::Split {})
    }

    /// The strategy that chooses where labels are of so many classes.
    pub fn strategy_for(&self, classes_with_labels: usize) -> &Strategy {
        match &self.first {
            Some(first) if classes_with_labels < 2 => first,
            _ => &self.strategy.query.strategy,
        }
    }

    /// The run's folder below the folder of runs, `<experiment>/<scale>/if-<factor>/<strategy>/seed-<seed>`.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.experiment)
            .join(self.scale.to_string())
            .join(format!("if-{}", self.imbalance_factor))
            .join(&self.strategy.name)
            .join(format!("seed-{}", self.seed))
    }

    /// A name for lines of output, such as `cifar100/quick if 0.1 entropy-cb seed 0`.
    pub fn label(&self) -> String {
        format!(
            "{}/{} if {} {} seed {}",
            self.experiment, self.scale, self.imbalance_factor, self.strategy.name, self.seed
        )
    }

    /// Whether every sample that takes part is scored in one pass: where the pool is evaluated, the query looks at the
    /// same scores, and with statistics of batches a score belongs to the pass that it came from.
    pub fn scores_together(&self) -> bool {
        let scoring = &self.scoring;
        (scoring.evaluate_pool && !scoring.augmented_pool) || scoring.statistics == Some(Statistics::Batch)
    }

    /// Size of the labelled set that the model of `round` is trained on, given the initial set's size.
    pub fn labelled_at(&self, initial: usize, round: usize) -> usize {
        initial + round * self.budget - self.audited_after(round)
    }

    /// How many samples the audit has, where the pool holds twice as many; 0 without an audit.
    pub fn audit_size(&self) -> usize {
        self.audit_plan().map_or(0, |plan| plan.size())
    }

    /// How many samples of the audit are labelled after so many queries.
    pub fn audited_after(&self, queries: usize) -> usize {
        self.audit_plan().map_or(0, |plan| plan.after(queries))
    }

    fn audit_plan(&self) -> Option<AuditPlan> {
        self.audit.map(|audit| AuditPlan::new(audit, self.rounds, self.budget))
    }
}
