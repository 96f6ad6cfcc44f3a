//! Strong views of images, drawn on the host and made there: a random crop and flip, operations of RandAugment, then Cutout.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::ImageShape;
use tailward_kernels::rand_augment::{Cutout, OperationKind, StrongView, strong_views};
use tailward_models::views::View;

use super::augment::Augmentation;

/// What a strong view of an image may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrongAugmentation {
    /// The crop and the flip before it.
    pub weak: Augmentation,
    /// Operations of RandAugment, drawn with replacement, each with a value from its whole range.
    pub operations: usize,
}

impl StrongAugmentation {
    /// Draws a view of an image of so many rows and columns.
    pub(crate) fn draw(
        &self,
        image: usize,
        [height, width]: [usize; 2],
        rng: &mut ChaCha8Rng,
    ) -> (View, StrongView) {
        let view = self.weak.draw(image, rng);
        let operations = (0..self.operations).map(|_| {
            let kind = OperationKind::ALL[rng.random_range(0..OperationKind::ALL.len())];
            kind.with(rng.random())
        });
        let operations = operations.collect();
        let [size, across, down] = [rng.random(), rng.random(), rng.random()];
        let cutout = Cutout::from_unit(size, across, down, [height, width]);
        (view, StrongView { operations, cutout })
    }

    /// The views that were drawn of images `[images, channels, height, width]`, one of each, made on all cores.
    pub(crate) fn views(
        &self,
        mut images: Vec<u8>,
        shape: ImageShape,
        drawn: Vec<(View, StrongView)>,
    ) -> Vec<u8> {
        let mut strong = Vec::with_capacity(drawn.len());
        for (place, (image, (view, changes))) in images.chunks_exact_mut(shape.len()).zip(drawn).enumerate() {
            if view != View::of(place) {
                image.copy_from_slice(&moved(image, [shape.height, shape.width], view));
            }
            strong.push(changes);
        }
        strong_views(&images, [shape.channels, shape.height, shape.width], &strong)
    }
}

/// A moved and mirrored image: `image` and the result are `[channels, height, width]`; pixels from beyond the image are 0.
fn moved(image: &[u8], [height, width]: [usize; 2], view: View) -> Vec<u8> {
    let mut moved = vec![0; image.len()];
    for (from, to) in image.chunks_exact(height * width).zip(moved.chunks_exact_mut(height * width)) {
        for (y, row) in to.chunks_exact_mut(width).enumerate() {
            let Some(source) = y.checked_add_signed(view.top).filter(|&source| source < height) else {
                continue;
            };
            for (x, value) in row.iter_mut().enumerate() {
                let x = if view.mirrored { width - 1 - x } else { x };
                if let Some(column) = x.checked_add_signed(view.left).filter(|&column| column < width) {
                    *value = from[source * width + column];
                }
            }
        }
    }
    moved
}
