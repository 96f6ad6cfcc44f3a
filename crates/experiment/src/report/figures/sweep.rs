//! What the weight of class balancing does to one query (CBAL, Figure 4).

use super::note::{Note, WHISKERS, styles};
use crate::Error;
use crate::definition::Scale;
use crate::document::Figure;
use crate::format::capitalised;
use crate::plots::curves::{CurveFigure, Layout, Mark, Panel, Point, Reference, Series, Ticks};
use crate::plots::style::{self, LineStyle};
use crate::report::data::{Factor, Group};
use crate::report::quantity::{Quantity, reference_names};
use crate::statistics;

const TITLE: &str = "One query against the weight of class balancing";

/// Draws the figure of an imbalance factor that has sweeps: a panel for each quantity.
///
/// # Errors
///
/// The plotting library fails.
pub(in crate::report) fn draw(factor: &Factor<'_>, scale: Scale) -> Result<Figure, Error> {
    let note = Note::new(factor, scale);
    let file = format!("{}-lambda.svg", note.stem);
    let styles: Vec<(&Group<'_>, LineStyle)> = factor
        .strategies
        .iter()
        .zip(styles(factor))
        .filter(|(group, _)| group.runs.iter().any(|run| run.sweep.is_some()))
        .collect();
    let panels = Quantity::ALL.map(|quantity| panel(factor, &styles, quantity)).into();
    let figure = CurveFigure {
        title: TITLE.to_owned(),
        subtitle: note.subtitle.clone(),
        panels,
        layout: Layout::Grid,
    };
    let svg = figure.draw(&file)?;
    Ok(Figure {
        file,
        title: format!("{TITLE}; {}", note.subtitle),
        caption: format!(
            "What is chosen for each weight λ with the first model, mean over seeds. {} Lines across: what other \
             strategies choose from the same scores; in a strategy's colour, the strategy without balancing. Strokes on the \
             axis of λ: what the paper's rule takes, one for each strategy and seed. Only axes of L1 scores begin at \
             zero. {}.",
            WHISKERS,
            capitalised(&note.subtitle)
        ),
        svg,
    })
}

fn panel(factor: &Factor<'_>, styles: &[(&Group<'_>, LineStyle)], quantity: Quantity) -> Panel {
    let chosen = |(level, (group, style)): (usize, &(&Group<'_>, LineStyle))| -> Vec<Mark> {
        let sweeps = group.runs.iter().filter_map(|run| run.sweep.as_ref());
        sweeps.map(|sweep| Mark { x: sweep.chosen, level, colour: style.colour }).collect()
    };
    Panel {
        title: quantity.title().to_owned(),
        x_title: "λ",
        y_title: quantity.unit(),
        series: styles.iter().map(|(group, style)| series(group, *style, quantity)).collect(),
        references: references(factor, styles, quantity),
        from_zero: quantity.is_score(),
        limit: if quantity.is_score() { 1.0 } else { f64::INFINITY },
        x_ticks: Ticks::Round,
        marks: styles.iter().enumerate().flat_map(chosen).collect(),
        apart: false,
    }
}

fn series(group: &Group<'_>, style: LineStyle, quantity: Quantity) -> Series {
    let lambdas: Vec<f64> = group
        .runs
        .iter()
        .find_map(|run| run.sweep.as_ref())
        .map_or(vec![], |sweep| sweep.points.iter().map(|point| point.lambda).collect());
    let at = |(index, &lambda): (usize, &f64)| {
        let summary = group.summary(|run| quantity.of(run, &run.sweep.as_ref()?.points.get(index)?.choice));
        Some(Point { labels: lambda, mean: summary.mean?, deviation: summary.deviation })
    };
    Series {
        label: group.strategy.label.clone(),
        style,
        points: lambdas.iter().enumerate().filter_map(at).collect(),
    }
}

/// A line across for each strategy that sweeps name, mean over the seeds and strategies that have it.
fn references(factor: &Factor<'_>, styles: &[(&Group<'_>, LineStyle)], quantity: Quantity) -> Vec<Reference> {
    let swept = styles.iter().flat_map(|(group, _)| &group.runs).filter_map(|run| run.sweep.as_ref());
    let (first, last) = swept
        .flat_map(|sweep| sweep.points.iter().map(|point| point.lambda))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), lambda| (low.min(lambda), high.max(lambda)));
    reference_names(factor)
        .into_iter()
        .filter_map(|name| {
            let value = mean_reference(factor, &name, quantity)?;
            let plain = |(group, _): &&(&Group<'_>, LineStyle)| {
                group.strategy.query.strategy.baseline().name() == name
            };
            let owner = styles.iter().find(plain).map(|(_, style)| style.colour);
            Some(Reference {
                label: name,
                dotted: owner.is_none(),
                colour: owner.unwrap_or(style::GREY),
                points: vec![(first, value), (last, value)],
            })
        })
        .collect()
}

fn mean_reference(factor: &Factor<'_>, name: &str, quantity: Quantity) -> Option<f64> {
    let values: Vec<f64> = factor
        .ran()
        .flat_map(|group| &group.runs)
        .filter_map(|run| {
            let sweep = run.sweep.as_ref()?;
            let reference = sweep.references.iter().find(|reference| reference.strategy == name)?;
            quantity.of(run, &reference.choice)
        })
        .collect();
    statistics::mean(&values)
}
