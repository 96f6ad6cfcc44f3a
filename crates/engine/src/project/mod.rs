//! A person's rounds: images are described, a head is fitted to what is labelled, and a strategy asks for more.
//!
//! The files of a project are [`labelling`](tailward_labelling::project)'s; here is what happens between them.

mod ask;
mod describe;
mod fit;
mod predict;
mod round;
mod standing;
mod suspects;

pub use ask::{Asked, ask};
pub use describe::{Described, Describer, describe};
pub use fit::{Fit, fit, highest};
pub use predict::{Prediction, predict};
pub use round::{AskedImage, Round};
pub use standing::{Standing, standing};
pub use suspects::{Suspect, suspects};
