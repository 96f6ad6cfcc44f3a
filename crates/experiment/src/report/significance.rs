//! Which differences can be told from noise, and which could not be whatever they were: exact tests, intervals, labels
//! saved, wins and losses.

use super::data::{Factor, Group, Results};
use super::measure::Measured;
use super::{measure, tables};
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::format;
use crate::record::Record;
use crate::statistics::{self, Bootstrap};

/// Below this a p-value counts as telling a difference from noise.
const LEVEL: f64 = 0.05;
/// Accuracies that differ by at most this are a tie: a tenth of a point, ten images of a test set of 10,000.
const TIE: f64 = 0.001;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// The area under the learning curve.
    Area,
    /// Accuracy after the last round.
    Final,
}

/// One test of the report's family.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    name: String,
    subject: Subject,
    mean: Option<f64>,
    pairs: usize,
    bootstrap: Option<Bootstrap>,
    sign_flip: Option<f64>,
    wilcoxon: Option<f64>,
    holm: Option<f64>,
}

/// Every comparison of the report, factor by factor: they are one family, and Holm's correction is over all of them.
pub(super) fn family(results: &Results<'_>) -> Vec<Vec<Comparison>> {
    let mut family: Vec<Vec<Comparison>> = results.factors.iter().map(of_factor).collect();
    let tested = || family.iter().flatten().filter_map(|comparison| comparison.sign_flip);
    let mut adjusted = statistics::holm(&tested().collect::<Vec<f64>>()).into_iter();
    for comparison in family.iter_mut().flatten().filter(|comparison| comparison.sign_flip.is_some()) {
        comparison.holm = adjusted.next();
    }
    family
}

/// How many tests the correction is over.
pub(super) fn tests(family: &[Vec<Comparison>]) -> usize {
    family.iter().flatten().filter(|comparison| comparison.holm.is_some()).count()
}

fn of_factor(factor: &Factor<'_>) -> Vec<Comparison> {
    if factor.rounds == 0 {
        return vec![];
    }
    let last = factor.rounds;
    factor
        .pairs()
        .flat_map(|(group, other)| {
            let name = format!("{} − {}", group.strategy.label, other.strategy.label);
            let area = group.differences(other, measure::area(factor.measured));
            let end = group.differences(other, measure::score(factor.measured, last));
            [(Subject::Area, area), (Subject::Final, end)]
                .map(|(subject, differences)| compared(name.clone(), subject, &differences))
        })
        .collect()
}

fn compared(name: String, subject: Subject, differences: &[f64]) -> Comparison {
    Comparison {
        name,
        subject,
        mean: statistics::mean(differences),
        pairs: differences.len(),
        bootstrap: statistics::paired_bootstrap(differences, statistics::CONFIDENCE),
        sign_flip: statistics::sign_flip_p(differences),
        wilcoxon: statistics::wilcoxon_p(differences),
        holm: None,
    }
}

/// The section of one imbalance factor; nothing where nothing is compared. `tests` is the size of the family.
pub(super) fn blocks(
    factor: &Factor<'_>,
    comparisons: &[Comparison],
    tests: usize,
    scale: Scale,
    blocks: &mut Vec<Block>,
) {
    if comparisons.is_empty() {
        return;
    }
    blocks.push(Block::Heading(3, "Statistics".to_owned()));
    blocks.extend(reach(comparisons).map(Block::Notice));
    blocks.push(Block::Table(table(factor, comparisons, tests, scale)));
    blocks.push(Block::List(sentences(comparisons)));
    blocks.push(Block::Table(labels(factor, scale)));
}

/// What the numbers of paired seeds put out of reach, where they do.
fn reach(comparisons: &[Comparison]) -> Option<String> {
    out_of_reach(comparisons.iter().map(|comparison| comparison.pairs).collect())
}

