//! What a publication states, beside what our records say of it.

mod gains;
mod labels;
mod samples;
mod sweeps;

use super::data::{Difference, Factor, Group, Results};
use super::document::Block;
use super::format;
use crate::definition::{Scale, same_factor};
use crate::expected::{Check, Claim, Expected};

/// What our records say of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
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
    fn words(self) -> &'static str {
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
struct Judgement {
    verdict: Verdict,
    numbers: String,
}

impl Judgement {
    fn new(verdict: Verdict, numbers: impl Into<String>) -> Self {
        Self { verdict, numbers: numbers.into() }
    }

    fn not_run(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotRun, why)
    }
}

/// One section, if anything is claimed.
pub(super) fn blocks(expected: &Expected, results: &Results<'_>, scale: Scale, blocks: &mut Vec<Block>) {
    if expected.claims.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Beside what the text claims".to_owned()));
    if scale != Scale::Paper {
        blocks.push(Block::Notice(format!(
            "Claimed at paper scale; ours at {}: a claim that does not hold here may hold there, and the other way round.",
            format::short_scale(scale)
        )));
    }
    let judged: Vec<(&Claim, Judgement)> =
        expected.claims.iter().map(|claim| (claim, judge(&claim.check, results, scale))).collect();
    let counted =
        |verdict: Verdict| judged.iter().filter(|(_, judgement)| judgement.verdict == verdict).count();
    let counts = [Verdict::Holds, Verdict::DoesNotHold, Verdict::NotSeparable, Verdict::NotRun]
        .map(|verdict| format!("{}: {}", verdict.words(), counted(verdict)));
    blocks.push(Block::Paragraph(format!("Of {} claims, by verdict: {}.", judged.len(), counts.join(", "))));
    blocks.push(Block::List(judged.iter().map(|(claim, judgement)| sentence(claim, judgement)).collect()));
    blocks.push(Block::Paragraph(
        "Differences are paired by seed; one holds, or does not, where its 95 % interval (Student's t) leaves out the value \
         that it is held against, and is not separable from noise elsewhere."
            .to_owned(),
    ));
}

fn sentence(claim: &Claim, judgement: &Judgement) -> String {
    format!(
        "{}: {} ({}). {} [{}]",
        super::plots::capitalised(judgement.verdict.words()),
        claim.statement.trim_end_matches('.'),
        claim.source.trim_end_matches('.'),
        super::plots::capitalised(&judgement.numbers),
        claim.id
    )
}

fn judge(check: &Check, results: &Results<'_>, scale: Scale) -> Judgement {
    let judged = match check {
        Check::NonIncreasingInLambda { strategy, quantity, tolerance } => {
            return sweeps::non_increasing(results, strategy, *quantity, *tolerance);
        }
        Check::ZeroWeightIsPlain { strategy } => return sweeps::zero_weight(results, strategy),
        Check::CloserToUniform { strategy, baseline, imbalance_factor } => {
            Pair::find(results, strategy, baseline, *imbalance_factor).map(|pair| samples::closer(&pair))
        }
        Check::FollowsPool { strategy, imbalance_factor } => {
            single(results, strategy, *imbalance_factor).map(|(_, group)| samples::follows_pool(group))
        }
        Check::ImbalanceGrows { strategy, imbalance_factor, of } => {
            single(results, strategy, *imbalance_factor)
                .map(|(factor, group)| samples::imbalance_grows(factor, group, *of))
        }
        Check::Gain { strategy, baseline, imbalance_factor, round, on, at_least } => {
            Pair::find(results, strategy, baseline, *imbalance_factor)
                .map(|pair| gains::gain(&pair, *round, *on, *at_least))
        }
        Check::GainWithin { strategy, baseline, imbalance_factor, on, points } => {
            Pair::find(results, strategy, baseline, *imbalance_factor)
                .map(|pair| gains::within(&pair, *on, *points))
        }
        Check::GainGrows { strategy, baseline, imbalance_factor } => {
            Pair::find(results, strategy, baseline, *imbalance_factor).map(|pair| gains::grows(&pair))
        }
        Check::SavesLabels { strategy, baseline, imbalance_factor, at_least, on, smoothing } => {
            Pair::find(results, strategy, baseline, *imbalance_factor)
                .map(|pair| labels::saves(&pair, *on, *smoothing, *at_least))
        }
        Check::FindsMoreRare { strategy, baseline, imbalance_factor } => {
            Pair::find(results, strategy, baseline, *imbalance_factor).map(|pair| samples::finds_more(&pair))
        }
        Check::ReachesAccuracy { strategy, other, imbalance_factor, accuracy, more_labels, tolerance } => {
            if scale != Scale::Paper {
                return Judgement::not_run("absolute accuracies are looked at at paper scale only");
            }
            let least = *more_labels as f64 * (1.0 - tolerance);
            Pair::find(results, strategy, other, *imbalance_factor)
                .map(|pair| gains::reaches(&pair, *accuracy, least))
        }
    };
    judged.unwrap_or_else(Judgement::not_run)
}

/// Two strategies at one imbalance factor that have paired runs.
struct Pair<'f, 'a> {
    factor: &'f Factor<'a>,
    group: &'f Group<'a>,
    other: &'f Group<'a>,
}

impl<'f, 'a> Pair<'f, 'a> {
    /// The pair, or why there is none.
    fn find(
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
fn single<'f, 'a>(
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
fn decide(difference: &Difference) -> Verdict {
    match (difference.mean, difference.is_separable()) {
        (None, _) => Verdict::NotRun,
        (Some(_), false) => Verdict::NotSeparable,
        (Some(mean), true) if mean > 0.0 => Verdict::Holds,
        (Some(_), true) => Verdict::DoesNotHold,
    }
}

/// `+1.25 [+0.30, +2.20], n = 3 seeds`, all but n times `factor`.
fn amount(difference: &Difference, factor: f64, decimals: usize) -> String {
    let mean =
        difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * factor, decimals));
    let interval = format::interval(difference.interval, factor, decimals);
    format!("{mean} {interval}, {}", format::seeds(difference.pairs))
}
