//! Numbers as reports print them. Percent exists only here; a value that there is not is a dash.

use crate::definition::Scale;
use crate::statistics::{Interval, Saving};

/// What stands for a value that the data do not support.
pub const NONE: &str = "—";

/// The text with a capital first letter.
pub fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// A fixed number of decimals with a real minus sign, never `-0.00` and never `NaN`.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().any(|digit| ('1'..='9').contains(&digit)) => format!("−{digits}"),
        Some(digits) => digits.to_owned(),
        None => text,
    }
}

/// The same with a plus sign where it is above zero.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let positive = value > 0.0 && text.chars().any(|digit| ('1'..='9').contains(&digit));
    if positive { format!("+{text}") } else { text }
}

/// A count with separated thousands.
pub fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value and its standard deviation, both times `factor`.
pub fn spread(mean: Option<f64>, deviation: Option<f64>, factor: f64, decimals: usize) -> String {
    let Some(mean) = mean else {
        return NONE.to_owned();
    };
    let deviation = deviation.map_or(NONE.to_owned(), |value| number(value * factor, decimals));
    format!("{} ± {deviation}", number(mean * factor, decimals))
}

/// `[low, high]`, both times `factor`.
pub fn interval(interval: Option<Interval>, factor: f64, decimals: usize) -> String {
    interval.map_or(NONE.to_owned(), |interval| {
        format!("[{}, {}]", signed(interval.low * factor, decimals), signed(interval.high * factor, decimals))
    })
}

/// A p-value: three decimals, powers of ten where these would be 0.
pub fn p_value(value: Option<f64>) -> String {
    match value {
        None => NONE.to_owned(),
        Some(p) if p < 0.001 => format!("{p:.1e}").replace('-', "−"),
        Some(p) => number(p, 3),
    }
}

/// A small number in powers of ten, such as `2.0e−5`.
pub fn scientific(value: f64) -> String {
    if value.is_finite() { format!("{value:.1e}").replace('-', "−") } else { NONE.to_owned() }
}

/// A number of its own size: at most three significant decimals, none that say nothing.
pub fn short(value: f64) -> String {
    let text = number(value, 3);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A value if there is one.
pub fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or(NONE.to_owned(), |value| number(value, decimals))
}

/// `n = 3 seeds`.
pub fn seeds(n: usize) -> String {
    format!("n = {n} seed{}", if n == 1 { "" } else { "s" })
}

/// Seconds in the unit that reads best.
pub fn duration(secs: f64) -> String {
    match secs {
        secs if !secs.is_finite() => NONE.to_owned(),
        secs if secs < 10.0 => format!("{} s", number(secs, 2)),
        secs if secs < 600.0 => format!("{} s", number(secs, 0)),
        secs if secs < 36_000.0 => format!("{} min", number(secs / 60.0, 1)),
        secs => format!("{} h", number(secs / 3_600.0, 1)),
    }
}

/// The scale as every page, table and figure names it.
pub fn scale(scale: Scale) -> &'static str {
    match scale {
        Scale::Smoke => {
            "smoke scale (scaled down: shows that everything runs, says nothing about the question)"
        }
        Scale::Quick => "quick scale (scaled down, not the published protocol)",
        Scale::Desk => {
            "desk scale (scaled down to an afternoon of two CPU cores, not the published protocol)"
        }
        Scale::Paper => "paper scale",
    }
}

/// The scale in few words, for figures and captions.
pub fn short_scale(scale: Scale) -> &'static str {
    match scale {
        Scale::Smoke => "smoke scale, scaled down",
        Scale::Quick => "quick scale, scaled down",
        Scale::Desk => "desk scale, scaled down",
        Scale::Paper => "paper scale",
    }
}

/// Labels saved with their interval, such as `35 % [12 %, 50 %]`.
pub fn saving(saving: &Saving) -> String {
    let percent = |share: Option<f64>| {
        share.map_or("not reached".to_owned(), |share| format!("{} %", number(share * 100.0, 0)))
    };
    format!("{} [{}, {}]", percent(saving.share), percent(saving.low), percent(saving.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(-1.5, 1), "−1.5");
        assert_eq!(number(f64::NAN, 1), NONE);
        assert_eq!(signed(0.0004, 2), "0.00");
        assert_eq!(signed(1.256, 2), "+1.26");
        assert_eq!(signed(-1.256, 2), "−1.26");
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(17_500), "17,500");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(spread(Some(0.5), None, 100.0, 1), "50.0 ± —");
        assert_eq!(seeds(1), "n = 1 seed");
        assert_eq!(p_value(Some(0.25)), "0.250");
        assert_eq!(p_value(Some(0.00012)), "1.2e−4");
        assert_eq!(p_value(None), NONE);
        assert_eq!(
            (short(2.0), short(0.6), short(-0.25)),
            ("2".to_owned(), "0.6".to_owned(), "−0.25".to_owned())
        );
        assert_eq!(duration(61.0), "61 s");
        assert_eq!(duration(7_200.0), "120.0 min");
    }
}
