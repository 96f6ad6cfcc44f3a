//! Claims about the classes of what is sampled.

use super::judgement::{Judgement, Pair, amount, decide};
use crate::expected::Sampled;
use crate::format;
use crate::record::Record;
use crate::report::data::{Difference, Factor, Group};
use crate::report::measure;
use crate::statistics;

/// A labelled set that is closer to uniform than another's after the last round.
pub(super) fn closer(pair: &Pair<'_, '_>) -> Judgement {
    let of = measure::l1_cumulative(pair.factor.rounds);
    let scores = pair.group.differences(pair.other, of);
    let nearer: Vec<f64> = scores.iter().map(|difference| -difference).collect();
    let score = |group: &Group<'_>| format::optional(group.summary(of).mean, 3);
    let brief = amount(&Difference::of(&scores), 1.0, 3);
    let numbers = format!(
        "L1 score of the labelled set {} against {}: {}",
        score(pair.group),
        score(pair.other),
        brief
    );
    Judgement::new(decide(&Difference::of(&nearer)), brief, numbers)
}

/// More labels of rare classes than another's after the last round.
pub(super) fn finds_more(pair: &Pair<'_, '_>) -> Judgement {
    let of = measure::minority_labels(pair.factor.rounds);
    let more = pair.group.difference(pair.other, of);
    let found = |group: &Group<'_>| format::optional(group.summary(of).mean, 1);
    let brief = amount(&more, 1.0, 1);
    let numbers =
        format!("labels of rare classes {} against {}: {}", found(pair.group), found(pair.other), brief);
    Judgement::new(decide(&more), brief, numbers)
}

/// Queried samples whose classes are nearer to the pool's distribution than to the uniform one.
pub(super) fn follows_pool(group: &Group<'_>) -> Judgement {
    let distances: Vec<(f64, f64)> = group.runs.iter().filter_map(|run| distances(run)).collect();
    let nearer: Vec<f64> = distances.iter().map(|(pool, uniform)| uniform - pool).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| {
        format::optional(statistics::mean(&distances.iter().map(of).collect::<Vec<f64>>()), 3)
    };
    let brief = amount(&Difference::of(&nearer), 1.0, 3);
    let numbers = format!(
        "total variation of all queried samples from the pool {}, from uniform {}: nearer to the pool by {}",
        mean(|(pool, _)| *pool),
        mean(|(_, uniform)| *uniform),
        brief
    );
    Judgement::new(decide(&Difference::of(&nearer)), brief, numbers)
}

/// Total variation between the classes of all queried samples and those of the pool, and the uniform ones. `None` for
/// a pool that is itself uniform, which tells the two apart no more.
fn distances(run: &Record) -> Option<(f64, f64)> {
    let pool = &run.header.pool_class_counts;
    let mut queried = vec![0; pool.len()];
    for round in 0..run.queries.len() {
        let of_query = run.queried_by_class(round)?;
        queried.iter_mut().zip(of_query).for_each(|(sum, count)| *sum += count);
    }
    if !run.header.tail_classes().contains(&true) {
        return None;
    }
    let uniform = vec![1; pool.len()];
    Some((total_variation(&queried, pool)?, total_variation(&queried, &uniform)?))
}

/// Half the sum of absolute differences of two distributions, in [0, 1]; `None` if one of them is empty.
fn total_variation(one: &[usize], other: &[usize]) -> Option<f64> {
    let (sum, of_other) = (one.iter().sum::<usize>(), other.iter().sum::<usize>());
    let apart =
        |(&left, &right): (&usize, &usize)| (left as f64 / sum as f64 - right as f64 / of_other as f64).abs();
    (sum > 0 && of_other > 0).then(|| one.iter().zip(other).map(apart).sum::<f64>() / 2.0)
}

/// An L1 score that is higher after the last round than after the first query.
pub(super) fn imbalance_grows(factor: &Factor<'_>, group: &Group<'_>, of: Sampled) -> Judgement {
    let last = factor.rounds;
    if last < 2 {
        return Judgement::not_run("there is one query only");
    }
    let score = |round: usize, run: &Record| match of {
        Sampled::LabelledSet => measure::l1_cumulative(round)(run),
        Sampled::Query => measure::l1_query(round)(run),
    };
    let growth: Vec<f64> =
        group.runs.iter().filter_map(|run| Some(score(last, run)? - score(1, run)?)).collect();
    let course: Vec<String> =
        (1..=last).map(|round| format::optional(group.summary(|run| score(round, run)).mean, 3)).collect();
    let brief = amount(&Difference::of(&growth), 1.0, 3);
    let numbers = format!("L1 score by round {}; from the first to the last {}", course.join(", "), brief);
    Judgement::new(decide(&Difference::of(&growth)), brief, numbers)
}

#[cfg(test)]
mod tests {
    use super::total_variation;

    #[test]
    fn distances_of_distributions() {
        assert_eq!(total_variation(&[5, 0], &[0, 9]), Some(1.0));
        assert_eq!(total_variation(&[3, 3], &[9, 9]), Some(0.0));
        assert_eq!(total_variation(&[3, 1], &[1, 1]), Some(0.25));
        assert_eq!(total_variation(&[0, 0], &[1, 1]), None);
    }
}
