//! Which files a folder holds.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, Result};

/// Files and folders that operating systems leave beside images.
const LITTER: [&str; 4] = ["Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir"];

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Relative to the folder.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Walk {
    /// Its files and those of the folders in it, by their names.
    pub files: Vec<FoundFile>,
    /// How many entries were passed over, for they are hidden or nobody's image (`.DS_Store`, `Thumbs.db`, `__MACOSX`); a
    /// folder counts as one.
    pub hidden: usize,
    /// Entries that cannot be read, with why, such as a link that leads back to a folder above it.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Lists the files of a folder and of the folders in it. Links are followed; a loop of them is noted and not followed.
///
/// # Errors
/// The folder itself cannot be read.
pub fn walk(folder: &Path) -> Result<Walk> {
    // A folder that is not there would be an entry that cannot be read.
    std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut found = Walk::default();
    let mut entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if is_hidden(&entry) => {
                found.hidden += 1;
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) if entry.file_type().is_file() => match entry.metadata() {
                Ok(metadata) => {
                    let path = relative(entry.path(), folder);
                    found.files.push(FoundFile { path, bytes: metadata.len() });
                }
                Err(error) => found.unreadable.push((relative(entry.path(), folder), error.to_string())),
            },
            // A folder is gone into; pipes and devices are nobody's images.
            Ok(_) => {}
            Err(error) => {
                let path = error.path().map_or_else(PathBuf::new, |path| relative(path, folder));
                let why = match error.loop_ancestor() {
                    Some(above) => format!("it is a link that leads back to {}", above.display()),
                    None => error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
                };
                found.unreadable.push((path, why));
            }
        }
    }
    Ok(found)
}

fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || LITTER.contains(&&*name)
}

fn relative(path: &Path, folder: &Path) -> PathBuf {
    path.strip_prefix(folder).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn paths(walk: &Walk) -> Vec<String> {
        walk.files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn files_come_by_name_and_litter_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/deep")).unwrap();
        fs::create_dir_all(root.join("__MACOSX/b")).unwrap();
        for name in ["b/deep/1.jpg", "a.jpg", "b/0.png", ".DS_Store", "Thumbs.db", "__MACOSX/b/0.png"] {
            fs::write(root.join(name), b"12").unwrap();
        }
        let found = walk(root).unwrap();
        assert_eq!(paths(&found), ["a.jpg", "b/0.png", "b/deep/1.jpg"]);
        assert_eq!((found.files[0].bytes, found.hidden, found.unreadable.len()), (2, 3, 0));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_not() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/0.png"), b"1").unwrap();
        symlink(root.join("a"), root.join("b")).unwrap();
        symlink(root, root.join("a/up")).unwrap();
        symlink(root.join("gone"), root.join("c.png")).unwrap();
        let found = walk(root).unwrap();
        assert_eq!(paths(&found), ["a/0.png", "b/0.png"]);
        let unreadable: Vec<String> =
            found.unreadable.iter().map(|(path, why)| format!("{}: {why}", path.display())).collect();
        assert_eq!(unreadable.len(), 3, "{unreadable:?}");
        assert!(unreadable[0].starts_with("a/up: it is a link that leads back to"), "{unreadable:?}");
        assert!(unreadable[2].starts_with("c.png: "), "{unreadable:?}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        assert!(walk(Path::new("/no/such/folder")).unwrap_err().to_string().contains("/no/such/folder"));
    }
}
