//! Arrays as somebody has them, from a model of any kind.

use ndarray::{Array2, Axis};
use rand_chacha::ChaCha8Rng;

use crate::query::{self, Inputs};
use crate::{Conversation, Embeddings, Error, Input, Matrix, Passes, Pool, Selection, Strategy};

/// What a model says of the unlabelled samples, and what is known of the labelled ones.
///
/// Row `i` of every array is the same unlabelled sample, and a pick with `row: i` means that sample. Leave out what the
/// strategy does not [need](Strategy::needs); what is missing is an error that names it. Where arrays hold all samples,
/// labelled and unlabelled, [`Arrays::split`] takes them apart.
///
/// ```
/// use ndarray::array;
/// use rand::SeedableRng;
/// use tailward_acquisition::{Arrays, Strategy};
///
/// let p = array![[0.9_f32, 0.1], [0.5, 0.5], [0.7, 0.3]];
/// let arrays = Arrays { probabilities: Some(p.into()), ..Arrays::default() };
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let selection = Strategy::Entropy { balance: None }.query(&arrays, 2, &mut rng)?;
/// assert_eq!(selection.rows(), [1, 2]);
/// # Ok::<(), tailward_acquisition::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arrays<'a> {
    /// How many unlabelled samples there are; absent: as many as the arrays have rows. Random sampling needs no array and
    /// has to be told.
    pub rows: Option<usize>,
    /// Class probabilities, after the softmax: `[rows, classes]`.
    pub probabilities: Option<Matrix<'a>>,
    /// The outputs before the softmax: `[rows, classes]`.
    pub logits: Option<Matrix<'a>>,
    /// The weights of the last layer, without its biases: `[classes, dims]`.
    pub head: Option<Matrix<'a>>,
    /// Pooled features before the last layer: `[rows, dims]`.
    pub embeddings: Option<Matrix<'a>>,
    /// Class probabilities of passes with dropout: `[passes, rows, classes]`.
    pub dropout_probabilities: Option<Passes<'a>>,
    /// A discriminator's estimates that the samples are labelled (VAAL), in [0, 1]: `[rows]`.
    pub estimates: Option<Vec<f32>>,
    /// What is known of the labelled samples.
    pub labelled: Labelled<'a>,
}

/// What is known of the labelled samples; by default there are none. Row `i` of every array is the same sample.
#[derive(Clone, Debug, Default)]
pub struct Labelled<'a> {
    /// Their classes, counted from 0. `[labelled]`
    pub labels: Vec<u32>,
    /// Their class probabilities: `[labelled, classes]`.
    pub probabilities: Option<Matrix<'a>>,
    /// Their embeddings: `[labelled, dims]`.
    pub embeddings: Option<Matrix<'a>>,
}

