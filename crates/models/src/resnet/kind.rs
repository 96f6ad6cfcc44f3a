//! The two kinds of block.

use serde::{Deserialize, Serialize};

/// What lies between two additions of a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKind {
    /// Two 3×3 convolutions, the first with the stride.
    Basic,
    /// 1×1, 3×3 with the stride, and 1×1 convolution to four times the width. He et al. have the stride in the first
    /// of them; torchvision's weights are for a stride in the second ("V1.5").
    Bottleneck,
}

impl BlockKind {
    /// Channels that leave a block, in multiples of its width.
    pub fn expansion(self) -> usize {
        match self {
            BlockKind::Basic => 1,
            BlockKind::Bottleneck => 4,
        }
    }
}
