//! A basis that outlives its relaxation: the next one has other columns.

use super::relaxed::Relaxed;

/// A variable of a basis.
#[derive(Clone, Copy)]
pub(super) enum Name {
    /// A column of the core.
    Column(u32),
    /// A variable that every relaxation has, counted from behind the columns.
    Other(u32),
}

/// The basis of a relaxation.
pub(super) fn named(relaxed: &Relaxed) -> Vec<Name> {
    let n = relaxed.width();
    let name = |&variable: &usize| {
        if variable < n {
            Name::Column(relaxed.columns[variable])
        } else {
            Name::Other((variable - n) as u32)
        }
    };
    relaxed.basis.iter().map(name).collect()
}

/// The basis in the variables of another relaxation. Slacks stand in for columns that it has not.
pub(super) fn placed(relaxed: &Relaxed, basis: &[Name]) -> Vec<usize> {
    let n = relaxed.width();
    let found: Vec<Option<usize>> = basis
        .iter()
        .map(|name| match name {
            Name::Other(variable) => Some(n + *variable as usize),
            Name::Column(column) => relaxed.columns.binary_search(column).ok(),
        })
        .collect();
    let mut slacks = relaxed
        .slack_basis()
        .into_iter()
        .filter(|slack| !found.contains(&Some(*slack)))
        .collect::<Vec<_>>()
        .into_iter();
    found.iter().map(|place| place.or_else(|| slacks.next()).expect("as many slacks as rows")).collect()
}
