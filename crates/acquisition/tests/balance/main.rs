//! The class-balancing programme (CBAL Eq. 8): that its answers are right, and that wrong ones would be noticed.

#![expect(clippy::unwrap_used, reason = "this is test code; clippy knows only functions marked as tests")]

mod confident;
mod degenerate;
mod golden;
mod metamorphic;
mod mutants;
mod path;
mod pools;
mod small;
mod support;
