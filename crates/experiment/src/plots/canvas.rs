//! What every figure shares: the sheet, its heading, its legend, ticks and text.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::FontFamily;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use super::style::{GREY, GRID, INK, LineStyle, Marker};
use crate::Error;
use crate::format;

/// Width of every figure, in pixels.
pub(crate) const WIDTH: u32 = 720;
/// Sizes of text, in pixels at full width.
pub(crate) const TITLE_SIZE: f64 = 20.0;
pub(crate) const TEXT_SIZE: f64 = 15.0;
pub(crate) const TICK_SIZE: f64 = 14.0;

/// An area to draw on.
pub(crate) type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What the library reports.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Names the figure in an error.
pub(crate) fn fault(file: &str) -> impl FnOnce(Fault) -> Error {
    let figure = file.to_owned();
    move |source| Error::Plot { figure, reason: source.to_string() }
}

/// A text style; the SVG backend divides sizes by 1.24 (plotters-svg 0.3.7, `draw_text`), so they are multiplied here.
pub(crate) fn font(size: f64, colour: RGBColor) -> TextStyle<'static> {
    let mut style = TextStyle::from((FontFamily::SansSerif, size * 1.24));
    style.color = colour.to_backend_color();
    style
}

/// Writes text with its left, vertically centred end at a point.
pub(crate) fn write(
    sheet: &Sheet<'_>,
    text: &str,
    at: (i32, i32),
    style: TextStyle<'_>,
) -> Result<(), Fault> {
    let style = style.pos(Pos::new(HPos::Left, VPos::Center));
    sheet.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// A space at which no line ends.
const NO_BREAK: char = '\u{a0}';

/// An estimate of a text's width, from the advances of common sans-serif faces, on the wide side.
pub(crate) fn text_width(text: &str, size: f64) -> i32 {
    let ems: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | '.' | ',' | '\'' | '|' | 'I' => 0.28,
            'f' | 't' | 'r' | ' ' | NO_BREAK | '-' | '(' | ')' => 0.36,
            'm' | 'w' | 'M' | 'W' | '%' | '+' | '−' => 0.88,
            character if character.is_uppercase() => 0.70,
            _ => 0.57,
        })
        .sum();
    (ems * size).ceil() as i32
}

/// The lines of a text that is wider than `width` pixels: broken before its parenthesis, and between words where that is
/// not enough.
pub(crate) fn wrapped(name: &str, width: i32, size: f64) -> Vec<String> {
    let fits = |text: &str| text_width(text, size) <= width;
    if fits(name) {
        return vec![name.to_owned()];
    }
    if let Some(at) = name.find(" (") {
        return [wrapped(&name[..at], width, size), wrapped(&name[at + 1..], width, size)].concat();
    }
    lines(name, width, size)
}

/// The lines of a text, broken between words where it is wider than `width` pixels; a number and its % stay together.
pub(crate) fn lines(text: &str, width: i32, size: f64) -> Vec<String> {
    let fits = |text: &str| text_width(text, size) <= width;
    let mut lines: Vec<String> = Vec::new();
    for word in text.replace(" %", &format!("{NO_BREAK}%")).split(' ') {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// What an entry of a legend shows.
pub(crate) enum Key {
    /// A strategy's line.
    Line(LineStyle),
    /// A line without markers, dashed or dotted.
    Reference { dotted: bool, colour: RGBColor },
    /// The dashed line of a target.
    Target,
    /// A filled box.
    Box(RGBColor),
}

/// Height of one row of a legend.
const ROW: i32 = 24;
/// Width of a key of a legend.
const KEY: i32 = 42;
const BOX: i32 = 26;

impl Key {
    fn width(&self) -> i32 {
        if matches!(self, Self::Box(_)) { BOX } else { KEY }
    }
}

/// Breaks a legend into rows that fit the width.
fn legend_rows(entries: &[(String, Key)]) -> Vec<Vec<(i32, usize)>> {
    let mut rows: Vec<Vec<(i32, usize)>> = vec![vec![]];
    let mut x = 16;
    for (index, (label, key)) in entries.iter().enumerate() {
        let width = key.width() + 7 + text_width(label, TEXT_SIZE) + 20;
        if x + width > WIDTH as i32 - 8 && x > 16 {
            rows.push(vec![]);
            x = 16;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, index));
        }
        x += width;
    }
    rows
}

