//! What `tailward query` reads: predictions and embeddings of anybody's samples.

mod numbers;
mod place;
mod probabilities;
mod source;

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, Axis, Ix1, Ix2, Ix3};
use tailward_acquisition::{Arrays, Input, Matrix, Needs};

use crate::Error;
use place::place;
pub(super) use probabilities::Normalise;
use source::Source;

/// The files that hold the arrays.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) probabilities: Option<PathBuf>,
    pub(super) logits: Option<PathBuf>,
    pub(super) head: Option<PathBuf>,
    pub(super) embeddings: Option<PathBuf>,
    pub(super) dropout_probabilities: Option<PathBuf>,
    pub(super) estimates: Option<PathBuf>,
}

/// Arrays over all samples, labelled ones included, checked from the first row to the last: a fault in a labelled row
/// would point at a wrong file.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The arrays; of passes with dropout alone, their mean are the probabilities.
    pub(super) arrays: Arrays<'static>,
    /// How many samples there are, if an array says so.
    pub(super) samples: Option<usize>,
    /// How many classes there are, if an array says so.
    pub(super) classes: Option<usize>,
    /// What was read, array by array, in words.
    pub(super) notes: Vec<String>,
    said_samples: Option<PathBuf>,
    said_classes: Option<PathBuf>,
}

/// The option that gives an array.
pub(super) fn option(input: Input) -> &'static str {
    match input {
        Input::Probabilities | Input::LabelledProbabilities => "--probabilities",
        Input::Logits => "--logits",
        Input::Head => "--head",
        Input::Embeddings | Input::LabelledEmbeddings => "--embeddings",
        Input::DropoutProbabilities => "--dropout-probabilities",
        Input::Estimates => "--estimates",
    }
}

/// The options that a strategy needs, each once.
pub(super) fn options(needs: &Needs) -> Vec<&'static str> {
    let mut options: Vec<&str> = Vec::new();
    for input in needs.inputs() {
        if !options.contains(&option(input)) {
            options.push(option(input));
        }
    }
    options
}

impl Read {
    /// Reads and checks the files that are given.
    ///
    /// # Errors
    ///
    /// A file is missing, is no array of the expected form, holds a value that is not allowed, or disagrees with another
    /// about the number of samples or classes.
    pub(super) fn files(files: &Files, normalise: Normalise) -> Result<Self, Error> {
        let mut read = Self::default();
        if let Some(path) = &files.probabilities {
            let array = read.probabilities(path, normalise)?;
            read.arrays.probabilities = Some(array.into());
        }
        if let Some(path) = &files.logits {
            let array = read.matrix(path, ["samples", "classes"])?;
            read.agree(path, array.nrows(), Some(array.ncols()))?;
            read.arrays.logits = Some(array.into());
        }
        if let Some(path) = &files.head {
            let array = read.matrix(path, ["classes", "dimensions"])?;
            agree((&mut read.classes, &mut read.said_classes), path, "classes", array.nrows())?;
            read.arrays.head = Some(array.into());
        }
        if let Some(path) = &files.embeddings {
            let array = read.matrix(path, ["samples", "dimensions"])?;
            read.agree(path, array.nrows(), None)?;
            read.arrays.embeddings = Some(array.into());
        }
        if let Some(path) = &files.dropout_probabilities {
            let array = read.dropout(path, normalise)?;
            if read.arrays.probabilities.is_none() {
                read.arrays.probabilities = array.mean_axis(Axis(0)).map(Matrix::from);
            }
            read.arrays.dropout_probabilities = Some(array.into());
        }
        if let Some(path) = &files.estimates {
            let array = read.estimates(path)?;
            read.arrays.estimates = Some(array.to_vec());
        }
        Ok(read)
    }

    /// How many passes with dropout there are, 0 if no file holds any.
    pub(super) fn passes(&self) -> usize {
        self.arrays.dropout_probabilities.as_ref().map_or(0, |passes| passes.len_of(Axis(0)))
    }

    /// Refuses a strategy whose arrays are not all given.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] with the options that are missing.
    pub(super) fn check_needs(&self, strategy: &str, needs: &Needs) -> Result<(), Error> {
        let has = |option: &str| match option {
            "--probabilities" => self.arrays.probabilities.is_some(),
            "--logits" => self.arrays.logits.is_some(),
            "--head" => self.arrays.head.is_some(),
            "--embeddings" => self.arrays.embeddings.is_some(),
            "--dropout-probabilities" => self.arrays.dropout_probabilities.is_some(),
            _ => self.arrays.estimates.is_some(),
        };
        let missing: Vec<&str> = options(needs).into_iter().filter(|option| !has(option)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::Usage(format!("the strategy {strategy} needs {}", missing.join(" and "))))
    }

    fn probabilities(&mut self, path: &Path, normalise: Normalise) -> Result<Array2<f32>, Error> {
        let source = Source::read(path)?;
        if let [rows] | [rows, 1] = *source.values.shape()
            && rows > 0
        {
            let reason = format!("its shape is {}: {}", source.shape(), probabilities::ONE_COLUMN);
            return Err(input(path, reason));
        }
        let kind = source.kind.clone();
        let mut array: Array2<f32> = dimensions::<Ix2>(source, "[samples, classes]")?;
        finite(path, array.indexed_iter().map(|((row, column), value)| ([row, column], *value)))?;
        let (samples, classes) = array.dim();
        let changed =
            probabilities::check(array.view_mut(), normalise).map_err(|reason| input(path, reason))?;
        self.agree(path, samples, Some(classes))?;
        self.notes.push(format!(
            "{}: {samples} samples, {classes} classes ({kind}){}",
            path.display(),
            divided(changed)
        ));
        Ok(array)
    }