impl Strategy {
    /// Chooses `budget` unlabelled samples. Every random choice is drawn from `rng`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] with the array that the strategy needs and was not given; [`Error::LengthMismatch`] if arrays do
    /// not belong together; [`Error::Unsupported`] for DIRECT and GALAXY, which ask more than once ([`Strategy::begin`]);
    /// and those of [`query::query`].
    pub fn query(
        &self,
        arrays: &Arrays<'_>,
        budget: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Selection, Error> {
        let counts = arrays.labelled_counts()?;
        query::query(self, arrays.inputs(&counts, budget, rng)?, &mut &*arrays)
    }

    /// Begins a conversation about `budget` unlabelled samples: for every strategy, and for those that ask more than once
    /// the only way.
    ///
    /// # Errors
    ///
    /// As [`Strategy::query`].
    pub fn begin(
        &self,
        arrays: &Arrays<'_>,
        budget: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Conversation, Error> {
        let counts = arrays.labelled_counts()?;
        query::begin(self, arrays.inputs(&counts, budget, rng)?, &mut &*arrays)
    }
}

impl<'a> Arrays<'a> {
    /// Takes arrays of *all* samples apart by what is known of them: a sample with a label becomes a row of
    /// [`Arrays::labelled`], one without stays. Also gives the sample of each unlabelled row, which is what a pick stands
    /// for. The weights of the head are left as they are, and what `labelled` held before is dropped.
    ///
    /// ```
    /// use ndarray::array;
    /// use tailward_acquisition::Arrays;
    ///
    /// let all = array![[0.9_f32, 0.1], [0.5, 0.5], [0.7, 0.3]];
    /// let arrays = Arrays { probabilities: Some(all.into()), ..Arrays::default() };
    /// let (arrays, samples) = arrays.split(&[None, Some(1), None])?;
    /// assert_eq!(samples, [0, 2]);
    /// assert_eq!(arrays.labelled.labels, [1]);
    /// # Ok::<(), tailward_acquisition::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if an array has not a row for every entry of `labels`.
    pub fn split(self, labels: &[Option<u32>]) -> Result<(Self, Vec<usize>), Error> {
        let whole = Self { rows: Some(labels.len()), ..self };
        whole.count()?;
        let known: Vec<usize> = (0..labels.len()).filter(|&sample| labels[sample].is_some()).collect();
        let samples: Vec<usize> = (0..labels.len()).filter(|&sample| labels[sample].is_none()).collect();
        let labelled = Labelled {
            labels: labels.iter().copied().flatten().collect(),
            probabilities: whole.probabilities.as_ref().map(|all| all.select(Axis(0), &known)),
            embeddings: whole.embeddings.as_ref().map(|all| all.select(Axis(0), &known)),
        };
        let arrays = Self {
            rows: Some(samples.len()),
            probabilities: whole.probabilities.as_ref().map(|all| all.select(Axis(0), &samples)),
            logits: whole.logits.as_ref().map(|all| all.select(Axis(0), &samples)),
            head: whole.head,
            embeddings: whole.embeddings.as_ref().map(|all| all.select(Axis(0), &samples)),
            dropout_probabilities: whole
                .dropout_probabilities
                .as_ref()
                .map(|all| all.select(Axis(1), &samples)),
            estimates: whole.estimates.map(|all| samples.iter().map(|&sample| all[sample]).collect()),
            labelled,
        };
        Ok((arrays, samples))
    }

    /// The number of unlabelled samples, in which every array agrees.
    fn count(&self) -> Result<usize, Error> {
        let found = [
            ("rows of the probabilities", self.probabilities.as_ref().map(Matrix::nrows)),
            ("rows of the logits", self.logits.as_ref().map(Matrix::nrows)),
            ("rows of the embeddings", self.embeddings.as_ref().map(Matrix::nrows)),
            (
                "rows of the probabilities with dropout",
                self.dropout_probabilities.as_ref().map(|array| array.len_of(Axis(1))),
            ),
            ("estimates of the discriminator", self.estimates.as_ref().map(Vec::len)),
        ];
        let first = found.iter().find_map(|&(_, rows)| rows);
        let expected = self.rows.or(first).ok_or(Error::NoRows)?;
        for (what, rows) in found {
            if let Some(found) = rows.filter(|&rows| rows != expected) {
                return Err(Error::LengthMismatch { what, expected, found });
            }
        }
        Ok(expected)
    }

    /// The labels of each class. There are as many classes as arrays have columns for them, or as labels name.
    fn labelled_counts(&self) -> Result<Vec<usize>, Error> {
        let columns = |array: &Option<Matrix<'_>>| array.as_ref().map(Matrix::ncols);
        let labels = &self.labelled.labels;
        let classes = columns(&self.probabilities)
            .or_else(|| columns(&self.logits))
            .or_else(|| self.head.as_ref().map(|head| head.nrows()))
            .or_else(|| self.dropout_probabilities.as_ref().map(|passes| passes.len_of(Axis(2))))
            .unwrap_or_else(|| labels.iter().max().map_or(0, |&highest| highest as usize + 1));
        let mut counts = vec![0; classes];
        for (row, &label) in labels.iter().enumerate() {
            *counts.get_mut(label as usize).ok_or(Error::LabelOutOfRange { row, label, classes })? += 1;
        }
        Ok(counts)
    }

    fn inputs<'b>(
        &'b self,
        labelled_counts: &'b [usize],
        budget: usize,
        rng: &'b mut ChaCha8Rng,
    ) -> Result<Inputs<'b>, Error> {
        let (rows, labels) = (self.count()?, self.labelled.labels.as_slice());
        Ok(Inputs { rows, labelled_counts, labels, budget, rng })
    }
}

