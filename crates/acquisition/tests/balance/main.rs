//! The class-balancing programme (CBAL Eq. 8): that its answers are right, and that wrong ones would be noticed.

mod degenerate;
mod golden;
mod metamorphic;
mod mutants;
mod pools;
mod small;
mod support;
