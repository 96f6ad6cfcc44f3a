//! What `tailward query` reads: predictions, embeddings and labels of anybody's samples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ndarray::{ArcArray2, Array, Array1, Array2, Array3, Axis, Dimension};
use ndarray_npy::{ReadNpyError, ReadNpyExt};
use serde::Deserialize;
use tailward_acquisition::query::Pool;
use tailward_acquisition::{Embeddings, validate_probabilities};

use crate::Error;

/// The files that hold the arrays; which of them a strategy needs, [`Candidates`] says when one is missing.
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
#[derive(Debug)]
pub(super) struct Arrays {
    /// `[samples, classes]`
    probabilities: Option<Array2<f32>>,
    /// `[samples, classes]`
    logits: Option<Array2<f32>>,
    /// `[classes, embedding]`
    head: Option<Array2<f32>>,
    /// `[samples, embedding]`
    embeddings: Option<Array2<f32>>,
    /// `[passes, samples, classes]`
    passes: Option<Array3<f32>>,
    /// `[samples]`
    estimates: Option<Array1<f32>>,
    /// How many samples there are.
    pub(super) samples: usize,
    /// How many classes there are, if an array says so.
    pub(super) classes: Option<usize>,
}

impl Arrays {
    /// Reads and checks the files that are given.
    ///
    /// # Errors
    ///
    /// A file is missing, is no array of the expected form, holds a value that is not allowed, or disagrees with another
    /// about the number of samples or classes; or no file is given.
    pub(super) fn read(files: &Files) -> Result<Self, Error> {
        let mut sizes = Sizes::default();
        let mut arrays = Self {
            probabilities: None,
            logits: None,
            head: None,
            embeddings: None,
            passes: None,
            estimates: None,
            samples: 0,
            classes: None,
        };
        if let Some(path) = &files.probabilities {
            let array: Array2<f32> = read(path, "a matrix")?;
            validate_probabilities(array.view()).map_err(|error| input(path, error.to_string()))?;
            sizes.agree(path, array.nrows(), Some(array.ncols()))?;
            arrays.probabilities = Some(array);
        }
        if let Some(path) = &files.logits {
            let array = read_finite(path)?;
            sizes.agree(path, array.nrows(), Some(array.ncols()))?;
            arrays.logits = Some(array);
        }
        if let Some(path) = &files.head {
            let array = read_finite(path)?;
            agree(&mut sizes.classes, path, "classes", array.nrows())?;
            arrays.head = Some(array);
        }
        if let Some(path) = &files.embeddings {
            let array = read_finite(path)?;
            sizes.agree(path, array.nrows(), None)?;
            arrays.embeddings = Some(array);
        }
        if let Some(path) = &files.dropout_probabilities {
            let array: Array3<f32> = read(path, "an array of three dimensions")?;
            for (pass, matrix) in array.outer_iter().enumerate() {
                validate_probabilities(matrix)
                    .map_err(|error| input(path, format!("pass {pass}: {error}")))?;
            }
            let (_, samples, classes) = array.dim();
            sizes.agree(path, samples, Some(classes))?;
            arrays.passes = Some(array);
        }
        if let Some(path) = &files.estimates {
            let array: Array1<f32> = read(path, "a vector")?;
            let inside = |value: &f32| (0.0..=1.0).contains(value);
            if let Some((row, value)) = array.iter().enumerate().find(|(_, value)| !inside(value)) {
                return Err(input(path, format!("row {row} is {value}, not in [0, 1]")));
            }
            sizes.agree(path, array.len(), None)?;
            arrays.estimates = Some(array);
        }
        let Some((_, samples)) = sizes.samples else {
            return Err(Error::MissingArray { option: "--probabilities (or another array)".to_owned() });
        };
        arrays.samples = samples;
        arrays.classes = sizes.classes.map(|(_, classes)| classes);
        Ok(arrays)
    }

    /// The number of features, where a file holds embeddings.
    pub(super) fn features(&self) -> Option<usize> {
        self.embeddings.as_ref().map(|embeddings| embeddings.ncols())
    }

    /// The number of passes with dropout, 0 if no file holds any.
    pub(super) fn passes(&self) -> usize {
        self.passes.as_ref().map_or(0, |passes| passes.len_of(Axis(0)))
    }

    /// Reads what is labelled: sample to class.
    ///
    /// # Errors
    ///
    /// A line is not of the expected form, names a sample or a class that does not exist, or a sample for the second time.
    pub(super) fn read_labels(&self, path: &Path) -> Result<BTreeMap<usize, usize>, Error> {
        let at = |line: usize, reason: String| input(path, format!("line {line}: {reason}"));
        let text = std::fs::read_to_string(path).map_err(|error| input(path, error.to_string()))?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut labels = BTreeMap::new();
        for (row, result) in reader.deserialize().enumerate() {
            let line = row + 2;
            let LabelRow { index, label } =
                result.map_err(|error: csv::Error| at(line, error.to_string()))?;
            if index >= self.samples {
                return Err(at(line, format!("index {index} is not a row of the {} samples", self.samples)));
            }
            if let Some(classes) = self.classes.filter(|&classes| label >= classes) {
                let reason =
                    format!("label {label} is not one of the {classes} classes (0 to {})", classes - 1);
                return Err(at(line, reason));
            }
            if labels.insert(index, label).is_some() {
                return Err(at(line, format!("index {index} is labelled twice")));
            }
        }
        Ok(labels)
    }
}

/// One row of the labels' file.
#[derive(Debug, Deserialize)]
struct LabelRow {
    index: usize,
    label: usize,
}

