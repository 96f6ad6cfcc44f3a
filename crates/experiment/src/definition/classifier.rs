//! What learns in a run: a network that is trained, or a head on features.

use tailward_acquisition::Strategy;

use super::check::{Fault, ensure};
use super::early_stopping::EarlyStopping;
use super::head::HeadDefinition;
use super::model::ModelDefinition;
use super::scoring::{ScoringDefinition, Statistics};
use super::training::TrainingDefinition;

/// What learns in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassifierDefinition<'a> {
    /// A network.
    Network {
        /// What it is.
        model: &'a ModelDefinition,
        /// How it is trained.
        training: &'a TrainingDefinition,
    },
    /// A head on features.
    Head(&'a HeadDefinition),
}

impl<'a> ClassifierDefinition<'a> {
    /// What the keys of a definition come to: a network has a model and a training, a head has neither.
    pub(super) fn of(
        model: Option<&'a ModelDefinition>,
        training: Option<&'a TrainingDefinition>,
        head: Option<&'a HeadDefinition>,
    ) -> Result<Self, Fault> {
        let fault = |field: &str, reason: &str| Err((field.to_owned(), reason.to_owned()));
        match (model, training, head) {
            (Some(model), Some(training), None) => Ok(Self::Network { model, training }),
            (None, None, Some(head)) => Ok(Self::Head(head)),
            (Some(_), None, None) => {
                fault("training", "is absent, and the network of `model` has to be trained")
            }
            (None, Some(_), None) => fault("model", "is absent, and `training` has nothing to train"),
            (None, None, None) => fault(
                "model",
                "is absent: give a network, `model` and `training`, or a head on features, `head`",
            ),
            (_, _, Some(_)) => fault(
                "head",
                "is given beside a network: give `model` and `training`, or `head`, and not both",
            ),
        }
    }

    /// Entries of an embedding.
    pub fn embedding(&self) -> usize {
        match self {
            Self::Network { model, .. } => model.embedding(),
            Self::Head(head) => head.embedding(),
        }
    }

    /// The share of the embedding's entries that passes with dropout set to 0, where there is dropout.
    pub fn dropout(&self) -> Option<f64> {
        match self {
            Self::Network { model, .. } => model.dropout(),
            Self::Head(_) => None,
        }
    }

    /// The weights that training starts from, where they are not random.
    pub fn pretrained(&self) -> Option<&'a str> {
        match self {
            Self::Network { model, .. } => model.pretrained(),
            Self::Head(_) => None,
        }
    }

    /// When training ends before its epochs do, where it may.
    pub fn early_stopping(&self) -> Option<EarlyStopping> {
        match self {
            Self::Network { training, .. } => training.early_stopping,
            Self::Head(_) => None,
        }
    }

    /// Checks the values of its own keys.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        match self {
            Self::Network { model, training } => {
                model.validate()?;
                training.validate()?;
                model.check_training(training)
            }
            Self::Head(head) => head.validate(),
        }
    }

    /// Checks that a strategy under this name gets what it needs, and that images are scored in a way that there is.
    pub(super) fn check_needs(
        &self,
        name: &str,
        strategy: &Strategy,
        scoring: &ScoringDefinition,
    ) -> Result<(), Fault> {
        let needs = strategy.needs();
        let (key, what) = match self {
            Self::Network { model, .. } => {
                ensure(needs.dropout_passes == 0 || self.dropout().is_some(), "model.dropout", || {
                    format!("is absent, and `{name}` needs passes with dropout")
                })?;
                if model.frozen().is_none() {
                    return Ok(());
                }
                ("model", "layers on features")
            }
            Self::Head(_) => {
                ensure(needs.dropout_passes == 0, "head", || {
                    format!("is no network, and `{name}` needs passes of one with dropout")
                })?;
                ("head", "a head")
            }
        };
        ensure(!needs.discriminator, key, || {
            format!("is on features, and `{name}` trains networks on images")
        })?;
        ensure(!scoring.augmented_pool, "scoring.augmented_pool", || {
            format!("is true beside {what}, whose features have no views")
        })?;
        ensure(scoring.statistics != Some(Statistics::Batch), "scoring.statistics", || {
            format!("are those of batches beside {what}, which normalises by none")
        })
    }
}
