//! How features are computed.

use std::path::Path;

use tailward_experiment::definition::{FrozenFeatures, TrainingDefinition};

use crate::device::Backend;
use crate::run::model::Weights;

/// What features depend on beside the images, and where they are kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct Frozen<'a> {
    pub(in crate::run) features: &'a FrozenFeatures,
    pub(in crate::run) training: &'a TrainingDefinition,
    pub(in crate::run) kept: Kept<'a>,
}

/// What computes features, and where they are kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct Kept<'a> {
    pub(in crate::run) weights: Option<&'a Weights>,
    pub(in crate::run) backend: Backend,
    pub(in crate::run) cache_dir: &'a Path,
}
