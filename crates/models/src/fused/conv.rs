//! Convolutions of NHWC activations.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use tailward_kernels::conv::{Epilogue, Geometry, forward, gradient_of_input, gradient_of_weights};
use tailward_kernels::{Buffer, Lanes};

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
    if !input.device().is_autodiff() && !weights.device().is_autodiff() {
        return from_plain(run(&contiguous(plain(input)), &contiguous(plain(weights)), window));
    }
    let (input, weights) = (tracked(input), tracked(weights));
    let prepared = Conv.prepare::<NoCheckpointing>([input.node(), weights.node()]);
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

/// A convolution and what follows it, without gradients; shapes as of [`conv`].
pub(crate) fn conv_folded(input: Tensor<4>, weights: Tensor<4>, window: Window, folded: Folded) -> Tensor<4> {
    let (input, weights) = (contiguous(plain(input)), contiguous(plain(weights)));
    let geometry = geometry(&input, &weights, window);
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
    from_plain(output_tensor(output, &geometry))
}

fn run(input: &FlexTensor, weights: &FlexTensor, window: Window) -> FlexTensor {
    let geometry = geometry(input, weights, window);
    let output = forward(Lanes::detect(), &geometry, values(input), values(weights), Epilogue::default());
    output_tensor(output, &geometry)
}

fn output_tensor(output: Buffer, geometry: &Geometry) -> FlexTensor {
    tensor(output, [geometry.batch, geometry.height_out(), geometry.width_out(), geometry.channels_out])
}

fn geometry(input: &FlexTensor, weights: &FlexTensor, window: Window) -> Geometry {
    let [batch, height, width, channels_in] = dims(input);
    let [channels_out, _, kernel, _] = dims(weights);
    let Window { stride, padding, .. } = window;
    Geometry { batch, height, width, channels_in, channels_out, kernel, stride, padding }
}

#[derive(Debug)]
struct Conv;

#[derive(Clone, Debug)]
struct State {
    input: FlexTensor,
    weights: FlexTensor,
    geometry: Geometry,
}

impl Backward<Flex, 2> for Conv {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let State { input, weights, geometry } = ops.state;
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [of_input, of_weights] = ops.parents;
        let lanes = Lanes::detect();
        if let Some(node) = of_input {
            let found = gradient_of_input(lanes, &geometry, values(&gradient), values(&weights));
            gradients.register::<Flex>(node.id, tensor(found, dims(&input)));
        }
        if let Some(node) = of_weights {
            let found = gradient_of_weights(lanes, &geometry, values(&input), values(&gradient));
            gradients.register::<Flex>(node.id, tensor(found, dims(&weights)));
        }
    }
}
