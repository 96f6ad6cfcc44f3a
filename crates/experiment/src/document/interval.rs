//! An interval in a cell of a table, and the scale above its column.

use maud::{Markup, html};

use super::Drawn;
use crate::format;
use crate::plots::axis::Axis;
use crate::plots::forest::{Span, Tone, axis};

const WIDTH: f64 = 132.0;
const HEIGHT: f64 = 21.0;
/// Left and right of the range, so that markers at its ends are whole.
const MARGIN: f64 = 7.0;

/// The class of a verdict's cell, which has the interval's colour.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Better => "better",
        Tone::Worse => "worse",
        Tone::Undecided => "undecided",
    }
}

fn place(axis: &Axis, value: f64) -> f64 {
    MARGIN + (value - axis.low) / (axis.high - axis.low) * (WIDTH - 2.0 * MARGIN)
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

/// The interval beside a line at zero, and the mean in figures; `words` say the same to those who do not see it.
pub(super) fn cell(drawn: &Drawn, span: Span, words: &str) -> Markup {
    let axis = axis(&drawn.spans, 2);
    let colour =
        format!("#{:02x}{:02x}{:02x}", span.tone.colour().0, span.tone.colour().1, span.tone.colour().2);
    let middle = HEIGHT / 2.0;
    let (zero, mean) = (pixels(place(&axis, 0.0)), place(&axis, span.mean));
    let diamond = format!(
        "{},{middle} {},{} {},{middle} {},{}",
        pixels(mean - 6.0),
        pixels(mean),
        pixels(middle - 6.0),
        pixels(mean + 6.0),
        pixels(mean),
        pixels(middle + 6.0)
    );
    html! {
        svg.interval viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(words) {
            line x1=(zero) x2=(zero) y1="0" y2=(HEIGHT) stroke="#999" {}
            @if let Some((low, high)) = span.interval {
                @let (low, high) = (pixels(place(&axis, low)), pixels(place(&axis, high)));
                line x1=(low) x2=(high) y1=(middle) y2=(middle) stroke=(colour) stroke-width="2" {}
                @for end in [&low, &high] {
                    line x1=(end) x2=(end) y1=(middle - 4.0) y2=(middle + 4.0) stroke=(colour) stroke-width="2" {}
                }
            }
            @match span.tone {
                Tone::Better => circle cx=(pixels(mean)) cy=(middle) r="4.5" fill=(colour) {},
                Tone::Worse => polygon points=(diamond) fill=(colour) {},
                Tone::Undecided => circle cx=(pixels(mean)) cy=(middle) r="4" fill="#fff" stroke=(colour) stroke-width="2" {},
            }
        }
        span.(class(span.tone)) { (format::signed(span.mean, drawn.decimals)) }
    }
}

/// The ends of the range and zero, where they do not run into each other.
pub(super) fn scale(drawn: &Drawn) -> Markup {
    let axis = axis(&drawn.spans, 2);
    let zero = place(&axis, 0.0);
    let label = |value: f64| format::signed(value, axis.decimals);
    html! {
        svg.scale viewBox=(format!("0 0 {WIDTH} 16")) aria-hidden="true" {
            @if zero > 40.0 { text x="0" y="12" font-size="11" fill="#555" { (label(axis.low)) } }
            @if axis.low <= 0.0 && axis.high >= 0.0 {
                text x=(pixels(zero)) y="12" font-size="11" fill="#555" text-anchor="middle" { "0" }
            }
            @if zero < WIDTH - 40.0 {
                text x=(WIDTH) y="12" font-size="11" fill="#555" text-anchor="end" { (label(axis.high)) }
            }
        }
    }
}
