//! Archives, unpacked without trusting the paths inside.

mod destination;
mod tar_gz;
mod zip;

use std::path::Path;

use crate::error::Result;
use crate::manifest::ArchiveFormat;
use destination::Destination;

/// Unpacks the regular files of an archive under the folder `into`.
///
/// # Errors
/// [`Error::UnsafeArchiveEntry`](crate::Error::UnsafeArchiveEntry) for an absolute path, a path with `..`, a link, or a device; [`Error::Io`](crate::Error::Io) when the
/// archive is damaged or a file cannot be written. What was unpacked before the error stays.
pub(crate) fn unpack(format: ArchiveFormat, archive: &Path, into: &Path) -> Result<()> {
    let destination = Destination { archive, into };
    match format {
        ArchiveFormat::TarGz => tar_gz::unpack(&destination),
        ArchiveFormat::Zip => zip::unpack(&destination),
    }
}
