//! What must be there for a dataset to be complete, and how to get what is not.

use std::path::{Path, PathBuf};

use crate::checksum::Checksum;
use crate::layout;
use crate::manifest::{Archive, DatasetManifest};

impl DatasetManifest {
    /// What must be there for the dataset to be complete: files, and folders whose content the layout's reader checks.
    pub(crate) fn required_paths(&self, data_dir: &Path) -> Vec<PathBuf> {
        let folder = self.folder_in(data_dir);
        layout::required(self).into_iter().map(|name| folder.join(name)).collect()
    }

    /// Whether a run has its images on the disk, in files of pixels, for they are too many for memory.
    pub fn is_on_disk(&self) -> bool {
        layout::is_on_disk(self.layout)
    }

    /// How to get the files: the command, then what to put where by hand. Reads on after "; ".
    pub(crate) fn help(&self, data_dir: &Path) -> String {
        let fetch = format!("`cargo xtask fetch {}`", self.name);
        if let Some(archive) = &self.archive {
            self.help_with_archive(archive, &fetch, data_dir)
        } else if self.has_single_files() {
            self.help_with_files(&fetch, data_dir)
        } else if let Some(instructions) = &self.instructions {
            let folder = self.folder_in(data_dir);
            format!("it has to be got by hand, into {}: {}", folder.display(), instructions.trim())
        } else {
            format!("{fetch} generates the files")
        }
    }

    fn help_with_archive(&self, archive: &Archive, fetch: &str, data_dir: &Path) -> String {
        let paths = self.required_paths(data_dir);
        format!(
            "{fetch} gets it from {url}. Without a network, put either the archive ({identity}) at {archive_at} and run \
             that command again, or the unpacked files at {files_at}",
            url = archive.url,
            identity = identity(archive.bytes, Some(&archive.checksum)),
            archive_at = data_dir.join(&archive.file).display(),
            files_at = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
        )
    }

    fn help_with_files(&self, fetch: &str, data_dir: &Path) -> String {
        let folder = self.folder_in(data_dir);
        let files = self.required_files().map(|file| {
            let url = file.url.as_deref().unwrap_or_default();
            let identity = identity(file.bytes, file.checksum.as_ref());
            format!("{url} ({identity}) at {}", folder.join(&file.path).display())
        });
        format!("{fetch} gets it. Without a network, put {}", files.collect::<Vec<_>>().join(", and "))
    }
}

/// Size and checksum, as far as they are known.
fn identity(bytes: Option<u64>, checksum: Option<&Checksum>) -> String {
    let size = bytes.map(|bytes| format!("{bytes} bytes"));
    let checksum = checksum.map(|checksum| format!("{} {}", checksum.algorithm(), checksum.hex()));
    size.into_iter().chain(checksum).collect::<Vec<_>>().join(", ")
}
