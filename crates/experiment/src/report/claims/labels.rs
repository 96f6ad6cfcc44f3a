//! Claims about labels saved.

use super::{Judgement, Pair, Verdict};
use crate::expected::EvaluatedOn;
use crate::report::{format, measure};
use crate::statistics::{self, Smoothing};

/// At least this share of the other's labels saved: its whole interval is above it. It is refuted if the whole interval is
/// below, or if the other's last value is never reached.
pub(super) fn saves(pair: &Pair<'_, '_>, on: EvaluatedOn, smoothing: Smoothing, at_least: f64) -> Judgement {
    let of = pair.factor.measured.on(on);
    let curves: Vec<_> = pair
        .group
        .paired(pair.other)
        .into_iter()
        .map(|(run, partner)| (measure::learning_curve(of, run), measure::learning_curve(of, partner)))
        .collect();
    let Some(saving) = statistics::label_saving(&curves, smoothing, statistics::CONFIDENCE) else {
        return Judgement::not_run("fewer than two paired seeds were evaluated on these images");
    };
    let verdict = match (saving.low, saving.high) {
        (Some(low), _) if low >= at_least => Verdict::Holds,
        (_, None) => Verdict::DoesNotHold,
        (_, Some(high)) if high < at_least => Verdict::DoesNotHold,
        _ => Verdict::NotSeparable,
    };
    let numbers = format!(
        "saved in {}: {}; held against {} %",
        of.name(),
        format::saving(&saving),
        format::number(at_least * 100.0, 0)
    );
    Judgement::new(verdict, numbers)
}
