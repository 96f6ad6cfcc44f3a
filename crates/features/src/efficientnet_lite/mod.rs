//! Features of a frozen EfficientNet-Lite: what is left of an image before the classifier that it was trained with.
//!
//! The names of the parameters are those of the package `efficientnet-pytorch`; padding is TensorFlow's.

mod config;
mod tensors;

use std::collections::BTreeMap;

use ndarray::Array2;
use rayon::prelude::*;
use tailward_kernels::Lanes;
use tailward_kernels::conv::{self, Epilogue, Geometry};
use tailward_kernels::depthwise::{self, Depthwise, same_padding};

pub use config::{EfficientNetLiteConfig, Stage};
pub use tensors::Tensor;
use tensors::Tensors;

/// Where ReLU6 ends.
const CEILING: f32 = 6.0;

/// What pixels are shifted and divided by.
const PIXEL: [f32; 2] = [127.0, 128.0];

/// The side of the first convolution's kernel, and its step.
const STEM: [usize; 2] = [3, 2];

/// A network without its classifier, batch normalisation taken into the convolutions.
#[derive(Clone, Debug, PartialEq)]
pub struct EfficientNetLite {
    config: EfficientNetLiteConfig,
    stem: Dense,
    blocks: Vec<Block>,
    head: Dense,
}

/// A convolution over all channels.
#[derive(Clone, Debug, PartialEq)]
struct Dense {
    /// `[channels_out, channels_in, kernel, kernel]`
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// An inverted residual block.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    /// To more channels; nothing where a block has no more inside.
    expand: Option<Dense>,
    /// `[kernel, kernel, channels]`
    depthwise: Dense,
    project: Dense,
    kernel: usize,
    stride: usize,
}

/// Activations on their way. `[batch, side, side, channels]`
struct Map {
    values: Vec<f32>,
    batch: usize,
    side: usize,
}

impl EfficientNetLite {
    /// Takes a network from the tensors of a file.
    ///
    /// # Errors
    ///
    /// A tensor is missing, left over, of another shape or not finite: a sentence about the file that names it.
    pub fn new(config: EfficientNetLiteConfig, tensors: BTreeMap<String, Tensor>) -> Result<Self, String> {
        let mut tensors = Tensors::new(tensors);
        let mut dense = |convolution: &str, normalisation: &str, [to, from, kernel]: [usize; 3]| {
            let (weights, bias) = tensors.folded(convolution, normalisation, [to, from, kernel, kernel])?;
            Ok::<_, String>(Dense { weights, bias })
        };
        let stem = dense("_conv_stem", "_bn0", [config.stem, 3, STEM[0]])?;
        let mut channels = config.stem;
        let mut blocks = Vec::new();
        for stage in &config.stages {
            for repeat in 0..stage.repeats {
                let name = |part: &str| format!("_blocks.{}.{part}", blocks.len());
                let inside = channels * stage.expansion;
                let expand = match stage.expansion {
                    1 => None,
                    _ => Some(dense(&name("_expand_conv"), &name("_bn0"), [inside, channels, 1])?),
                };
                let Dense { weights, bias } =
                    dense(&name("_depthwise_conv"), &name("_bn1"), [inside, 1, stage.kernel])?;
                let depthwise = Dense { weights: channels_last(&weights, inside), bias };
                let project = dense(&name("_project_conv"), &name("_bn2"), [stage.channels, inside, 1])?;
                let stride = if repeat == 0 { stage.stride } else { 1 };
                blocks.push(Block { expand, depthwise, project, kernel: stage.kernel, stride });
                channels = stage.channels;
            }
        }
        let head = dense("_conv_head", "_bn1", [config.head, channels, 1])?;
        tensors.end()?;
        Ok(Self { config, stem, blocks, head })
    }

    /// Rows and columns of its images, in pixels.
    pub fn side(&self) -> usize {
        self.config.side
    }

    /// The number of features of an image.
    pub fn dims(&self) -> usize {
        self.config.head
    }

    /// The features of images: the last convolution's activations, averaged over the image.
    ///
    /// # Shapes
    ///
    /// `images`: `[images, 3, side, side]`, 0 to 255; the features: `[images, dims]`
    pub fn features(&self, images: &[u8]) -> Array2<f32> {
        /// Images whose activations are in memory at a time.
        const BATCH: usize = 8;
        let image = 3 * self.side() * self.side();
        let mut features = Array2::zeros((images.len() / image, self.dims()));
        let rows = features.as_slice_mut().expect("a new array lies in order");
        for (images, rows) in images.chunks(BATCH * image).zip(rows.chunks_mut(BATCH * self.dims())) {
            self.batch(images, rows);
        }
        features
    }

