//! Whole numbers out of decimal shares.

/// ⌊value⌋, where a product within 10⁻⁹ below a whole number counts as that number.
pub(crate) fn floor(value: f64) -> usize {
    (value + 1e-9).floor() as usize
}
