//! The initial set and the pool of an experiment: where they come from, how they are drawn, and the file that pins them.

pub mod construction;
pub mod imbalance;
pub mod index_list;
pub mod manifest;
pub mod source;
pub mod split;
pub mod training_images;
