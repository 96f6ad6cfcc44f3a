//! A person's rounds: images are described, a head is fitted to what is labelled, and a strategy asks for more.
//!
//! The files of a project are [`labelling`](tailward_labelling::project)'s; here is what happens between them.

mod ask;
mod describe;
mod fit;
mod predict;
mod standing;

pub use ask::{Asked, AskedImage, ask};
pub use describe::{Described, Describer, describe};
pub use fit::{Fit, fit, highest};
pub use predict::{Prediction, predict};
pub use standing::{Standing, standing};

/// What ledgers call the requests of the audit.
pub const AUDIT: &str = "audit";

/// What ledgers call the labels that were there at the beginning.
pub const IMPORTED: &str = "imported";
