//! The image tower of CLIP (Radford et al., ICML 2021): a vision transformer (Dosovitskiy et al., ICLR 2021) with a
//! projection, and a classifier on what it projects.

mod attention;
mod block;
mod config;
mod head;
mod network;

pub use self::config::VitConfig;
pub use self::head::VitHead;
pub use self::network::Vit;
