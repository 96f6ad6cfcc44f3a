//! The lines of a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailward_acquisition::Phase;
use tailward_datasets::SampleId;
use tailward_labelling::statistics::Interval;

use super::sweep::Sweep;
use crate::definition::{PoolDefinition, RunDefinition};
use crate::statistics;

/// The format that records are written in. A change that an older Tailward could not read raises it.
pub const FORMAT: u32 = 1;

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Line {
    /// The first line.
    Header(Box<Header>),
    /// A model was trained on the labelled set and evaluated.
    Round(Box<Round>),
    /// The model of a round was used to choose the next samples.
    Query(Box<Query>),
    /// The first model was used to sweep the weight of the strategy's class-balancing term.
    Sweep(Box<Sweep>),
    /// The run came to its end.
    Complete(Complete),
}

/// What ran, on what, with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The record's format, [`FORMAT`] where it is written now. Absent in a file: 1, as records had none at first.
    #[serde(default = "first_format", skip_serializing_if = "is_first_format")]
    pub format: u32,
    /// The resolved definition.
    pub definition: RunDefinition,
    /// [`RunDefinition::hash`].
    pub definition_hash: String,
    /// Hash of the initial set and the pool.
    pub pool_hash: String,
    /// Images of each class in the initial set.
    pub initial_class_counts: Vec<usize>,
    /// Images of each class in the pool, the initial set apart.
    pub pool_class_counts: Vec<usize>,
    /// The classes' names.
    pub class_names: Vec<String>,
    /// Images of each class in the test set.
    pub test_class_counts: Vec<usize>,
    /// How many samples of the initial set and the pool would be told a wrong label, where labels are noisy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_labels: Option<usize>,
    /// Trainable parameters of the model.
    pub parameters: usize,
    /// Where and with what the run was started.
    pub host: Host,
    /// Start, in RFC 3339 form (UTC).
    pub started: String,
}

pub(super) fn first_format() -> u32 {
    1
}

fn is_first_format(format: &u32) -> bool {
    *format == first_format()
}

/// The name of Burn's own operations among kernels.
pub const BURN_KERNELS: &str = "burn";

/// Where and with what a run was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Version of Tailward.
    pub tailward: String,
    /// Git revision that the binary was built from, with `-dirty` when it was changed; `unknown` outside a repository.
    /// Until 2026-11-29 it was that of the source's folder when the run began.
    pub revision: String,
    /// Version of Burn.
    pub burn: String,
    /// The backend.
    pub device: String,
    /// The processor's model name.
    pub processor: String,
    /// Logical processors that the process may use.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// What computed the network's layers where Burn's own operations did not, such as `tailward avx512`: sums are taken in
    /// another order there, so that last digits, and with them what is queried, can differ. Absent, as in records before
    /// this was kept: Burn. It is the last key of `host`, and has to stay there: headers are compared as they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernels: Option<String>,
}

/// A model was trained and evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// 0 for the initial set.
    pub round: usize,
    /// Size of the labelled set.
    pub labelled: usize,
    /// Labels of each class in the labelled set, as the oracle gave them.
    pub class_counts: Vec<usize>,
    /// The same by true label, where labels are noisy: for measuring only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub true_class_counts: Option<Vec<usize>>,
    /// Mean training loss of each epoch.
    pub epoch_losses: Vec<f64>,
    /// What early stopping saw, where the definition stops early: the network that was evaluated is that of the best epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationLine>,
    /// What FlexMatch learned by, where the definition has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flexmatch: Option<FlexMatchLine>,
    /// On the test set, after the last epoch.
    pub evaluation: Evaluation,
    /// On the initial set and the pool, labelled samples included, with true labels; where the definition asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_evaluation: Option<Evaluation>,
    /// With it: for each class, the average precision of its list over the samples that have no label yet, by true label, in
    /// [0, 1]; a list stands in the order of DIRECT, Algorithm 1. `None` for a class of which none is left. Absent also in
    /// records from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_average_precision: Option<Vec<Option<f64>>>,
    /// What the audit says of the model, where the definition has one and anything of it is labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditLine>,
    /// Where and with what the round was computed, where its device, processor, kernels or versions are not those of the header: the run went on on another
    /// machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Box<Host>>,
    /// What it took.
    pub cost: RoundCost,
}

/// What early stopping saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationLine {
    /// Images that were looked at after each epoch: as many true labels that no budget counts.
    pub images: usize,
    /// The loss on them after each epoch, as training measures it.
    pub losses: Vec<f64>,
    /// The epoch, from 1, whose network was kept.
    pub best_epoch: usize,
}

/// What FlexMatch learned by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlexMatchLine {
    /// The share of pseudo-labels that counted, in each epoch.
    pub used: Vec<f64>,
    /// Unlabelled samples of each class as the network was last confident of them.
    pub class_counts: Vec<usize>,
    /// How many of them are of this class by true label: for measuring only.
    pub right: usize,
}

impl Host {
    /// Whether what is computed on either is computed alike, as far as that can be said: on the same device and processor, with
    /// the same kernels and versions.
    pub fn computes_as(&self, other: &Self) -> bool {
        fn words(host: &Host) -> [&str; 6] {
            [&host.tailward, &host.burn, &host.device, &host.processor, &host.system, host.kernels()]
        }
        words(self) == words(other)
    }

    /// The name of the kernels that the run was computed with.
    pub fn kernels(&self) -> &str {
        self.kernels.as_deref().unwrap_or(BURN_KERNELS)
    }
}

