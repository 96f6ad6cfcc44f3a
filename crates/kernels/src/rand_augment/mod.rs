//! Strong views of images: operations of RandAugment, then Cutout, as FlexMatch's training has them in LabelBench and USB.
//!
//! Every operation computes what Pillow's of the same name does, byte for byte. Images are bytes in planes,
//! `[channels, height, width]`, of one channel (Pillow's mode `L`) or three (`RGB`). Nothing is drawn here: whoever draws hands in
//! operations with their values.

mod cutout;
mod enhance;
mod geometry;
mod lookup;
mod operation;
mod planes;

use rayon::prelude::*;

pub use cutout::Cutout;
pub use operation::{Operation, OperationKind};
use planes::Planes;

/// One strong view of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct StrongView {
    /// What is done, in this order.
    pub operations: Vec<Operation>,
    /// What is covered at the end.
    pub cutout: Cutout,
}

/// One view of each image, on all threads of Rayon's pool; the result does not depend on their number.
///
/// # Shapes
///
/// `images` and the result: `[views, channels, height, width]`
///
/// # Panics
///
/// There are more or fewer images than views, the images have no pixels, or neither one nor three channels.
pub fn strong_views(images: &[u8], [channels, height, width]: [usize; 3], views: &[StrongView]) -> Vec<u8> {
    assert!(matches!(channels, 1 | 3), "{channels} channels are neither grey nor colours");
    let len = channels * height * width;
    assert!(len > 0, "images without pixels");
    assert_eq!(images.len(), views.len() * len, "one view for each image");
    let mut changed = images.to_vec();
    changed.par_chunks_exact_mut(len).zip(views).for_each(|(values, view)| {
        let mut planes = Planes { values, height, width };
        for operation in &view.operations {
            operation.apply(&mut planes);
        }
        view.cutout.apply(&mut planes);
    });
    changed
}