    fn batch(&self, images: &[u8], features: &mut [f32]) {
        let mut map = self.stem(images);
        for block in &self.blocks {
            map = block.forward(map);
        }
        let map = pointwise(&self.head, map, None, true);
        let pixels = map.side * map.side;
        for (features, image) in
            features.chunks_exact_mut(self.dims()).zip(map.values.chunks_exact(pixels * self.dims()))
        {
            for pixel in image.chunks_exact(self.dims()) {
                features.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
            features.iter_mut().for_each(|sum| *sum /= pixels as f32);
        }
    }

    /// The first convolution. Its zeros are put around the pixels here: there may be more of them behind than before.
    fn stem(&self, images: &[u8]) -> Map {
        let [kernel, stride] = STEM;
        let side = self.side();
        let before = same_padding(side, kernel, stride);
        let out = side.div_ceil(stride);
        let padded = ((out - 1) * stride + kernel).max(side);
        let batch = images.len() / (3 * side * side);
        let mut input = vec![0.0; batch * padded * padded * 3];
        let pairs = input.par_chunks_mut(padded * padded * 3).zip(images.par_chunks(3 * side * side));
        pairs.for_each(|(input, image)| {
            for (channel, plane) in image.chunks_exact(side * side).enumerate() {
                for (pixel, &value) in plane.iter().enumerate() {
                    let place = (pixel / side + before) * padded + pixel % side + before;
                    input[3 * place + channel] = (f32::from(value) - PIXEL[0]) / PIXEL[1];
                }
            }
        });
        let geometry = Geometry {
            batch,
            height: padded,
            width: padded,
            channels_in: 3,
            channels_out: self.config.stem,
            kernel,
            stride,
            padding: 0,
        };
        let Dense { weights, bias } = &self.stem;
        let epilogue = Epilogue { bias: Some(bias), relu: true, ..Epilogue::default() };
        let output = conv::forward(Lanes::detect(), &geometry, &input, weights, epilogue);
        let mut map = Map { values: output.to_vec(), batch, side: out };
        map.cut();
        map
    }
}

impl Block {
    fn forward(&self, input: Map) -> Map {
        let channels_in = input.values.len() / (input.batch * input.side * input.side);
        let keeps = self.stride == 1 && channels_in == self.project.bias.len();
        let shortcut = keeps.then(|| input.values.clone());
        let map = match &self.expand {
            Some(expand) => pointwise(expand, input, None, true),
            None => input,
        };
        let channels = self.depthwise.bias.len();
        let &Self { kernel, stride, .. } = self;
        let geometry = Depthwise { height: map.side, width: map.side, channels, kernel, stride };
        let Dense { weights, bias } = &self.depthwise;
        let values = depthwise::forward(Lanes::detect(), &geometry, &map.values, weights, bias, CEILING);
        let map = Map { values, batch: map.batch, side: geometry.height_out() };
        pointwise(&self.project, map, shortcut.as_deref(), false)
    }
}

/// A convolution of single pixels, with a shortcut or ReLU6.
fn pointwise(dense: &Dense, input: Map, shortcut: Option<&[f32]>, relu: bool) -> Map {
    let Map { values, batch, side } = input;
    let channels_in = values.len() / (batch * side * side);
    let channels_out = dense.bias.len();
    let geometry = Geometry {
        batch,
        height: side,
        width: side,
        channels_in,
        channels_out,
        kernel: 1,
        stride: 1,
        padding: 0,
    };
    let epilogue = Epilogue { bias: Some(&dense.bias), shortcut, relu };
    let output = conv::forward(Lanes::detect(), &geometry, &values, &dense.weights, epilogue);
    let mut map = Map { values: output.to_vec(), batch, side };
    if relu {
        map.cut();
    }
    map
}

impl Map {
    /// Cuts what is above six.
    fn cut(&mut self) {
        self.values.par_chunks_mut(1 << 14).for_each(|part| {
            part.iter_mut().for_each(|value| *value = value.min(CEILING));
        });
    }
}

/// Depthwise weights `[channels, 1, kernel, kernel]` as `[kernel, kernel, channels]`.
fn channels_last(weights: &[f32], channels: usize) -> Vec<f32> {
    let taps = weights.len() / channels;
    (0..taps).flat_map(|tap| (0..channels).map(move |channel| weights[channel * taps + tap])).collect()
}
