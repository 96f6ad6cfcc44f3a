//! Tables that people bring: labels, answers, lists of samples, names of classes.
//!
//! Spreadsheets and scripts write them in many ways: with a byte-order mark, `;` or tabs, spaces, columns of their own,
//! whole numbers as `3.0`. All of that is read, and what cannot be is refused with the file, the line as an editor
//! counts it, the value and what to do.

mod cell;
mod classes;
pub(crate) mod columns;
mod labels;
mod samples;
mod sheet;
mod status;

pub use cell::Mark;
pub use classes::Classes;
pub use labels::{LabelRow, Labels};
pub use samples::{Samples, read_ids};
pub use sheet::{Row, Sheet};
