//! Query strategies and the class-balancing programme.

mod error;
mod strategy;

pub use error::Error;
pub use strategy::{Balance, Needs, SolverMode, Strategy};
