//! Views of images that are bytes on the device.

use burn::backend::Flex;
use burn::tensor::Tensor;
use tailward_kernels::views::{self, Pixels, gather};

use super::storage::{from_plain, tensor};
use crate::images::{Bytes, Stored, View};

/// Views: `[views, channels, height, width]`, which lie as `[views, height, width, channels]` in memory.
pub(crate) fn views(images: &Bytes, views: &[View]) -> Tensor<4> {
    let &Bytes { height, width, ref scale, ref offset, .. } = images;
    let Stored::Bytes(bytes) = &images.stored else { panic!("flex has bytes") };
    let bytes = match bytes.clone().try_into_primitive::<Flex>() {
        Ok(bytes) => bytes.to_contiguous(),
        Err(error) => panic!("bytes on flex: {error:?}"),
    };
    let shown: Vec<views::View> = views
        .iter()
        .map(|&View { image, top, left, mirrored }| views::View { image, top, left, mirrored })
        .collect();
    let values = gather(Pixels { bytes: bytes.storage::<u8>(), height, width, scale, offset }, &shown);
    from_plain::<4>(tensor(values, [views.len(), height, width, scale.len()])).permute([0, 3, 1, 2])
}
