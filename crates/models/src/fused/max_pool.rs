//! Maximum pooling of NHWC activations.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use tailward_kernels::max_pool::{MaxPool, backward, forward};

use super::operands::Window;
use super::storage::{contiguous, dims, from_plain, from_tracked, plain, tensor, tracked, values};

/// The largest value of each window: `[batch, height, width, channels]` to `[batch, height_out, width_out, channels]`.
pub(crate) fn max_pool(input: Tensor<4>, window: Window) -> Tensor<4> {
    if !input.device().is_autodiff() {
        return from_plain(run(&contiguous(plain(input)), window));
    }
    let input = tracked(input);
    let prepared = Pool.prepare::<NoCheckpointing>([input.node()]);
    let input = contiguous(input.into_primitive());
    let output = run(&input, window);
    from_tracked(match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let pool = pool(&input, window);
            prepared.finish((input, output.clone(), pool), output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    })
}

fn pool(input: &FlexTensor, window: Window) -> MaxPool {
    let [batch, height, width, channels] = dims(input);
    let Window { kernel, stride, padding } = window;
    MaxPool { batch, height, width, channels, kernel, stride, padding }
}

fn run(input: &FlexTensor, window: Window) -> FlexTensor {
    let pool = pool(input, window);
    tensor(forward(&pool, values(input)), [pool.batch, pool.height_out(), pool.width_out(), pool.channels])
}

#[derive(Debug)]
struct Pool;

impl Backward<Flex, 1> for Pool {
    /// Input, output, windows.
    type State = (FlexTensor, FlexTensor, MaxPool);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (input, output, pool) = ops.state;
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let [of_input] = ops.parents;
        if let Some(node) = of_input {
            let found = backward(&pool, values(&input), values(&output), values(&gradient));
            gradients.register::<Flex>(node.id, tensor(found, dims(&input)));
        }
    }
}
