//! What was found, in one sentence that names strategies.

use tailward_acquisition::Strategy;

use crate::format::capitalised;
use crate::report::data::{Difference, Factor, Group};
use crate::report::measure;

/// Strategies by what their intervals say.
#[derive(Default)]
struct Count {
    better: Vec<String>,
    worse: Vec<String>,
    total: usize,
}

impl Count {
    fn add(&mut self, name: &str, difference: &Difference, greater_is_better: bool) {
        self.total += 1;
        if let Some(mean) = difference.mean.filter(|_| difference.is_separable()) {
            let side = if (mean > 0.0) == greater_is_better { &mut self.better } else { &mut self.worse };
            side.push(name.to_owned());
        }
    }
}

/// The sentence; `None` where nothing is compared. Where strategies balance classes it is about what balancing brings to
/// each, elsewhere about what each brings above random sampling.
pub(super) fn sentence(factor: &Factor<'_>, of_rare: bool) -> Option<String> {
    let balances = |(group, other): &(&Group<'_>, &Group<'_>)| {
        group.strategy.query.strategy.lambda().is_some()
            && group.strategy.baseline.as_deref() == Some(other.strategy.name.as_str())
    };
    let is_random = |group: &Group<'_>| group.strategy.query.strategy == Strategy::Random {};
    let balancing = factor.pairs().any(|pair| balances(&pair));
    let compared: Vec<(&Group<'_>, &Group<'_>)> =
        factor.pairs().filter(|pair| if balancing { balances(pair) } else { is_random(pair.1) }).collect();
    let score = measure::score(factor.measured, factor.rounds);
    let (images, even) = (measure::minority_labels(factor.rounds), measure::l1_cumulative(factor.rounds));
    let (mut first, mut second, mut pairs) = (Count::default(), Count::default(), Vec::new());
    for (group, other) in &compared {
        let points = group.difference(other, score);
        pairs.push(points.pairs);
        let name = group.strategy.label.as_str();
        first.add(name, &points, true);
        if of_rare {
            second.add(name, &group.difference(other, images), true);
        } else {
            second.add(name, &group.difference(other, even), false);
        }
    }
    if compared.is_empty() {
        return None;
    }
    let most = pairs.iter().copied().max().unwrap_or(0);
    if most < 2 {
        return Some("One seed cannot tell a difference from noise".to_owned());
    }
    let seeds = match pairs.iter().copied().min() {
        Some(least) if least != most => format!("{least} to {most}"),
        _ => most.to_string(),
    };
    let basis = format!("(95 % intervals, {seeds} seeds)");
    let against = if balancing { "than without balancing" } else { "than Random" };
    let kind = if balancing { "class-balanced strategies" } else { "strategies" };
    let found = if of_rare {
        [("finds", "find"), ("more images of rare classes", "fewer images of rare classes")]
    } else {
        [("labels", "label"), ("more evenly", "less evenly")]
    };
    let name = factor.measured.name();
    let (higher, lower) = (format!("a higher {name}"), format!("a lower {name}"));
    let reached = [("reaches", "reach"), (higher.as_str(), lower.as_str())];
    if second.better == first.better
        && !first.better.is_empty()
        && second.worse.is_empty()
        && first.worse.is_empty()
    {
        let (subject, plural) = subject(&first.better, first.total, kind);
        let (more, reach) = if plural { (found[0].1, "reach") } else { (found[0].0, "reaches") };
        let joined = format!("{subject} {more} {} {against}, and {reach} {higher}", found[1].0);
        return Some(capitalised(&format!("{joined} {basis}")));
    }
    let opening = clause(&second, kind, found, against).unwrap_or_else(|| {
        let what = if of_rare { "images of rare classes" } else { "balance" };
        // Where the report has other pairs, they may well differ.
        let is_all = compared.len() == factor.pairs().count();
        let subject = match (is_all, balancing) {
            (true, _) => format!("no difference in {what} is"),
            (false, true) => format!("balancing makes no difference in {what} that is"),
            (false, false) => format!("no difference from Random in {what} is"),
        };
        format!("{subject} separable from noise")
    });
    let closing = clause(&first, kind, reached, "")
        .unwrap_or_else(|| format!("no difference in {name} is separable from noise"));
    Some(capitalised(&format!("{opening}; {closing} {basis}")))
}

/// `all 3 strategies find more …`, and who finds fewer; `None` where nothing is separable.
fn clause(count: &Count, kind: &str, [verbs, objects]: [(&str, &str); 2], against: &str) -> Option<String> {
    let part = |names: &[String], object: &str| {
        let (subject, plural) = subject(names, count.total, kind);
        let verb = if plural { verbs.1 } else { verbs.0 };
        format!("{subject} {verb} {object}")
    };
    let parts: Vec<String> = [(&count.better, objects.0), (&count.worse, objects.1)]
        .into_iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, object)| part(names, object))
        .collect();
    let joined = parts.join(", ");
    (!parts.is_empty()).then(|| if against.is_empty() { joined } else { format!("{joined} {against}") })
}

/// Who, and whether that is more than one.
fn subject(names: &[String], total: usize, kind: &str) -> (String, bool) {
    match names {
        names if names.len() == total && total > 1 => (format!("all {total} {kind}"), true),
        [name] if total > 2 => (format!("only {name}"), false),
        [name] => (name.clone(), false),
        // Labels with commas in them would run into each other.
        [first @ .., last] if names.len() < 4 && !names.iter().any(|name| name.contains(',')) => {
            (format!("{} and {last}", first.join(", ")), true)
        }
        names => (format!("{} of {total} {kind}", names.len()), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_agree_with_their_subjects() {
        let of = |better: &[&str], worse: &[&str], total| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let count = Count { better: names(better), worse: names(worse), total };
            clause(&count, "strategies", [("finds", "find"), ("more", "fewer")], "than R")
        };
        assert_eq!(of(&["A", "B", "C"], &[], 3).unwrap(), "all 3 strategies find more than R");
        assert_eq!(of(&["A"], &["B", "C"], 4).unwrap(), "only A finds more, B and C find fewer than R");
        assert_eq!(of(&["A"], &[], 1).unwrap(), "A finds more than R");
        assert_eq!(of(&["A", "B", "C", "D"], &[], 5).unwrap(), "4 of 5 strategies find more than R");
        assert_eq!(of(&["A, wide", "B"], &[], 4).unwrap(), "2 of 4 strategies find more than R");
        assert_eq!(of(&[], &[], 3), None);
    }
}
