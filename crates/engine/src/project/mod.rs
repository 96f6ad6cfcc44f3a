//! A person's rounds: images are described, a head is fitted to what is labelled, and a strategy asks for more.
//!
//! The files of a project are [`labelling`](tailward_labelling::project)'s; here is what happens between them.

mod ask;
mod class_standing;
mod cost;
mod describe;
mod fit;
mod model_file;
mod predict;
mod round;
mod stability;
mod standing;
mod suspects;

pub use ask::{Asked, begin, waiting};
pub use class_standing::ClassStanding;
pub use cost::{Cost, cost};
pub use describe::{Architecture, Described, Describer, LearnedFrom, Network, Progress, describe, sha256};
pub use fit::{Fit, fit, highest};
pub use model_file::model_file;
pub use predict::{Prediction, predict};
pub use round::{AskedImage, Round, stranded};
pub use stability::Settling;
pub use standing::{Standing, accuracy, standing};
pub use suspects::{Suspect, suspects};
