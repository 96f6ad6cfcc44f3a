//! Arrays that are shared, or borrowed from somebody who holds them.

use ndarray::{ArcArray, Array, ArrayBase, ArrayView, Axis, Dimension, Ix2, Ix3, RemoveAxis, ViewRepr};

/// An array as a query is given it: shared, where whoever computed it keeps it for the next one that asks, or borrowed, where
/// it lies in memory of another library. A clone copies no entry of either.
///
/// ```
/// use ndarray::{Array2, array};
/// use tailward_acquisition::Matrix;
///
/// let p = array![[0.9_f32, 0.1], [0.5, 0.5]];
/// let borrowed = Matrix::from(p.view());
/// assert_eq!(borrowed.view().as_ptr(), p.as_ptr());
/// let shared = Matrix::from(p);
/// assert_eq!(shared.clone().view().as_ptr(), shared.view().as_ptr());
/// ```
#[derive(Clone, Debug)]
pub enum Held<'a, D: Dimension> {
    /// An array that knows how many hold it.
    Shared(ArcArray<f32, D>),
    /// A look at somebody's array: an [`ArrayView`]. With its last parameter written out, one that is borrowed for long can
    /// stand where one for a shorter time is wanted.
    Borrowed(ArrayBase<ViewRepr<&'a f32>, D, f32>),
}

/// An array of rows: `[rows, columns]`.
pub type Matrix<'a> = Held<'a, Ix2>;

/// An array of rows for each pass of a network: `[passes, rows, columns]`.
pub type Passes<'a> = Held<'a, Ix3>;

impl<'a, D: Dimension> Held<'a, D> {
    /// A look at the array, for as long as it is held here.
    pub fn view(&self) -> ArrayView<'_, f32, D> {
        match self {
            Self::Shared(array) => array.view(),
            Self::Borrowed(view) => view.view(),
        }
    }

    /// How long an axis is.
    ///
    /// # Panics
    ///
    /// If the array has no such axis.
    pub fn len_of(&self, axis: Axis) -> usize {
        self.view().len_of(axis)
    }

    /// A copy of the given places along an axis, in this order.
    ///
    /// # Panics
    ///
    /// If the array has no such axis or place.
    #[must_use]
    pub fn select(&self, axis: Axis, places: &[usize]) -> Held<'a, D>
    where
        D: RemoveAxis,
    {
        self.view().select(axis, places).into()
    }
}

impl Matrix<'_> {
    /// The number of rows.
    pub fn nrows(&self) -> usize {
        self.len_of(Axis(0))
    }

    /// The number of columns.
    pub fn ncols(&self) -> usize {
        self.len_of(Axis(1))
    }
}

impl<'a> Passes<'a> {
    /// One pass: `[rows, columns]`.
    ///
    /// # Panics
    ///
    /// If there are not so many passes.
    #[must_use]
    pub fn pass(&self, pass: usize) -> Matrix<'a> {
        match self {
            Self::Shared(passes) => passes.clone().index_axis_move(Axis(0), pass).into(),
            Self::Borrowed(passes) => passes.index_axis_move(Axis(0), pass).into(),
        }
    }
}

impl<D: Dimension> From<ArcArray<f32, D>> for Held<'_, D> {
    fn from(array: ArcArray<f32, D>) -> Self {
        Self::Shared(array)
    }
}

impl<D: Dimension> From<Array<f32, D>> for Held<'_, D> {
    fn from(array: Array<f32, D>) -> Self {
        Self::Shared(array.into_shared())
    }
}

impl<'a, D: Dimension> From<ArrayView<'a, f32, D>> for Held<'a, D> {
    fn from(view: ArrayView<'a, f32, D>) -> Self {
        Self::Borrowed(view)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    #[test]
    fn a_pass_is_a_look_at_its_rows() {
        let passes = Array3::from_shape_fn((2, 3, 2), |(pass, row, _)| (10 * pass + row) as f32);
        let expected = array![[10.0_f32, 10.0], [11.0, 11.0], [12.0, 12.0]];
        let borrowed = Passes::from(passes.view());
        assert_eq!(borrowed.pass(1).view(), expected);
        assert_eq!(borrowed.pass(1).view().as_ptr(), passes.index_axis(Axis(0), 1).as_ptr());
        let shared = Passes::from(passes);
        assert_eq!(shared.pass(1).view(), expected);
        assert_eq!(shared.pass(0).view().as_ptr(), shared.view().as_ptr());
    }

    #[test]
    fn places_are_copied_in_their_order() {
        let matrix = Matrix::from(array![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let chosen = matrix.select(Axis(0), &[2, 0]);
        assert_eq!(chosen.view(), array![[5.0_f32, 6.0], [1.0, 2.0]]);
        assert_eq!((chosen.nrows(), chosen.ncols()), (2, 2));
    }
}