/// Height of a line of the subtitle.
pub(crate) const SUBTITLE_LINE: i32 = 20;

/// The subtitle in lines that fit the figure.
pub(crate) fn subtitle_lines(subtitle: &str) -> Vec<String> {
    lines(subtitle, WIDTH as i32 - 32, TEXT_SIZE)
}

/// Where the legend begins.
fn legend_top(subtitle: &str) -> i32 {
    62 + (subtitle_lines(subtitle).len() as i32 - 1) * SUBTITLE_LINE
}

/// Height of the heading with its legend.
pub(crate) fn heading_height(subtitle: &str, entries: &[(String, Key)]) -> u32 {
    (legend_top(subtitle) + legend_rows(entries).len() as i32 * ROW + 6) as u32
}

/// Draws title, subtitle and legend; the legend stands above the data, so that it hides none.
pub(crate) fn heading(
    sheet: &Sheet<'_>,
    title: &str,
    subtitle: &str,
    entries: &[(String, Key)],
) -> Result<(), Fault> {
    write(sheet, title, (16, 22), font(TITLE_SIZE, INK))?;
    for (index, line) in subtitle_lines(subtitle).iter().enumerate() {
        write(sheet, line, (16, 46 + index as i32 * SUBTITLE_LINE), font(TEXT_SIZE, GREY))?;
    }
    for (index, row) in legend_rows(entries).into_iter().enumerate() {
        let y = legend_top(subtitle) + index as i32 * ROW + ROW / 2;
        for (x, entry) in row {
            let (label, key) = &entries[entry];
            match key {
                Key::Line(style) => {
                    line(sheet, vec![(x, y), (x + KEY, y)], *style)?;
                    marker(sheet, (x + KEY / 2, y), *style)?;
                }
                Key::Reference { dotted, colour } => {
                    reference(sheet, vec![(x, y), (x + KEY, y)], *dotted, *colour)?;
                }
                Key::Target => target(sheet, vec![(x, y), (x + KEY, y)])?,
                Key::Box(colour) => {
                    sheet.draw(&Rectangle::new([(x, y - 7), (x + BOX, y + 7)], colour.filled()))?;
                }
            }
            write(sheet, label, (x + key.width() + 7, y), font(TEXT_SIZE, INK))?;
        }
    }
    Ok(())
}

/// Draws a strategy's line through points of the sheet.
pub(crate) fn line(sheet: &Sheet<'_>, points: Vec<(i32, i32)>, style: LineStyle) -> Result<(), Fault> {
    let stroke = style.colour.stroke_width(2);
    if style.solid {
        sheet.draw(&PathElement::new(points, stroke))?;
    } else {
        sheet.draw(&DashedPathElement::new(points, 7, 4, stroke))?;
    }
    Ok(())
}

/// Draws a line of reference through points of the sheet.
pub(crate) fn reference(
    sheet: &Sheet<'_>,
    points: Vec<(i32, i32)>,
    dotted: bool,
    colour: RGBColor,
) -> Result<(), Fault> {
    let (dash, gap) = if dotted { (2, 4) } else { (10, 5) };
    sheet.draw(&DashedPathElement::new(points, dash, gap, colour.stroke_width(2)))?;
    Ok(())
}

/// Draws the dashed line of a target; white under the dashes keeps them in sight before dark bars.
pub(crate) fn target(sheet: &Sheet<'_>, points: Vec<(i32, i32)>) -> Result<(), Fault> {
    sheet.draw(&PathElement::new(points.clone(), WHITE.stroke_width(4)))?;
    sheet.draw(&DashedPathElement::new(points, 10, 5, INK.stroke_width(2)))?;
    Ok(())
}

