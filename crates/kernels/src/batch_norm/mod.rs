//! Batch normalisation (Ioffe and Szegedy, ICML 2015), with the shortcut that is added to it and the ReLU that follows it.
//!
//! In training two passes over the input: its statistics, then the output; backward two more: the gradients of scale and
//! offset, then that of the input.

mod backward;
mod forward;
mod rows;

pub use backward::{Backward, Gradients, backward};
pub use forward::{Affine, Statistics, apply, statistics};