/// An array that has to be there. A clone shares it.
fn given<T: Clone>(array: Option<&T>, input: Input) -> Result<T, Error> {
    array.cloned().ok_or(Error::Missing { input })
}

impl<'a> Pool<'a> for &Arrays<'a> {
    type Error = Error;

    fn probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        given(self.probabilities.as_ref(), Input::Probabilities)
    }

    fn logits(&mut self) -> Result<Matrix<'a>, Error> {
        given(self.logits.as_ref(), Input::Logits)
    }

    fn head(&mut self) -> Result<Matrix<'a>, Error> {
        given(self.head.as_ref(), Input::Head)
    }

    /// Without labels there are no rows, and no array has to say so.
    fn labelled_probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        match &self.labelled.probabilities {
            None if self.labelled.labels.is_empty() => {
                Ok(Array2::zeros((0, self.probabilities()?.ncols())).into())
            }
            array => given(array.as_ref(), Input::LabelledProbabilities),
        }
    }

    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'a>, Error> {
        given(self.embeddings.as_ref(), Input::Embeddings)
    }

    /// Without labels there are no labelled rows, and no array has to say so.
    fn embeddings(&mut self) -> Result<Embeddings<'a>, Error> {
        let unlabelled = self.unlabelled_embeddings()?;
        let labelled = match &self.labelled.embeddings {
            None if self.labelled.labels.is_empty() => Array2::zeros((0, unlabelled.ncols())).into(),
            array => given(array.as_ref(), Input::LabelledEmbeddings)?,
        };
        Ok(Embeddings { unlabelled, labelled })
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'a>, Error> {
        let passes = self.dropout_probabilities.as_ref();
        let passes = passes.ok_or(Error::Missing { input: Input::DropoutProbabilities })?;
        let found = passes.len_of(Axis(0));
        if pass >= found {
            return Err(Error::LengthMismatch { what: "passes with dropout", expected: pass + 1, found });
        }
        Ok(passes.pass(pass))
    }

    fn estimates(&mut self) -> Result<Vec<f32>, Error> {
        given(self.estimates.as_ref(), Input::Estimates)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use rand::SeedableRng;

    use super::*;
    use crate::{Answer, DirectMode};

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    fn probabilities() -> Option<Matrix<'static>> {
        Some(array![[0.9_f32, 0.1], [0.5, 0.5], [0.7, 0.3], [0.6, 0.4]].into())
    }

    #[test]
    fn what_is_missing_is_named() {
        let only = Arrays { probabilities: probabilities(), ..Arrays::default() };
        let message = |strategy: Strategy, arrays: &Arrays| {
            strategy.query(arrays, 1, &mut rng()).unwrap_err().to_string()
        };
        assert_eq!(
            message(Strategy::KCenterGreedy { decimals: None, balance: None }, &only),
            "read the embeddings: they are needed, and none were given"
        );
        assert!(message(Strategy::Base {}, &only).contains("the logits"));
        assert!(message(Strategy::Vaal { balance: None }, &only).contains("the estimates"));
        assert!(message(Strategy::Bald { passes: 2, balance: None }, &only).contains("dropout"));
        let labelled = Labelled { labels: vec![0], ..Labelled::default() };
        let told = Arrays { embeddings: probabilities(), labelled, ..only };
        assert!(
            message(Strategy::Bait { regularisation: 1.0, memory_limit_mib: 9 }, &told).contains("labelled")
        );
        assert_eq!(
            message(Strategy::Random {}, &Arrays::default()),
            "count the samples: no array was given, and no number of rows"
        );
    }

    #[test]
    fn arrays_agree_in_their_rows_and_labels_are_classes() {
        let error = |arrays: Arrays| {
            Strategy::Entropy { balance: None }.query(&arrays, 1, &mut rng()).unwrap_err().to_string()
        };
        let short = Some(array![[1.0_f32], [2.0]].into());
        assert_eq!(
            error(Arrays { probabilities: probabilities(), embeddings: short, ..Arrays::default() }),
            "match the rows of the embeddings: expected 4, found 2"
        );
        let labelled = Labelled { labels: vec![1, 2], ..Labelled::default() };
        assert_eq!(
            error(Arrays { probabilities: probabilities(), labelled, ..Arrays::default() }),
            "read labels: labelled row 1 is 2, and there are 2 classes"
        );
        let passes = Some(Array3::from_elem((2, 4, 2), 0.5).into());
        let arrays = Arrays { dropout_probabilities: passes, ..Arrays::default() };
        let few = Strategy::Bald { passes: 3, balance: None }.query(&arrays, 1, &mut rng()).unwrap_err();
        assert_eq!(few.to_string(), "match the passes with dropout: expected 3, found 2");
    }

    #[test]
    fn arrays_of_all_samples_are_taken_apart() {
        let all = Arrays {
            probabilities: probabilities(),
            embeddings: Some(array![[0.0_f32], [1.0], [2.0], [9.0]].into()),
            dropout_probabilities: Some(Array3::from_shape_fn((2, 4, 2), |(_, row, _)| row as f32).into()),
            estimates: Some(vec![0.1, 0.2, 0.3, 0.4]),
            ..Arrays::default()
        };
        let (arrays, samples) = all.split(&[Some(0), None, Some(1), None]).unwrap();
        assert_eq!(samples, [1, 3]);
        assert_eq!(arrays.labelled.labels, [0, 1]);
        assert_eq!(arrays.labelled.embeddings.as_ref().unwrap().view(), array![[0.0_f32], [2.0]]);
        assert_eq!(arrays.embeddings.as_ref().unwrap().view(), array![[1.0_f32], [9.0]]);
        assert_eq!(
            arrays.dropout_probabilities.as_ref().unwrap().view()[[1, 1, 0]].to_bits(),
            3.0_f32.to_bits()
        );
        assert_eq!(arrays.estimates.as_deref(), Some(&[0.2, 0.4][..]));
        let farthest = Strategy::KCenterGreedy { decimals: None, balance: None };
        let picks = farthest.query(&arrays, 1, &mut rng()).unwrap().rows();
        assert_eq!(samples[picks[0]], 3);
        let none = Arrays { probabilities: probabilities(), ..Arrays::default() };
        assert!(matches!(none.split(&[None]), Err(Error::LengthMismatch { expected: 1, found: 4, .. })));
    }

    #[test]
    fn a_conversation_needs_no_labels_to_begin() {
        let arrays = Arrays { probabilities: probabilities(), ..Arrays::default() };
        let direct = Strategy::Direct { mode: DirectMode::Paper, parallel: 1 };
        assert!(matches!(direct.query(&arrays, 2, &mut rng()), Err(Error::Unsupported { .. })));
        let mut conversation = direct.begin(&arrays, 2, &mut rng()).unwrap();
        while let Some(ask) = conversation.ask() {
            for pick in ask.picks {
                conversation.tell(pick.row, Answer::Label(u32::from(pick.row > 1))).unwrap();
            }
        }
        assert!(conversation.is_complete());
        assert_eq!(conversation.selection().picks.len(), 2);
    }
}
