//! Files that appear whole or not at all.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::Error;

/// Writes a file under another name beside it, brings it to the disk, and renames it: no reader and no crash sees half of it.
///
/// # Errors
///
/// The content cannot be made, or the disk is full or fails.
pub(crate) fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    let unfinished = path.with_file_name(name);
    let file = File::create(&unfinished).map_err(Error::io(&unfinished))?;
    let mut writer = BufWriter::new(file);
    content(&mut writer).map_err(Error::io(&unfinished))?;
    let file = writer.into_inner().map_err(|error| Error::io(&unfinished)(error.into_error()))?;
    file.sync_all().map_err(Error::io(&unfinished))?;
    std::fs::rename(&unfinished, path).map_err(Error::io(path))
}
