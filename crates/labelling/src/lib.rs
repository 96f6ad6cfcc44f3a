//! Labels as they are asked for and told: the ledger, the files that hold it, and a person's query between two asks.
//!
//! A [`Ledger`] is append-only: one row for each event, on the disk before anybody is told, and the label of a sample is
//! what its rows come to. Runs of a simulated oracle and people at work write the same rows.

pub mod answers;
pub mod append_only;
mod append_only_table;
pub mod clock;
pub mod error;
mod fence;
pub mod known;
pub mod ledger;
pub mod lock;
pub mod open_query;
pub mod page;
pub mod project;
pub mod statistics;
pub mod table;

pub use append_only::{Access, AppendOnly};
pub use error::Error;
pub use fence::Fence;
pub use ledger::{LEDGER_FILE, Ledger};
pub use lock::{Lock, Patience};
pub use open_query::OpenQuery;
