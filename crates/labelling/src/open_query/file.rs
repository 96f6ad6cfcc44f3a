//! A query's file: JSON with a checksum.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use tailward_datasets::whole_file;

use super::OpenQuery;
use crate::Error;

/// The version of the file's form. 1 had no number, no answers and no checksum.
pub(super) const FORMAT: u32 = 2;

/// What tells the versions apart.
#[derive(Deserialize)]
struct Version {
    format: Option<u32>,
    conversation: Option<IgnoredAny>,
}

impl OpenQuery {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: the file cannot be read, is no query, is of another version, or does not fit itself.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let foreign = |error| wrong(format!("it does not hold a query, or is damaged: {error}"));
        let version: Version = serde_json::from_slice(&bytes).map_err(foreign)?;
        match version {
            Version { format: Some(FORMAT), .. } => {}
            Version { format: Some(other), .. } => {
                return Err(wrong(format!(
                    "it is a query of format {other}, and this version of tailward reads format {FORMAT}"
                )));
            }
            Version { format: None, conversation: Some(_) } => {
                return Err(wrong(
                    "it is a query of an earlier version of tailward, which did not keep its answers; finish it with that \
                     version, or begin anew with another --state"
                        .to_owned(),
                ));
            }
            Version { format: None, conversation: None } => {
                return Err(wrong("it does not hold a query".to_owned()));
            }
        }
        let mut query: Self = serde_json::from_slice(&bytes).map_err(foreign)?;
        let checksum = std::mem::take(&mut query.checksum);
        let unfit = |reason: String| {
            wrong(format!("it does not fit itself: {reason}; it was changed by hand, or is damaged"))
        };
        query.check().map_err(unfit)?;
        let content = query.content().map_err(|error| wrong(error.to_string()))?;
        if hex::encode(Sha256::digest(&content)) != checksum {
            return Err(unfit("its checksum is another".to_owned()));
        }
        Ok(query)
    }

    /// The file's bytes.
    ///
    /// # Errors
    ///
    /// A value cannot be written as JSON.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut content = self.content()?;
        let checksum = hex::encode(Sha256::digest(&content));
        let end = content.pop();
        debug_assert_eq!(end, Some(b'}'), "an object ends in a brace");
        content.extend(format!(",\"checksum\":\"{checksum}\"}}\n").into_bytes());
        Ok(content)
    }

    /// Writes the query, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: the disk is full or fails.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes().map_err(Error::io(path))?;
        whole_file::write_bytes(path, &bytes).map_err(Error::io(path))
    }

    /// All but the checksum.
    fn content(&self) -> std::io::Result<Vec<u8>> {
        debug_assert!(self.checksum.is_empty(), "a query in memory has no checksum");
        Ok(serde_json::to_vec(self)?)
    }
}
