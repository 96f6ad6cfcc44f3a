//! Tests that need the whole project: one binary, so that it links once.

mod command_line;
mod fixture;
mod invariants;
mod parity;
mod query;
mod resume;
