//! What is left of a core's columns in a part of the tree.

/// Columns that are open, and columns that are picked; the others are left out.
pub(super) struct Part {
    /// Ascending.
    pub(super) columns: Vec<u32>,
    pub(super) picked: Vec<u32>,
}