/// Draws a marker; a hollow one is white inside, so that lines do not run through it.
pub(crate) fn marker(sheet: &Sheet<'_>, (x, y): (i32, i32), style: LineStyle) -> Result<(), Fault> {
    let around = |offsets: &[(i32, i32)]| -> Vec<(i32, i32)> {
        offsets.iter().map(|(right, down)| (x + right, y + down)).collect()
    };
    let corners = match style.marker {
        Marker::Circle => {
            let inside = if style.solid { style.colour } else { WHITE };
            sheet.draw(&Circle::new((x, y), 5, inside.filled()))?;
            sheet.draw(&Circle::new((x, y), 5, style.colour.stroke_width(2)))?;
            return Ok(());
        }
        Marker::Square => around(&[(-5, -5), (5, -5), (5, 5), (-5, 5)]),
        Marker::Triangle => around(&[(0, -7), (6, 5), (-6, 5)]),
        Marker::Diamond => around(&[(0, -7), (7, 0), (0, 7), (-7, 0)]),
        Marker::TriangleDown => around(&[(0, 7), (6, -5), (-6, -5)]),
    };
    let inside = if style.solid { style.colour } else { WHITE };
    sheet.draw(&Polygon::new(corners.clone(), inside.filled()))?;
    let outline: Vec<(i32, i32)> = corners.iter().chain(corners.first()).copied().collect();
    sheet.draw(&PathElement::new(outline, style.colour.stroke_width(2)))?;
    Ok(())
}

/// A pair of axes on a sheet.
pub(crate) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// What stands beside a pair of axes.
pub(crate) struct Frame<'t> {
    /// The panel's title; empty for none.
    pub(crate) title: &'t str,
    /// The horizontal axis's title; without one the axis has no labels either.
    pub(crate) x_title: Option<&'t str>,
    /// The vertical axis's title.
    pub(crate) y_title: &'t str,
}

/// Height of a horizontal axis's labels and title.
pub(crate) const X_LABELS: u32 = 52;

/// Draws a pair of axes with their grid.
pub(crate) fn chart<'a, 'b>(
    sheet: &'a Sheet<'b>,
    frame: &Frame<'_>,
    x: Axis,
    y: Axis,
) -> Result<Chart<'a, 'b>, Fault> {
    if !frame.title.is_empty() {
        write(sheet, frame.title, (76, 14), font(TEXT_SIZE, INK))?;
    }
    let (x_decimals, y_decimals, x_ticks, y_ticks) = (x.decimals, y.decimals, x.ticks.len(), y.ticks.len());
    let mut chart = ChartBuilder::on(sheet)
        .margin_top(if frame.title.is_empty() { 8 } else { 28 })
        .margin_right(18)
        .margin_bottom(4)
        .margin_left(8)
        .x_label_area_size(if frame.x_title.is_some() { X_LABELS } else { 0 })
        .y_label_area_size(68)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .x_labels(if frame.x_title.is_some() { x_ticks } else { 0 })
        .y_labels(y_ticks)
        .x_label_formatter(&|value| tick(*value, x_decimals))
        .y_label_formatter(&|value| tick(*value, y_decimals))
        .label_style(font(TICK_SIZE, INK))
        .axis_desc_style(font(TEXT_SIZE, INK))
        .x_desc(frame.x_title.unwrap_or_default())
        .y_desc(frame.y_title)
        .draw()?;
    Ok(chart)
}

/// A tick's label: whole numbers with separated thousands.
fn tick(value: f64, decimals: usize) -> String {
    if decimals == 0 && value >= 0.0 {
        format::count(value.round() as usize)
    } else {
        format::number(value, decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_broken_between_words() {
        assert_eq!(wrapped("GALAXY", 128, TEXT_SIZE), ["GALAXY"]);
        assert_eq!(wrapped("DIRECT (1 annotator)", 128, TEXT_SIZE), ["DIRECT", "(1 annotator)"]);
        assert_eq!(wrapped("a b", 1, TEXT_SIZE), ["a", "b"]);
    }

    #[test]
    fn a_number_is_not_parted_from_its_unit() {
        assert_eq!(lines("noise (95 % intervals)", 78, TEXT_SIZE), ["noise", "(95 %", "intervals)"]);
    }

    #[test]
    fn a_long_subtitle_is_broken_and_moves_the_legend_down() {
        let long = "desk scale, scaled down, on CIFAR-10 without its test batch (batches 1 to 4, tested on batch 5); n = 8 seeds";
        assert_eq!(subtitle_lines(long).len(), 2);
        assert_eq!(subtitle_lines(long).join(" "), long);
        assert_eq!(heading_height(long, &[]) - heading_height("n = 8 seeds", &[]), SUBTITLE_LINE as u32);
    }
}
