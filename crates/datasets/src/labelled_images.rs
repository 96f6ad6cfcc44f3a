//! Images and labels together, as files and generators have them.

use crate::images::{ImageShape, Images};

/// Images with a label each. A [`Dataset`](crate::Dataset) takes them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImages {
    /// The images.
    pub images: Images,
    /// `[images]`, class ids from 0.
    pub labels: Vec<u32>,
}

impl LabelledImages {
    /// None yet, with room for `count` of them.
    pub(crate) fn with_capacity(shape: ImageShape, count: usize) -> Self {
        let pixels = Vec::with_capacity(count * shape.len());
        Self { images: Images { shape, pixels }, labels: Vec::with_capacity(count) }
    }
}
