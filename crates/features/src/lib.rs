//! Features of images without a trained network, and a linear head on features: what a folder of images can be sorted with
//! where no weights are at hand, in seconds a round and without Burn.
//!
//! [`Patches`] learns centres of small patches from the images themselves; [`Standardised`] brings features to one scale;
//! [`Ridge`] fits a linear classifier to the labelled ones and knows, at no further cost, what it would have said of each of them
//! without its own label.

mod cholesky;
pub mod efficientnet_lite;
mod patches;
mod ridge;
mod standardised;

pub use patches::{Patches, PatchesConfig};
pub use ridge::{Fitted, Ridge};
pub use standardised::Standardised;
