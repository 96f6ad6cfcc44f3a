//! From a node's relaxation to a selection.

use super::super::lowest::lowest;
use super::core::Core;
use super::sifted::Sifted;

/// Columns on each side of the threshold that may be exchanged.
const NEAR: usize = 32;
/// The same for a selection that is promising.
const WIDE: usize = 400;

/// A selection.
pub(super) struct Rounded {
    /// Columns of the core.
    pub(super) columns: Vec<u32>,
    pub(super) objective: f64,
    /// What it took.
    pub(super) work: u64,
}

/// Keeps the columns with the highest values and exchanges those near the threshold, as the node's duals see it: few of them first, and
/// many if the objective is below `promising`.
///
/// `None` if too few columns have a value.
pub(super) fn round(core: &Core, sifted: &Sifted, promising: f64) -> Option<Rounded> {
    let relaxed = &sifted.relaxed;
    let outside = sifted.outside();
    let values = relaxed.solution();
    let mut order: Vec<usize> = (0..values.len()).filter(|&variable| values[variable] > 1e-7).collect();
    order.sort_by(|&i, &j| values[j].total_cmp(&values[i]).then(i.cmp(&j)));
    let missing = core.budget.checked_sub(outside.len())?;
    if order.len() < missing {
        return None;
    }
    let mut picked = vec![false; values.len()];
    order[..missing].iter().for_each(|&variable| picked[variable] = true);
    let selection = |picked: &[bool]| {
        let of_relaxation = (0..picked.len()).filter(|&variable| picked[variable]);
        let columns = of_relaxation.map(|variable| relaxed.columns[variable]);
        outside.iter().copied().chain(columns).collect::<Vec<u32>>()
    };
    let mut columns = selection(&picked);
    let mut work = 0;
    for reach in [NEAR, WIDE] {
        let near = |side: bool| {
            let open =
                (0..values.len()).filter(|&variable| picked[variable] == side && relaxed.is_open(variable));
            let mut variables: Vec<usize> = open.collect();
            lowest(&mut variables, reach, |variable| relaxed.reduced(variable).abs());
            variables
        };
        let entries = [near(true), near(false)];
        let inside = entries[0].len();
        let entries = entries.concat();
        let among: Vec<u32> = entries.iter().map(|&variable| relaxed.columns[variable]).collect();
        let mut exchange = core.exchange(&among, inside, &columns);
        exchange.descend((reach, reach), u64::MAX);
        work += core.classes() as u64 * (exchange.evaluated() + 2 * columns.len() as u64);
        entries[..inside].iter().for_each(|&variable| picked[variable] = false);
        exchange.inside.iter().for_each(|&entry| picked[entries[entry]] = true);
        columns = selection(&picked);
        if core.objective(&columns) >= promising {
            break;
        }
    }
    Some(Rounded { objective: core.objective(&columns), columns, work })
}
