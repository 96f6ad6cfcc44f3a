//! Exchanges near the threshold until none gains; then small kicks, to find a better selection near by.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::dual::Pass;
use super::exchange::{Exchange, GAIN_TOLERANCE};
use super::lowest::lowest;
use super::problem::Instance;

/// Random exchanges of a kick.
const KICKS: std::ops::RangeInclusive<usize> = 2..=4;
/// Rows on each side that a kick and the descent after it take into account. Measured: 100 to 200 do equally well
/// on 45,000 rows with 10 and with 100 classes.
const REACH: usize = 100;
/// Kicks in a row that gained nothing, after which the search ends: a small problem is searched through long before
/// its work is spent.
const STALL_LIMIT: usize = 1000;

/// How hard to search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rows on each side of the threshold that take part.
    pub(crate) pool: usize,
    /// What may be spent, in terms `|v_c|` evaluated. Counting work rather than time keeps the answer a function
    /// of the inputs.
    pub(crate) work: u64,
    /// The seed of the random exchanges.
    pub(crate) seed: u64,
}

/// The rows near the threshold, those picked and those not.
struct Search {
    /// The rows that take part. `[entries]`
    rows: Vec<u32>,
    /// Those that are picked, nearest to the threshold first as far as exchanges leave them so; likewise those that are not.
    exchange: Exchange,
}

/// Improves `picks` in place. `pass` must hold the duals whose bound is the best.
pub(crate) fn improve(instance: &Instance, pass: &Pass, picks: &mut [u32], effort: &Effort) {
    let mut search = Search::new(instance, pass, picks, effort.pool);
    let mut rng = ChaCha8Rng::seed_from_u64(effort.seed);
    // The nearest rows are the cheapest to exchange; starting with all of them finds worse exchanges first.
    for reach in [REACH, 3 * REACH] {
        search.exchange.descend((reach, REACH), effort.work / 2);
    }
    search.exchange.descend((effort.pool, REACH), effort.work * 2 / 3);
    search.iterate(&mut rng, effort.work);

    let mut selected = vec![false; instance.rows];
    picks.iter().for_each(|&row| selected[row as usize] = true);
    search.rows.iter().for_each(|&row| selected[row as usize] = false);
    search.exchange.inside.iter().for_each(|&entry| selected[search.rows[entry] as usize] = true);
    let rows = (0..instance.rows as u32).filter(|&row| selected[row as usize]);
    picks.iter_mut().zip(rows).for_each(|(pick, row)| *pick = row);
}

impl Search {
    fn new(instance: &Instance, pass: &Pass, picks: &[u32], pool: usize) -> Self {
        let mut selected = vec![false; instance.rows];
        picks.iter().for_each(|&row| selected[row as usize] = true);
        let reduced = |row: u32| pass.reduced[row as usize];
        let mut inside = picks.to_vec();
        nearest(&mut inside, pool, |row| -reduced(row));
        let mut outside: Vec<u32> =
            (0..instance.rows as u32).filter(|&row| !selected[row as usize]).collect();
        nearest(&mut outside, pool, reduced);

        let rows: Vec<u32> = inside.iter().chain(&outside).copied().collect();
        let mut probabilities = Vec::with_capacity(rows.len() * instance.classes);
        for &row in &rows {
            probabilities.extend(instance.row(row as usize).iter().map(|&p| f64::from(p)));
        }
        let costs = rows.iter().map(|&row| instance.costs[row as usize]).collect();
        let residual = instance.residual(picks);
        let exchange = Exchange::new(instance.lambda, costs, probabilities, inside.len(), residual);
        Self { rows, exchange }
    }

    /// Iterated local search: a kick, a descent, and back if that gained nothing.
    fn iterate(&mut self, rng: &mut ChaCha8Rng, work: u64) {
        let search = &mut self.exchange;
        let mut stalled = 0;
        while search.work < work && stalled < STALL_LIMIT {
            let before = (search.inside.clone(), search.outside.clone(), search.residual.clone(), search.l1);
            let value = search.value();
            for _ in 0..rng.random_range(KICKS) {
                let i = rng.random_range(0..search.inside.len().min(REACH));
                let j = rng.random_range(0..search.outside.len().min(REACH));
                search.exchange(i, j);
            }
            search.descend((REACH, REACH), work);
            if search.value() > value - GAIN_TOLERANCE {
                (search.inside, search.outside, search.residual, search.l1) = before;
                stalled += 1;
            } else {
                stalled = 0;
            }
        }
    }
}

/// Keeps the `count` rows with the lowest keys, in order; ties by lowest row.
fn nearest(rows: &mut Vec<u32>, count: usize, key: impl Fn(u32) -> f64) {
    lowest(rows, count, &key);
    rows.sort_unstable_by(|&i, &j| key(i).total_cmp(&key(j)).then(i.cmp(&j)));
}
