//! From a node's relaxation to a selection.

use super::core::Core;
use super::polish::Polish;
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
            let open = (0..values.len()).filter(|&k| picked[k] == side && relaxed.is_open(k));
            let mut variables: Vec<usize> = open.collect();
            let key = |k: &usize| relaxed.reduced(*k).abs();
            if variables.len() > reach {
                variables.select_nth_unstable_by(reach, |i, j| key(i).total_cmp(&key(j)).then(i.cmp(j)));
                variables.truncate(reach);
            }
            variables.iter().map(|&variable| relaxed.columns[variable]).collect::<Vec<u32>>()
        };
        let (inside, other) = (near(true), near(false));
        let variable =
            |column: &u32| relaxed.columns.binary_search(column).expect("a column of the relaxation");
        let mut polish = Polish::new(core, &columns, inside.clone(), other);
        work += polish.descend() + 2 * (core.classes() * columns.len()) as u64;
        inside.iter().for_each(|column| picked[variable(column)] = false);
        polish.inside().iter().for_each(|column| picked[variable(column)] = true);
        columns = selection(&picked);
        if core.objective(&columns) >= promising {
            break;
        }
    }
    Some(Rounded { objective: core.objective(&columns), columns, work })
}
