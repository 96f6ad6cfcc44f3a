//! Training, scoring and the active-learning loop.
//!
//! [`run::run`] is the algorithm; everything else is a part of it, one concept a file.

pub mod device;
pub mod error;
pub mod failure;
pub mod guard;
pub mod host;
pub mod inputs;
pub mod pool;
pub mod rng;
pub mod run;
pub mod score;
pub mod train;

pub use error::Error;
