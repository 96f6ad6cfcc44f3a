//! Whether a file is still the image that it was.

use tailward_datasets::SampleId;
use tailward_datasets::folder::{Inspected, Unusable};
use tailward_labelling::project::ImageRow;

/// Images that cannot be had, with what is wrong.
pub(super) type Lost = Vec<(SampleId, String)>;

/// What a file holds, if it has the checksum that it had.
///
/// # Errors
///
/// The image, with what is wrong.
pub(super) fn same_file(
    row: &ImageRow,
    found: Result<Inspected, Unusable>,
) -> Result<Inspected, (SampleId, String)> {
    match found {
        Ok(found) if row.sha256.as_ref() == Some(&found.sha256) => Ok(found),
        Ok(_) => Err((row.id, format!("{} is another file than it was", row.path))),
        Err(why) => Err((row.id, format!("{} {why}", row.path))),
    }
}
