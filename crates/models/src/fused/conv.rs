//! Convolutions of NHWC activations, direct and transposed: each is the gradient of the other's input, so that they are one
//! node of automatic differentiation, read in two directions.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use tailward_kernels::Lanes;
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};

use super::operands::{Folded, Window};
use super::storage::{contiguous, dims, from_plain, from_tracked, plain, tensor, tracked, values};

/// A convolution without bias.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `weights`: `[channels_out, channels_in, kernel, kernel]`
/// - the result: `[batch, height_out, width_out, channels_out]`
pub(crate) fn conv(input: Tensor<4>, weights: Tensor<4>, window: Window) -> Tensor<4> {
    node(Direction::Direct, input, weights, window)
}

/// A transposed convolution without bias, as PyTorch's.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `weights`: `[channels_in, channels_out, kernel, kernel]`
/// - the result: `[batch, (height − 1) · stride + kernel − 2 · padding, …, channels_out]`
pub(crate) fn conv_transpose(input: Tensor<4>, weights: Tensor<4>, window: Window) -> Tensor<4> {
    node(Direction::Transposed, input, weights, window)
}

/// A convolution and what follows it, without gradients; shapes as of [`conv`].
pub(crate) fn conv_folded(input: Tensor<4>, weights: Tensor<4>, window: Window, folded: Folded) -> Tensor<4> {
    let (input, weights) = (contiguous(plain(input)), contiguous(plain(weights)));
    let geometry = Direction::Direct.geometry(&input, &weights, window);
    let (scale, offset) = (contiguous(plain(folded.scale)), contiguous(plain(folded.offset)));
    let shortcut = folded.shortcut.map(|shortcut| contiguous(plain(shortcut)));
    let per_channel = geometry.weights_len() / geometry.channels_out;
    let scaled: Vec<f32> = values(&weights)
        .chunks_exact(per_channel)
        .zip(values(&scale))
        .flat_map(|(weights, scale)| weights.iter().map(move |weight| weight * scale))
        .collect();
    let epilogue =
        Epilogue { bias: Some(values(&offset)), shortcut: shortcut.as_ref().map(values), relu: folded.relu };
    let output = forward(Lanes::detect(), &geometry, values(&input), &scaled, epilogue);
    from_plain(tensor(output, outer(&geometry)))
}

/// Which way a convolution is read.
#[derive(Clone, Copy, Debug)]
enum Direction {
    /// From the input of a geometry to its output.
    Direct,
    /// From the output of a geometry to its input.
    Transposed,
}

impl Direction {
    /// The convolution; of a transposed one that whose transpose it is.
    fn geometry(self, input: &FlexTensor, weights: &FlexTensor, window: Window) -> Geometry {
        let [batch, height, width, _] = dims(input);
        let [channels_out, channels_in, kernel, _] = dims(weights);
        let Window { stride, padding, .. } = window;
        let side = |side: usize| match self {
            Self::Direct => side,
            Self::Transposed => (side - 1) * stride + kernel - 2 * padding,
        };
        let (height, width) = (side(height), side(width));
        Geometry { batch, height, width, channels_in, channels_out, kernel, stride, padding }
    }

    fn forward(self, geometry: &Geometry, input: &FlexTensor, weights: &FlexTensor) -> FlexTensor {
        match self {
            Self::Direct => to_outer(geometry, input, weights),
            Self::Transposed => to_inner(geometry, input, weights),
        }
    }

    fn gradient_of_input(
        self,
        geometry: &Geometry,
        gradient: &FlexTensor,
        weights: &FlexTensor,
    ) -> FlexTensor {
        match self {
            Self::Direct => to_inner(geometry, gradient, weights),
            Self::Transposed => to_outer(geometry, gradient, weights),
        }
    }

    fn gradient_of_weights(
        self,
        geometry: &Geometry,
        input: &FlexTensor,
        gradient: &FlexTensor,
        shape: [usize; 4],
    ) -> FlexTensor {
        let (inner, outer) = match self {
            Self::Direct => (input, gradient),
            Self::Transposed => (gradient, input),
        };
        tensor(gradient_of_weights(Lanes::detect(), geometry, values(inner), values(outer)), shape)
    }
}

/// From a geometry's input to its output.
fn to_outer(geometry: &Geometry, input: &FlexTensor, weights: &FlexTensor) -> FlexTensor {
    let found = forward(Lanes::detect(), geometry, values(input), values(weights), Epilogue::default());
    tensor(found, outer(geometry))
}

/// From a geometry's output to its input.
fn to_inner(geometry: &Geometry, output: &FlexTensor, weights: &FlexTensor) -> FlexTensor {
    let found = gradient_of_input(Lanes::detect(), geometry, values(output), values(weights));
    tensor(found, [geometry.batch, geometry.height, geometry.width, geometry.channels_in])
}

fn outer(geometry: &Geometry) -> [usize; 4] {
    [geometry.batch, geometry.height_out(), geometry.width_out(), geometry.channels_out]
}

fn node(direction: Direction, input: Tensor<4>, weights: Tensor<4>, window: Window) -> Tensor<4> {
    if !input.device().is_autodiff() && !weights.device().is_autodiff() {
        let (input, weights) = (contiguous(plain(input)), contiguous(plain(weights)));
        let geometry = direction.geometry(&input, &weights, window);
        return from_plain(direction.forward(&geometry, &input, &weights));
    }
    let (input, weights) = (tracked(input), tracked(weights));
    let prepared = Conv.prepare::<NoCheckpointing>([input.node(), weights.node()]);
    let (input, weights) = (contiguous(input.into_primitive()), contiguous(weights.into_primitive()));
    let geometry = direction.geometry(&input, &weights, window);
    let output = direction.forward(&geometry, &input, &weights);
    from_tracked(match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(State { direction, input, weights, geometry }, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    })
}

#[derive(Debug)]
struct Conv;

#[derive(Clone, Debug)]
struct State {
    direction: Direction,
    input: FlexTensor,
    weights: FlexTensor,
    geometry: Geometry,
}

impl Backward<Flex, 2> for Conv {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let State { direction, input, weights, geometry } = ops.state;
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [of_input, of_weights] = ops.parents;
        if let Some(node) = of_input {
            let found = direction.gradient_of_input(&geometry, &gradient, &weights);
            gradients.register::<Flex>(node.id, found);
        }
        if let Some(node) = of_weights {
            let found = direction.gradient_of_weights(&geometry, &input, &gradient, dims(&weights));
            gradients.register::<Flex>(node.id, found);
        }
    }
}