impl Header {
    /// Which classes are rare: those with fewer images in the pool than the largest class; in a pool that is a uniform
    /// draw, whose counts differ by chance, those with less than half of its images. All `false` for a balanced pool.
    pub fn tail_classes(&self) -> Vec<bool> {
        let share = match self.definition.pool {
            PoolDefinition::Uniform { .. } => 2,
            PoolDefinition::Drawn { .. } | PoolDefinition::IndexLists { .. } => 1,
        };
        statistics::tail_classes(&self.pool_class_counts, share)
    }
}

impl Round {
    /// Images of each class in the labelled set by true label: what was told is theirs unless labels are noisy.
    pub fn images_by_class(&self) -> &[usize] {
        self.true_class_counts.as_ref().unwrap_or(&self.class_counts)
    }
}

/// Results on labelled images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Share of images whose most probable class is theirs (top-1), in [0, 1].
    pub accuracy: f64,
    /// Mean of the per-class accuracies over the classes that there are images of, in [0, 1].
    pub balanced_accuracy: f64,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// For each class, the share of its images that were recognised; `None` where there are none.
    pub per_class_accuracy: Vec<Option<f64>>,
}

impl Evaluation {
    /// Mean of the per-class accuracies over all classes, one without images counting as 0, in [0, 1]: LabelBench's balanced
    /// accuracy.
    pub fn balanced_accuracy_over_all(&self) -> f64 {
        let sum: f64 = self.per_class_accuracy.iter().flatten().sum();
        sum / self.per_class_accuracy.len() as f64
    }
}

/// What a blind sample of the pool says of a model, beside what it is an estimate of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditLine {
    /// Labels of the audit, as annotators gave them, that the model predicts.
    pub right: usize,
    /// Labels of the audit.
    pub of: usize,
    /// Their share with Wilson's interval of 95 %.
    pub interval: Interval,
    /// Samples that take part and that the model has not learned from, those of the audit included.
    pub others: usize,
    /// The share of those whose label, as annotators would give it, the model predicts: what the audit is an estimate of.
    pub agreement: f64,
    /// The share of those whose true class the model predicts: the same where labels are right. For measuring only.
    pub accuracy: f64,
}

/// What a round took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundCost {
    /// Training, in seconds.
    pub train_secs: f64,
    /// Training throughput, in images per second.
    pub train_images_per_sec: f64,
    /// Evaluation, in seconds.
    pub evaluate_secs: f64,
}

/// The next samples were chosen and labelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The round whose model chose, counted from 0.
    pub round: usize,
    /// Labels asked for.
    pub budget: usize,
    /// Unlabelled samples that there were to choose from.
    pub unlabelled: usize,
    /// Labels of each class among the answers.
    pub class_counts: Vec<usize>,
    /// The samples, in query order. Records before this was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picks: Option<Vec<SampleId>>,
    /// What they were asked for, where the strategy asked more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<BTreeMap<Phase, PhaseCount>>,
    /// What balancing the classes came to, where the strategy does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balancing>,
    /// How closely the pool is covered, where the strategy covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Covering>,
    /// What VAAL's networks learned, where the strategy has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator: Option<Discriminating>,
    /// What it took.
    pub cost: QueryCost,
}

/// What one phase of a query asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseCount {
    /// How often it asked.
    pub asks: usize,
    /// For how many samples in all.
    pub samples: usize,
}

/// What balancing the classes of one query came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancing {
    /// The weight that was used; none where there is no weight, and in records before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// ‖Ω − Pᵀz‖₁ of what the score alone would have chosen, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l1_baseline: Option<f64>,
    /// ‖Ω − Pᵀz‖₁ of what was chosen; none where a GPU's last bits led to another choice than the one that had been asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l1: Option<f64>,
    /// The objective of what was chosen; this and the rest only where the choice is certified (CBAL, Eq. 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// A certified lower bound on the best objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// `(objective − bound) / max(1, |bound|)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_gap: Option<f64>,
    /// Whether the choice is proven to be the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimal: Option<bool>,
}

/// How closely the labelled set covers the pool in the space of embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covering {
    /// The largest distance of a sample to the nearest labelled one, outliers apart.
    pub radius: f64,
    /// A radius that no choice of this size can go below.
    pub bound: f64,
    /// `(radius − bound) / radius`.
    pub relative_gap: f64,
    /// Samples left uncovered, as the strategy allows.
    pub outliers: usize,
}

/// What VAAL's networks learned for one query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discriminating {
    /// Mean of D(μ) over the unlabelled samples.
    pub mean: f64,
    /// Standard deviation of D(μ) over the unlabelled samples. Near 0 the scores say nothing, and the choice is as
    /// good as random.
    pub deviation: f64,
    /// Root mean square over latent dimensions of the standard deviation of μ over the unlabelled samples. Near 0 the
    /// posterior has collapsed.
    pub latent_deviation: f64,
    /// Mean squared reconstruction error of the last tenth of the iterations.
    pub reconstruction_error: f64,
    /// Kullback–Leibler divergence per image, in nats, of the last tenth of the iterations.
    pub divergence: f64,
    /// The share of the picks that random sampling with the run's seed would not have picked.
    pub differs_from_random: f64,
    /// What that share would be for a choice that has nothing to do with it: 1 − budget / unlabelled.
    pub differs_by_chance: f64,
}

/// What a query took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryCost {
    /// The model's pass over the unlabelled samples, in seconds.
    pub score_secs: f64,
    /// The choice on the host, in seconds.
    pub select_secs: f64,
    /// Training of networks that only the query uses (VAAL), in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_secs: Option<f64>,
}

/// The run came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// Rounds that were trained, `rounds + 1` of the definition.
    pub rounds: usize,
    /// SHA-256 of the ledger without its times, in hexadecimal.
    pub ledger_hash: String,
}
