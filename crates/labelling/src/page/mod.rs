//! The labelling page: what it looks like, what it is told, and which images each annotator is shown.
//!
//! There is one page and one script for two ways: served by `tailward label`, where every press is on the disk before the page says
//! "saved", and as one file ([`offline`]) whose answers are downloaded.

mod content;
mod keys;
mod markup;
mod offline;
mod queue;

pub use content::{ClassLine, How, Press, Question, Said, State, class_lines, history};
pub use keys::class_keys;
pub use markup::{SCRIPT, STYLE, shell};
pub use offline::{Offline, OfflineImage, data_url, offline};
pub use queue::{Sharing, open, queue};