/// The same of the numbers of pairs alone.
pub(super) fn out_of_reach(mut counts: Vec<usize>) -> Option<String> {
    counts.sort_unstable();
    counts.dedup();
    let short = |&pairs: &usize| Some((pairs, statistics::smallest_p(pairs)?)).filter(|(_, p)| *p >= LEVEL);
    let short: Vec<String> = counts
        .iter()
        .filter_map(short)
        .map(|(pairs, p)| {
            let seeds = if pairs == 1 { "seed" } else { "seeds" };
            format!("{pairs} paired {seeds} cannot reach p < {LEVEL} two-sided: the smallest p of an exact test is {}", format::short(p))
        })
        .collect();
    let needed = statistics::pairs_to_go_below(LEVEL)?;
    (!short.is_empty()).then(|| format!("{}. It takes at least {needed}.", short.join("; ")))
}

fn table(factor: &Factor<'_>, comparisons: &[Comparison], tests: usize, scale: Scale) -> Table {
    let text = format!(
        "Each strategy minus its baseline and minus random sampling, paired by seed, in percentage points. Area: area \
         under the learning curve divided by the span of labels; final: accuracy after the last round. Bootstrap: 95 % \
         percentile interval of the mean over all nⁿ resamples for up to {} pairs, else over {} drawn from ChaCha8 with \
         seed {}; of few pairs it is too narrow. Sign flips: exact two-sided p over all 2ⁿ assignments of signs. \
         Wilcoxon: exact two-sided p of the signed-rank test, zeros dropped. Holm: the p of sign flips, corrected for \
         the {tests} tests of this report.",
        statistics::ENUMERATED_PAIRS,
        format::count(statistics::DRAWN_RESAMPLES),
        statistics::BOOTSTRAP_SEED
    );
    let heads = ["Strategy − other", "Of", "n", "Difference", "Bootstrap", "Sign flips", "Wilcoxon", "Holm"];
    let mut table = Table::new(tables::caption(&text, factor, scale), 2, heads.map(str::to_owned).to_vec());
    for comparison in comparisons {
        let interval = comparison.bootstrap.map(|bootstrap| bootstrap.interval);
        table.rows.push(vec![
            comparison.name.clone(),
            comparison.subject.name().to_owned(),
            comparison.pairs.to_string(),
            comparison.amount(),
            format::interval(interval, 100.0, 2),
            format::p_value(comparison.sign_flip),
            format::p_value(comparison.wilcoxon),
            format::p_value(comparison.holm),
        ]);
    }
    table
}

/// One sentence for each pair.
fn sentences(comparisons: &[Comparison]) -> Vec<String> {
    comparisons
        .chunk_by(|one, other| one.name == other.name)
        .map(|pair| {
            let name = &pair[0].name;
            let parts: Vec<String> = pair.iter().map(Comparison::claim).collect();
            format!("{name}: {}.", parts.join("; "))
        })
        .collect()
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Final => "final",
        }
    }
}

impl Comparison {
    fn amount(&self) -> String {
        self.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * 100.0, 2))
    }

    fn claim(&self) -> String {
        let verdict = match self.holm {
            Some(p) if p < LEVEL => "separable from noise by the exact test",
            _ => "not separable from noise by the exact test",
        };
        format!(
            "{} {} points, {verdict} (n = {}, p = {}, Holm-adjusted {})",
            self.subject.name(),
            self.amount(),
            self.pairs,
            format::p_value(self.sign_flip),
            format::p_value(self.holm)
        )
    }
}

/// Labels that each strategy needs for the other's final accuracy, and how often it was ahead.
fn labels(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = format!(
        "Labels with which a strategy's mean learning curve reaches the other's mean final accuracy (linear between \
         rounds; a dash: not reached), what that saves of the other's labels, and in how many seeds its own curve \
         reaches the other's final accuracy of that seed. Wins, ties and losses in accuracy over rounds 1 to {} and \
         paired seeds; a tie is within {} points.",
        factor.rounds,
        format::short(TIE * 100.0)
    );
    let heads = [
        "Strategy − other",
        "Other's final (%)",
        "Labels to reach it",
        "Saved",
        "Seeds that reach",
        "Wins / ties / losses",
    ];
    let mut table = Table::new(tables::caption(&text, factor, scale), 1, heads.map(str::to_owned).to_vec());
    for (group, other) in factor.pairs() {
        table.rows.push(labels_row(factor, group, other));
    }
    table
}

