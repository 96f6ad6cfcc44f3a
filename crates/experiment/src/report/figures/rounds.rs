//! The class distribution of the labelled set, round by round (CBAL, Figures 2 and 3): a row of panels for each
//! strategy, a column for each round.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::note::styles;
use crate::Error;
use crate::document::Figure;
use crate::format::{self, capitalised};
use crate::plots::axis::Axis;
use crate::plots::canvas::{self, Fault, Key, Sheet, TEXT_SIZE, TICK_SIZE, WIDTH, wrapped};
use crate::plots::style::{self, GRID, INK, LineStyle, SHADE};
use crate::report::data::{Factor, Group};
use crate::statistics;

const TITLE: &str = "Class distribution by round";
/// Up to this many classes each have a bar; more are a line over classes in order of their share.
const BARS: usize = 20;
/// At most this many rounds have a column; of more, evenly spaced ones and the last.
const COLUMNS: usize = 5;
/// Left of the panels: names of strategies and ticks.
const GUTTER: i32 = 188;
const RIGHT: i32 = 14;
/// Left of the names, and what ticks take of the gutter.
const MARGIN: i32 = 16;
const TICKS: i32 = 44;
/// Between two lines of a name.
const LINE: i32 = 18;
/// Between two columns.
const GAP: i32 = 12;
const ROW: i32 = 104;
/// Above the first row: titles of the columns.
const TOP: i32 = 28;
/// Below the last row: ticks and the axis's title.
const BOTTOM: i32 = 48;

/// Draws the figure; `None` where there is no query.
///
/// # Errors
///
/// The plotting library fails.
pub(super) fn draw(factor: &Factor<'_>, subtitle: &str, stem: &str) -> Result<Option<Figure>, Error> {
    if factor.rounds == 0 {
        return Ok(None);
    }
    let file = format!("{stem}-rounds.svg");
    let grid = Grid::new(factor);
    let svg = grid.draw(subtitle).map_err(canvas::fault(&file))?;
    let order = if grid.bars() { "by class" } else { "classes in order of their share, the largest first" };
    let caption = format!(
        "Share of each class in the labelled set after each query, in percent, {order}; mean over seeds. Grey: the \
         pool's proportions. Dashed: a uniform labelled set. A strategy that follows the pool grows towards the grey, \
         round by round. {}.",
        capitalised(subtitle)
    );
    Ok(Some(Figure { file, title: format!("{TITLE}; {subtitle}"), caption, svg }))
}

/// One strategy.
struct Strip {
    label: String,
    colour: RGBColor,
    /// Shares in percent, `[column][class]`.
    shares: Vec<Vec<f64>>,
}

struct Grid {
    strips: Vec<Strip>,
    /// Titles of the columns.
    columns: Vec<String>,
    /// The pool's shares in percent, `[class]`.
    pool: Vec<f64>,
    y: Axis,
}

impl Grid {
    fn new(factor: &Factor<'_>) -> Self {
        let rounds = shown(factor.rounds);
        let title = |&round: &usize| {
            let labels = factor.labelled(round).map_or(format::NONE.to_owned(), format::count);
            format!("{labels} labels")
        };
        let pool = factor.seed_runs().first().map(|run| percent(&run.header.pool_class_counts));
        let pool = ordered(pool.unwrap_or_default());
        let with_runs =
            factor.strategies.iter().zip(styles(factor)).filter(|(group, _)| !group.runs.is_empty());
        let strips: Vec<Strip> = with_runs.map(|(group, style)| strip(group, style, &rounds)).collect();
        let shares = strips.iter().flat_map(|strip| strip.shares.iter().flatten()).chain(&pool).copied();
        let y = Axis::covering(shares, true, 3);
        Self { strips, columns: rounds.iter().map(title).collect(), pool, y }
    }

    fn bars(&self) -> bool {
        self.pool.len() <= BARS
    }

    fn uniform(&self) -> f64 {
        100.0 / self.pool.len().max(1) as f64
    }

