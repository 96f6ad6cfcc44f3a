//! Where a query gets what it is computed from.

use crate::{Embeddings, Error, Matrix};

/// What is known of the pool, computed or read when a strategy asks for it: a strategy that needs nothing costs no pass
/// of the model, and none can go without what it needs. What it gives is shared, or borrowed for `'a`.
pub trait Pool<'a> {
    /// Why something cannot be had.
    type Error: From<Error>;

    /// The class probabilities of the unlabelled rows: `[rows, classes]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn probabilities(&mut self) -> Result<Matrix<'a>, Self::Error>;

    /// The outputs before the softmax of the unlabelled rows: `[rows, classes]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn logits(&mut self) -> Result<Matrix<'a>, Self::Error>;

    /// The weights of the last layer, without its biases: `[classes, embedding]`.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn head(&mut self) -> Result<Matrix<'a>, Self::Error>;

    /// The class probabilities of the labelled rows: `[labelled, classes]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn labelled_probabilities(&mut self) -> Result<Matrix<'a>, Self::Error>;

    /// The embeddings of the unlabelled rows: `[rows, embedding]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'a>, Self::Error>;

    /// The embeddings of unlabelled and labelled rows.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn embeddings(&mut self) -> Result<Embeddings<'a>, Self::Error>;

    /// The class probabilities of the unlabelled rows in one pass with dropout: `[rows, classes]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'a>, Self::Error>;

    /// The discriminator's estimates that the unlabelled rows are labelled, in [0, 1]: `[rows]`.
    ///
    /// # Errors
    ///
    /// They cannot be computed or read.
    fn estimates(&mut self) -> Result<Vec<f32>, Self::Error>;
}
