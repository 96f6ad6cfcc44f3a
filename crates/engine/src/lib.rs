//! Training, scoring and the active-learning loop.
//!
//! [`run::run`] is the algorithm; everything else is a part of it, one concept a file. [`project`] has the rounds of a person's
//! own images.

pub mod device;
pub mod error;
pub mod failure;
pub mod guard;
pub mod host;
pub mod inputs;
mod matrix_file;
mod partial_rows;
pub mod pool;
pub mod project;
pub mod rng;
pub mod run;
pub mod score;
pub mod train;

pub use error::Error;
