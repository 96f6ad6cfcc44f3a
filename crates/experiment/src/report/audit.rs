//! What the audits of runs say, and how often they are right.

use super::data::{Factor, Group};
use super::tables::{caption, percent};
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::format;
use crate::record::{AuditLine, Record};

/// The section of one imbalance factor; nothing where no run has an audit.
pub(super) fn blocks(factor: &Factor<'_>, scale: Scale, blocks: &mut Vec<Block>) {
    let all: Vec<&AuditLine> = factor.ran().flat_map(lines).collect();
    if all.is_empty() {
        return;
    }
    blocks.push(Block::Heading(3, "What the audits say".to_owned()));
    blocks.push(Block::Paragraph(format!(
        "A blind sample of each pool was labelled by the same annotator and learned from by no model. Its share of labels that a \
         model predicts is an estimate of the share over everything that the model has not learned from: the 95 % interval \
         (Wilson) holds that share in {}. It holds the model's true accuracy there in {}: where labels are wrong, agreement with them \
         is something else. Intervals of one run's rounds are of one growing sample and not independent.",
        of_all(&all, covers_agreement),
        of_all(&all, covers_accuracy)
    )));
    blocks.push(Block::Table(table(factor, scale)));
}

fn table(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = "The audit after the last round: its labels, the share of them that the model predicts, the half of its interval's width, and \
                the same share over everything that the model has not learned from, by the labels that annotators would give and by \
                true labels; in percent, mean ± standard deviation over seeds. Intervals that hold the one and the other: of all \
                rounds of all seeds.";
    let heads = [
        "Strategy",
        "n",
        "Labels",
        "Audit",
        "Half width",
        "Agreement",
        "True accuracy",
        "Hold the agreement",
        "Hold the accuracy",
    ];
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut table = Table::new(caption(text, factor, scale), 1, heads);
    let last = |run: &Record| run.rounds.last()?.audit.clone();
    for group in factor.ran() {
        let of = |value: fn(&AuditLine) -> f64| group.summary(|run| last(run).map(|line| value(&line)));
        let labels = of(|line| line.of as f64);
        let all: Vec<&AuditLine> = lines(group).collect();
        table.rows.push(vec![
            group.strategy.label.clone(),
            labels.seeds.to_string(),
            format::optional(labels.mean, 0),
            percent(of(|line| line.interval.estimate)),
            percent(of(|line| (line.interval.high - line.interval.low) / 2.0)),
            percent(of(|line| line.agreement)),
            percent(of(|line| line.accuracy)),
            of_all(&all, covers_agreement),
            of_all(&all, covers_accuracy),
        ]);
    }
    table
}

fn lines<'r>(group: &'r Group<'r>) -> impl Iterator<Item = &'r AuditLine> {
    group.runs.iter().flat_map(|run| run.rounds.iter().filter_map(|round| round.audit.as_ref()))
}

fn covers_agreement(line: &AuditLine) -> bool {
    (line.interval.low..=line.interval.high).contains(&line.agreement)
}

fn covers_accuracy(line: &AuditLine) -> bool {
    (line.interval.low..=line.interval.high).contains(&line.accuracy)
}

/// How many lines are so, such as `38 of 40`.
fn of_all(lines: &[&AuditLine], is: fn(&AuditLine) -> bool) -> String {
    let so = lines.iter().filter(|line| is(line)).count();
    format!("{} of {}", format::count(so), format::count(lines.len()))
}

#[cfg(test)]
mod tests {
    use tailward_labelling::statistics::wilson;

    use super::*;

    #[test]
    fn an_interval_may_hold_what_it_estimates_and_not_the_truth() {
        let line = |agreement, accuracy| AuditLine {
            right: 40,
            of: 100,
            interval: wilson(40, 100, 0.95),
            others: 1_000,
            agreement,
            accuracy,
        };
        // 0.309 to 0.498.
        let (near, far) = (line(0.45, 0.52), line(0.3, 0.35));
        assert_eq!(of_all(&[&near, &far], covers_agreement), "1 of 2");
        assert_eq!(of_all(&[&near, &far], covers_accuracy), "1 of 2");
        assert!(covers_agreement(&near) && covers_accuracy(&far));
    }
}
