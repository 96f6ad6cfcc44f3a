//! The pixels of a project's images.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tailward_datasets::ImageShape;
use tailward_datasets::SampleId;
use tailward_datasets::folder::inspect;
use tailward_labelling::project::{ImageRow, Project};

use super::same_file::{Lost, same_file};
use crate::Error;

/// The pixels of images at a side, in their order: from the project's cache if it keeps that side, and from their files if it does not. An
/// image whose file is gone or is another than it was has none; it is given with what is wrong.
///
/// # Errors
///
/// The cache cannot be read or written.
pub(super) fn pixels(project: &Project, rows: &[&ImageRow], side: usize) -> Result<(Vec<u8>, Lost), Error> {
    let shape = ImageShape { channels: 3, height: side, width: side };
    let mut lost = Vec::new();
    if side != project.settings.features.kept_side() {
        let mut pixels = Vec::with_capacity(rows.len() * shape.len());
        for found in inspected(project, rows, shape) {
            match found {
                Ok((_, found)) => pixels.extend(found.pixels),
                Err(gone) => lost.push(gone),
            }
        }
        return Ok((pixels, lost));
    }
    let cache = project.pixels()?;
    let (images, missing) = cache.read(&sources(rows))?;
    if missing.is_empty() {
        return Ok((images.pixels, lost));
    }
    let missing: Vec<&ImageRow> = missing.into_iter().map(|position| rows[position]).collect();
    for found in inspected(project, &missing, shape) {
        match found {
            Ok((row, found)) => cache.put(row.id.index(), &found.sha256, &found.pixels)?,
            Err(gone) => lost.push(gone),
        }
    }
    let (images, _) = cache.read(&sources(&without(rows, &lost)))?;
    Ok((images.pixels, lost))
}

/// The images that are not lost.
pub(super) fn without<'a>(rows: &[&'a ImageRow], lost: &[(SampleId, String)]) -> Vec<&'a ImageRow> {
    let is_lost: BTreeSet<SampleId> = lost.iter().map(|(sample, _)| *sample).collect();
    rows.iter().filter(|row| !is_lost.contains(&row.id)).copied().collect()
}

type Found<'a> = Result<(&'a ImageRow, tailward_datasets::folder::Inspected), (SampleId, String)>;

fn inspected<'a>(project: &Project, rows: &[&'a ImageRow], shape: ImageShape) -> Vec<Found<'a>> {
    let paths: Vec<PathBuf> = rows.iter().map(|row| row.relative_path().unwrap_or_default()).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let folder = project.settings.images_in(&project.folder);
    let found = inspect(&folder, &paths, shape, project.settings.limits.into());
    rows.iter().zip(found).map(|(row, found)| Ok((*row, same_file(row, found)?))).collect()
}

fn sources<'a>(rows: &[&'a ImageRow]) -> Vec<(usize, &'a str)> {
    rows.iter().map(|row| (row.id.index(), row.sha256.as_deref().unwrap_or_default())).collect()
}
