//! What an EfficientNet-Lite is made of.

/// Blocks of one kind, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How many blocks.
    pub repeats: usize,
    /// Side of the depthwise kernel, in pixels.
    pub kernel: usize,
    /// The first block's step.
    pub stride: usize,
    /// How many times as many channels a block has inside.
    pub expansion: usize,
    /// Channels that come out.
    pub channels: usize,
}

/// The sizes of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EfficientNetLiteConfig {
    /// Rows and columns of its images, in pixels.
    pub side: usize,
    /// Channels of the first convolution.
    pub stem: usize,
    /// The stages.
    pub stages: Vec<Stage>,
    /// Channels of the last convolution: the features.
    pub head: usize,
}

impl EfficientNetLiteConfig {
    /// EfficientNet-Lite0: EfficientNet-B0 (Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, ICML
    /// 2019, Table 1) without squeeze-and-excitation and with ReLU6.
    pub fn lite0() -> Self {
        let stage = |(repeats, kernel, stride, expansion, channels)| Stage {
            repeats,
            kernel,
            stride,
            expansion,
            channels,
        };
        let stages = [
            (1, 3, 1, 1, 16),
            (2, 3, 2, 6, 24),
            (2, 5, 2, 6, 40),
            (3, 3, 2, 6, 80),
            (3, 5, 1, 6, 112),
            (4, 5, 2, 6, 192),
            (1, 3, 1, 6, 320),
        ];
        Self { side: 224, stem: 32, stages: stages.map(stage).to_vec(), head: 1280 }
    }
}
