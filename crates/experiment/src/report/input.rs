//! What a report is made of.

use crate::definition::{Definition, Scale};
use crate::expected::Expected;
use crate::record::Record;

/// What a report is made of.
#[derive(Debug)]
pub struct ReportInput<'a> {
    /// The experiment.
    pub definition: &'a Definition,
    /// The scale that is reported on.
    pub scale: Scale,
    /// What was published, where there is something.
    pub expected: Option<&'a Expected>,
    /// Records of this experiment and scale, in any order, complete or not.
    pub records: Vec<Record>,
    /// The command that makes this report.
    pub command: String,
    /// When and with what it is made, such as `2026-01-31T12:00:00Z by tailward 0.1.0`; given by the caller, so that
    /// the same input gives the same report.
    pub generated: String,
}
