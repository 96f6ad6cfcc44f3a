//! The figures of a report.
//!
//! Every figure carries its scale and number of seeds in a subtitle of its own, so that it stays labelled when it is
//! cut out of its report.

mod distribution;
mod note;
mod rounds;
mod sweep;

pub(super) use sweep::draw as draw_sweep;

use super::data::Factor;
use super::{measure, tables};
use crate::Error;
use crate::definition::{Metric, Scale};
use crate::document::Figure;
use crate::expected::EvaluatedOn;
use crate::format::capitalised;
use crate::plots::curves::{Panel, Reference, Series, Ticks};
use crate::plots::forest::ForestFigure;
use crate::plots::style;
use note::{Measure, Note, WHISKERS};

/// The figures of one imbalance factor, each with its own subject.
pub(super) struct FactorFigures {
    /// Accuracy against labels.
    pub(super) learning: Figure,
    /// Labels of each class, query by query.
    pub(super) distribution: Figure,
    /// Shares of each class in the labelled set, round by round; none without queries.
    pub(super) rounds: Option<Figure>,
    /// L1 score of the labelled set and of the queries.
    pub(super) balance: [Figure; 2],
    /// Accuracy on head and tail classes; none in a balanced pool.
    pub(super) parts: Option<Figure>,
}

/// Draws the figures of one imbalance factor that has runs.
///
/// # Errors
///
/// The plotting library fails.
pub(super) fn draw(factor: &Factor<'_>, scale: Scale) -> Result<FactorFigures, Error> {
    let note = Note::new(factor, scale);
    let tail = factor.ran().any(|group| group.summary(measure::part_accuracy(0, true)).seeds > 0);
    Ok(FactorFigures {
        learning: learning(&note)?,
        distribution: distribution::draw(factor, &note.subtitle, &note.stem)?,
        rounds: rounds::draw(factor, &note.subtitle, &note.stem)?,
        balance: [balance(&note, false)?, balance(&note, true)?],
        parts: if tail { Some(parts(&note)?) } else { None },
    })
}

const APART: &str = "Strategies are moved apart a few pixels along the axis of labels, so that whiskers do not cover each \
    other. The axis does not begin at zero.";

/// The plot that a report opens with: labels of rare classes where these are what is asked for, else what models reach.
///
/// # Errors
///
/// The plotting library fails.
pub(super) fn draw_opening(factor: &Factor<'_>, scale: Scale, of_rare: bool) -> Result<Figure, Error> {
    let note = Note::new(factor, scale);
    if of_rare { rare(&note) } else { learning(&note) }
}

/// The intervals that a report opens with.
///
/// # Errors
///
/// The plotting library fails.
pub(super) fn draw_forest(factor: &Factor<'_>, scale: Scale, forest: ForestFigure) -> Result<Figure, Error> {
    let note = Note::new(factor, scale);
    let file = format!("{}-overview.svg", note.stem);
    let forest = ForestFigure { subtitle: note.subtitle.clone(), ..forest };
    let svg = forest.draw(&file)?;
    let title = format!("{}; {}", forest.title, note.subtitle);
    let caption = format!(
        "Mean differences after the last round and their 95 % intervals (Student's t, paired by seed). Filled: the interval \
         leaves 0 out. {}.",
        capitalised(&note.subtitle)
    );
    Ok(Figure { file, title, caption, svg })
}

/// Accuracy against labels (CBAL, Fig. 6).
fn learning(note: &Note<'_>) -> Result<Figure, Error> {
    let of = note.factor.measured;
    let series = note.series(0, |round| Box::new(measure::score(of, round)), 100.0);
    let name = capitalised(of.name());
    note.figure(
        "accuracy",
        if of.metric == Metric::Accuracy {
            "Accuracy against labels"
        } else {
            "Balanced accuracy against labels"
        },
        &format!("{name} against labels, mean over seeds. {WHISKERS} {APART}"),
        vec![Panel {
            title: String::new(),
            x_title: "Labels",
            y_title: if of.metric == Metric::Accuracy {
                "Top-1 test accuracy (%)"
            } else {
                "Balanced test accuracy (%)"
            },
            series,
            references: vec![],
            from_zero: false,
            limit: 100.0,
            x_ticks: Ticks::Measured,
            marks: vec![],
            apart: true,
        }],
    )
}