fn labels_row(factor: &Factor<'_>, group: &Group<'_>, other: &Group<'_>) -> Vec<String> {
    let pairs = group.paired(other);
    let of = factor.measured;
    let ours = mean_curve(of, pairs.iter().map(|(run, _)| *run));
    let theirs = mean_curve(of, pairs.iter().map(|(_, partner)| *partner));
    let end = theirs.last().copied();
    let needed = end.and_then(|(_, accuracy)| statistics::labels_to_reach(&ours, accuracy));
    let reaching = pairs.iter().filter(|(run, partner)| {
        let end = measure::score(of, factor.rounds)(partner);
        end.is_some_and(|end| statistics::labels_to_reach(&measure::learning_curve(of, run), end).is_some())
    });
    let gains: Vec<f64> =
        (1..=factor.rounds).flat_map(|round| group.differences(other, measure::score(of, round))).collect();
    let counts = statistics::tally(&gains, TIE);
    vec![
        format!("{} − {}", group.strategy.label, other.strategy.label),
        format::optional(end.map(|(_, accuracy)| accuracy * 100.0), 2),
        needed.map_or(format::NONE.to_owned(), |labels| format::count(labels.round() as usize)),
        match (needed, end) {
            (Some(needed), Some((labels, _))) => {
                let saved = labels - needed;
                format!(
                    "{} ({} %)",
                    format::count(saved.round() as usize),
                    format::number(saved / labels * 100.0, 1)
                )
            }
            _ => format::NONE.to_owned(),
        },
        format!("{} of {}", reaching.count(), pairs.len()),
        format!("{} / {} / {}", counts.wins, counts.ties, counts.losses),
    ]
}

/// The mean learning curve of runs, as long as the shortest.
pub(super) fn mean_curve<'r>(of: Measured, runs: impl Iterator<Item = &'r Record>) -> Vec<(f64, f64)> {
    let curves: Vec<Vec<(f64, f64)>> = runs.map(|run| measure::learning_curve(of, run)).collect();
    let rounds = curves.iter().map(Vec::len).min().unwrap_or(0);
    let at = |round: usize, of: fn(&(f64, f64)) -> f64| {
        statistics::mean(&curves.iter().map(|curve| of(&curve[round])).collect::<Vec<f64>>())
    };
    (0..rounds).filter_map(|round| Some((at(round, |point| point.0)?, at(round, |point| point.1)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_pairs(pairs: usize) -> Comparison {
        let differences: Vec<f64> = (1..=pairs).map(|step| step as f64 / 100.0).collect();
        compared("a − b".to_owned(), Subject::Final, &differences)
    }

    #[test]
    fn what_few_seeds_cannot_show_is_said() {
        let said = reach(&[of_pairs(4)]).unwrap();
        assert_eq!(
            said,
            "4 paired seeds cannot reach p < 0.05 two-sided: the smallest p of an exact test is 0.125. It takes at least 6."
        );
        assert!(reach(&[of_pairs(1), of_pairs(3), of_pairs(3)]).unwrap().starts_with("1 paired seed cannot"));
        assert_eq!(reach(&[of_pairs(6)]), None);
        assert_eq!(reach(&[of_pairs(0)]), None, "nothing is compared");
    }

    #[test]
    fn six_seeds_of_one_sign_are_separable_alone_and_not_in_a_family() {
        let mut alone = of_pairs(6);
        alone.holm = Some(statistics::holm(&[alone.sign_flip.unwrap()])[0]);
        assert!(alone.claim().contains(", separable from noise"), "{}", alone.claim());
        alone.holm = Some(statistics::holm(&[alone.sign_flip.unwrap(), 0.5])[0]);
        assert!(alone.claim().contains("not separable from noise"), "{}", alone.claim());
    }
}
