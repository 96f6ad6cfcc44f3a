//! The order in which samples were labelled elsewhere: a file with one index of a training image a line.

use std::path::{Path, PathBuf};

use tailward_datasets::{SampleId, order_sha256, whole_file};
use tailward_experiment::definition::ReplayDefinition;

use crate::Error;

/// The file's name in the folder of a run that replays one.
const ORDER_FILE: &str = "indices.txt";

/// Reads an order. Empty lines are none.
///
/// # Errors
///
/// The file cannot be read, or a line is not an index.
pub(crate) fn read(path: &Path) -> Result<Vec<SampleId>, Error> {
    let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut order = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let index = line.trim().parse::<u32>();
        let index = index.map_err(|error| wrong(format!("line {}: `{line}`: {error}", number + 1)))?;
        order.push(SampleId(index));
    }
    Ok(order)
}

/// Keeps an order in the folder of the run that replays it, so that its `run.toml` needs nothing from elsewhere.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn keep(folder: &Path, order: &[SampleId]) -> Result<PathBuf, Error> {
    let path = folder.join(ORDER_FILE);
    let text: String = order.iter().map(|sample| format!("{sample}\n")).collect();
    let written = whole_file::write_bytes(&path, text.as_bytes());
    written.map_err(|source| Error::Output { path: path.clone(), source })?;
    Ok(path)
}

/// Reads the order that a run replays: from its folder, or from where its definition says below the folder of the data.
///
/// # Errors
///
/// The file is missing, or is not the one that the definition names by its checksum.
pub(crate) fn of_replay(
    folder: &Path,
    data_dir: &Path,
    replay: &ReplayDefinition,
) -> Result<Vec<SampleId>, Error> {
    let path = replay.path.as_ref().map_or_else(|| folder.join(ORDER_FILE), |path| data_dir.join(path));
    let order = read(&path)?;
    let (found, wanted) = (order_sha256(&order), &replay.sha256);
    if found != *wanted {
        let reason = format!(
            "has the checksum {found}, and the run replays a list with {wanted}; put that list there{}",
            if replay.path.is_some() { "" } else { " again" }
        );
        return Err(Error::Input { path, reason });
    }
    Ok(order)
}
