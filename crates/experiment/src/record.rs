//! What a run writes: a header before anything else, then one flushed JSON line for each thing that happened.
//!
//! A record is append-only. A last line that was cut off by a crash is dropped when the record is opened again;
//! everything before it stands. Nothing in a record depends on when or how fast it was made, except the fields named
//! `cost` and the header's `host` and `started`.

mod lines;
mod read;
mod sweep;
mod writer;

pub use lines::{
    AuditLine, BURN_KERNELS, Balancing, Complete, Covering, Discriminating, Evaluation, FORMAT,
    FlexMatchLine, Header, Host, Line, PhaseCount, Query, QueryCost, Round, RoundCost, ValidationLine,
};
pub use read::Record;
pub use sweep::{Choice, Sweep, SweepCost, SweepPoint, SweepReference};
pub use writer::RecordWriter;

/// The record's file name in a run's folder.
pub const RECORD_FILE: &str = "record.jsonl";
