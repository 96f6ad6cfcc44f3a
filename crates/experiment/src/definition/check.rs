//! Checks of what types cannot check, and how a fault is reported.

use std::fmt;

/// The dotted path of the key at fault, and why.
pub(super) type Fault = (String, String);

/// Refuses a value that is given twice, naming it.
pub(super) fn distinct<T: PartialEq + fmt::Debug>(values: &[T], field: &str) -> Result<(), Fault> {
    let repeated = (0..values.len()).find(|&index| values[..index].contains(&values[index]));
    match repeated {
        Some(index) => Err((field.to_owned(), format!("{:?} is given twice", values[index]))),
        None => Ok(()),
    }
}

/// Refuses what does not hold, with the reason.
pub(super) fn ensure(holds: bool, field: &str, reason: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err((field.to_owned(), reason())) }
}
