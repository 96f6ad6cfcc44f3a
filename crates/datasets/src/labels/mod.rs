//! What becomes of labels before a run: classes merged, and what annotators say in place of the truth.

pub mod grouping;
pub mod noise;
