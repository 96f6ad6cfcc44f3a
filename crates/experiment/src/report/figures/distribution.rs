//! Labels of each class, query by query (CBAL, Fig. 3).

use plotters::element::DashedPathElement;
use plotters::prelude::*;

use crate::Error;
use crate::document::Figure;
use crate::format::capitalised;
use crate::plots::axis::Axis;
use crate::plots::canvas::{self, Fault, Frame, Key, Sheet, WIDTH, X_LABELS};
use crate::plots::style::{INK, SHADE, sequential};
use crate::report::data::{Factor, Group};
use crate::statistics;

/// From this many classes on, bars touch and become an area.
const BARS: usize = 30;
/// Up to this many queries each have an entry in the legend.
const MANY: usize = 6;
const PANEL_HEIGHT: u32 = 190;
const TITLE: &str = "Class distribution of the labelled set";

/// One panel for each strategy: the initial set and each query stacked upon it, class by class, before the pool's
/// shape and a uniform target.
pub(super) fn draw(factor: &Factor<'_>, subtitle: &str, stem: &str) -> Result<Figure, Error> {
    let file = format!("{stem}-classes.svg");
    let svg = figure(factor, subtitle).map_err(canvas::fault(&file))?;
    Ok(Figure {
        file,
        title: format!("{TITLE}; {subtitle}"),
        caption: format!(
            "Labels of each class in the labelled set after the last query, mean over seeds: the initial set (lightest) \
             and each query stacked upon it. Grey: the same number of labels in the pool's proportions; its outline is \
             dotted in front of the bars. Dashed: a uniform labelled set. {}.",
            capitalised(subtitle)
        ),
        svg,
    })
}

/// The mean counts of one strategy: `[round][class]`, each round on top of the one before.
struct Stack {
    label: String,
    rounds: Vec<Vec<f64>>,
}

/// Pool proportions and uniform target at the size of the last labelled set.
struct Backdrop {
    pool: Vec<f64>,
    uniform: f64,
}

fn figure(factor: &Factor<'_>, subtitle: &str) -> Result<String, Fault> {
    let stacks: Vec<Stack> = factor.ran().map(stack).collect();
    let backdrop = backdrop(factor, &stacks);
    let mut entries = vec![("initial set".to_owned(), Key::Box(sequential(0, factor.rounds + 1)))];
    for round in 1..=factor.rounds {
        let last = round == factor.rounds;
        let label = match (factor.rounds <= MANY, last) {
            (true, _) => format!("query {round}"),
            (false, true) => format!("query {round}, the last"),
            (false, false) => continue,
        };
        entries.push((label, Key::Box(sequential(round, factor.rounds + 1))));
    }
    entries.push(("pool's proportions".to_owned(), Key::Box(SHADE)));
    entries.push(("uniform".to_owned(), Key::Target));
    let head = canvas::heading_height(subtitle, &entries);
    let height = head + stacks.len() as u32 * PANEL_HEIGHT + X_LABELS;
    let values = stacks
        .iter()
        .flat_map(|stack| stack.rounds.iter().flatten().copied())
        .chain(backdrop.pool.iter().copied())
        .chain([backdrop.uniform]);
    let y = Axis::covering(values, true, 3);
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    canvas::heading(&root, TITLE, subtitle, &entries)?;
    let (_, mut rest) = root.split_vertically(head);
    for (index, stack) in stacks.iter().enumerate() {
        let last = index + 1 == stacks.len();
        let (panel, below) = rest.split_vertically(PANEL_HEIGHT + if last { X_LABELS } else { 0 });
        draw_panel(&panel, stack, &backdrop, &y, last)?;
        rest = below;
    }
    root.present()?;
    drop((rest, root));
    Ok(svg)
}

fn stack(group: &Group<'_>) -> Stack {
    let classes = group.runs.first().map_or(0, |run| run.header.pool_class_counts.len());
    let rounds = group.runs.first().map_or(0, |run| run.rounds.len());
    let count = |round: usize, class: usize| {
        let counts: Vec<f64> = group
            .runs
            .iter()
            .filter_map(|run| Some(*run.rounds.get(round)?.images_by_class().get(class)? as f64))
            .collect();
        statistics::mean(&counts).unwrap_or(0.0)
    };
    Stack {
        label: group.strategy.label.clone(),
        rounds: (0..rounds).map(|round| (0..classes).map(|class| count(round, class)).collect()).collect(),
    }
}

fn backdrop(factor: &Factor<'_>, stacks: &[Stack]) -> Backdrop {
    let last = stacks.first().and_then(|stack| stack.rounds.last());
    let total: f64 = last.map_or(0.0, |counts| counts.iter().sum());
    let pool: Vec<usize> =
        factor.seed_runs().first().map(|run| run.header.pool_class_counts.clone()).unwrap_or_default();
    let images = pool.iter().sum::<usize>().max(1) as f64;
    Backdrop {
        uniform: total / pool.len().max(1) as f64,
        pool: pool.iter().map(|&count| count as f64 / images * total).collect(),
    }
}

fn draw_panel(
    sheet: &Sheet<'_>,
    stack: &Stack,
    backdrop: &Backdrop,
    y: &Axis,
    last: bool,
) -> Result<(), Fault> {
    let classes = backdrop.pool.len();
    let every = match classes {
        0..=20 => 1,
        21..=50 => 5,
        51..=120 => 10,
        _ => 20,
    };
    let x_ticks = (0..classes).step_by(every).map(|class| class as f64).collect();
    let x = Axis { low: -0.7, high: classes as f64 - 0.3, ticks: x_ticks, decimals: 0 };
    let frame = Frame { title: &stack.label, x_title: last.then_some("Class"), y_title: "Labels" };
    let chart = canvas::chart(sheet, &frame, x, y.clone())?;
    let half = if classes < BARS { 0.4 } else { 0.5 };
    let area = chart.plotting_area().clone();
    area.draw(&Polygon::new(outline(&backdrop.pool, 0.5, true), SHADE.filled()))?;
    let steps = stack.rounds.len();
    // The tallest first: each later, lower one covers its foot.
    for (round, counts) in stack.rounds.iter().enumerate().rev() {
        let colour = sequential(round, steps).filled();
        if classes < BARS {
            for (class, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                let middle = class as f64;
                area.draw(&Rectangle::new([(middle - half, 0.0), (middle + half, count)], colour))?;
            }
        } else {
            area.draw(&Polygon::new(outline(counts, half, true), colour))?;
        }
    }
    let pool = outline(&backdrop.pool, 0.5, false);
    area.draw(&DashedPathElement::new(pool, 2, 3, INK.stroke_width(1)))?;
    let place = |class: f64| area.map_coordinate(&(class, backdrop.uniform));
    let uniform = vec![place(-0.5), place(classes as f64 - 0.5)];
    canvas::target(&sheet.use_screen_coord(), uniform)?;
    Ok(())
}

/// The steps over classes, closed along the axis if `closed`.
fn outline(counts: &[f64], half: f64, closed: bool) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(counts.len() * 2 + 2);
    if closed {
        points.push((-half, 0.0));
    }
    for (class, &count) in counts.iter().enumerate() {
        points.push((class as f64 - half, count));
        points.push((class as f64 + half, count));
    }
    if closed {
        points.push((counts.len() as f64 - 1.0 + half, 0.0));
    }
    points
}
