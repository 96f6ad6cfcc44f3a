//! The opening of an experiment with queries.

use super::finding;
use super::opening::{Judged, Opening, Unit, one_sentence};
use crate::Error;
use crate::definition::Metric;
use crate::document::{Drawn, Figure, Overview, Table};
use crate::format;
use crate::plots::forest::{ForestFigure, ForestPanel};
use crate::record::Record;
use crate::report::data::{Difference, Factor, Group};
use crate::report::input::ReportInput;
use crate::report::{figures, measure, significance, tables};

/// Accuracies, in percentage points.
const POINTS: Unit = Unit { factor: 100.0, greater_is_better: true, better: "better", worse: "worse" };
/// Images of rare classes.
const IMAGES: Unit =
    Unit { factor: 1.0, greater_is_better: true, better: "finds more", worse: "finds fewer" };
/// L1 scores of the labelled set.
const EVENNESS: Unit =
    Unit { factor: 1.0, greater_is_better: false, better: "more even", worse: "less even" };

/// One comparison, or a strategy that is compared with nothing.
struct Line<'f, 'a> {
    group: &'f Group<'a>,
    other: Option<&'f Group<'a>>,
    /// Whether the line before is of the same strategy.
    again: bool,
}

/// Each strategy against its baseline and against random sampling, in what models reach and in how even the labels are.
///
/// # Errors
///
/// A figure cannot be drawn.
pub(super) fn opening(factor: &Factor<'_>, input: &ReportInput<'_>) -> Result<Opening, Error> {
    let of_rare = asks_for_rare(factor);
    let lines = lines(factor);
    let finding = finding::sentence(factor, of_rare);
    let table = table(factor, &lines, of_rare, input);
    let forest = forest(factor, &table, &lines, of_rare, finding.as_deref(), input)?;
    Ok(Opening {
        finding,
        overview: Overview {
            question: one_sentence(&input.definition.question),
            plot: figures::draw_opening(factor, input.scale, of_rare)?,
            forest,
            table,
        },
    })
}

/// Whether images of rare classes are what is asked for: models are measured by balanced accuracy, and there are such
/// classes.
fn asks_for_rare(factor: &Factor<'_>) -> bool {
    let has_rare = |group: &Group<'_>| group.summary(measure::minority_labels(0)).seeds > 0;
    factor.measured.metric == Metric::BalancedAccuracy && factor.ran().any(has_rare)
}

fn lines<'f, 'a>(factor: &'f Factor<'a>) -> Vec<Line<'f, 'a>> {
    let mut lines = vec![];
    for group in factor.ran() {
        let own = factor.pairs().filter(|(left, _)| left.strategy.name == group.strategy.name);
        let mut others: Vec<Option<&Group<'_>>> = own.map(|(_, other)| Some(other)).collect();
        if others.is_empty() {
            others.push(None);
        }
        let first = lines.len();
        lines.extend(others.into_iter().map(|other| Line { group, other, again: false }));
        lines[first + 1..].iter_mut().for_each(|line| line.again = true);
    }
    lines
}

/// Images of rare classes, or the L1 score, of the labelled set after the last round.
fn second(factor: &Factor<'_>, of_rare: bool) -> impl Fn(&Record) -> Option<f64> + Copy {
    let (images, score) = (measure::minority_labels(factor.rounds), measure::l1_cumulative(factor.rounds));
    move |run: &Record| if of_rare { images(run) } else { score(run) }
}

