//! Residual networks (He et al., CVPR 2016): ResNet-18, 34, 50, 101 and 152, and smaller ones of the same build.
//!
//! ResNet-18 with [`Stem::Cifar`] is the network of CBAL's experiments: 11,173,962 parameters for 10 classes,
//! 11,220,132 for 100. With [`Stem::ImageNet`] the networks are torchvision's, whose weights
//! [`pretrained`](crate::pretrained) reads.

mod block;
mod config;
mod kind;
mod network;

pub use block::{Block, Shortcut};
pub use config::{Depth, ResNetConfig, Stem};
pub use kind::BlockKind;
pub use network::ResNet;
