//! Values against labels or weights: one line for each strategy, whiskers for spread, more lines for reference.

use plotters::prelude::*;

use super::axis::Axis;
use super::canvas::{self, Fault, Frame, Key, Sheet, WIDTH};
use super::style::LineStyle;
use crate::Error;

/// A figure of one or more panels.
pub struct CurveFigure {
    /// Its heading.
    pub title: String,
    /// What it must stay labelled with when it is cut out of its page: scale, seeds.
    pub subtitle: String,
    /// One pair of axes each; the legend is that of the first.
    pub panels: Vec<Panel>,
    /// How they stand together.
    pub layout: Layout,
}

/// How panels stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Side by side, to be compared: they share one range of values.
    Row,
    /// Two in a row, each of something else: each has a range of its own.
    Grid,
}

/// One pair of axes.
pub struct Panel {
    /// Above it; empty for none.
    pub title: String,
    /// Below it.
    pub x_title: &'static str,
    /// Beside it.
    pub y_title: &'static str,
    /// Its lines.
    pub series: Vec<Series>,
    /// Lines to compare them with.
    pub references: Vec<Reference>,
    /// A score: its axis begins at zero. Else the axis begins where the values do.
    pub from_zero: bool,
    /// The highest value that there can be.
    pub limit: f64,
    /// Where its ticks are.
    pub x_ticks: Ticks,
    /// Places to mark above the horizontal axis.
    pub marks: Vec<Mark>,
    /// Move strategies apart a little along the axis of labels, so that whiskers do not cover each other.
    pub apart: bool,
}

/// Where the ticks of a horizontal axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// At the sizes of labelled sets that were measured.
    Measured,
    /// At round numbers.
    Round,
}

/// A stroke above the horizontal axis.
pub struct Mark {
    /// The place on the horizontal axis.
    pub x: f64,
    /// Strokes of different levels stand above each other, so that none hides another.
    pub level: usize,
    /// Of the stroke.
    pub colour: RGBColor,
}

/// One strategy.
pub struct Series {
    /// In the legend.
    pub label: String,
    /// How it is drawn.
    pub style: LineStyle,
    /// From left to right.
    pub points: Vec<Point>,
}

/// Mean and spread at a number of labels, or at a weight.
pub struct Point {
    /// The place on the horizontal axis.
    pub labels: f64,
    /// The height.
    pub mean: f64,
    /// Half of the whisker.
    pub deviation: Option<f64>,
}

/// A line without markers.
pub struct Reference {
    /// In the legend.
    pub label: String,
    /// Dotted; else dashed.
    pub dotted: bool,
    /// Of the line.
    pub colour: RGBColor,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

const PLOT_HEIGHT: u32 = 390;
const GRID_HEIGHT: u32 = 300;

impl CurveFigure {
    /// Draws the figure; `file` names it in an error.
    ///
    /// # Errors
    ///
    /// The plotting library fails.
    pub fn draw(&self, file: &str) -> Result<String, Error> {
        self.drawn().map_err(canvas::fault(file))
    }

    fn drawn(&self) -> Result<String, Fault> {
        let entries = self.legend();
        let head = canvas::heading_height(&self.subtitle, &entries);
        let rows = if self.layout == Layout::Row { 1 } else { self.panels.len().div_ceil(2) };
        let height = if self.layout == Layout::Row { PLOT_HEIGHT } else { GRID_HEIGHT * rows as u32 };
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (WIDTH, head + height)).into_drawing_area();
        root.fill(&WHITE)?;
        canvas::heading(&root, &self.title, &self.subtitle, &entries)?;
        let (_, below) = root.split_vertically(head);
        let columns = if self.layout == Layout::Row { self.panels.len() } else { 2 };
        let shared = (self.layout == Layout::Row).then(|| {
            let from_zero = self.panels.iter().any(|panel| panel.from_zero);
            Axis::covering(self.panels.iter().flat_map(Panel::values), from_zero, 6)
        });
        for (panel, sheet) in self.panels.iter().zip(below.split_evenly((rows, columns))) {
            let own = || Axis::covering(panel.values(), panel.from_zero, 5);
            panel.draw(&sheet, columns, shared.clone().unwrap_or_else(own))?;
        }
        root.present()?;
        drop(below);
        drop(root);
        Ok(svg)
    }

    fn legend(&self) -> Vec<(String, Key)> {
        let Some(panel) = self.panels.first() else {
            return vec![];
        };
        let lines = panel.series.iter().map(|series| (series.label.clone(), Key::Line(series.style)));
        let references =
            panel.references.iter().filter(|reference| !reference.points.is_empty()).map(|reference| {
                let key = Key::Reference { dotted: reference.dotted, colour: reference.colour };
                (reference.label.clone(), key)
            });
        lines.chain(references).collect()
    }
}

