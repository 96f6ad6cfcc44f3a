//! Differences with their intervals, one row each, beside a line at zero: a forest plot.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use super::canvas::{self, Fault, SUBTITLE_LINE, Sheet, TEXT_SIZE, TICK_SIZE, TITLE_SIZE, WIDTH, text_width};
use super::style::{BETTER, GREY, GRID, INK, UNDECIDED, WORSE};
use crate::Error;
use crate::format;

/// What an interval says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The difference is for the better, and more than noise.
    Better,
    /// The difference is for the worse, and more than noise.
    Worse,
    /// It cannot be told from noise.
    Undecided,
}

impl Tone {
    /// Its colour; markers differ as well, so that a grey print still tells them apart.
    pub fn colour(self) -> RGBColor {
        match self {
            Self::Better => BETTER,
            Self::Worse => WORSE,
            Self::Undecided => UNDECIDED,
        }
    }
}

/// A difference and its interval, in the units of its panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The mean difference.
    pub mean: f64,
    /// The interval; none of a single pair.
    pub interval: Option<(f64, f64)>,
    /// What it says.
    pub tone: Tone,
}

/// A forest plot of one or more panels that share their rows.
pub struct ForestFigure {
    /// What was found; broken into lines where it is wide.
    pub title: String,
    /// What it must stay labelled with when it is cut out of its page: scale, seeds.
    pub subtitle: String,
    /// What each row compares.
    pub rows: Vec<String>,
    /// One for each quantity, side by side.
    pub panels: Vec<ForestPanel>,
}

/// The differences in one quantity.
pub struct ForestPanel {
    /// The quantity with its unit.
    pub title: String,
    /// Which side is the better, such as `more even`; on the left or, if `better_is_right`, on the right.
    pub better: String,
    /// Whether greater is better.
    pub better_is_right: bool,
    /// Decimals of the numbers.
    pub decimals: usize,
    /// One for each row; none where there is nothing to compare.
    pub spans: Vec<Option<Span>>,
}

const MARGIN: i32 = 16;
const LINE: i32 = 26;
const ROW: i32 = 26;
/// What a row's second line adds.
const ROW_LINE: i32 = 18;
/// Pixels from which on what a row compares takes two lines.
const WIDEST_ROW: i32 = WIDTH as i32 * 2 / 5;
/// Above the rows: the panels' titles.
const TOP: i32 = 30;
/// Below the rows: ticks, and which side is the better.
const BOTTOM: i32 = 54;
/// Between the panels, and the numbers that stand right of each.
const GAP: i32 = 14;
const NUMBERS: i32 = 62;
/// Between labels of ticks.
const BETWEEN_LABELS: i32 = 6;

/// The range that holds every interval and zero, with at most `wanted` steps.
pub(crate) fn axis(spans: &[Option<Span>], wanted: usize) -> Axis {
    let ends = spans.iter().flatten().flat_map(|span| match span.interval {
        Some((low, high)) => vec![low, high],
        None => vec![span.mean],
    });
    Axis::covering(ends.chain([0.0]), true, wanted)
}

impl ForestFigure {
    /// Draws the figure; `file` names it in an error.
    ///
    /// # Errors
    ///
    /// The plotting library fails.
    pub fn draw(&self, file: &str) -> Result<String, Error> {
        self.drawn().map_err(canvas::fault(file))
    }

