//! Colours, markers and dashes.

pub use plotters::style::RGBColor;

/// Okabe and Ito's palette for colour-blind readers without its yellow, which vanishes on paper.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x55, 0x55, 0x55),
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
];

/// Text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Secondary text, reference lines.
pub const GREY: RGBColor = RGBColor(0x70, 0x70, 0x70);
/// A difference for the better.
pub const BETTER: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// A difference for the worse.
pub const WORSE: RGBColor = RGBColor(0xB8, 0x4A, 0x00);
/// A difference that cannot be told from noise.
pub const UNDECIDED: RGBColor = RGBColor(0x70, 0x70, 0x70);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);
/// Behind bars.
pub const SHADE: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its point.
    TriangleDown,
}

const MARKERS: [Marker; 5] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::TriangleDown];

/// How a strategy is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineStyle {
    /// Of line and marker.
    pub colour: RGBColor,
    /// At each point.
    pub marker: Marker,
    /// Filled markers on a solid line; else hollow markers on a dashed line.
    pub solid: bool,
}

/// A style for each strategy. A strategy and its baseline share colour and marker: the baseline is dashed and hollow,
/// what is built on it solid and filled, so that the eye compares what belongs together. Each strategy is given as its name
/// and, where it has one, that of its baseline.
pub fn assign(strategies: &[(&str, Option<&str>)]) -> Vec<LineStyle> {
    let position = |name: &str| strategies.iter().position(|(other, _)| *other == name);
    let mut styles: Vec<Option<LineStyle>> = vec![None; strategies.len()];
    let mut families = 0;
    let mut next = |solid| {
        let style = LineStyle {
            colour: COLOURS[families % COLOURS.len()],
            marker: MARKERS[families % MARKERS.len()],
            solid,
        };
        families += 1;
        style
    };
    for (index, &(name, baseline)) in strategies.iter().enumerate() {
        if styles[index].is_some() {
            continue;
        }
        let heir = strategies
            .iter()
            .enumerate()
            .position(|(other, (_, of))| other != index && styles[other].is_none() && *of == Some(name));
        let root = baseline.and_then(position);
        // A baseline later in the list comes with its heir; one that already has an heir cannot take another.
        if root.is_some_and(|root| root != index && styles[root].is_none()) {
            let style = next(true);
            styles[index] = Some(style);
            if let Some(root) = root {
                styles[root] = Some(LineStyle { solid: false, ..style });
            }
            continue;
        }
        let style = next(heir.is_none());
        styles[index] = Some(style);
        if let Some(heir) = heir {
            styles[heir] = Some(LineStyle { solid: true, ..style });
        }
    }
    styles.into_iter().flatten().collect()
}

/// Half-way to white.
pub fn lighter(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let half = |part: u8| part / 2 + 128;
    RGBColor(half(red), half(green), half(blue))
}

/// A sequential scale that darkens with every step and so stays in order in a grey print: `step` of `steps`.
pub fn sequential(step: usize, steps: usize) -> RGBColor {
    const STOPS: [(f64, f64, f64); 4] =
        [(198.0, 219.0, 239.0), (107.0, 174.0, 214.0), (33.0, 113.0, 181.0), (8.0, 38.0, 90.0)];
    let place = if steps > 1 { step as f64 / (steps - 1) as f64 * (STOPS.len() - 1) as f64 } else { 1.0 };
    let low = (place.floor() as usize).min(STOPS.len() - 2);
    let share = place - low as f64;
    let mix = |from: f64, to: f64| (from + (to - from) * share).round() as u8;
    let (from, to) = (STOPS[low], STOPS[low + 1]);
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_goes_with_its_baseline() {
        // Once before and once after its baseline.
        for order in [[("a", None), ("a-cb", Some("a"))], [("a-cb", Some("a")), ("a", None)]] {
            let [first, second] = assign(&order)[..] else { panic!("two styles") };
            assert_eq!((first.colour, first.marker), (second.colour, second.marker));
            assert_ne!(first.solid, second.solid);
        }
    }

    #[test]
    fn no_two_strategies_look_the_same() {
        let many = assign(&[
            ("random", None),
            ("a", Some("random")),
            ("b", Some("random")),
            ("a-cb", Some("a")),
            ("b-cb", Some("b")),
            ("c", Some("elsewhere")),
            ("d", None),
            ("e", None),
            ("f", None),
            ("g", None),
            ("h", None),
        ]);
        assert_eq!(many.len(), 11);
        for (index, style) in many.iter().enumerate() {
            assert!(!many[..index].contains(style), "{index}: {style:?}");
        }
    }

    #[test]
    fn sequential_colours_darken() {
        let sum = |RGBColor(red, green, blue): RGBColor| u32::from(red) + u32::from(green) + u32::from(blue);
        for step in 1..9 {
            assert!(sum(sequential(step, 9)) < sum(sequential(step - 1, 9)));
        }
    }
}
