//! What labels say, and how surely: shares with intervals, agreement of annotators, the truth behind several answers, labels
//! that are probably wrong, shares of classes under another distribution, classes that nobody has seen.
//!
//! Everything here is arithmetic on counts and small arrays; nothing knows a project. Levels are such as 0.95.

mod agreement;
mod confident;
mod dawid_skene;
mod interval;
mod recall;
mod share;
mod shift;
mod stratified;
mod unseen;

pub use agreement::{cohens_kappa, krippendorffs_alpha};
pub use confident::{Confident, confident_learning};
pub use dawid_skene::{DawidSkene, Vote, dawid_skene, majority};
pub use interval::{Interval, LEVEL};
pub use recall::{Recall, recall};
pub use share::{clopper_pearson, wilson};
pub use shift::{black_box_shift, confusion, expectation_shift};
pub use stratified::{Stratum, stratified};
pub use unseen::{Unseen, unseen};
