//! Definitions, run records, statistics and reports of experiments.
//!
//! An experiment is data: a [`definition::Definition`] says what runs, a [`record`] says what happened, and
//! everything that is printed about it is computed from the two.

pub mod definition;
pub mod document;
pub mod error;
pub mod expected;
pub mod format;
pub mod plan;
pub mod plots;
pub mod record;
pub mod report;
pub mod statistics;
pub mod time;

pub use error::Error;
