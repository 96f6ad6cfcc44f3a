//! Whether a parameter is in its range.

use crate::Error;

/// Refuses a parameter that does not hold to its range.
pub(crate) fn within(name: &'static str, value: f64, holds: bool, range: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::InvalidParameter { name, value, range: range.to_owned() }) }
}

/// Refuses a count that is too small.
pub(crate) fn at_least(name: &'static str, value: usize, least: usize) -> Result<(), Error> {
    within(name, value as f64, value >= least, &format!("at least {least}"))
}
