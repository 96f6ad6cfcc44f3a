//! Exchanges of one pick for one other entry, until none of them lowers the objective.

use super::problem::l1;

/// An exchange must gain more than this.
pub(crate) const GAIN_TOLERANCE: f64 = 1e-10;
/// What an evaluated exchange costs besides its classes, in the same unit.
const EXCHANGE_WORK: u64 = 10;

/// Entries that may be picked or left out, and the residual of a selection.
pub(crate) struct Exchange {
    lambda: f64,
    classes: usize,
    /// `[entries]`
    costs: Vec<f64>,
    /// `[entries, classes]`
    probabilities: Vec<f64>,
    /// Entries that are picked.
    pub(crate) inside: Vec<usize>,
    /// Entries that are not.
    pub(crate) outside: Vec<usize>,
    /// `v = Ω − Pᵀz`, of picks besides the entries as well. `[classes]`
    pub(crate) residual: Vec<f64>,
    /// `Σ|v_c|`.
    pub(crate) l1: f64,
    /// Spent so far, in terms `|v_c|` evaluated.
    pub(crate) work: u64,
    scratch: Vec<f64>,
}

impl Exchange {
    /// The first `picked` entries are picked.
    pub(crate) fn new(
        lambda: f64,
        costs: Vec<f64>,
        probabilities: Vec<f64>,
        picked: usize,
        residual: Vec<f64>,
    ) -> Self {
        Self {
            lambda,
            classes: residual.len(),
            inside: (0..picked).collect(),
            outside: (picked..costs.len()).collect(),
            costs,
            probabilities,
            l1: l1(&residual),
            scratch: vec![0.0; residual.len()],
            residual,
            work: 0,
        }
    }

    /// Exchanges that were evaluated so far.
    pub(crate) fn evaluated(&self) -> u64 {
        self.work / self.of_one()
    }

    /// The work of evaluating an exchange.
    fn of_one(&self) -> u64 {
        self.classes as u64 + EXCHANGE_WORK
    }

    fn entry(&self, entry: usize) -> &[f64] {
        &self.probabilities[entry * self.classes..(entry + 1) * self.classes]
    }

    /// Prepares the evaluation of exchanges that take `entry` out: `v + p` in `scratch`.
    fn open(&mut self, entry: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        for ((sum, v), p) in scratch.iter_mut().zip(&self.residual).zip(self.entry(entry)) {
            *sum = v + p;
        }
        self.scratch = scratch;
    }

    /// What the opened exchange changes, with `joining` in the place of `leaving`.
    fn change(&mut self, leaving: usize, joining: usize) -> f64 {
        self.work += self.of_one();
        let l1 = distance(&self.scratch, self.entry(joining));
        self.costs[joining] - self.costs[leaving] + self.lambda * (l1 - self.l1)
    }

    /// Carries out the exchange of `inside[i]` and `outside[j]`.
    pub(crate) fn exchange(&mut self, i: usize, j: usize) {
        let (leaving, joining) = (self.inside[i], self.outside[j]);
        let mut residual = std::mem::take(&mut self.residual);
        for ((v, out), p) in residual.iter_mut().zip(self.entry(leaving)).zip(self.entry(joining)) {
            *v += out - p;
        }
        self.residual = residual;
        self.l1 = l1(&self.residual);
        self.inside[i] = joining;
        self.outside[j] = leaving;
    }

    /// The relevant part of the objective.
    pub(crate) fn value(&self) -> f64 {
        self.inside.iter().map(|&entry| self.costs[entry]).sum::<f64>() + self.lambda * self.l1
    }

    /// The best exchange of every pick in turn, among the first so many inside and outside, until a whole turn gains
    /// nothing or `work` is spent.
    pub(crate) fn descend(&mut self, (inside, outside): (usize, usize), work: u64) {
        let (inside, outside) = (self.inside.len().min(inside), self.outside.len().min(outside));
        let mut unchanged = 0;
        let mut i = 0;
        while unchanged < inside && self.work < work {
            self.open(self.inside[i]);
            let mut best = (-GAIN_TOLERANCE, None);
            for j in 0..outside {
                let change = self.change(self.inside[i], self.outside[j]);
                if change < best.0 {
                    best = (change, Some(j));
                }
            }
            match best.1 {
                Some(j) => {
                    self.exchange(i, j);
                    unchanged = 0;
                }
                None => unchanged += 1,
            }
            i = (i + 1) % inside;
        }
    }
}

/// `Σ|left − right|`, in eight independent sums so that the compiler can use wide registers.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let mut left_chunks = left.chunks_exact(8);
    let mut right_chunks = right.chunks_exact(8);
    for (a, b) in (&mut left_chunks).zip(&mut right_chunks) {
        for lane in 0..8 {
            sums[lane] += (a[lane] - b[lane]).abs();
        }
    }
    let rest: f64 =
        left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| (a - b).abs()).sum();
    ((sums[0] + sums[2]) + (sums[4] + sums[6])) + ((sums[1] + sums[3]) + (sums[5] + sums[7])) + rest
}
