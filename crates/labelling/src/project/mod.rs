//! A person's project on the disk: a folder that holds everything that was decided and said, and can be copied.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `tailward.toml` | every choice, to be read and changed by hand ([`Settings`]) |
//! | `images.csv` | every image file and its number, for ever ([`ImageTable`]) |
//! | `classes.csv` | every class and its number, for ever ([`ClassTable`]) |
//! | `audit.csv` | the blind sample that accuracy is measured on ([`AuditTable`]) |
//! | `ledger.csv` | every label that was asked for and everything that was said ([`Ledger`]) |
//! | `people.csv` | who may answer on the labelling page ([`PeopleTable`]); begun by the page |
//! | `rounds.jsonl` | what each round began with: the learning curve ([`RoundLines`]) |
//! | `cache/` | what can be made again |

mod audit;
mod classes;
#[cfg(test)]
pub(crate) mod fixture;
mod gather;
mod images;
mod labels;
mod people;
mod rounds;
mod say;
mod settings;
mod tell;
mod understood;

use std::path::{Path, PathBuf};

use tailward_datasets::ImageShape;
use tailward_datasets::folder::PixelCache;

use crate::{Access, Error, LEDGER_FILE, Ledger, Lock, Patience};

pub use audit::{AuditRow, AuditTable};
pub use classes::{ClassRow, ClassTable};
pub use gather::{Gathered, gather};
pub use images::{ImageRow, ImageState, ImageTable};
pub use people::{PeopleTable, Secret};
pub use rounds::{RoundLine, RoundLines};
pub use say::{AUDIT, Effect, IMPORTED, Saying};
pub use settings::{
    Audit, Combine, Features, FileLimits, FrozenFeatures, NetworkFeatures, PatchFeatures, ResNetFeatures,
    Settings,
};
pub use tell::{Taken, Telling, tell};
pub use understood::{Understood, class_by_folder, understood};

/// The folder of a project with what can be made again.
pub const CACHE_FOLDER: &str = "cache";

/// A project that this process alone works on, or that it looks at.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its choices.
    pub settings: Settings,
    /// Its images.
    pub images: ImageTable,
    /// Its classes.
    pub classes: ClassTable,
    /// Its audit.
    pub audit: AuditTable,
    /// What was asked and said.
    pub ledger: Ledger,
    /// What each round began with.
    pub rounds: RoundLines,
    /// Nothing where it is only looked at.
    _lock: Option<Lock>,
}

impl Project {
    /// Opens a project.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] where there is none, or `init` did not come to its end; [`Error::InUse`]; a file of it is damaged.
    pub fn open(folder: &Path, patience: Patience) -> Result<Self, Error> {
        check(folder)?;
        let lock = Lock::folder(folder, patience)?;
        Self::read(folder, Some(lock))
    }

    /// Looks at a project as it is now, also while another process works on it. Nothing in the folder changes but the cache, and nothing can
    /// be told to what is looked at.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for the lock.
    pub fn look(folder: &Path) -> Result<Self, Error> {
        check(folder)?;
        Self::read(folder, None)
    }

    fn read(folder: &Path, lock: Option<Lock>) -> Result<Self, Error> {
        let access = if lock.is_some() { Access::Append } else { Access::Look };
        // What another process is writing grows meanwhile. Images change under the lock of `init` alone; what the ledger speaks of is on the
        // disk before it, so that it is read before the other files.
        let settings = Settings::read(&folder.join(Settings::FILE))?;
        let images = ImageTable::open(&folder.join(ImageTable::FILE), access)?;
        let members = images.usable().map(|row| row.id);
        let mut ledger = Ledger::with_access(&folder.join(LEDGER_FILE), members, access)?;
        if let Some(lock) = &lock {
            ledger.guard(lock.fence());
        }
        let classes = ClassTable::open(&folder.join(ClassTable::FILE), access)?;
        let audit = AuditTable::open(&folder.join(AuditTable::FILE), access)?;
        let rounds = RoundLines::open(&folder.join(RoundLines::FILE), access)?;
        if let Some((sample, label)) =
            ledger.labels().find(|(_, label)| *label as usize >= classes.names().len())
        {
            let reason = format!(
                "image {sample} has the label {label}, and {} has {} classes, numbered from 0; bring back the lines that are missing there",
                ClassTable::FILE,
                classes.names().len()
            );
            return Err(Error::Input { path: folder.join(LEDGER_FILE), reason });
        }
        Ok(Self { folder: folder.to_owned(), settings, images, classes, audit, ledger, rounds, _lock: lock })
    }

    /// Its name: that of its folder.
    pub fn name(&self) -> String {
        let folder = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// What the strategy of a round is called.
    pub fn strategy_of(&self, round: usize) -> &str {
        let mut lines = self.rounds.lines().iter().rev();
        lines.find(|line| line.round == round).map_or("the strategy", |line| &line.strategy)
    }

    /// The pixels of its images, as far as they are there.
    ///
    /// # Errors
    ///
    /// The cache cannot be opened or begun.
    pub fn pixels(&self) -> Result<PixelCache, Error> {
        pixel_cache(&self.folder, self.settings.features.kept_side())
    }
}

/// That a folder holds a project whose `init` came to its end.
fn check(folder: &Path) -> Result<(), Error> {
    if folder.join(Settings::FILE).exists() {
        return Ok(());
    }
    let is_begun = folder.join(ImageTable::FILE).exists();
    let reason = if is_begun {
        "`tailward init` did not come to its end here; run the same command again, and it goes on"
    } else {
        "this is no project; `tailward init` begins one"
    };
    Err(Error::Input { path: folder.to_owned(), reason: reason.to_owned() })
}

/// The cache of pixels of a project at a side, begun where it is not there.
///
/// # Errors
///
/// It cannot be opened or begun.
pub fn pixel_cache(project: &Path, side: usize) -> Result<PixelCache, Error> {
    let folder = project.join(CACHE_FOLDER);
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let shape = ImageShape { channels: 3, height: side, width: side };
    Ok(PixelCache::open(&folder.join(format!("pixels-{side}.bin")), shape)?)
}