/// The figures of an imbalanced pool: what models reach on the pool, where that was measured, and how many labels of rare
/// classes there are, where there are any.
///
/// # Errors
///
/// The plotting library fails.
pub(super) fn draw_imbalance(factor: &Factor<'_>, scale: Scale) -> Result<[Option<Figure>; 2], Error> {
    let note = Note::new(factor, scale);
    let of = factor.measured.on(EvaluatedOn::Pool);
    let has = |measure: Measure| factor.ran().any(|group| group.summary(&measure).seeds > 0);
    let pool = has(Box::new(measure::score(of, 0))).then(|| {
        let name = capitalised(of.name());
        let caption = format!(
            "{name} (initial set and pool, labelled images included, with true labels) against labels, mean over seeds. \
             {WHISKERS} {APART}"
        );
        let series = note.series(0, |round| Box::new(measure::score(of, round)), 100.0);
        let y_title = if of.metric == Metric::Accuracy { "Accuracy on the pool (%)" } else { "Balanced accuracy on the pool (%)" };
        note.figure("pool", &format!("{name} against labels"), &caption, vec![panel(y_title, series, false, 100.0)])
    });
    let rare = has(Box::new(measure::minority_labels(0))).then(|| rare(&note));
    Ok([pool.transpose()?, rare.transpose()?])
}

/// Labels of rare classes against labels.
fn rare(note: &Note<'_>) -> Result<Figure, Error> {
    let caption = format!(
        "Labelled images whose true class is rare ({}), against all labels, mean over seeds. {WHISKERS}",
        tables::rare(note.factor)
    );
    let series = note.series(0, |round| Box::new(measure::minority_labels(round)), 1.0);
    note.figure(
        "rare",
        "Labels of rare classes",
        &caption,
        vec![panel("Labels of rare classes", series, true, f64::INFINITY)],
    )
}

fn panel(y_title: &'static str, series: Vec<Series>, from_zero: bool, limit: f64) -> Panel {
    Panel {
        title: String::new(),
        x_title: "Labels",
        y_title,
        series,
        references: vec![],
        from_zero,
        limit,
        x_ticks: Ticks::Measured,
        marks: vec![],
        apart: !from_zero,
    }
}

/// L1 score against labels, with what random drawing gives and what the supply allows.
fn balance(note: &Note<'_>, query: bool) -> Result<Figure, Error> {
    let first = usize::from(query);
    let series = note.series(
        first,
        |round| {
            if query { Box::new(measure::l1_query(round)) } else { Box::new(measure::l1_cumulative(round)) }
        },
        1.0,
    );
    let reference = |label: &str, dotted: bool, bound: &dyn Fn(usize) -> Option<f64>| Reference {
        label: label.to_owned(),
        dotted,
        colour: style::GREY,
        points: (first..=note.factor.rounds)
            .filter_map(|round| Some((note.factor.labelled(round)? as f64, bound(round)?)))
            .collect(),
    };
    let random = reference("expected of random", false, &|round| {
        note.factor.seed_mean(measure::l1_random(round, query))
    });
    let floor_label = if query { "floor, full pool" } else { "floor" };
    let floor = reference(floor_label, true, &|round| note.factor.seed_mean(measure::l1_floor(round, query)));
    let (name, title, of, floor_of) = if query {
        (
            "l1-query",
            "L1 score of each query",
            "of the samples of the query that led to a labelled set of this size",
            "the lowest that a query from a full pool allows; later queries find less",
        )
    } else {
        (
            "l1-cumulative",
            "L1 score of the labelled set",
            "of the whole labelled set",
            "the lowest that the supply of each class allows",
        )
    };
    note.figure(
        name,
        title,
        &format!(
            "L1 score (CBAL, Eq. 10) {of}: 0 is uniform over classes, 1 is a single class. Mean over seeds. {WHISKERS} \
             Dashed grey: exact expectation of drawing at random. Dotted grey: {floor_of}."
        ),
        vec![Panel {
            title: String::new(),
            x_title: if query { "Labels after the query" } else { "Labels" },
            y_title: "L1 score",
            series,
            references: vec![random, floor],
            from_zero: true,
            limit: 1.0,
            x_ticks: Ticks::Measured,
            marks: vec![],
            apart: false,
        }],
    )
}

/// Accuracy on head and tail classes, side by side.
fn parts(note: &Note<'_>) -> Result<Figure, Error> {
    let panel = |title: &str, tail: bool| Panel {
        title: title.to_owned(),
        x_title: "Labels",
        y_title: "Mean per-class accuracy (%)",
        series: note.series(0, |round| Box::new(measure::part_accuracy(round, tail)), 100.0),
        references: vec![],
        from_zero: false,
        limit: 100.0,
        x_ticks: Ticks::Measured,
        marks: vec![],
        apart: true,
    };
    note.figure(
        "head-tail",
        "Accuracy on head and tail classes",
        &format!(
            "Mean per-class test accuracy over head classes (left) and tail classes (right; those with {}), \
             mean over seeds. {WHISKERS} {APART}",
            tables::rare(note.factor)
        ),
        vec![panel("Head classes", false), panel("Tail classes", true)],
    )
}
