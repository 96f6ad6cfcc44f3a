//! A person's project on the disk: a folder that holds everything that was decided and said, and can be copied.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `tailward.toml` | every choice, to be read and changed by hand ([`Settings`]) |
//! | `images.csv` | every image file and its number, for ever ([`ImageTable`]) |
//! | `classes.csv` | every class and its number, for ever ([`ClassTable`]) |
//! | `ledger.csv` | every label that was asked for and everything that was said ([`Ledger`](crate::Ledger)) |
//! | `cache/` | what can be made again |

mod classes;
mod images;
mod settings;

pub use classes::{ClassRow, ClassTable};
pub use images::{ImageRow, ImageState, ImageTable};
pub use settings::{Audit, Combine, Settings};
