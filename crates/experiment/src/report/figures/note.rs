//! What the figures of one imbalance factor share: their subtitle, their styles and their lines.

use crate::Error;
use crate::definition::Scale;
use crate::document::Figure;
use crate::format::{self, capitalised};
use crate::plots::curves::{CurveFigure, Layout, Panel, Point, Series};
use crate::plots::style::{self, LineStyle};
use crate::record::Record;
use crate::report::data::{Factor, Summary};

/// What whiskers are.
pub(super) const WHISKERS: &str =
    "Whiskers, from two seeds on: one sample standard deviation over seeds, as far as values go.";

/// What the figures of a factor say about themselves.
pub(super) struct Note<'a> {
    pub(super) factor: &'a Factor<'a>,
    pub(super) subtitle: String,
    pub(super) stem: String,
}

/// A style for each strategy of the scale, with or without runs.
pub(in crate::report) fn styles(factor: &Factor<'_>) -> Vec<LineStyle> {
    let named = factor.strategies.iter().map(|group| &group.strategy);
    let families: Vec<(&str, Option<&str>)> =
        named.map(|strategy| (strategy.name.as_str(), strategy.baseline.as_deref())).collect();
    style::assign(&families)
}

/// A measure of one run.
pub(super) type Measure = Box<dyn Fn(&Record) -> Option<f64>>;

impl<'a> Note<'a> {
    pub(super) fn new(factor: &'a Factor<'a>, scale: Scale) -> Self {
        let seeds = match factor.seed_range() {
            Some((least, most)) if least != most => format!("n = {least} to {most} seeds"),
            Some((_, most)) => format::seeds(most),
            None => format::seeds(0),
        };
        Self {
            factor,
            subtitle: format!("{}; imbalance factor {}; {seeds}", factor.short_scale(scale), factor.value),
            stem: format!("if-{}", factor.value),
        }
    }

    pub(super) fn series(&self, first: usize, of: impl Fn(usize) -> Measure, factor: f64) -> Vec<Series> {
        let styles = styles(self.factor);
        self.factor
            .strategies
            .iter()
            .zip(styles)
            .filter(|(group, _)| !group.runs.is_empty())
            .map(|(group, style)| Series {
                label: group.strategy.label.clone(),
                style,
                points: (first..=self.factor.rounds)
                    .filter_map(|round| {
                        let Summary { mean, deviation, .. } = group.summary(of(round));
                        Some(Point {
                            labels: group.runs.first()?.rounds.get(round)?.labelled as f64,
                            mean: mean? * factor,
                            deviation: deviation.map(|value| value * factor),
                        })
                    })
                    .collect(),
            })
            .collect()
    }

    pub(super) fn figure(
        &self,
        name: &str,
        title: &str,
        caption: &str,
        panels: Vec<Panel>,
    ) -> Result<Figure, Error> {
        let file = format!("{}-{name}.svg", self.stem);
        let svg = CurveFigure {
            title: title.to_owned(),
            subtitle: self.subtitle.clone(),
            panels,
            layout: Layout::Row,
        }
        .draw(&file)?;
        Ok(Figure {
            file,
            title: format!("{title}; {}", self.subtitle),
            caption: format!("{caption} {}.", capitalised(&self.subtitle)),
            svg,
        })
    }
}
