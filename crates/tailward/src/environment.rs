//! What a run reads and what it computes on: options that several verbs share.

use std::path::PathBuf;

use clap::Args;
use tailward_datasets::{DatasetManifest, WeightsFormat, WeightsManifest, weights};
use tailward_engine::device::Backend;
use tailward_engine::run::Weights;
use tailward_experiment::definition::RunDefinition;
use tailward_models::pretrained;

/// Where a run finds its data, and the backend.
#[derive(Args, Debug)]
pub(crate) struct Environment {
    /// Folder of dataset manifests.
    #[arg(long, default_value = "datasets")]
    datasets: PathBuf,
    /// Folder of the data themselves.
    #[arg(long, env = "TAILWARD_DATA", default_value = "datasets/data")]
    pub(crate) data_dir: PathBuf,
    /// Folder of what is computed once from the data and kept for all runs: pixels of images that are too many for memory, features
    /// [default: `cache` in the folder of the data].
    #[arg(long, env = "TAILWARD_CACHE")]
    cache_dir: Option<PathBuf>,
    /// Folder of manifests of pretrained weights.
    #[arg(long, default_value = "weights")]
    weights: PathBuf,
    /// What to compute on (cuda, wgpu, vulkan, metal, flex or ndarray); by default the first that the binary has.
    #[arg(long)]
    backend: Option<Backend>,
}

impl Environment {
    /// The manifest of the run's dataset.
    pub(crate) fn manifest(&self, definition: &RunDefinition) -> anyhow::Result<DatasetManifest> {
        let path = self.datasets.join(format!("{}.toml", definition.dataset));
        Ok(DatasetManifest::load(&path).map_err(tailward_engine::Error::from)?)
    }

    /// The verified weights that the run starts from, if its definition names any.
    pub(crate) fn weights(&self, definition: &RunDefinition) -> anyhow::Result<Option<Weights>> {
        let Some(name) = definition.classifier().pretrained() else { return Ok(None) };
        let of_data = tailward_engine::Error::from;
        let manifest = WeightsManifest::load(&self.weights.join(format!("{name}.toml"))).map_err(of_data)?;
        let format = match manifest.format {
            WeightsFormat::Pytorch => pretrained::WeightsFormat::Pytorch,
            WeightsFormat::Safetensors => pretrained::WeightsFormat::Safetensors,
        };
        Ok(Some(Weights { path: weights::verify(&manifest, &self.data_dir).map_err(of_data)?, format }))
    }

    /// The folder of what is computed once.
    pub(crate) fn cache_dir(&self) -> PathBuf {
        self.cache_dir.clone().unwrap_or_else(|| self.data_dir.join("cache"))
    }

    /// The backend asked for, or the first there is.
    pub(crate) fn backend(&self) -> anyhow::Result<Backend> {
        Ok(self.backend.map_or_else(Backend::preferred, Ok)?)
    }
}
