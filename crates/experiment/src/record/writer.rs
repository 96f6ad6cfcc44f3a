//! A record as it is written.

use std::path::Path;

use tailward_labelling::{AppendOnly, Fence};

use super::lines::Line;
use crate::Error;

/// Appends lines to a record; each is on the disk when [`RecordWriter::append`] returns.
#[derive(Debug)]
pub struct RecordWriter {
    file: AppendOnly,
}

impl RecordWriter {
    /// Opens a record for appending; what a crash left of a last line is cut off first.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, read or cut.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { file: AppendOnly::open(path)? })
    }

    /// From now on, appends only as long as a claim to the run's folder holds.
    pub fn guard(&mut self, fence: Fence) {
        self.file.guard(fence);
    }

    /// Appends one line and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// The disk is full or fails; another process has taken over.
    pub fn append(&mut self, line: &Line) -> Result<(), Error> {
        let mut text = serde_json::to_string(line).expect("a record holds nothing that JSON cannot");
        text.push('\n');
        Ok(self.file.append(&text)?)
    }
}
