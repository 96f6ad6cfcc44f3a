//! Training: the classifier, on the labelled set alone or on unlabelled images as well ([`classifier`]), and the networks that VAAL's
//! queries have of their own.

pub mod classifier;
pub mod early_stopping;
pub mod flexmatch;
pub mod loss;
mod mixup;
pub mod optimiser;
pub mod rate;
pub mod schedule;
pub mod vaal;
