//! Files that are there whole or not at all, whatever happens while they are written: a full disk, a kill, a power cut.
//!
//! What every program of this project writes in one go goes through here, so that the rule stands once.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

/// Writes a file by its content, or leaves what was there.
///
/// The content goes to a uniquely named temporary file beside the target, is flushed and put on the disk, and gets the
/// target's name; then the folder, which holds the name, is put on the disk. A target that is there already keeps its
/// permissions, and a new one gets those that any new file gets. A symbolic link is followed: the file that it leads to
/// is written, and the link stays. The folder must be there.
///
/// # Errors
/// Every message names the step that failed, and has the kind of its cause. The target is then as it was, and no temporary
/// file stays; except that the new file is there whole, but might not survive a power cut, when putting the folder on the
/// disk fails.
pub fn write(path: &Path, content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    Prepared::new(path, content)?.put()
}

/// A file whose content is on the disk under another name: what remains to be done hardly ever fails. It is removed if it
/// is not [put](Self::put).
#[derive(Debug)]
pub struct Prepared {
    temporary: TempPath,
    target: PathBuf,
    folder: Folder,
}

impl Prepared {
    /// The first half of [`write()`].
    ///
    /// # Errors
    /// As [`write()`]; the target is as it was.
    pub fn new(
        path: &Path,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<Self> {
        let target = followed(path)?;
        let permissions = permissions(&target)?;
        let folder = Folder::of(&target)?;
        let temporary = temporary_in(&folder.path)
            .map_err(step(format_args!("create a temporary file in {}", folder.path.display())))?;
        let (file, temporary) = temporary.into_parts();
        let mut writer = BufWriter::new(file);
        content(&mut writer).map_err(step("write the content"))?;
        let file =
            writer.into_inner().map_err(io::IntoInnerError::into_error).map_err(step("flush the content"))?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions).map_err(step("keep the permissions"))?;
        }
        // Not every platform renames a file that is open; it is closed at the end of this.
        file.sync_all().map_err(step("put the content on the disk"))?;
        Ok(Self { temporary, target, folder })
    }

    /// The second half of [`write()`]: gives it the target's name.
    ///
    /// # Errors
    /// As [`write()`].
    pub fn put(self) -> io::Result<()> {
        let Self { temporary, target, folder } = self;
        temporary
            .persist(&target)
            .map_err(|error| error.error)
            .map_err(step(format_args!("rename the temporary file to {}", target.display())))?;
        folder.sync().map_err(step(format_args!("put the folder {} on the disk", folder.path.display())))
    }
}

/// As [`write()`], of content that is at hand.
///
/// # Errors
/// As [`write()`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, |file| file.write_all(bytes))
}

/// Removes temporary files that killed processes left in a folder. Only for who holds the folder alone: it takes those of a
/// process that is still writing, too.
///
/// # Errors
/// The folder cannot be read or a file cannot be removed.
pub fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// How the names of temporary files begin.
const PREFIX: &str = ".tailward-";

/// For `map_err`: the same error, saying what was being done.
fn step(step: impl Display) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("could not {step}: {error}"))
}

/// Links that are followed one after the other, as on Linux (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Where a path leads: a rename would put a file in the place of a link. The last link may lead to a file that is yet to be
/// made.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(to) => target = target.parent().map(|folder| folder.join(&to)).unwrap_or(to),
            // Most often it is no link; what else is wrong with it is found by whoever looks at the target.
            Err(_) => return Ok(target),
        }
    }
    let problem = io::Error::new(io::ErrorKind::InvalidInput, format!("more than {MAX_LINKS} lead on"));
    Err(step("follow the links")(problem))
}

/// The permissions of the target, if it is there. Anything but a file is refused: a pipe or a device is not to be replaced.
fn permissions(target: &Path) -> io::Result<Option<fs::Permissions>> {
    match fs::metadata(target) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata.permissions())),
        Ok(_) => {
            let problem = io::Error::new(io::ErrorKind::InvalidInput, "it is there and is no regular file");
            Err(step("replace the target")(problem))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(step("look at the target")(error)),
    }
}

