//! From image files to pixels of one shape.

pub(crate) mod center_crop;
pub(crate) mod jpeg;
pub(crate) mod records;
pub(crate) mod resize;
pub(crate) mod side_by_side;