    fn passes_shape(&self, path: &Path, passes: usize, samples: usize) -> Result<(), Error> {
        match (self.samples, &self.said_samples) {
            (Some(expected), Some(first)) if expected == passes && expected != samples => Err(input(
                path,
                format!(
                    "has {passes} passes of {samples} samples, and {} has {expected} samples: it seems to be [samples, passes, \
                     classes] and must be [passes, samples, classes]; give np.swapaxes(array, 0, 1)",
                    first.display()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn passes_note(&mut self, path: &Path, kind: &str, array: &Array3<f32>, changed: usize) {
        let (passes, samples, classes) = array.dim();
        // Ten passes are usual, and fewer samples than passes are not.
        let doubt = if passes > samples {
            "; more passes than samples: if it is [samples, passes, classes], give np.swapaxes(array, 0, 1)"
        } else {
            ""
        };
        self.notes.push(format!(
            "{}: {passes} passes of {samples} samples, {classes} classes ({kind}){}{doubt}",
            path.display(),
            divided(changed)
        ));
    }

    fn dropout(&mut self, path: &Path, normalise: Normalise) -> Result<Array3<f32>, Error> {
        let source = Source::read(path)?;
        let kind = source.kind.clone();
        let mut array: Array3<f32> = dimensions::<Ix3>(source, "[passes, samples, classes]")?;
        let (passes, samples, classes) = array.dim();
        finite(path, array.indexed_iter().map(|((pass, row, column), value)| ([pass, row, column], *value)))?;
        self.passes_shape(path, passes, samples)?;
        let mut changed = 0;
        for (pass, matrix) in array.outer_iter_mut().enumerate() {
            changed += probabilities::check(matrix, normalise)
                .map_err(|reason| input(path, format!("pass {pass}: {reason}")))?;
        }
        self.agree(path, samples, Some(classes))?;
        self.passes_note(path, &kind, &array, changed);
        Ok(array)
    }

    fn estimates(&mut self, path: &Path) -> Result<Array1<f32>, Error> {
        let mut source = Source::read(path)?;
        if let [rows, 1] | [1, rows] = *source.values.shape() {
            source.values = source
                .values
                .into_shape_with_order(vec![rows])
                .map_err(|error| input(path, error.to_string()))?;
        }
        let kind = source.kind.clone();
        let array: Array1<f32> = dimensions::<Ix1>(source, "[samples]")?;
        finite(path, array.iter().enumerate().map(|(row, value)| ([row], *value)))?;
        let inside = |value: &f32| (0.0..=1.0).contains(value);
        if let Some((row, value)) = array.iter().enumerate().find(|(_, value)| !inside(value)) {
            let reason = format!("row {row} is {value}, not in [0, 1]; give the discriminator's sigmoid");
            return Err(input(path, reason));
        }
        self.agree(path, array.len(), None)?;
        self.notes.push(format!("{}: {} samples ({kind})", path.display(), array.len()));
        Ok(array)
    }

    /// Reads a matrix of finite numbers.
    fn matrix(&mut self, path: &Path, [rows, columns]: [&str; 2]) -> Result<Array2<f32>, Error> {
        let source = Source::read(path)?;
        let kind = source.kind.clone();
        let array: Array2<f32> = dimensions::<Ix2>(source, &format!("[{rows}, {columns}]"))?;
        finite(path, array.indexed_iter().map(|((row, column), value)| ([row, column], *value)))?;
        let (length, width) = array.dim();
        self.notes.push(format!("{}: {length} {rows}, {width} {columns} ({kind})", path.display()));
        Ok(array)
    }

    fn agree(&mut self, path: &Path, samples: usize, classes: Option<usize>) -> Result<(), Error> {
        agree((&mut self.samples, &mut self.said_samples), path, "samples", samples)?;
        classes.map_or(Ok(()), |classes| {
            agree((&mut self.classes, &mut self.said_classes), path, "classes", classes)
        })
    }
}

fn agree(
    (known, first): (&mut Option<usize>, &mut Option<PathBuf>),
    path: &Path,
    what: &str,
    found: usize,
) -> Result<(), Error> {
    match (&known, &first) {
        (Some(expected), Some(first)) if *expected != found => {
            Err(input(path, format!("it has {found} {what}, and {} has {expected}", first.display())))
        }
        _ => {
            *known = Some(found);
            first.get_or_insert_with(|| path.to_owned());
            Ok(())
        }
    }
}

fn divided(changed: usize) -> String {
    match changed {
        0 => String::new(),
        1 => ", 1 row divided by its sum".to_owned(),
        rows => format!(", {rows} rows divided by their sums"),
    }
}

fn input(path: &Path, reason: String) -> Error {
    Error::Input { path: path.to_owned(), reason }
}

/// The array with so many axes.
fn dimensions<D: ndarray::Dimension>(source: Source, axes: &str) -> Result<ndarray::Array<f32, D>, Error> {
    let shape = source.shape();
    match source.values.into_dimensionality::<D>() {
        Ok(array) => Ok(array),
        Err(_other_axes) => Err(input(&source.path, format!("its shape is {shape}, and must be {axes}"))),
    }
}

/// Refuses NaN and infinities.
fn finite<const N: usize>(
    path: &Path,
    mut values: impl Iterator<Item = ([usize; N], f32)>,
) -> Result<(), Error> {
    match values.find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => {
            let reason = format!("{} is {value}; numbers must be finite", place(&index));
            Err(Error::NotFinite { path: path.to_owned(), reason })
        }
        None => Ok(()),
    }
}
