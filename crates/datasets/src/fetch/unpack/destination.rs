//! Where the files of an archive go, and nowhere else.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};

/// Where the files of an archive go.
pub(super) struct Destination<'a> {
    pub(super) archive: &'a Path,
    pub(super) into: &'a Path,
}

impl Destination<'_> {
    /// Where an entry goes, or that it must not be written.
    pub(super) fn path_of(&self, stored: &Path) -> Result<PathBuf> {
        let mut path = self.into.to_owned();
        for component in stored.components() {
            match component {
                Component::Normal(name) => path.push(name),
                Component::CurDir => {}
                Component::ParentDir => return Err(self.refuse(stored, "its path has `..`")),
                Component::RootDir | Component::Prefix(_) => {
                    return Err(self.refuse(stored, "its path is absolute"));
                }
            }
        }
        Ok(path)
    }

    /// Writes the file of an entry to where [`Destination::path_of`] said.
    pub(super) fn write(&self, path: &Path, content: &mut impl Read) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let mut file = File::create(path).map_err(Error::io("create", path))?;
        io::copy(content, &mut file).map_err(Error::io("unpack", self.archive))?;
        Ok(())
    }

    pub(super) fn refuse(&self, stored: &Path, problem: &'static str) -> Error {
        Error::UnsafeArchiveEntry { path: self.archive.into(), entry: stored.display().to_string(), problem }
    }
}
