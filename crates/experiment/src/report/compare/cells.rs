//! Every published cell beside ours.

use super::ours::{Ours, whose_scale};
use crate::definition::Scale;
use crate::document::Table;
use crate::expected::{ExpectedRow, ExpectedTable};
use crate::format;
use crate::report::data::{Difference, Results};
use crate::statistics::Interval;

/// One line for each published cell that we have paired runs for; `None` if there is none.
pub(super) fn table(published: &ExpectedTable, results: &Results<'_>, scale: Scale) -> Option<Table> {
    let caption = format!(
        "Cell by cell: the published gain, ours (mean over n paired seeds with its 95 % interval, Student's t) and what \
         ours is apart from the published one (the same interval moved by the published value). Separable: the interval \
         leaves 0 out; everything else is not separable from noise. The published means of three runs come without their \
         spread, which no interval here contains. Percentage points. {}.",
        whose_scale(results, scale)
    );
    let heads = [
        "Imbalance factor, strategy",
        "Round",
        "Published",
        "n",
        "Ours",
        "Our gain is",
        "Ours − published",
        "The difference is",
    ];
    let mut table = Table::new(caption, 1, heads.map(str::to_owned).to_vec());
    for row in &published.rows {
        if let Some(ours) = Ours::find(row, results) {
            let cells = ours.gains.iter().zip(&row.gains).enumerate();
            table.rows.extend(cells.map(|(index, (gain, &cell))| line(row, index + 1, gain, cell)));
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn line(row: &ExpectedRow, round: usize, gain: &Difference, published: f64) -> Vec<String> {
    let apart = shifted(gain, published / 100.0);
    vec![
        format!("{}, {}", row.imbalance_factor, row.label()),
        round.to_string(),
        format::signed(published, 2),
        gain.pairs.to_string(),
        with_interval(gain),
        word(gain).to_owned(),
        with_interval(&apart),
        word(&apart).to_owned(),
    ]
}

/// The difference less a constant.
fn shifted(difference: &Difference, by: f64) -> Difference {
    let interval = |interval: Interval| Interval {
        mean: interval.mean - by,
        low: interval.low - by,
        high: interval.high - by,
        pairs: interval.pairs,
    };
    Difference {
        mean: difference.mean.map(|mean| mean - by),
        interval: difference.interval.map(interval),
        pairs: difference.pairs,
    }
}

fn with_interval(difference: &Difference) -> String {
    let mean = difference.mean.map_or(format::NONE.to_owned(), |mean| format::signed(mean * 100.0, 2));
    format!("{mean} {}", format::interval(difference.interval, 100.0, 2))
}

fn word(difference: &Difference) -> &'static str {
    if difference.is_separable() { "separable" } else { "not separable from noise" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_value_moves_the_interval() {
        let gain = Difference::of(&[0.010, 0.012, 0.014]);
        assert_eq!(word(&gain), "separable");
        let apart = shifted(&gain, 0.0125);
        assert_eq!(word(&apart), "not separable from noise");
        let (before, after) = (gain.interval.unwrap(), apart.interval.unwrap());
        assert!((before.low - after.low - 0.0125).abs() < 1e-15);
        assert!((before.high - after.high - 0.0125).abs() < 1e-15);
        assert_eq!(with_interval(&shifted(&Difference::of(&[0.01]), 0.02)), "−1.00 —");
    }
}
