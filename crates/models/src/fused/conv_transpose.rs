//! Transposed convolutions of NHWC activations.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use tailward_kernels::Lanes;
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};

use super::operands::Window;
use super::storage::{contiguous, dims, from_plain, from_tracked, plain, tensor, tracked, values};

/// A transposed convolution without bias, as PyTorch's.
///
/// # Shapes
///
/// - `input`: `[batch, height, width, channels_in]`
/// - `weights`: `[channels_in, channels_out, kernel, kernel]`
/// - the result: `[batch, (height − 1) · stride + kernel − 2 · padding, …, channels_out]`
pub(crate) fn conv_transpose(input: Tensor<4>, weights: Tensor<4>, window: Window) -> Tensor<4> {
    if !input.device().is_autodiff() && !weights.device().is_autodiff() {
        return from_plain(run(&contiguous(plain(input)), &contiguous(plain(weights)), window));
    }
    let (input, weights) = (tracked(input), tracked(weights));
    let prepared = ConvTranspose.prepare::<NoCheckpointing>([input.node(), weights.node()]);
    let (input, weights) = (contiguous(input.into_primitive()), contiguous(weights.into_primitive()));
    let output = run(&input, &weights, window);
    from_tracked(match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let geometry = geometry(&input, &weights, window);
            prepared.finish(State { input, weights, geometry }, output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    })
}

fn run(input: &FlexTensor, weights: &FlexTensor, window: Window) -> FlexTensor {
    let geometry = geometry(input, weights, window);
    let output = gradient_of_input(Lanes::detect(), &geometry, values(input), values(weights));
    tensor(output, [geometry.batch, geometry.height, geometry.width, geometry.channels_in])
}

/// The convolution whose transpose this is: what comes out here goes in there.
fn geometry(input: &FlexTensor, weights: &FlexTensor, window: Window) -> Geometry {
    let [batch, height, width, channels_in] = dims(input);
    let [_, channels_out, kernel, _] = dims(weights);
    let Window { stride, padding, .. } = window;
    let side = |side: usize| (side - 1) * stride + kernel - 2 * padding;
    Geometry {
        batch,
        height: side(height),
        width: side(width),
        channels_in: channels_out,
        channels_out: channels_in,
        kernel,
        stride,
        padding,
    }
}

#[derive(Debug)]
struct ConvTranspose;

#[derive(Clone, Debug)]
struct State {
    input: FlexTensor,
    weights: FlexTensor,
    geometry: Geometry,
}

impl Backward<Flex, 2> for ConvTranspose {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let State { input, weights, geometry } = ops.state;
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [of_input, of_weights] = ops.parents;
        let lanes = Lanes::detect();
        if let Some(node) = of_input {
            let found = forward(lanes, &geometry, values(&gradient), values(&weights), Epilogue::default());
            gradients.register::<Flex>(node.id, tensor(found, dims(&input)));
        }
        if let Some(node) = of_weights {
            let found = gradient_of_weights(lanes, &geometry, values(&gradient), values(&input));
            gradients.register::<Flex>(node.id, tensor(found, dims(&weights)));
        }
    }
}