/// A temporary file with the permissions of any new file; those of its own that tempfile gives let nobody else read it.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The operating system takes the process's umask away from these.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// The folder of a target, opened before anything is renamed in it, so that little can fail afterwards.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    opened: File,
}

impl Folder {
    fn of(target: &Path) -> io::Result<Self> {
        let path = match target.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self {
            #[cfg(unix)]
            opened: File::open(&path).map_err(step(format_args!("open the folder {}", path.display())))?,
            path,
        })
    }

    /// Puts the names in the folder on the disk.
    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        match self.opened.sync_all() {
            // Some network file systems have no such operation; they put names on the disk on their own.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Nothing: elsewhere a folder cannot be opened as a file, and the file system's journal orders the renaming.
    #[cfg(not(unix))]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_and_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.txt");
        write_bytes(&path, b"a longer text").unwrap();
        write_bytes(&path, b"short").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert_eq!(names(folder.path()), ["data.txt"]);
    }

    #[test]
    fn content_that_fails_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.txt");
        fs::write(&path, "old").unwrap();
        let error = write(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "could not write the content: no space");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["data.txt"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_in_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for missing in ["missing", "file"] {
            let path = folder.path().join(missing).join("data.txt");
            let error = write_bytes(&path, b"text").unwrap_err().to_string();
            assert!(error.starts_with("could not "), "{error}");
            assert!(!path.exists());
        }
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("folder");
        fs::create_dir(&path).unwrap();
        let error = write_bytes(&path, b"text").unwrap_err().to_string();
        assert!(error.contains("is no regular file"), "{error}");
        assert_eq!(names(folder.path()), ["folder"]);
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        #[test]
        fn a_folder_without_permission_is_left_alone() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("data.txt");
            fs::write(&path, "old").unwrap();
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
            // Permissions do not bind the superuser.
            let is_bound = File::create(folder.path().join("probe")).is_err();
            let outcome = write_bytes(&path, b"new");
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
            if is_bound {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
                assert!(error.to_string().starts_with("could not create a temporary file in "), "{error}");
                assert_eq!(fs::read(&path).unwrap(), b"old");
                assert_eq!(names(folder.path()), ["data.txt"]);
            }
        }

        #[test]
        fn permissions_are_kept_and_new_files_have_the_usual_ones() {
            let folder = tempfile::tempdir().unwrap();
            let (usual, new, kept) =
                (folder.path().join("usual"), folder.path().join("new"), folder.path().join("kept"));
            fs::write(&usual, "").unwrap();
            write_bytes(&new, b"text").unwrap();
            assert_eq!(mode(&new), mode(&usual));
            fs::write(&kept, "old").unwrap();
            for permissions in [0o640, 0o444, 0o777] {
                fs::set_permissions(&kept, fs::Permissions::from_mode(permissions)).unwrap();
                write_bytes(&kept, b"new").unwrap();
                assert_eq!(mode(&kept), permissions);
            }
        }

        #[test]
        fn a_link_stays_and_its_file_is_written() {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("far")).unwrap();
            let (file, link) = (folder.path().join("far").join("file"), folder.path().join("link"));
            fs::write(&file, "old").unwrap();
            symlink(Path::new("far").join("file"), &link).unwrap();
            write_bytes(&link, b"new").unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(&file).unwrap(), b"new");
            fs::remove_file(&file).unwrap();
            write_bytes(&link, b"made").unwrap();
            assert_eq!(fs::read(&file).unwrap(), b"made");
            fs::remove_file(&file).unwrap();
            symlink(Path::new("..").join("link"), &file).unwrap();
            let error = write_bytes(&link, b"round").unwrap_err().to_string();
            assert_eq!(error, "could not follow the links: more than 40 lead on");
        }
    }

    #[test]
    fn what_a_kill_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".tailward-Ab3"), "half").unwrap();
        fs::write(folder.path().join("whole"), "whole").unwrap();
        remove_leftovers(folder.path()).unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["whole"]);
    }
}
