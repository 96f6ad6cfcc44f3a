//! Tests that need the whole project: one binary, so that it links once.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod answer;
mod command_line;
mod device;
mod fixture;
mod flexmatch;
mod frozen;
mod frozen_features;
mod heads;
mod inputs;
mod invariants;
mod kernels;
mod label;
mod learned;
mod open_query;
mod outputs;
mod parity;
mod pictures;
mod pretrained;
mod project;
mod query;
mod resume;
mod strategies;
