//! Everything that can go wrong with data on disk, with the place where it did.

use crate::sample::SampleId;
use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was being done: "read", "create", "rename".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A manifest is not TOML, lacks a key, or has a key that nobody reads.
    #[error("could not parse {}", path.display())]
    Toml {
        /// The manifest.
        path: PathBuf,
        /// The cause, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A pool manifest is not the JSON that this crate writes.
    #[error("could not parse {}", path.display())]
    Json {
        /// The pool manifest.
        path: PathBuf,
        /// The cause, with line and column.
        source: serde_json::Error,
    },
    /// A file is not CSV, or a line has too few or too many fields.
    #[error("could not parse {}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The cause, with the line.
        source: csv::Error,
    },
    /// A manifest parses but contradicts itself.
    #[error("invalid manifest {}: {problem}", path.display())]
    InvalidManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file of a dataset is not there.
    #[error("{} of dataset {dataset} is missing; {help}", path.display())]
    MissingFile {
        /// The dataset.
        dataset: String,
        /// The file.
        path: PathBuf,
        /// How to get it: the command, and which file to put where by hand.
        help: String,
    },
    /// A file of pretrained weights is not there.
    #[error("{} of weights {weights} is missing; {help}", path.display())]
    MissingWeights {
        /// The weights.
        weights: String,
        /// The file.
        path: PathBuf,
        /// How to get it: the command, and where to put it by hand.
        help: String,
    },
    /// A file ends before its last record does.
    #[error(
        "{} is truncated: it ends at byte {found_bytes} of {expected_bytes}, inside row {row}",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The size that the manifest states.
        expected_bytes: u64,
        /// The size on disk: the offset of the first missing byte.
        found_bytes: u64,
        /// The first row (from 0) that is not whole.
        row: u64,
    },
    /// A file goes on after its last record.
    #[error(
        "{} has {} trailing bytes from byte offset {offset} on (expected {offset} bytes, found {found_bytes})",
        path.display(), found_bytes - offset
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// The size that the manifest states: the offset of the first byte too many.
        offset: u64,
        /// The size on disk.
        found_bytes: u64,
    },
    /// A file has another size than its manifest states.
    #[error("{} has {found_bytes} bytes, expected {expected_bytes}; it is damaged or another file; remove it", path.display())]
    FileSize {
        /// The file.
        path: PathBuf,
        /// The size that the manifest states.
        expected_bytes: u64,
        /// The size on disk.
        found_bytes: u64,
    },
    /// A record of a file of pixels is not what was written.
    #[error("image {row} in {} is damaged; remove the file, and it is made again", path.display())]
    DamagedRecord {
        /// The file.
        path: PathBuf,
        /// The image, from 0.
        row: usize,
    },
    /// The disk is full before a file of pixels is whole.
    #[error(
        "could not make {}, which takes {bytes} bytes: the disk is full. Free as much and run the same command again, which \
         keeps what there is",
        path.display()
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Its size when it is whole.
        bytes: u64,
        /// The cause.
        source: io::Error,
    },
    /// Another process works on a file.
    #[error("{} is being made by another process; wait until it has ended", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A MATLAB file is damaged, or has what is not read.
    #[error("{}, byte {offset}: {problem}", path.display())]
    Mat {
        /// The file.
        path: PathBuf,
        /// Where the element starts in which something is wrong.
        offset: u64,
        /// What is wrong, and where within the element.
        problem: String,
    },
    /// An array of a file is missing, or is not what the layout or the manifest says.
    #[error("{}, array `{array}`: {problem}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The name of the array.
        array: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An array of a NumPy archive could not be read.
    #[error("could not read array `{array}` of {}", path.display())]
    Npy {
        /// The archive.
        path: PathBuf,
        /// The name of the array.
        array: String,
        /// The cause.
        source: ndarray_npy::ReadNpyError,
    },
    /// A label byte names a class that the dataset does not have.
    #[error("{}: byte {offset} (row {row}) is {field} label {found}, expected below {classes}", path.display())]
    LabelOutOfRange {
        /// The file.
        path: PathBuf,
        /// The offset of the label byte.
        offset: u64,
        /// The row, from 0.
        row: u64,
        /// Which label: "class", "coarse" or "fine".
        field: &'static str,
        /// The byte.
        found: u8,
        /// The number of classes.
        classes: usize,
    },
    /// A file has the right size but the wrong content.
    #[error("{} has {algorithm} {found}, expected {expected}{}", path.display(), help_suffix(help))]
    ChecksumMismatch {
        /// The file.
        path: PathBuf,
        /// `md5`, `sha1` or `sha256`.
        algorithm: &'static str,
        /// The checksum in the manifest; its beginning, where only that is known, with "…" behind it.
        expected: String,
        /// The checksum of the file.
        found: String,
        /// What to do about it; may be empty.
        help: String,
    },
    /// A dataset whose classes are equally frequent has a class with another count.
    #[error("{split} images of dataset {dataset}: class {class} has {found} images, expected {expected}")]
    ClassCount {
        /// The dataset.
        dataset: String,
        /// "training" or "test".
        split: &'static str,
        /// The class id.
        class: usize,
        /// The count in the manifest's terms.
        expected: usize,
        /// The count in the files.
        found: usize,
    },
    /// The class names beside the images differ from those of the manifest.
    #[error("{}, line {line}: class name `{found}`, but the manifest says `{expected}`", path.display())]
    ClassName {
        /// The file of class names.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The manifest's name; empty when it has fewer.
        expected: String,
        /// The file's name; empty when it has fewer.
        found: String,
    },
    /// A file or folder is there that the layout has no place for.
    #[error("{}: {problem}", path.display())]
    UnexpectedEntry {
        /// The file or folder.
        path: PathBuf,
        /// Why it cannot be there.
        problem: String,
    },
    /// A line of a text file beside the images is wrong.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The text file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// An image has no line in the file that says what the images show.
    #[error("{} has no line in {}", path.display(), annotations.display())]
    NotAnnotated {
        /// The image.
        path: PathBuf,
        /// The file of annotations.
        annotations: PathBuf,
    },
    /// A folder has another number of images than the manifest says.
    #[error("{} has {found} images, expected {expected}", path.display())]
    ImageCount {
        /// The folder.
        path: PathBuf,
        /// The number in the manifest's terms.
        expected: usize,
        /// The number of image files.
        found: usize,
    },
    /// A split has another number of images than the manifest says.
    #[error("{} has {found} images of split {split}, expected {expected}", path.display())]
    SplitCount {
        /// The file that lists the images.
        path: PathBuf,
        /// The split, as the file names it.
        split: &'static str,
        /// The number in the manifest's terms.
        expected: usize,
        /// The number of lines.
        found: usize,
    },
    /// A file is not a whole image of its format.
    #[error("could not decode {}", path.display())]
    Decode {
        /// The image.
        path: PathBuf,
        /// The cause.
        source: image::ImageError,
    },
    /// An image file ends before its image does.
    #[error("could not decode {}: the file is truncated at byte {bytes}", path.display())]
    TruncatedImage {
        /// The image.
        path: PathBuf,
        /// Its size.
        bytes: usize,
    },
    /// An image has another size than the layout says.
    #[error(
        "{} is {found_width}×{found_height} pixels, expected {expected_width}×{expected_height}",
        path.display()
    )]
    ImageSize {
        /// The image.
        path: PathBuf,
        /// Columns in the manifest's terms.
        expected_width: usize,
        /// Rows in the manifest's terms.
        expected_height: usize,
        /// Columns of the image.
        found_width: usize,
        /// Rows of the image.
        found_height: usize,
    },
    /// The manifest has neither an archive to download nor a generator.
    #[error(
        "dataset {dataset} can be neither downloaded nor generated: its manifest has no [archive] and no [generator]"
    )]
    NoSource {
        /// The dataset.
        dataset: String,
    },
    /// A download failed for good.
    #[error("could not download {url} ({received_bytes} bytes are kept for the next try); {help}")]
    Download {
        /// The address.
        url: String,
        /// Bytes kept in the `.part` file.
        received_bytes: u64,
        /// How to go on without a network.
        help: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered with something other than the file.
    #[error("{url} answered with status {status}; {help}")]
    HttpStatus {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// How to go on by hand.
        help: String,
    },
    /// A download has the wrong size; the partial file has been removed.
    #[error(
        "{url} sent {found_bytes} bytes, expected {expected_bytes}; the partial file was removed; {help}"
    )]
    DownloadSize {
        /// The address.
        url: String,
        /// The size in the manifest, or what the server announced.
        expected_bytes: u64,
        /// The size received.
        found_bytes: u64,
        /// How to go on by hand.
        help: String,
    },
    /// An entry of an archive would be written outside the folder that it is unpacked in, or is a link.
    #[error("{}: refused entry `{entry}`: {problem}", path.display())]
    UnsafeArchiveEntry {
        /// The archive.
        path: PathBuf,
        /// The entry's path as stored.
        entry: String,
        /// Why it was refused.
        problem: &'static str,
    },
    /// A list of images to replay is wrong.
    #[error("could not replay the list: position {position} (image {sample}) {problem}")]
    Replay {
        /// The position in the list, counted from 0.
        position: usize,
        /// The image.
        sample: SampleId,
        /// What is wrong.
        problem: &'static str,
    },

    /// A replayed pool was to be built from its definition alone.
    #[error("could not build a replayed pool without its list")]
    ReplayWithoutList,

    /// A uniform draw leaves nothing beside its initial set, or asks for more than there is.
    #[error(
        "could not draw {initial} of {size} images, out of {images}: the first must be below the second, and above 0 where a \
         selection is replayed"
    )]
    UniformSize {
        /// The size of the initial set.
        initial: usize,
        /// The images that were to take part.
        size: usize,
        /// The images there are.
        images: usize,
    },

    /// The initial set cannot have the same number of images of every class.
    #[error("initial set of {size} images cannot be uniform over {classes} classes: {problem}")]
    InitialSize {
        /// The size asked for.
        size: usize,
        /// The number of classes.
        classes: usize,
        /// Why not.
        problem: &'static str,
    },
    /// A class has too few images for its share of the initial set.
    #[error("class {class} has {available} images, but the initial set needs {needed} of each class")]
    ClassTooSmall {
        /// The class id.
        class: usize,
        /// Images available (after a per-class cap).
        available: usize,
        /// Images needed.
        needed: usize,
    },
    /// An imbalance factor outside (0, 1].
    #[error("imbalance factor {factor} is not in (0, 1]")]
    ImbalanceFactor {
        /// The factor given.
        factor: f64,
    },
    /// A label passed in is not below the number of classes.
    #[error("training image {row} has label {label}, expected below {classes}")]
    Label {
        /// The training image.
        row: usize,
        /// Its label.
        label: u32,
        /// The number of classes.
        classes: usize,
    },
    /// There is not one true label for each training image.
    #[error("{labels} true labels for {images} training images")]
    LabelCount {
        /// The number of training images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A construction looks at the classes of the images, and nobody knows them.
    #[error(
        "could not build a pool of kind `{kind}` without the true labels of the images, by which it draws; \
         only simulated studies have them. The kind `uniform` needs none"
    )]
    NoTruth {
        /// The kind of the pool's source.
        kind: &'static str,
    },
    /// A rate of label noise outside [0, 1].
    #[error("label noise rate {rate} is not in [0, 1]")]
    NoiseRate {
        /// The rate given.
        rate: f64,
    },
    /// A row of a transition matrix is no distribution over the classes.
    #[error("label noise, transition row {row}: {problem}")]
    TransitionMatrix {
        /// The row: the true class.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A model of label noise cannot be applied.
    #[error("label noise cannot be applied: {problem}")]
    InvalidNoise {
        /// Why not.
        problem: String,
    },
    /// A file of labels says nothing about an image.
    #[error("{} has no line for index {index}", path.display())]
    MissingLabel {
        /// The file of labels.
        path: PathBuf,
        /// The training image.
        index: usize,
    },
    /// The classes of a dataset cannot be merged in this way.
    #[error("{classes} classes cannot be grouped: {problem}")]
    Grouping {
        /// The number of classes of the dataset.
        classes: usize,
        /// Why not.
        problem: String,
    },
    /// A line of an index list is wrong.
    #[error("{}, line {line}: {problem}", path.display())]
    IndexList {
        /// The index list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A pool manifest contradicts itself or its own hash.
    #[error("invalid pool manifest{}: {problem}", path.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    InvalidPool {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    /// For `map_err`: an I/O error with what was being done and to which path.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

fn help_suffix(help: &str) -> String {
    if help.is_empty() { String::new() } else { format!("; {help}") }
}
