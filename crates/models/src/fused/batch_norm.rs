//! Batch normalisation by the statistics of the batch, with the shortcut and the ReLU that follow it.

use std::sync::Arc;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Tensor;
use tailward_kernels::Lanes;
use tailward_kernels::batch_norm::{self, Affine, apply, statistics};

use super::operands::{BatchNormalised, Then};
use super::storage::{contiguous, dims, from_plain, from_tracked, plain, small, tensor, tracked, values};

/// `relu(γ (x − mean) / √(variance + ε) + β + shortcut)`, with mean and variance of the batch.
///
/// # Shapes
///
/// - `input` and the shortcut: `[batch, height, width, channels]`
/// - `scale` (γ) and `offset` (β): `[channels]`
pub(crate) fn batch_norm(
    input: Tensor<4>,
    scale: Tensor<1>,
    offset: Tensor<1>,
    epsilon: f64,
    then: Then,
) -> BatchNormalised {
    let Then { shortcut, relu } = then;
    if !input.device().is_autodiff() {
        let shortcut = shortcut.map(|shortcut| contiguous(plain(shortcut)));
        let input = contiguous(plain(input));
        let forward = Forward::run(input, plain(scale), &plain(offset), epsilon, shortcut.as_ref(), relu);
        return forward.into_result(from_plain);
    }
    let (input, scale, offset) = (tracked(input), tracked(scale), tracked(offset));
    let nodes = [input.node(), scale.node(), offset.node()];
    let (input, scale, offset) =
        (contiguous(input.into_primitive()), scale.into_primitive(), offset.into_primitive());
    match shortcut.map(tracked) {
        None => {
            let prepared = WithoutShortcut.prepare::<NoCheckpointing>(nodes);
            let forward = Forward::run(input, scale, &offset, epsilon, None, relu);
            let state = forward.state(relu, false);
            forward.into_result(|output| {
                from_tracked(match prepared.compute_bound().stateful() {
                    OpsKind::Tracked(prepared) => prepared.finish(state, output),
                    OpsKind::UnTracked(prepared) => prepared.finish(output),
                })
            })
        }
        Some(shortcut) => {
            let [input_node, scale_node, offset_node] = nodes;
            let nodes = [input_node, scale_node, offset_node, shortcut.node()];
            let prepared = WithShortcut.prepare::<NoCheckpointing>(nodes);
            let shortcut = contiguous(shortcut.into_primitive());
            let forward = Forward::run(input, scale, &offset, epsilon, Some(&shortcut), relu);
            let state = forward.state(relu, true);
            forward.into_result(|output| {
                from_tracked(match prepared.compute_bound().stateful() {
                    OpsKind::Tracked(prepared) => prepared.finish(state, output),
                    OpsKind::UnTracked(prepared) => prepared.finish(output),
                })
            })
        }
    }
}

/// `relu(x · scale + offset + shortcut)` without gradients: normalisation by statistics that are known. Shapes as of
/// [`batch_norm`].
pub(crate) fn affine(input: Tensor<4>, scale: Tensor<1>, offset: Tensor<1>, then: Then) -> Tensor<4> {
    let (input, scale, offset) =
        (contiguous(plain(input)), contiguous(plain(scale)), contiguous(plain(offset)));
    let shortcut = then.shortcut.map(|shortcut| contiguous(plain(shortcut)));
    let affine = Affine {
        scale: values(&scale),
        offset: values(&offset),
        shortcut: shortcut.as_ref().map(values),
        relu: then.relu,
    };
    from_plain(tensor(apply(Lanes::detect(), values(&input), affine), dims(&input)))
}

/// A forward pass.
struct Forward {
    input: FlexTensor,
    output: FlexTensor,
    scale: FlexTensor,
    mean: Vec<f32>,
    variance: Vec<f32>,
    inverse_deviation: Vec<f32>,
}

impl Forward {
    fn run(
        input: FlexTensor,
        scale: FlexTensor,
        offset: &FlexTensor,
        epsilon: f64,
        shortcut: Option<&FlexTensor>,
        relu: bool,
    ) -> Self {
        let lanes = Lanes::detect();
        let scale = contiguous(scale);
        let offset = contiguous(offset.clone());
        let found = statistics(lanes, values(&input), scale.shape().num_elements());
        let inverse_deviation: Vec<f32> = found
            .variance
            .iter()
            .map(|&variance| (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32)
            .collect();
        let factors: Vec<f32> = values(&scale)
            .iter()
            .zip(&inverse_deviation)
            .map(|(scale, deviation)| scale * deviation)
            .collect();
        let offsets: Vec<f32> = values(&offset)
            .iter()
            .zip(found.mean.iter().zip(&factors))
            .map(|(offset, (mean, factor))| offset - mean * factor)
            .collect();
        let affine = Affine { scale: &factors, offset: &offsets, shortcut: shortcut.map(values), relu };
        let output = tensor(apply(lanes, values(&input), affine), dims(&input));
        Self { input, output, scale, mean: found.mean, variance: found.variance, inverse_deviation }
    }

    fn state(&self, relu: bool, shortcut: bool) -> State {
        State {
            input: self.input.clone(),
            output: relu.then(|| self.output.clone()),
            scale: self.scale.clone(),
            mean: self.mean.as_slice().into(),
            inverse_deviation: self.inverse_deviation.as_slice().into(),
            shortcut,
        }
    }

    fn into_result(self, wrap: impl FnOnce(FlexTensor) -> Tensor<4>) -> BatchNormalised {
        let channels = self.mean.len();
        BatchNormalised {
            output: wrap(self.output),
            mean: from_plain(small(self.mean, [channels])),
            variance: from_plain(small(self.variance, [channels])),
        }
    }
}

#[derive(Clone, Debug)]
struct State {
    input: FlexTensor,
    /// What came out, where ReLU was last.
    output: Option<FlexTensor>,
    scale: FlexTensor,
    mean: Arc<[f32]>,
    inverse_deviation: Arc<[f32]>,
    shortcut: bool,
}

#[derive(Debug)]
struct WithoutShortcut;

#[derive(Debug)]
struct WithShortcut;

impl Backward<Flex, 3> for WithoutShortcut {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [input, scale, offset] = ops.parents.map(|parent| parent.map(|node| node.id));
        let gradient = gradients.consume::<Flex>(&ops.node);
        give(ops.state, gradient, [input, scale, offset, None], gradients);
    }
}

impl Backward<Flex, 4> for WithShortcut {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        give(ops.state, gradient, parents, gradients);
    }
}

/// Gives each parent its gradient: input, scale, offset, shortcut.
fn give(state: State, gradient: FlexTensor, parents: [Option<NodeId>; 4], gradients: &mut Gradients) {
    let gradient = contiguous(gradient);
    let shape = dims(&state.input);
    let channels = state.mean.len();
    let found = batch_norm::backward(
        Lanes::detect(),
        batch_norm::Backward {
            input: values(&state.input),
            activated: state.output.as_ref().map(values),
            gradient: values(&gradient),
            mean: &state.mean,
            inverse_deviation: &state.inverse_deviation,
            scale: values(&state.scale),
            shortcut: state.shortcut,
        },
    );
    let mut register = |id: Option<NodeId>, of: FlexTensor| {
        if let Some(id) = id {
            gradients.register::<Flex>(id, of);
        }
    };
    let [input, scale, offset, shortcut] = parents;
    register(input, tensor(found.input, shape));
    register(scale, small(found.scale, [channels]));
    register(offset, small(found.offset, [channels]));
    register(shortcut, found.shortcut.map_or(gradient, |of| tensor(of, shape)));
}
