//! What a publication states, beside what our records say of it.

mod gains;
mod judgement;
mod labels;
mod samples;
mod sweeps;

use super::data::Results;
use crate::definition::Scale;
use crate::document::Block;
use crate::expected::{Check, Claim, Expected};
use crate::format::capitalised;
pub use judgement::Verdict;
use judgement::{Judgement, Pair, single};

/// A claim and what the records say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedClaim<'e> {
    /// The claim.
    pub claim: &'e Claim,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The number that decides, its interval and how many runs it is of, such as `+1.25 [+0.30, +2.20], n = 3 seeds`; empty
    /// where nothing ran.
    pub amount: String,
}

/// Every claim, in the order in which they are listed, beside the records.
pub(super) fn judged<'e>(
    expected: &'e Expected,
    results: &Results<'_>,
    scale: Scale,
) -> Vec<JudgedClaim<'e>> {
    let judge = |claim: &'e Claim| {
        let Judgement { verdict, brief, .. } = judge(&claim.check, results, scale);
        JudgedClaim { claim, verdict, amount: brief }
    };
    expected.claims.iter().map(judge).collect()
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
            results.short_scale(scale)
        )));
    }
    let judged: Vec<(&Claim, Judgement)> =
        expected.claims.iter().map(|claim| (claim, judge(&claim.check, results, scale))).collect();
    let counted =
        |verdict: Verdict| judged.iter().filter(|(_, judgement)| judgement.verdict == verdict).count();
    let counts = Verdict::ALL.map(|verdict| format!("{}: {}", verdict.words(), counted(verdict)));
    blocks.push(Block::Paragraph(format!("Of {} claims, by verdict: {}.", judged.len(), counts.join(", "))));
    blocks.push(Block::List(judged.iter().map(|(claim, judgement)| sentence(claim, judgement)).collect()));
    blocks.push(Block::Paragraph(
        "Differences are paired by seed; one holds, or does not, where its 95 % interval (Student's t) leaves out the value \
         that it is held against, and is not separable from noise elsewhere."
            .to_owned(),
    ));
}

/// Why a claim is not looked at at a smaller scale.
const PAPER_ONLY: &str = "absolute accuracies are looked at at paper scale only";

fn sentence(claim: &Claim, judgement: &Judgement) -> String {
    format!(
        "{}: {} ({}). {} [{}]",
        capitalised(judgement.verdict.words()),
        claim.statement.trim_end_matches('.'),
        claim.source.trim_end_matches('.'),
        capitalised(&judgement.numbers),
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
        Check::EndsNear { strategy, imbalance_factor, on, percent, points } => {
            if scale != Scale::Paper {
                return Judgement::not_run(PAPER_ONLY);
            }
            single(results, strategy, *imbalance_factor)
                .map(|(factor, group)| gains::ends_near(factor, group, *on, *percent, *points))
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
                return Judgement::not_run(PAPER_ONLY);
            }
            let least = *more_labels as f64 * (1.0 - tolerance);
            Pair::find(results, strategy, other, *imbalance_factor)
                .map(|pair| gains::reaches(&pair, *accuracy, least))
        }
    };
    judged.unwrap_or_else(Judgement::not_run)
}
