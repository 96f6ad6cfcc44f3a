//! The head that begins with what a text tower says of the classes' names.

use std::path::Path;

use ndarray::Array2;
use ndarray_npy::ReadNpyExt;
use sha2::{Digest, Sha256};
use tailward_experiment::definition::{
    ClassifierDefinition, ModelDefinition, RunDefinition, VitDefinition, VitHeadDefinition,
};
use tailward_models::classifier::ClassifierConfig;
use tailward_models::vit::VitHead;

use crate::Error;

/// Puts the directions of the definition's file into the head, where it names one.
///
/// # Errors
///
/// The file is missing, is another than the definition names, or no matrix of a row for each class and a column for each feature.
pub(super) fn begin(
    definition: &RunDefinition,
    data_dir: &Path,
    config: &mut ClassifierConfig,
) -> Result<(), Error> {
    let ClassifierDefinition::Network { model: ModelDefinition::Vit(model), .. } = definition.classifier()
    else {
        return Ok(());
    };
    let VitDefinition { tower, head: VitHeadDefinition::ZeroShot { file, sha256, scale } } = model else {
        return Ok(());
    };
    let ClassifierConfig::Vit(config) = config else { panic!("a tower is built as one") };
    let path = data_dir.join(file);
    let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
    let wrong = |reason: String| Error::Mismatch(format!("{}: {reason}", path.display()));
    let found = hex::encode(Sha256::digest(&bytes));
    if !found.eq_ignore_ascii_case(sha256) {
        return Err(wrong(format!(
            "it has the checksum {found}, and the head begins with a file of {sha256}; put that file there"
        )));
    }
    let rows = Array2::<f32>::read_npy(bytes.as_slice())
        .map_err(|error| wrong(format!("it is no NumPy matrix of f32: {error}")))?;
    let expected = (config.classes, tower.features);
    if rows.dim() != expected {
        let reason =
            format!("its shape is {:?}, and {expected:?} is wanted: a row for each class", rows.dim());
        return Err(wrong(reason));
    }
    if let Some(row) = rows.rows().into_iter().position(|row| row.iter().any(|value| !value.is_finite())) {
        return Err(wrong(format!("row {row} holds a value that is not finite")));
    }
    config.head = VitHead::ZeroShot { rows: rows.iter().copied().collect(), scale: *scale };
    Ok(())
}
