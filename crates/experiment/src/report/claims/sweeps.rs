//! Claims about the weight of class balancing.

use super::judgement::{Judgement, Verdict};
use crate::expected::SweptQuantity;
use crate::format;
use crate::record::{Choice, Record, Sweep};
use crate::report::data::Results;
use crate::report::quantity::{Quantity, largest_rise};

/// Choices that agree to this share are the same: their sums are of the same numbers in another order.
const SAME: f64 = 1e-6;

impl From<SweptQuantity> for Quantity {
    fn from(quantity: SweptQuantity) -> Self {
        match quantity {
            SweptQuantity::L1 => Self::L1,
            SweptQuantity::MeanEntropy => Self::MeanEntropy,
            SweptQuantity::L1ScoreOfQuery => Self::PicksScore,
            SweptQuantity::L1ScoreOfLabelledSet => Self::LabelledScore,
        }
    }
}

/// A quantity that never rises by more than the tolerance, in any sweep of a strategy.
pub(super) fn non_increasing(
    results: &Results<'_>,
    strategy: &str,
    quantity: SweptQuantity,
    tolerance: f64,
) -> Judgement {
    let quantity = Quantity::from(quantity);
    let rises: Vec<Option<f64>> = sweeps(results, strategy)
        .map(|(run, _)| quantity.along(run).and_then(|values| largest_rise(&values)))
        .collect();
    if rises.is_empty() {
        return Judgement::not_run(format!("`{strategy}` has no sweep"));
    }
    let known: Option<Vec<f64>> = rises.iter().copied().collect();
    let Some(worst) = known.map(|rises| rises.into_iter().fold(0.0, f64::max)) else {
        let sweeps = format!("rises from 0, {} sweeps", rises.len());
        return Judgement::new(Verdict::DoesNotHold, sweeps, format!("{} rises from 0", quantity.name()));
    };
    let numbers = format!(
        "the largest rise of {} from one λ to the next is {} % of its value at the smallest λ, over {} sweeps (up to {} % \
         is forgiven)",
        quantity.name(),
        format::number(worst * 100.0, 4),
        rises.len(),
        format::short(tolerance * 100.0)
    );
    let verdict = if worst <= tolerance { Verdict::Holds } else { Verdict::DoesNotHold };
    let brief = format!("largest rise {} %, {} sweeps", format::number(worst * 100.0, 2), rises.len());
    Judgement::new(verdict, brief, numbers)
}

/// A weight of 0 that chooses what the plain strategy chooses, in every sweep of a strategy.
pub(super) fn zero_weight(results: &Results<'_>, strategy: &str) -> Judgement {
    let mut equal = 0;
    let mut all = 0;
    for (run, sweep) in sweeps(results, strategy) {
        let plain = run.header.definition.strategy.query.strategy.baseline().name();
        let zero = sweep.points.iter().find(|point| point.lambda.abs() <= 0.0);
        let reference = sweep.references.iter().find(|reference| reference.strategy == plain);
        let (Some(zero), Some(reference)) = (zero, reference) else {
            return Judgement::not_run(format!("a sweep has no λ = 0 or no `{plain}` to compare with"));
        };
        all += 1;
        equal += usize::from(same(&zero.choice, &reference.choice));
    }
    match (all, equal) {
        (0, _) => Judgement::not_run(format!("`{strategy}` has no sweep")),
        _ => Judgement::new(
            if equal == all { Verdict::Holds } else { Verdict::DoesNotHold },
            format!("{equal} of {all} sweeps"),
            format!("ℓ1, entropy and classes are the same in {equal} of {all} sweeps"),
        ),
    }
}

fn same(one: &Choice, other: &Choice) -> bool {
    let close = |left: f64, right: f64| (left - right).abs() <= SAME * left.abs().max(right.abs());
    one.class_counts == other.class_counts
        && close(one.l1, other.l1)
        && close(one.mean_entropy, other.mean_entropy)
}

fn sweeps<'a>(results: &Results<'a>, strategy: &str) -> impl Iterator<Item = (&'a Record, &'a Sweep)> {
    results
        .runs()
        .filter(move |run| run.header.definition.strategy.name == strategy)
        .filter_map(|run| Some((run, run.sweep.as_ref()?)))
}