    fn drawn(&self) -> Result<String, Fault> {
        let title = canvas::lines(&self.title, WIDTH as i32 - 2 * MARGIN, TITLE_SIZE);
        let subtitle = canvas::subtitle_lines(&self.subtitle);
        let below_title = 12 + title.len() as i32 * LINE;
        let head = below_title + 4 + subtitle.len() as i32 * SUBTITLE_LINE;
        let labels: Vec<Vec<&str>> = self.rows.iter().map(|row| row_lines(row)).collect();
        let mut rows = Rows { middles: vec![], height: 0 };
        for lines in &labels {
            let height = ROW + (lines.len() as i32 - 1) * ROW_LINE;
            rows.middles.push(rows.height + height / 2);
            rows.height += height;
        }
        let height = head + TOP + rows.height + BOTTOM;
        let mut svg = String::new();
        let sheet = SVGBackend::with_string(&mut svg, (WIDTH, height as u32)).into_drawing_area();
        sheet.fill(&WHITE)?;
        for (line, text) in title.iter().enumerate() {
            canvas::write(&sheet, text, (MARGIN, 22 + line as i32 * LINE), canvas::font(TITLE_SIZE, INK))?;
        }
        for (line, text) in subtitle.iter().enumerate() {
            let y = below_title + 10 + line as i32 * SUBTITLE_LINE;
            canvas::write(&sheet, text, (MARGIN, y), canvas::font(TEXT_SIZE, GREY))?;
        }
        let widest = labels.iter().flatten().map(|line| text_width(line, TEXT_SIZE)).max().unwrap_or(0);
        let gutter = MARGIN + widest.min(WIDTH as i32 / 2) + GAP;
        for (row, lines) in labels.iter().enumerate() {
            let y = head + TOP + rows.middles[row];
            let beyond = (lines.len() as i32 - 1) * ROW_LINE / 2;
            if row % 2 == 0 {
                let band = [(8, y - ROW / 2 - beyond), (WIDTH as i32 - 8, y + ROW / 2 + beyond)];
                sheet.draw(&Rectangle::new(band, RGBColor(0xF5, 0xF5, 0xF5).filled()))?;
            }
            for (index, line) in lines.iter().enumerate() {
                let y = y - beyond + index as i32 * ROW_LINE;
                canvas::write(&sheet, line, (MARGIN, y), canvas::font(TEXT_SIZE, INK))?;
            }
        }
        let count = self.panels.len().max(1) as i32;
        let each = (WIDTH as i32 - gutter - MARGIN) / count;
        for (index, panel) in self.panels.iter().enumerate() {
            let left = gutter + index as i32 * each;
            panel.draw(&sheet, (left, left + each - NUMBERS - GAP), head, &rows)?;
        }
        sheet.present()?;
        drop(sheet);
        Ok(svg)
    }
}

/// Where rows are, below the panels' titles.
struct Rows {
    middles: Vec<i32>,
    height: i32,
}

/// What a row compares, in two lines where it is wide.
fn row_lines(row: &str) -> Vec<&str> {
    match row.find(" − ") {
        Some(at) if text_width(row, TEXT_SIZE) > WIDEST_ROW => vec![&row[..at], &row[at + 1..]],
        _ => vec![row],
    }
}

/// A tick's label.
fn label(tick: f64, axis: &Axis) -> String {
    if tick.abs() < axis.high.max(-axis.low) * 1e-9 {
        "0".to_owned()
    } else {
        format::signed(tick, axis.decimals)
    }
}

impl ForestPanel {
    fn draw(
        &self,
        sheet: &Sheet<'_>,
        (left, right): (i32, i32),
        head: i32,
        rows: &Rows,
    ) -> Result<(), Fault> {
        let axis = axis(&self.spans, 3);
        let share = |value: f64| (value - axis.low) / (axis.high - axis.low);
        let place = |value: f64| left + (share(value) * f64::from(right - left)).round() as i32;
        let (top, floor) = (head + TOP, head + TOP + rows.height);
        let text = |text: &str, at: (i32, i32), side: HPos, colour: RGBColor| -> Result<(), Fault> {
            let style = canvas::font(TICK_SIZE, colour).pos(Pos::new(side, VPos::Center));
            sheet.draw(&Text::new(text.to_owned(), at, style))?;
            Ok(())
        };
        text(&self.title, (left, head + TOP / 2), HPos::Left, INK)?;
        let labels: Vec<(f64, String)> = axis.ticks.iter().map(|&tick| (tick, label(tick, &axis))).collect();
        let widest = labels.iter().map(|(_, label)| text_width(label, TICK_SIZE)).max().unwrap_or(0);
        let step = f64::from(right - left) / (axis.ticks.len() - 1) as f64;
        // Only every so many ticks, counted from zero, are told where there is no room for all.
        let every = (f64::from(widest + BETWEEN_LABELS) / step).ceil().max(1.0) as usize;
        let zeroth = labels.iter().position(|(_, label)| label == "0").unwrap_or(0);
        for (index, (tick, label)) in labels.iter().enumerate() {
            let x = place(*tick);
            sheet.draw(&PathElement::new([(x, top), (x, floor + 4)], GRID))?;
            if index.abs_diff(zeroth).is_multiple_of(every) {
                text(label, (x, floor + 14), HPos::Center, INK)?;
            }
        }
        let zero = place(0.0);
        sheet.draw(&PathElement::new([(zero, top), (zero, floor + 4)], INK.stroke_width(1)))?;
        let (hint, side, x) = if self.better_is_right {
            (format!("{} →", self.better), HPos::Right, right)
        } else {
            (format!("← {}", self.better), HPos::Left, left)
        };
        text(&hint, (x, floor + 36), side, BETTER)?;
        for (row, span) in self.spans.iter().enumerate() {
            let y = top + rows.middles[row];
            let Some(span) = span else {
                text(format::NONE, (right + GAP, y), HPos::Left, GREY)?;
                continue;
            };
            self.span(sheet, *span, y, place)?;
            text(
                &format::signed(span.mean, self.decimals),
                (right + GAP, y),
                HPos::Left,
                span.tone.colour(),
            )?;
        }
        Ok(())
    }

