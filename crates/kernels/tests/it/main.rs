//! The kernels against their plain twins, over shapes, lanes and threads.

mod batch_norm;
mod conv;
mod max_pool;
mod optimiser;
mod values;
mod views;
