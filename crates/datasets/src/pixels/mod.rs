//! From image files to pixels of one shape, in memory or in a file of their own.

pub(crate) mod center_crop;
pub(crate) mod jpeg;
pub(crate) mod pixel_file;
pub(crate) mod records;
pub(crate) mod resize;
pub(crate) mod side_by_side;