    fn span(&self, sheet: &Sheet<'_>, span: Span, y: i32, place: impl Fn(f64) -> i32) -> Result<(), Fault> {
        let colour = span.tone.colour();
        if let Some((low, high)) = span.interval {
            let (low, high) = (place(low), place(high));
            sheet.draw(&PathElement::new([(low, y), (high, y)], colour.stroke_width(2)))?;
            for x in [low, high] {
                sheet.draw(&PathElement::new([(x, y - 4), (x, y + 4)], colour.stroke_width(2)))?;
            }
        }
        let x = place(span.mean);
        match span.tone {
            Tone::Better => sheet.draw(&Circle::new((x, y), 5, colour.filled()))?,
            Tone::Worse => {
                let corners = vec![(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)];
                sheet.draw(&Polygon::new(corners, colour.filled()))?;
            }
            Tone::Undecided => {
                sheet.draw(&Circle::new((x, y), 5, WHITE.filled()))?;
                sheet.draw(&Circle::new((x, y), 5, colour.stroke_width(2)))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(mean: f64, interval: Option<(f64, f64)>, tone: Tone) -> Option<Span> {
        Some(Span { mean, interval, tone })
    }

    #[test]
    fn the_axis_holds_every_interval_and_zero() {
        let spans = [span(2.0, Some((1.0, 3.0)), Tone::Better), None, span(4.5, None, Tone::Undecided)];
        let axis = axis(&spans, 3);
        assert!(axis.low <= 0.0 && axis.high >= 4.5, "{axis:?}");
        assert!(axis.ticks.iter().any(|tick| tick.abs() < 1e-12), "no tick at zero: {axis:?}");
    }

    #[test]
    fn every_row_is_drawn_with_or_without_an_interval() {
        let spans = vec![
            span(-0.25, Some((-0.5, 0.0)), Tone::Worse),
            span(0.25, None, Tone::Undecided),
            None,
            span(1.5, Some((1.0, 2.0)), Tone::Better),
        ];
        let rows = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let panel = ForestPanel {
            title: "points".to_owned(),
            better: "better".to_owned(),
            better_is_right: true,
            decimals: 2,
            spans,
        };
        let title = "one finding in many words ".repeat(6);
        let figure = ForestFigure { title, subtitle: "n = 2 seeds".to_owned(), rows, panels: vec![panel] };
        let svg = figure.draw("x.svg").unwrap();
        for words in ["−0.25", "+0.25", "+1.50", "better →", "n = 2 seeds"] {
            assert!(svg.contains(words), "{words} is not in {svg}");
        }
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn what_a_wide_row_compares_takes_two_lines() {
        assert_eq!(row_lines("GALAXY − Random"), ["GALAXY − Random"]);
        let wide = "DIRECT (1 annotator), crops and flips − Random";
        assert_eq!(row_lines(wide), ["DIRECT (1 annotator), crops and flips", "− Random"]);
    }

    #[test]
    fn labels_of_ticks_do_not_run_into_each_other() {
        let panel = |title: &str, low, high| ForestPanel {
            title: title.to_owned(),
            better: "finds more".to_owned(),
            better_is_right: true,
            decimals: 1,
            spans: vec![span(400.0, Some((low, high)), Tone::Better)],
        };
        let panels = vec![panel("points", -12.8, 431.6), panel("images", -12.8, 431.6)];
        let rows = vec!["DIRECT (1 annotator) − GALAXY".to_owned()];
        let figure =
            ForestFigure { title: "found".to_owned(), subtitle: "n = 8 seeds".to_owned(), rows, panels };
        let svg = figure.draw("x.svg").unwrap();
        assert!(svg.contains("\n+400\n") && !svg.contains("\n+200\n"), "{svg}");
    }
}
