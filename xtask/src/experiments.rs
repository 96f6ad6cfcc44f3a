//! The experiments, datasets and pretrained weights that the project has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tailward_datasets::{DatasetManifest, WeightsManifest};
use tailward_experiment::definition::{Definition, Scale};
use tailward_experiment::expected::Expected;
use tailward_experiment::plan::DatasetSizes;

/// The folder of dataset manifests.
pub(crate) const DATASETS: &str = "datasets";
/// The folder of manifests of pretrained weights.
pub(crate) const WEIGHTS: &str = "weights";
const EXPERIMENTS: &str = "experiments";

/// Something that can be fetched.
#[derive(Debug)]
pub(crate) enum Fetchable {
    /// A dataset.
    Dataset(Box<DatasetManifest>),
    /// A file of pretrained weights.
    Weights(Box<WeightsManifest>),
}

/// Reads a scale from the command line, which lists the scales there are in its help.
pub(crate) fn scale_parser() -> impl TypedValueParser<Value = Scale> {
    let values = Scale::ALL.map(|scale| PossibleValue::new(scale.name()).help(scale.about()));
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

/// The folder of an experiment.
pub(crate) fn folder(experiment: &str) -> PathBuf {
    Path::new(EXPERIMENTS).join(experiment)
}

/// The definition's file.
pub(crate) fn definition_path(experiment: &str) -> PathBuf {
    folder(experiment).join("definition.toml")
}

/// Reads an experiment's definition; an unknown name is answered with those there are.
pub(crate) fn load(experiment: &str) -> Result<Definition> {
    let path = definition_path(experiment);
    if !path.is_file() {
        bail!("there is no experiment `{experiment}` (there are: {})", names()?.join(", "));
    }
    Ok(Definition::load(&path)?)
}

/// Reads what was published, where an experiment has something to be held to.
pub(crate) fn expected(experiment: &str) -> Result<Option<Expected>> {
    let path = folder(experiment).join("expected.toml");
    Ok(path.is_file().then(|| Expected::load(&path)).transpose()?)
}

/// The folder of committed records that has this scale; of several the last by name.
pub(crate) fn records_folder(experiment: &str, scale: Scale) -> Option<PathBuf> {
    let folders = std::fs::read_dir(folder(experiment).join("records")).ok()?;
    let has_scale = |folder: &PathBuf| folder.join(experiment).join(scale.to_string()).is_dir();
    folders.filter_map(|entry| Some(entry.ok()?.path())).filter(has_scale).max()
}

/// The names of all experiments, sorted.
pub(crate) fn names() -> Result<Vec<String>> {
    named_files(Path::new(EXPERIMENTS), |path| path.join("definition.toml").is_file())
}

/// The names of all datasets, sorted.
pub(crate) fn datasets() -> Result<Vec<String>> {
    named_files(Path::new(DATASETS), |path| path.extension().is_some_and(|it| it == "toml"))
}

/// Reads a dataset's manifest; an unknown name is answered with those there are.
pub(crate) fn manifest(dataset: &str) -> Result<DatasetManifest> {
    let path = Path::new(DATASETS).join(format!("{dataset}.toml"));
    if !path.is_file() {
        bail!("there is no dataset `{dataset}` (there are: {})", datasets()?.join(", "));
    }
    Ok(DatasetManifest::load(&path)?)
}

/// Reads the manifest of a dataset or of weights; an unknown name is answered with those there are.
pub(crate) fn fetchable(name: &str) -> Result<Fetchable> {
    let [dataset, weights] = [DATASETS, WEIGHTS].map(|folder| Path::new(folder).join(format!("{name}.toml")));
    match (dataset.is_file(), weights.is_file()) {
        (true, false) => Ok(Fetchable::Dataset(Box::new(DatasetManifest::load(&dataset)?))),
        (false, true) => Ok(Fetchable::Weights(Box::new(WeightsManifest::load(&weights)?))),
        (true, true) => bail!("`{name}` is both {} and {}", dataset.display(), weights.display()),
        (false, false) => bail!(
            "there is no dataset `{name}` (there are: {}) and there are no weights `{name}` (there are: {})",
            datasets()?.join(", "),
            named_files(Path::new(WEIGHTS), |path| path.extension().is_some_and(|it| it == "toml"))?
                .join(", ")
        ),
    }
}

/// Reads the manifest of pretrained weights.
pub(crate) fn weights(name: &str) -> Result<WeightsManifest> {
    Ok(WeightsManifest::load(&Path::new(WEIGHTS).join(format!("{name}.toml")))?)
}

/// The sizes that plans are made with.
pub(crate) fn sizes(manifest: &DatasetManifest) -> DatasetSizes {
    DatasetSizes {
        train_images: manifest.train_images,
        test_images: manifest.test_images,
        validation_images: manifest.validation_images.unwrap_or(0),
        classes: manifest.classes,
    }
}

fn named_files(folder: &Path, is_one: impl Fn(&Path) -> bool) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))? {
        let path = entry?.path();
        if is_one(&path)
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
