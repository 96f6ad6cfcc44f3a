//! What can be wrong with a query.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// λ is negative or not finite.
    #[error("lambda is {0}; it must be finite and not negative")]
    Lambda(f64),
}