    fn draw(&self, subtitle: &str) -> Result<String, Fault> {
        let entries =
            vec![("pool's proportions".to_owned(), Key::Box(SHADE)), ("uniform".to_owned(), Key::Target)];
        let head = canvas::heading_height(subtitle, &entries) as i32;
        let height = head + TOP + self.strips.len() as i32 * ROW + BOTTOM;
        let mut svg = String::new();
        let sheet = SVGBackend::with_string(&mut svg, (WIDTH, height as u32)).into_drawing_area();
        sheet.fill(&WHITE)?;
        canvas::heading(&sheet, TITLE, subtitle, &entries)?;
        centred(&sheet, "share of labels (%)", (MARGIN, head + TOP / 2), HPos::Left, TICK_SIZE)?;
        for (column, title) in self.columns.iter().enumerate() {
            let (left, width) = self.column(column);
            centred(&sheet, title, (left + width / 2, head + TOP / 2), HPos::Center, TICK_SIZE)?;
        }
        for (row, strip) in self.strips.iter().enumerate() {
            let top = head + TOP + row as i32 * ROW;
            let lines = wrapped(&strip.label, GUTTER - MARGIN - TICKS, TEXT_SIZE);
            let first = top + ROW / 2 - (lines.len() as i32 - 1) * LINE / 2;
            for (line, text) in lines.iter().enumerate() {
                centred(&sheet, text, (MARGIN, first + line as i32 * LINE), HPos::Left, TEXT_SIZE)?;
            }
            for (column, shares) in strip.shares.iter().enumerate() {
                self.panel(&sheet, strip.colour, shares, (column, top))?;
            }
        }
        let below = head + TOP + self.strips.len() as i32 * ROW;
        let title = if self.bars() { "class" } else { "classes, the largest share first" };
        let middle = (GUTTER + WIDTH as i32 - RIGHT) / 2;
        centred(&sheet, title, (middle, below + BOTTOM - 14), HPos::Center, TEXT_SIZE)?;
        for column in 0..self.columns.len() {
            self.class_ticks(&sheet, column, below)?;
        }
        sheet.present()?;
        drop(sheet);
        Ok(svg)
    }

    /// Left edge and width of a column, in pixels.
    fn column(&self, index: usize) -> (i32, i32) {
        let columns = self.columns.len().max(1) as i32;
        let width = (WIDTH as i32 - GUTTER - RIGHT - (columns - 1) * GAP) / columns;
        (GUTTER + index as i32 * (width + GAP), width)
    }

    /// The pixel row of a share in a panel whose upper edge is `top`.
    fn height(&self, share: f64, top: i32) -> i32 {
        let reach = f64::from(ROW - 22);
        top + ROW - ((share - self.y.low) / (self.y.high - self.y.low) * reach).round() as i32
    }

    fn panel(
        &self,
        sheet: &Sheet<'_>,
        colour: RGBColor,
        shares: &[f64],
        (column, top): (usize, i32),
    ) -> Result<(), Fault> {
        let (left, width) = self.column(column);
        self.share_ticks(sheet, (column, top))?;
        let edge =
            |class: usize| left + (class as f64 / shares.len() as f64 * f64::from(width)).round() as i32;
        let floor = self.height(0.0, top);
        let steps = |shares: &[f64]| -> Vec<(i32, i32)> {
            let step = |(class, &share): (usize, &f64)| {
                let y = self.height(share, top);
                [(edge(class), y), (edge(class + 1), y)]
            };
            shares.iter().enumerate().flat_map(step).collect()
        };
        let mut behind = steps(&self.pool);
        behind.extend([(left + width, floor), (left, floor)]);
        sheet.draw(&Polygon::new(behind, SHADE.filled()))?;
        if self.bars() {
            for (class, &share) in shares.iter().enumerate() {
                let inset = ((edge(class + 1) - edge(class)) / 5).max(1);
                let corners =
                    [(edge(class) + inset, self.height(share, top)), (edge(class + 1) - inset, floor)];
                sheet.draw(&Rectangle::new(corners, colour.filled()))?;
            }
        } else {
            sheet.draw(&PathElement::new(steps(shares), colour.stroke_width(2)))?;
        }
        let y = self.height(self.uniform(), top);
        sheet.draw(&DashedPathElement::new([(left, y), (left + width, y)], 6, 4, INK.stroke_width(1)))?;
        sheet.draw(&PathElement::new([(left, floor), (left + width, floor)], INK))?;
        Ok(())
    }

