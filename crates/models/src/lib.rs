//! Burn modules: residual networks, the image tower of CLIP and weights trained elsewhere, the variational autoencoder and the discriminator of
//! VAAL, and what is drawn for them on the host.
//!
//! A [`classifier::Classifier`] is one of a closed set of networks; whoever trains or scores knows none of them by name.
//!
//! Each file holds a configuration, its `init`, the module and its `forward`. Initial weights are drawn on the host
//! from a stream that the caller names, so that a seed means the same model on every backend.

pub mod classifier;
pub mod clip_norm;
pub mod discriminator;
pub mod dropout;
mod features;
mod fused;
mod images;
pub mod initializer;
pub mod linear;
pub mod optimiser;
pub mod output;
pub mod pretrained;
pub mod resnet;
pub mod shallow;
pub mod vae;
pub mod views;
pub mod vit;

pub use fused::kernels;
