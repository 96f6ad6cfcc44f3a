//! What records say of a statement, and the runs that it is about.

use crate::definition::same_factor;
use crate::format;
use crate::report::data::{Difference, Factor, Group, Results};

/// What our records say of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is so, and more than noise.
    Holds,
    /// The opposite is so, and more than noise.
    DoesNotHold,
    /// The records do not tell it from noise.
    NotSeparable,
    /// The scale does not ask, or the runs are not there.
    NotRun,
}

impl Verdict {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Holds, Self::DoesNotHold, Self::NotSeparable, Self::NotRun];

    /// The verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::NotSeparable => "not separable from noise",
            Self::NotRun => "not run at this scale",
        }
    }
}

/// A verdict and the numbers that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// What it rests on, in a sentence.
    pub(super) numbers: String,
    /// The number that decides, with its interval and how many runs it is of; empty where nothing ran.
    pub(super) brief: String,
}

impl Judgement {
    pub(super) fn new(verdict: Verdict, brief: impl Into<String>, numbers: impl Into<String>) -> Self {
        Self { verdict, numbers: numbers.into(), brief: brief.into() }
    }

    pub(super) fn not_run(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotRun, "", why)
    }
}

/// Two strategies at one imbalance factor that have paired runs.
pub(super) struct Pair<'f, 'a> {
    pub(super) factor: &'f Factor<'a>,
    pub(super) group: &'f Group<'a>,
    pub(super) other: &'f Group<'a>,
}

impl<'f, 'a> Pair<'f, 'a> {
    /// The pair, or why there is none.
    pub(super) fn find(
        results: &'f Results<'a>,
        name: &str,
        other: &str,
        imbalance_factor: f64,
    ) -> Result<Self, String> {
        let (factor, group) = single(results, name, imbalance_factor)?;
        let (_, other) = single(results, other, imbalance_factor)?;
        if group.paired(other).is_empty() {
            return Err(format!(
                "{} and {} have no paired seeds",
                group.strategy.label, other.strategy.label
            ));
        }
        Ok(Self { factor, group, other })
    }
}

/// A strategy at one imbalance factor that has runs with queries, or why there is none.
pub(super) fn single<'f, 'a>(
    results: &'f Results<'a>,
    name: &str,
    imbalance_factor: f64,
) -> Result<(&'f Factor<'a>, &'f Group<'a>), String> {
    let factor = results
        .factors
        .iter()
        .find(|factor| same_factor(factor.value, imbalance_factor))
        .ok_or_else(|| format!("the imbalance factor {imbalance_factor} is not one of this scale"))?;
    let group = factor.group(name).ok_or_else(|| format!("`{name}` is not a strategy of this scale"))?;
    if group.runs.is_empty() {
        return Err(format!("{} has no complete run", group.strategy.label));
    }
    if factor.rounds == 0 {
        return Err("there are no queries".to_owned());
    }
    Ok((factor, group))
}

/// Whether differences are above 0: as the interval of their mean says.
pub(super) fn decide(difference: &Difference) -> Verdict {
    match (difference.mean, difference.is_separable()) {
        (None, _) => Verdict::NotRun,
        (Some(_), false) => Verdict::NotSeparable,
        (Some(mean), true) if mean > 0.0 => Verdict::Holds,
        (Some(_), true) => Verdict::DoesNotHold,
    }
}

/// `+1.25 [+0.30, +2.20], n = 3 seeds`, all but n times `factor`.
pub(super) fn amount(difference: &Difference, factor: f64, decimals: usize) -> String {
    let mean =
        difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * factor, decimals));
    let interval = format::interval(difference.interval, factor, decimals);
    format!("{mean} {interval}, {}", format::seeds(difference.pairs))
}