fn table(factor: &Factor<'_>, lines: &[Line<'_, '_>], of_rare: bool, input: &ReportInput<'_>) -> Table {
    let score = measure::score(factor.measured, factor.rounds);
    let second = second(factor, of_rare);
    let (unit, title) = if of_rare { (IMAGES, "Rare images") } else { (EVENNESS, "L1 score") };
    let metric = format!("{} (%)", format::capitalised(factor.measured.name()));
    let heads = [
        "Strategy",
        "Against",
        "n",
        &metric,
        "Difference, points",
        "Verdict",
        title,
        "Difference",
        "Verdict",
    ];
    let mut table = Table::new(caption(factor, lines, of_rare, input), 2, heads.map(str::to_owned).to_vec());
    let decimals = if of_rare { 1 } else { 3 };
    let mut drawn = [(4, 5, 2), (7, 8, decimals)].map(|(column, verdict, decimals)| Drawn {
        column,
        verdict,
        decimals,
        spans: vec![],
    });
    for line in lines {
        let once = |text: String| if line.again { String::new() } else { text };
        let other = line.other;
        let found = line.group.summary(second);
        let differences =
            other.map(|other| (line.group.difference(other, score), line.group.difference(other, second)));
        let (first, last) = match &differences {
            Some((points, more)) => (Some((points, POINTS.judge(points))), Some((more, unit.judge(more)))),
            None => (None, None),
        };
        let mut row = vec![
            once(line.group.strategy.label.clone()),
            other.map_or(format::NONE.to_owned(), |other| other.strategy.label.clone()),
            once(line.group.runs.len().to_string()),
            once(tables::percent(line.group.summary(score))),
        ];
        row.extend(cells(first.as_ref(), 100.0, 2));
        row.push(once(if of_rare {
            format::spread(found.mean, found.deviation, 1.0, 1)
        } else {
            format::optional(found.mean, 3)
        }));
        row.extend(cells(last.as_ref(), 1.0, decimals));
        table.rows.push(row);
        drawn[0].spans.push(first.and_then(|(_, judged)| judged.span));
        drawn[1].spans.push(last.and_then(|(_, judged)| judged.span));
    }
    table.drawn = drawn.into();
    table
}

/// The difference with its interval, and the verdict.
fn cells(judged: Option<&(&Difference, Judged)>, factor: f64, decimals: usize) -> [String; 2] {
    let Some((difference, judged)) = judged else {
        return [format::NONE.to_owned(), format::NONE.to_owned()];
    };
    let mean =
        difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * factor, decimals));
    let interval = format::interval(difference.interval, factor, decimals);
    [format!("{mean} {interval}"), judged.words.to_owned()]
}

fn caption(factor: &Factor<'_>, lines: &[Line<'_, '_>], of_rare: bool, input: &ReportInput<'_>) -> String {
    let labels = factor.labelled(factor.rounds).map_or(format::NONE.to_owned(), format::count);
    let second = if of_rare {
        "Rare images: images of rare classes in the labelled set."
    } else {
        "L1 score of the labelled set: 0 is the same number of labels for each class."
    };
    let text = format!(
        "At {labels} labels: mean ± standard deviation over seeds; differences paired by seed with 95 % intervals \
         (Student's t), each on its own, not separable where they hold 0. {second}"
    );
    let score = measure::score(factor.measured, factor.rounds);
    let pairs = lines.iter().filter_map(|line| Some(line.group.difference(line.other?, score).pairs));
    let reach =
        significance::out_of_reach(pairs.collect()).map_or(String::new(), |reach| format!(" {reach}"));
    format!("{}{reach}", tables::caption(&text, factor, input.scale))
}

fn forest(
    factor: &Factor<'_>,
    table: &Table,
    lines: &[Line<'_, '_>],
    of_rare: bool,
    finding: Option<&str>,
    input: &ReportInput<'_>,
) -> Result<Figure, Error> {
    let compared: Vec<usize> = (0..lines.len()).filter(|&row| lines[row].other.is_some()).collect();
    let panel = |index: usize, title: &str, unit: Unit| {
        let drawn: &Drawn = &table.drawn[index];
        ForestPanel {
            title: title.to_owned(),
            better: unit.better.to_owned(),
            better_is_right: unit.greater_is_better,
            decimals: drawn.decimals,
            spans: compared.iter().map(|&row| drawn.spans[row]).collect(),
        }
    };
    let (title, unit) = if of_rare { ("Images of rare classes", IMAGES) } else { ("L1 score", EVENNESS) };
    let metric = if factor.measured.metric == Metric::Accuracy { "Accuracy" } else { "Balanced accuracy" };
    let name = |&row: &usize| {
        let line = &lines[row];
        let other = line.other.map_or(format::NONE, |other| &other.strategy.label);
        format!("{} − {other}", line.group.strategy.label)
    };
    figures::draw_forest(
        factor,
        input.scale,
        ForestFigure {
            title: finding.unwrap_or("Differences after the last round").to_owned(),
            subtitle: String::new(),
            rows: compared.iter().map(name).collect(),
            panels: vec![panel(0, &format!("{metric} (points)"), POINTS), panel(1, title, unit)],
        },
    )
}
