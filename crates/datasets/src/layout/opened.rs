//! Images that stay on the disk, with what they show.

use crate::pixels::pixel_file::PixelFile;

/// A file of pixels, and the class id of each of its images.
pub(crate) type Opened = (PixelFile, Vec<u32>);
