//! Places in arrays, as messages name them.

/// A place in an array, in words.
pub(super) fn place(index: &[usize]) -> String {
    match *index {
        [row] => format!("row {row}"),
        [row, column] => format!("row {row}, column {column}"),
        [pass, row, column] => format!("pass {pass}, row {row}, column {column}"),
        _ => format!("{index:?}"),
    }
}
