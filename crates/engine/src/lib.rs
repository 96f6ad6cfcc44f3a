//! Training, scoring and the active-learning loop: the library behind the `tailward` binary.
//!
//! [`run::run`] is the algorithm; everything else is a part of it, one concept a file.

mod account;
pub mod augment;
pub mod batches;
pub mod begun;
pub mod checkpoint;
pub mod cli;
pub mod construct;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod host;
pub mod ledger;
pub mod lock;
pub mod oracle;
pub mod outputs;
pub mod pool;
pub mod rng;
pub mod run;
pub mod score;
pub mod sweep;
pub mod train;
mod whole_file;

pub use error::Error;
