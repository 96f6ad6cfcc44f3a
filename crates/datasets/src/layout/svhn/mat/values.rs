//! The numbers of a variable.

/// The numbers of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Stored as bytes.
    Bytes(Vec<u8>),
    /// Stored in any other type. Integers beyond 2⁵³ are rounded.
    Numbers(Vec<f64>),
}

impl Values {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// The value at `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Values::len`].
    pub(crate) fn number(&self, index: usize) -> f64 {
        match self {
            Self::Bytes(bytes) => f64::from(bytes[index]),
            Self::Numbers(numbers) => numbers[index],
        }
    }
}
