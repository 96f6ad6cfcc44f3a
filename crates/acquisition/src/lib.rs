//! Which samples to label next: deep active learning on arrays.
//!
//! A model has looked at a pool of unlabelled samples; there is money for some labels; some classes are rare and some
//! answers are wrong. This crate says which samples to ask for. It knows arrays and nothing else: no framework, no files,
//! no network.
//!
//! ```
//! use ndarray::array;
//! use rand::SeedableRng;
//! use tailward_acquisition::{Arrays, Strategy};
//!
//! // What the model thinks of four unlabelled samples.
//! let p = array![[0.98_f32, 0.02], [0.55, 0.45], [0.80, 0.20], [0.51, 0.49]];
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
//!
//! let arrays = Arrays { probabilities: Some(p.into()), ..Arrays::default() };
//! let selection = Strategy::Entropy { balance: None }.query(&arrays, 2, &mut rng)?;
//! assert_eq!(selection.rows(), [3, 1]); // the two that it is least sure of, that one first
//! # Ok::<(), tailward_acquisition::Error>(())
//! ```
//!
//! # Strategies
//!
//! [`Strategy`] is the list of them, with every parameter; it can be written in TOML or JSON. [`Arrays`] says what each
//! array is. [`Strategy::needs`] says what is needed, as does this table:
//!
//! | strategy | first queried is | from | needs |
//! | --- | --- | --- | --- |
//! | [`Random`](Strategy::Random) | any sample | | the number of rows |
//! | [`Entropy`](Strategy::Entropy) ¹ | the highest entropy | CBAL Eq. 5 | probabilities |
//! | [`Margin`](Strategy::Margin) ¹ | the two best classes nearest to each other | Scheffer et al. 2001 | probabilities |
//! | [`LeastConfidence`](Strategy::LeastConfidence) ¹ | the lowest highest probability, or logit | Lewis & Gale 1994 | probabilities, or logits |
//! | [`Bald`](Strategy::Bald) ¹ | the most mutual information with the weights | Gal et al. 2017 | probabilities of passes with dropout |
//! | [`BatchBald`](Strategy::BatchBald) | the same of the batch as a whole | Kirsch et al. 2019 | probabilities of passes with dropout |
//! | [`Vaal`](Strategy::Vaal) ¹ | what a discriminator takes for unlabelled | Sinha et al. 2019 | the discriminator's estimates |
//! | [`KCenterGreedy`](Strategy::KCenterGreedy) ¹ | the farthest from everything labelled | Sener & Savarese 2018, Alg. 1; CBAL Alg. 2 | embeddings, of labelled samples too |
//! | [`Coreset`](Strategy::Coreset) ² | what covers the pool within the smallest radius | Sener & Savarese 2018, Alg. 2 | embeddings, of labelled samples too |
//! | [`TypiClust`](Strategy::TypiClust) | the most typical of each cluster without a label | Hacohen et al. 2022 | embeddings, of labelled samples too |
//! | [`PseudoLabel`](Strategy::PseudoLabel) | a class that still needs labels | CBAL, supplement H | probabilities; for k-center orders embeddings, of labelled samples too |
//! | [`MostLikelyPositive`](Strategy::MostLikelyPositive) | what looks the most like a rare class | Warmuth et al. 2001; Jiang et al. 2018 | logits |
//! | [`Base`](Strategy::Base) | the nearest to the border of each class | Emam et al. 2021 | logits, weights of the head |
//! | [`Badge`](Strategy::Badge) | gradients that are long and differ | Ash et al. 2020 | probabilities, embeddings |
//! | [`ClusterMargin`](Strategy::ClusterMargin) | low margins from many clusters | Citovsky et al. 2021 | logits, embeddings |
//! | [`Similar`](Strategy::Similar) | what is like the labelled samples of rare classes | Kothawade et al. 2021 | probabilities and embeddings, of labelled samples too |
//! | [`Bait`](Strategy::Bait) | what leaves the least uncertainty of the last layer | Ash et al. 2021 | probabilities and embeddings, of labelled samples too |
//! | [`Direct`](Strategy::Direct) ³ | where each class ends | Nuggehalli et al. 2023 | probabilities, of labelled samples too |
//! | [`Galaxy`](Strategy::Galaxy) ³ | where labels change | Zhang et al. 2022 | probabilities, of labelled samples too |
//!
//! ¹ With a [`Balance`] or a [`GreedyBalance`] the picks also bring the classes towards balance (CBAL: Bengar et al., WACV
//! 2022); that needs probabilities, and [`Labelled::labels`] says what there is of each class.
//! ² Its hard cases need the feature `exact`, which is on by default.
//! ³ Ask again and again: [`Strategy::begin`] gives a [`Conversation`], which any strategy can hold.
//!
//! # Words and signs
//!
//! A **row** is a row of the arrays that were just passed in: row `i` of every unlabelled array is the same sample, and a
//! [`Pick`] with `row: i` means it. A **budget** is a number of labels. A **score** points one way everywhere: higher =
//! queried first, ties by lowest row. Arrays come in as `f32`, and every sum is taken in `f64`. A query gives exactly its
//! budget of distinct rows, or an [`Error`] that says what is wrong with which row. Every random choice comes from the
//! stream that is passed in: the same arrays and the same stream give the same picks, on any number of threads.
//!
//! # Arrays of somebody else
//!
//! Every array is [`Held`]: shared, as `p.into()` makes it of an owned one, or borrowed, as of a view. What is borrowed, be it of
//! another language, is read where it lies.
//!
//! # By a name alone
//!
//! [`named::strategy`] has the strategies by their short names, with the parameters that go without saying: for whoever takes a
//! name and [`Settings`] from a person.
//!
//! # Without a strategy's name
//!
//! Each strategy is a module of functions that take exactly what they use, such as [`entropy::scores`], [`select::top`] and
//! [`balance::query`]. [`query::query`] chooses with any of them from a [`Pool`], which computes what it is asked for: a
//! strategy that needs nothing costs no pass of the model.

mod arrays;
mod ask;
mod conversation;
mod declared;
mod distances;
mod embeddings;
mod error;
mod gradients;
mod held;
mod input;
mod k_means;
mod logits;
mod pool;
mod predictions;
mod probabilities;
mod range;
mod rankings;
mod selection;
mod settings;
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
pub mod imbalance;
pub mod k_center;
pub mod lambda;
pub mod least_confidence;
pub mod margin;
pub mod most_likely_positive;
pub mod named;
pub mod pseudo_label;
pub mod query;
pub mod random;
pub mod select;
pub mod similar;
pub mod typiclust;
pub mod vaal;

pub use arrays::{Arrays, Labelled};
pub use ask::{Answer, Ask, Phase};
pub use balance::{Balance, Prediction, SolverMode};
pub use conversation::Conversation;
pub use direct::DirectMode;
pub use embeddings::Embeddings;
pub use error::Error;
pub use galaxy::GalaxyMode;
pub use held::{Held, Matrix, Passes};
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
pub use settings::{Setting, Settings};
pub use side::Side;
pub use strategy::{Needs, Strategy};
