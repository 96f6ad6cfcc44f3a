//! Claims about accuracy.

use super::judgement::{Judgement, Pair, Verdict, amount, decide};
use crate::expected::EvaluatedOn;
use crate::format;
use crate::report::data::{Difference, Factor, Group};
use crate::report::measure;
use crate::statistics;

/// A gain of at least so many points, at one round or averaged over rounds.
pub(super) fn gain(pair: &Pair<'_, '_>, round: Option<usize>, on: EvaluatedOn, at_least: f64) -> Judgement {
    let rounds = pair.factor.rounds;
    let of = pair.factor.measured.on(on);
    let (gains, when) = match round {
        Some(round) if round > rounds => {
            return Judgement::not_run(format!("it is about round {round}; runs have {rounds}"));
        }
        Some(round) => {
            (pair.group.differences(pair.other, measure::score(of, round)), format!("at round {round}"))
        }
        None => {
            let mean = pair.group.differences(pair.other, measure::mean_score(of, rounds));
            (mean, format!("averaged over rounds 1 to {rounds}"))
        }
    };
    let beyond: Vec<f64> = gains.iter().map(|gain| gain - at_least / 100.0).collect();
    let brief = amount(&Difference::of(&gains), 100.0, 2);
    let numbers = format!("ours {when}: {brief} (points; held against {})", format::short(at_least));
    Judgement::new(decide(&Difference::of(&beyond)), brief, numbers)
}

/// A mean gain within so many points of 0: its whole interval is. It is refuted if its whole interval is outside.
pub(super) fn within(pair: &Pair<'_, '_>, on: EvaluatedOn, points: f64) -> Judgement {
    let rounds = pair.factor.rounds;
    let gain = pair.group.difference(pair.other, measure::mean_score(pair.factor.measured.on(on), rounds));
    let brief = amount(&gain, 100.0, 2);
    let numbers = format!("ours averaged over rounds 1 to {rounds}: {brief} (points)");
    Judgement::new(near_nothing(&gain, points), brief, numbers)
}

/// A score after the last round within so many points of a published one, as [`within`].
pub(super) fn ends_near(
    factor: &Factor<'_>,
    group: &Group<'_>,
    on: EvaluatedOn,
    percent: f64,
    points: f64,
) -> Judgement {
    let score = measure::score(factor.measured.on(on), factor.rounds);
    let beyond: Vec<f64> = group.runs.iter().filter_map(|run| Some(score(run)? - percent / 100.0)).collect();
    let beyond = Difference::of(&beyond);
    let brief = amount(&beyond, 100.0, 2);
    let numbers =
        format!("ours less {} % after the last round: {brief} (points)", format::number(percent, 2));
    Judgement::new(near_nothing(&beyond, points), brief, numbers)
}

/// Whether the whole interval of differences is within so many points of 0, or outside of them.
fn near_nothing(difference: &Difference, points: f64) -> Verdict {
    let bound = points / 100.0;
    match difference.interval {
        // An interval without width says nothing about noise.
        Some(interval) if interval.high <= interval.low => Verdict::NotSeparable,
        Some(interval) if interval.low >= -bound && interval.high <= bound => Verdict::Holds,
        Some(interval) if interval.low > bound || interval.high < -bound => Verdict::DoesNotHold,
        _ => Verdict::NotSeparable,
    }
}

/// A gain that is higher after the last round than after the first query.
pub(super) fn grows(pair: &Pair<'_, '_>) -> Judgement {
    let last = pair.factor.rounds;
    if last < 2 {
        return Judgement::not_run("there is one query only");
    }
    let of = pair.factor.measured;
    let growth = pair
        .group
        .difference(pair.other, |run| Some(measure::score(of, last)(run)? - measure::score(of, 1)(run)?));
    let brief = amount(&growth, 100.0, 2);
    let numbers = format!("gain at round {last} less gain at round 1: {brief} (points)");
    Judgement::new(decide(&growth), brief, numbers)
}

/// An accuracy that is reached, with `least` labels fewer than the other needs.
///
/// Where the other does not reach it, the labels that it has at its end are fewer than it needs: the difference counts
/// for the claim as it stands, and against it not at all.
pub(super) fn reaches(pair: &Pair<'_, '_>, accuracy: f64, least: f64) -> Judgement {
    let of = pair.factor.measured;
    let pairs = pair.group.paired(pair.other);
    let mut beyond = Vec::new();
    let mut censored = 0;
    let mut missed = 0;
    for (run, partner) in &pairs {
        let (ours, theirs) = (measure::learning_curve(of, run), measure::learning_curve(of, partner));
        let Some(needed) = statistics::labels_to_reach(&ours, accuracy) else {
            missed += 1;
            continue;
        };
        let other = statistics::labels_to_reach(&theirs, accuracy).or_else(|| {
            censored += 1;
            theirs.last().map(|(labels, _)| *labels)
        });
        beyond.extend(other.map(|other| other - needed));
    }
    let apart: Vec<f64> = beyond.iter().map(|difference| difference - least).collect();
    let verdict = match decide(&Difference::of(&apart)) {
        _ if missed == pairs.len() => Verdict::DoesNotHold,
        _ if missed > 0 => Verdict::NotSeparable,
        Verdict::DoesNotHold if censored > 0 => Verdict::NotSeparable,
        verdict => verdict,
    };
    let brief = amount(&Difference::of(&beyond), 1.0, 0);
    let numbers = format!(
        "{} reaches {} % in {} of {} seeds; {} needs {} labels more{}",
        pair.group.strategy.label,
        format::number(accuracy * 100.0, 1),
        pairs.len() - missed,
        pairs.len(),
        pair.other.strategy.label,
        brief,
        if censored > 0 {
            format!(" at least: in {censored} of them it does not reach it within the run")
        } else {
            String::new()
        }
    );
    Judgement::new(verdict, brief, numbers)
}
