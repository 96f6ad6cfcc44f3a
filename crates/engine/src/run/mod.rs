//! One run: one strategy, one seed, one definition. [`run`](fn@run) is the algorithm; each of its steps has a file.

mod account;
mod audit;
mod begun;
mod checkpoint;
mod frozen;
mod learn;
mod r#loop;
mod model;
mod open;
mod oracle;
mod query;
mod rates;
mod replay;
mod round;
mod setting;
mod state;
mod study;
mod sweep;
mod validation;
mod zero_shot;

pub use frozen::describing_rate;
pub use r#loop::run;
pub use model::{Weights, classifier, network, streams};
pub use rates::head_rates;
pub use setting::{Setting, check_shape};
pub use state::{Claim, RunInputs};
pub use study::Study;
