//! An estimate and what it may be.

use serde::{Deserialize, Serialize};

/// The level of the intervals that are shown of an audit.
pub const LEVEL: f64 = 0.95;

/// An estimate with the ends of its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}
