//! Convolutions without im2col, and their gradients.
//!
//! Those of 3 × 3 weights and stride 1 take fewer products, where channels fill vectors (`winograd`). All others are direct
//! sums. An input is copied once into a border of zeros; then an output pixel is an offset into it and a row of taps a second
//! offset, from which `kernel · channels` floats are contiguous. A tile of pixels × vectors of output channels stays in
//! registers while these are summed. The gradient of the inputs is the same sum over the gradient of the outputs, one for
//! each phase of the stride (an input pixel meets every `stride`-th tap), so that no multiplication with zero is done for a
//! stride; it is also the transposed convolution. The gradient of the weights is a sum over pixels of outer products.
//!
//! Any batch, kernel, stride, padding and number of channels is computed here. Output channels that fill no whole vector cost
//! as much as if they did.

mod border;
mod epilogue;
mod forward;
mod gather;
mod geometry;
mod input;
mod outer;
mod pack;
mod weights;
mod winograd;

pub use epilogue::Epilogue;
pub use forward::forward;
pub use geometry::Geometry;
pub use input::gradient_of_input;
pub use weights::gradient_of_weights;
