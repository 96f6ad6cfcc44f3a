//! What a report opens with: the question in one sentence, what was found, one plot and one table.

mod finding;
mod opening;
mod rounds;
mod sweep;

use super::data::{Factor, Results};
use super::input::ReportInput;
use crate::Error;
use opening::Opening;

/// The factor that a report opens with: of those that have runs, the smallest, where balancing has most to do.
pub(super) fn hardest<'f, 'a>(results: &'f Results<'a>) -> Option<&'f Factor<'a>> {
    let ran = results.factors.iter().filter(|factor| factor.ran().next().is_some());
    ran.min_by(|one, other| one.value.total_cmp(&other.value))
}

/// What stands on the first screen.
///
/// # Errors
///
/// A figure cannot be drawn.
pub(super) fn of(factor: &Factor<'_>, input: &ReportInput<'_>) -> Result<Opening, Error> {
    let swept = factor.ran().any(|group| group.runs.iter().any(|run| run.sweep.is_some()));
    if swept { sweep::opening(factor, input) } else { rounds::opening(factor, input) }
}
