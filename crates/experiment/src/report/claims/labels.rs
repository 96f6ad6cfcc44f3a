//! Claims about labels saved.

use super::judgement::{Judgement, Pair, Verdict};
use crate::expected::EvaluatedOn;
use crate::format;
use crate::report::measure;
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
    let fewest = curves.iter().map(|(ours, _)| ours.len()).min().unwrap_or(0);
    if smoothing == Smoothing::MovingAverage && fewest < statistics::WINDOW {
        return Judgement::not_run(format!(
            "it is about a moving average of {} values; curves have {fewest}",
            statistics::WINDOW
        ));
    }
    let Some(saving) = statistics::label_saving(&curves, smoothing, statistics::CONFIDENCE) else {
        return Judgement::not_run("fewer than two paired seeds were evaluated on these images");
    };
    let verdict = match (saving.low, saving.high) {
        // What the first model, which both share, already reaches is nobody's saving; and an interval without width says
        // nothing about noise.
        (Some(low), _) if low >= saving.most => Verdict::NotSeparable,
        (Some(low), Some(high)) if high <= low => Verdict::NotSeparable,
        (Some(low), _) if low >= at_least => Verdict::Holds,
        (_, None) => Verdict::DoesNotHold,
        (_, Some(high)) if high < at_least => Verdict::DoesNotHold,
        _ => Verdict::NotSeparable,
    };
    let brief = format!("{}, {}", format::saving(&saving), format::seeds(curves.len()));
    let numbers = format!(
        "saved in {}: {}; held against {} %",
        of.name(),
        format::saving(&saving),
        format::number(at_least * 100.0, 0)
    );
    Judgement::new(verdict, brief, numbers)
}
