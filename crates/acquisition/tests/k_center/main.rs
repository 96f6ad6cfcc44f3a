//! Greedy k-center, seen from outside: against plain loops, against other software, and by its properties.

mod cover;
mod golden;
mod naive;
mod properties;
mod refusals;
mod support;
