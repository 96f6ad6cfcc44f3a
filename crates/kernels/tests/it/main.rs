//! The kernels against their plain twins, over shapes, lanes and threads.

mod conv;
mod values;
