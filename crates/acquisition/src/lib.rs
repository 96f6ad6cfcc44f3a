//! Query strategies: which rows of the pool to label next.
//!
//! This crate knows arrays and nothing else. A plain `usize` is a row of the array that was just passed in; what a
//! row stands for, who labels it and how the arrays were computed is the caller's business. Arrays come in as `f32`
//! and every sum is taken in `f64`.
//!
//! Scores point one way everywhere: *higher = queried first*, ties by lowest row.
//!
//! - [`Strategy`] names a strategy and its parameters, and says what it [`needs`](Strategy::needs). [`query::query`]
//!   chooses with any of them; a [`query::Pool`] computes or reads what it asks for.
//! - [`entropy`], [`margin`] and [`least_confidence`] turn class probabilities into scores; [`bald`] those of several
//!   passes with dropout, and [`vaal`] the estimates of a discriminator.
//! - [`select::top`] takes the best rows; [`random::query`] draws them; [`balance::query`] takes the best rows that
//!   also balance the classes (CBAL, Bengar et al., WACV 2022, Eq. 8).
//! - [`least_confidence::scores_of_logits`], [`margin::scores_of_logits`] and [`most_likely_positive`] rank logits, and
//!   [`base`] the distances to the boundaries between classes.
//! - [`badge`], [`bait`] and [`similar`] look at the gradients of the last layer, which are never written out;
//!   [`cluster_margin`] takes low margins from many clusters.
//! - [`k_center`] and [`coreset`] take rows that cover the pool; `k_center` can balance the classes, too (Algorithm 2).

mod ask;
mod conversation;
mod declared;
mod distances;
mod embeddings;
mod error;
mod gradients;
mod input;
mod logits;
mod pool;
mod predictions;
mod probabilities;
mod range;
mod rankings;
mod selection;
mod side;
mod strategy;
mod told;

pub mod badge;
pub mod bait;
pub mod balance;
pub mod bald;
pub mod base;
pub mod batch_bald;
pub mod cluster_margin;
pub mod coreset;
pub mod direct;
pub mod entropy;
pub mod galaxy;
pub mod k_center;
pub mod lambda;
pub mod least_confidence;
pub mod margin;
pub mod most_likely_positive;
pub mod pseudo_label;
pub mod query;
pub mod random;
pub mod select;
pub mod similar;
pub mod vaal;

pub use ask::{Answer, Ask, Phase};
pub use balance::{Balance, Prediction, SolverMode};
pub use conversation::Conversation;
pub use direct::DirectMode;
pub use embeddings::Embeddings;
pub use error::Error;
pub use galaxy::GalaxyMode;
pub use input::Input;
pub use k_center::{GreedyBalance, LambdaScale};
pub use lambda::{Lambda, LambdaRule};
pub use least_confidence::ConfidenceOf;
pub use logits::validate_logits;
pub use pool::Pool;
pub use predictions::Predictions;
pub use probabilities::validate_probabilities;
pub use pseudo_label::PseudoLabelOrder;
pub use selection::{BalanceCertificate, BalanceOutcome, CoverOutcome, Pick, Selection};
pub use side::Side;
pub use strategy::{Needs, Strategy};
