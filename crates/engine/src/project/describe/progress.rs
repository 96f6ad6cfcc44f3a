//! How far describing is, for whoever shows it.

/// How far describing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something begins.
    Begun {
        /// What is done, for a person.
        doing: &'static str,
        /// How many images it is done to.
        of: usize,
    },
    /// It was done to so many more images.
    Done(usize),
}