    /// Lines across, with their shares beside the first column.
    fn share_ticks(&self, sheet: &Sheet<'_>, (column, top): (usize, i32)) -> Result<(), Fault> {
        let (left, width) = self.column(column);
        for &tick in &self.y.ticks {
            let y = self.height(tick, top);
            sheet.draw(&PathElement::new([(left, y), (left + width, y)], GRID))?;
            if column == 0 {
                let text = format::number(tick, self.y.decimals);
                centred(sheet, &text, (left - 6, y), HPos::Right, TICK_SIZE)?;
            }
        }
        Ok(())
    }

    /// The first class, the middle and the last.
    fn class_ticks(&self, sheet: &Sheet<'_>, column: usize, y: i32) -> Result<(), Fault> {
        let (left, width) = self.column(column);
        let classes = self.pool.len();
        let last = classes.saturating_sub(1);
        let mut ticks = vec![(0, HPos::Left), (classes / 2, HPos::Center), (last, HPos::Right)];
        ticks.dedup_by_key(|(class, _)| *class);
        for (class, side) in ticks {
            // The outer two keep within their column.
            let place = match side {
                HPos::Left => 0.0,
                HPos::Center => (class as f64 + 0.5) / classes as f64,
                HPos::Right => 1.0,
            };
            let x = left + (place * f64::from(width)).round() as i32;
            // Ranks are counted from 1, classes from 0 as everywhere.
            let text = if self.bars() { class } else { class + 1 }.to_string();
            centred(sheet, &text, (x, y + 12), side, TICK_SIZE)?;
        }
        Ok(())
    }
}

/// The rounds that have a column.
fn shown(rounds: usize) -> Vec<usize> {
    if rounds <= COLUMNS {
        return (1..=rounds).collect();
    }
    (0..COLUMNS).map(|column| 1 + column * (rounds - 1) / (COLUMNS - 1)).collect()
}

fn strip(group: &Group<'_>, style: LineStyle, rounds: &[usize]) -> Strip {
    let classes = group.runs.first().map_or(0, |run| run.header.pool_class_counts.len());
    let share = |round: usize, class: usize| {
        let of_run: Vec<f64> = group
            .runs
            .iter()
            .filter_map(|run| percent(run.rounds.get(round)?.images_by_class()).get(class).copied())
            .collect();
        statistics::mean(&of_run).unwrap_or(0.0)
    };
    let column = |&round: &usize| ordered((0..classes).map(|class| share(round, class)).collect());
    Strip {
        label: group.strategy.label.clone(),
        colour: if style.solid { style.colour } else { style::lighter(style.colour) },
        shares: rounds.iter().map(column).collect(),
    }
}

fn percent(counts: &[usize]) -> Vec<f64> {
    let total = counts.iter().sum::<usize>().max(1) as f64;
    counts.iter().map(|&count| count as f64 / total * 100.0).collect()
}

/// Bars stay in order of their classes; a line falls.
fn ordered(mut shares: Vec<f64>) -> Vec<f64> {
    if shares.len() > BARS {
        shares.sort_by(|one, other| other.total_cmp(one));
    }
    shares
}

fn centred(sheet: &Sheet<'_>, text: &str, at: (i32, i32), horizontal: HPos, size: f64) -> Result<(), Fault> {
    let style = canvas::font(size, INK).pos(Pos::new(horizontal, VPos::Center));
    sheet.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn of_many_rounds_the_first_and_the_last_are_shown() {
        assert_eq!(shown(3), [1, 2, 3]);
        assert_eq!(shown(5), [1, 2, 3, 4, 5]);
        assert_eq!(shown(20), [1, 5, 10, 15, 20]);
        assert_eq!(shown(6), [1, 2, 3, 4, 6]);
    }
}