impl Panel {
    /// Every value that must be in sight.
    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let points = self.series.iter().flat_map(|series| &series.points);
        points
            .flat_map(|point| self.whisker(point))
            .chain(self.references.iter().flat_map(|reference| reference.points.iter().map(|point| point.1)))
    }

    /// The ends of a point's whisker. Nothing that is drawn can be negative or above the panel's limit, and no whisker
    /// says that it could.
    fn whisker(&self, point: &Point) -> [f64; 2] {
        let reach = point.deviation.unwrap_or(0.0);
        let (low, high) = (point.mean - reach, point.mean + reach);
        [low.max(0.0).min(point.mean), high.min(self.limit).max(point.mean)]
    }

    /// How far a strategy is moved along the axis of labels, in pixels: up to seven to each side, less in a narrow panel.
    fn shift(&self, index: usize, panels: usize) -> i32 {
        let middle = (self.series.len() as f64 - 1.0) / 2.0;
        if !self.apart || middle <= 0.0 {
            return 0;
        }
        let reach = (7.0 / panels as f64).min(3.0 * middle);
        ((index as f64 - middle) / middle * reach).round() as i32
    }

    /// The sizes of the labelled set, each once.
    fn labels(&self) -> Vec<f64> {
        let mut labels: Vec<f64> =
            self.series.iter().flat_map(|series| series.points.iter().map(|point| point.labels)).collect();
        labels.sort_by(f64::total_cmp);
        labels.dedup();
        labels
    }

    fn x_axis(&self, panels: usize) -> Axis {
        let labels = self.labels();
        let (first, last) = (labels.first().copied().unwrap_or(0.0), labels.last().copied().unwrap_or(1.0));
        let pad = ((last - first) * 0.05 * panels as f64 / 1.25).max(1.0);
        match self.x_ticks {
            Ticks::Measured => {
                Axis { low: first - pad, high: last + pad, ticks: thinned(&labels, panels), decimals: 0 }
            }
            Ticks::Round => {
                let pad = (last - first) * 0.05;
                let (low, high) = (first - pad, last + pad);
                let mut round = Axis::covering([first, last].into_iter(), false, 4);
                round.ticks.retain(|tick| (low..=high).contains(tick));
                Axis { low, high, ..round }
            }
        }
    }

    fn draw(&self, sheet: &Sheet<'_>, panels: usize, y: Axis) -> Result<(), Fault> {
        let x = self.x_axis(panels);
        let frame = Frame { title: &self.title, x_title: Some(self.x_title), y_title: self.y_title };
        let chart = canvas::chart(sheet, &frame, x, y.clone())?;
        let place = |labels: f64, value: f64| {
            let clipped = value.clamp(y.low, y.high);
            chart.plotting_area().map_coordinate(&(labels, clipped))
        };
        // Lines are drawn on the whole sheet: its origin, not the plot's, is that of `map_coordinate`.
        let canvas_sheet = sheet.use_screen_coord();
        for reference in self.references.iter().filter(|reference| !reference.points.is_empty()) {
            let points = reference.points.iter().map(|&(x, y)| place(x, y)).collect();
            canvas::reference(&canvas_sheet, points, reference.dotted, reference.colour)?;
        }
        for mark in &self.marks {
            let (x, floor) = place(mark.x, y.low);
            let foot = floor - 11 * mark.level as i32 - 1;
            canvas_sheet.draw(&PathElement::new([(x, foot - 9), (x, foot)], mark.colour.stroke_width(3)))?;
        }
        for (index, series) in self.series.iter().enumerate() {
            let shift = self.shift(index, panels);
            let at = |point: &Point, value: f64| {
                let (x, y) = place(point.labels, value);
                (x + shift, y)
            };
            draw_series(&canvas_sheet, series, |point| self.whisker(point), at)?;
        }
        Ok(())
    }
}

/// Ticks at the sizes that were measured, fewer where they would run into each other.
fn thinned(labels: &[f64], panels: usize) -> Vec<f64> {
    let room = 8 / panels.max(1);
    let every = labels.len().div_ceil(room.max(1)).max(1);
    let last = labels.len().saturating_sub(1);
    labels
        .iter()
        .enumerate()
        .filter(|(index, _)| (last - index).is_multiple_of(every))
        .map(|(_, &label)| label)
        .collect()
}

fn draw_series(
    sheet: &Sheet<'_>,
    series: &Series,
    whisker: impl Fn(&Point) -> [f64; 2],
    at: impl Fn(&Point, f64) -> (i32, i32),
) -> Result<(), Fault> {
    let stroke = series.style.colour.stroke_width(1);
    for point in series.points.iter().filter(|point| point.deviation.is_some_and(|deviation| deviation > 0.0))
    {
        let [(x, low), (_, high)] = whisker(point).map(|end| at(point, end));
        for ends in [[(x, low), (x, high)], [(x - 4, low), (x + 4, low)], [(x - 4, high), (x + 4, high)]] {
            sheet.draw(&PathElement::new(ends, stroke))?;
        }
    }
    let centres: Vec<(i32, i32)> = series.points.iter().map(|point| at(point, point.mean)).collect();
    if centres.len() > 1 {
        canvas::line(sheet, centres.clone(), series.style)?;
    }
    for centre in centres {
        canvas::marker(sheet, centre, series.style)?;
    }
    Ok(())
}