/// What the files so far agree on, and which said it first.
#[derive(Debug, Default)]
struct Sizes {
    samples: Option<(PathBuf, usize)>,
    classes: Option<(PathBuf, usize)>,
}

impl Sizes {
    fn agree(&mut self, path: &Path, samples: usize, classes: Option<usize>) -> Result<(), Error> {
        agree(&mut self.samples, path, "samples", samples)?;
        classes.map_or(Ok(()), |classes| agree(&mut self.classes, path, "classes", classes))
    }
}

fn agree(known: &mut Option<(PathBuf, usize)>, path: &Path, what: &str, found: usize) -> Result<(), Error> {
    match known {
        Some((first, expected)) if *expected != found => {
            Err(input(path, format!("has {found} {what}, and {} has {expected}", first.display())))
        }
        Some(_) => Ok(()),
        None => {
            *known = Some((path.to_owned(), found));
            Ok(())
        }
    }
}

fn input(path: &Path, reason: String) -> Error {
    Error::Input { path: path.to_owned(), reason }
}

/// Reads a matrix without NaN or infinity.
fn read_finite(path: &Path) -> Result<Array2<f32>, Error> {
    let array: Array2<f32> = read(path, "a matrix")?;
    match array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), value)) => Err(input(path, format!("row {row}, column {column} is {value}"))),
        None => Ok(array),
    }
}

/// Reads a NumPy file of float32 or float64.
fn read<D: Dimension>(path: &Path, form: &str) -> Result<Array<f32, D>, Error> {
    let bytes = std::fs::read(path).map_err(|error| input(path, error.to_string()))?;
    let wrong = |error: ReadNpyError| input(path, format!("expected {form} of float32 or float64: {error}"));
    let array = match Array::<f32, D>::read_npy(bytes.as_slice()) {
        Ok(array) => array,
        Err(ReadNpyError::WrongDescriptor(_)) => {
            Array::<f64, D>::read_npy(bytes.as_slice()).map_err(wrong)?.mapv(|value| value as f32)
        }
        Err(error) => return Err(wrong(error)),
    };
    Ok(array.as_standard_layout().into_owned())
}

/// The unlabelled samples before the strategy.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    arrays: &'a Arrays,
    unlabelled: &'a [usize],
    labelled: Vec<usize>,
    /// `[unlabelled, classes]`, where there are probabilities: of the passes' mean, where there are only passes.
    probabilities: Option<ArcArray2<f32>>,
}

impl<'a> Candidates<'a> {
    /// The samples that are not in `labels`.
    pub(super) fn new(arrays: &'a Arrays, unlabelled: &'a [usize], labels: &BTreeMap<usize, usize>) -> Self {
        let of_rows = |array: &Array2<f32>| array.select(Axis(0), unlabelled).into_shared();
        let mean = || arrays.passes.as_ref().and_then(|passes| passes.mean_axis(Axis(0)));
        let probabilities =
            arrays.probabilities.as_ref().map(of_rows).or_else(|| mean().as_ref().map(of_rows));
        Self { arrays, unlabelled, labelled: labels.keys().copied().collect(), probabilities }
    }

    /// The class probabilities of the unlabelled samples, where there are any.
    pub(super) fn predicted(&self) -> Option<&ArcArray2<f32>> {
        self.probabilities.as_ref()
    }
}

fn missing(option: &str) -> Error {
    Error::MissingArray { option: option.to_owned() }
}

impl Pool for Candidates<'_> {
    type Error = Error;

    fn probabilities(&mut self) -> Result<ArcArray2<f32>, Error> {
        self.probabilities.clone().ok_or_else(|| missing("--probabilities"))
    }

    fn logits(&mut self) -> Result<ArcArray2<f32>, Error> {
        let logits = self.arrays.logits.as_ref().ok_or_else(|| missing("--logits"))?;
        Ok(logits.select(Axis(0), self.unlabelled).into_shared())
    }

    fn head(&mut self) -> Result<ArcArray2<f32>, Error> {
        self.arrays.head.clone().map(Array2::into_shared).ok_or_else(|| missing("--head"))
    }

    fn labelled_probabilities(&mut self) -> Result<ArcArray2<f32>, Error> {
        let probabilities = self.arrays.probabilities.as_ref().ok_or_else(|| missing("--probabilities"))?;
        Ok(probabilities.select(Axis(0), &self.labelled).into_shared())
    }

    fn unlabelled_embeddings(&mut self) -> Result<ArcArray2<f32>, Error> {
        let embeddings = self.arrays.embeddings.as_ref().ok_or_else(|| missing("--embeddings"))?;
        Ok(embeddings.select(Axis(0), self.unlabelled).into_shared())
    }

    fn embeddings(&mut self) -> Result<Embeddings, Error> {
        let embeddings = self.arrays.embeddings.as_ref().ok_or_else(|| missing("--embeddings"))?;
        let of = |rows: &[usize]| embeddings.select(Axis(0), rows).into_shared();
        Ok(Embeddings { unlabelled: of(self.unlabelled), labelled: of(&self.labelled) })
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<ArcArray2<f32>, Error> {
        let passes = self.arrays.passes.as_ref().ok_or_else(|| missing("--dropout-probabilities"))?;
        Ok(passes.index_axis(Axis(0), pass).select(Axis(0), self.unlabelled).into_shared())
    }

    fn estimates(&mut self) -> Result<Vec<f32>, Error> {
        let estimates = self.arrays.estimates.as_ref().ok_or_else(|| missing("--estimates"))?;
        Ok(self.unlabelled.iter().map(|&row| estimates[row]).collect())
    }
}
