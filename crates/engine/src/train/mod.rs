//! Training: the classifier on the labelled set ([`supervised`]), and the networks that VAAL's queries have of their own.

pub mod loss;
pub mod optimiser;
pub mod rate;
pub mod schedule;
pub mod supervised;
pub mod vaal;
