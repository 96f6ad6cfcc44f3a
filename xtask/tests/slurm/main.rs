//! Grids on Slurm: with programs that stand in for it, and, where its programs are installed, on a Slurm of one node that the tests start.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod by_hand;
mod desk;
mod local;
mod real;
mod submitting;
