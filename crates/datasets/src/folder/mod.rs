//! Somebody's own folder of images: which files there are, what each of them holds, and their pixels kept for quick reading.
//!
//! [`walk`] lists files, [`inspect`] reads and decodes many of them side by side, each within [`Limits`], and a [`PixelCache`]
//! holds what came of it at one small size. [`Previews`] are for people to look at. A file that cannot be used is told apart by [`Unusable`] and stops nothing.

mod cache;
mod decode;
mod inspect;
mod memory;
mod path_text;
mod previews;
mod read;
mod walk;

pub use cache::PixelCache;
pub use decode::{Decoded, Limits, Unusable, decode};
pub use inspect::{Inspected, inspect, typical_side};
pub use path_text::{path_from_text, path_to_text};
pub use previews::{Preview, Previews};
pub use walk::{FoundFile, Walk, walk};
