//! When training ends before its epochs do.

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// After each epoch the loss on validation images is looked at: training ends once it has been worse than the best for some epochs in
/// a row, and what is kept is the network of the best epoch, in any case. The labels of validation images are true ones that no
/// budget counts; records and reports name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs in a row that may be worse than the best: after the last of them training ends. An epoch as good as the best is none.
    pub patience: usize,
    /// Where the validation images come from.
    pub validation: Validation,
}

/// Where validation images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Validation {
    /// The dataset's own validation split.
    Split {},
    /// Training images that take no part, neither in the initial set nor in the pool, drawn by the run's seed.
    Unused {
        /// How many.
        images: usize,
    },
}

impl EarlyStopping {
    pub(super) fn validate(self) -> Result<(), Fault> {
        ensure(self.patience > 0, "training.early_stopping.patience", || "is 0".into())?;
        ensure(
            self.validation != Validation::Unused { images: 0 },
            "training.early_stopping.validation.images",
            || "is 0".into(),
        )
    }
}
