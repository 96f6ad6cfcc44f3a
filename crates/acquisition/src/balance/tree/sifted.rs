//! The relaxation of a node over many columns: solved over those near its threshold, and checked against the others.

use super::super::lowest::lowest;
use super::basis::{Name, named, placed};
use super::core::Core;
use super::dual_simplex::Outcome;
use super::part::Part;
use super::relaxed::Relaxed;

/// A column that is left out is priced wrongly by more than this.
const REDUCED_COST_TOLERANCE: f64 = 1e-9;
/// Columns to start with, in multiples of the rows of the relaxation, and at least.
const START: usize = 8;
const LEAST_START: usize = 160;
/// Times that columns may join.
const ROUNDS: usize = 100;

/// What is known of a node before it is solved.
pub(super) struct Given {
    /// Columns that are open, ascending.
    pub(super) columns: Vec<u32>,
    /// Columns that are picked.
    pub(super) picked: Vec<u32>,
    /// How many columns of each group are picked.
    pub(super) groups: Vec<(i32, i32)>,
    /// Duals of the rows: classes, groups, budget.
    pub(super) duals: Vec<f64>,
}

/// A relaxation over some of a node's columns, with the others resting at 0 or 1.
pub(super) struct Sifted<'a> {
    core: &'a Core,
    /// Over the columns that take part.
    pub(super) relaxed: Relaxed,
    /// The others, with whether they rest at 1.
    rest: Vec<(u32, bool)>,
    /// Their reduced costs. `[rest]`
    prices: Vec<f64>,
    picked: Vec<u32>,
    groups: Vec<(i32, i32)>,
    /// Spent so far, the relaxation's part apart.
    work: u64,
}

impl<'a> Sifted<'a> {
    /// Takes what is near by the given duals, and leaves out for good what they decide if nothing above `objective` is of interest.
    pub(super) fn new(
        core: &'a Core,
        given: &Given,
        basis: &[Name],
        objective: f64,
    ) -> Result<Self, Refused> {
        let mut prices = Vec::new();
        price(core, &given.columns, &given.duals, &mut prices);
        let mut work = (given.columns.len() * (core.classes() + 2)) as u64;
        let bound = bound(core, given, &prices);
        if bound >= objective {
            return Err(Refused::Above { work });
        }
        let is_open = |k: usize| prices[k].abs() <= objective - bound;
        let mut near: Vec<usize> = (0..prices.len()).filter(|&k| is_open(k)).collect();
        lowest(&mut near, (START * given.duals.len()).max(LEAST_START), |k| prices[k].abs());
        let mut takes_part = vec![false; prices.len()];
        near.iter().for_each(|&k| takes_part[k] = true);
        for name in basis {
            if let Name::Column(column) = name
                && let Ok(k) = given.columns.binary_search(column)
            {
                takes_part[k] = true;
            }
        }
        let mut picked = given.picked.clone();
        let (mut columns, mut rest) = (Vec::new(), Vec::new());
        for (k, &column) in given.columns.iter().enumerate() {
            if takes_part[k] {
                columns.push(column);
            } else if is_open(k) {
                rest.push((column, prices[k] < 0.0));
            } else if prices[k] < 0.0 {
                picked.push(column);
            }
        }
        let relaxed = stated(core, columns, &picked, &rest, &given.groups);
        let mut sifted =
            Self { core, relaxed, rest, prices: Vec::new(), picked, groups: given.groups.clone(), work: 0 };
        let installed = sifted.install(basis);
        work += sifted.relaxed.work;
        sifted.relaxed.work = 0;
        sifted.work = work;
        if installed { Ok(sifted) } else { Err(Refused::Singular { work }) }
    }

    fn install(&mut self, basis: &[Name]) -> bool {
        let basis = if basis.is_empty() { self.relaxed.slack_basis() } else { placed(&self.relaxed, basis) };
        if self.relaxed.install(basis) {
            return true;
        }
        let slacks = self.relaxed.slack_basis();
        self.relaxed.install(slacks)
    }

    /// What was spent since the last time somebody asked.
    pub(super) fn spent(&mut self) -> u64 {
        std::mem::take(&mut self.work) + std::mem::take(&mut self.relaxed.work)
    }

    /// Solves the relaxation, or finds that its value is above `limit`; spends `allowance` at most, but for a step. The bound holds whatever
    /// comes out.
    pub(super) fn solve(&mut self, limit: f64, allowance: u64) -> (Outcome, f64) {
        for _ in 0..ROUNDS {
            let outcome = self.relaxed.optimise(limit, allowance.saturating_sub(self.work));
            let bound = self.bound();
            if bound > limit {
                return (Outcome::Above, bound);
            }
            let mut wrong: Vec<usize> = (0..self.rest.len())
                .filter(|&k| {
                    if self.rest[k].1 {
                        self.prices[k] > REDUCED_COST_TOLERANCE
                    } else {
                        self.prices[k] < -REDUCED_COST_TOLERANCE
                    }
                })
                .collect();
            match outcome {
                Outcome::Infeasible if self.rest.is_empty() => return (Outcome::Above, bound),
                // There is nothing to price by: whatever is nearest joins.
                Outcome::Infeasible => wrong = (0..self.rest.len()).collect(),
                Outcome::Optimal | Outcome::Above if wrong.is_empty() => return (outcome, bound),
                Outcome::Failed => return (outcome, bound),
                Outcome::Optimal | Outcome::Above => {}
            }
            let most = (self.relaxed.width() / 2).max(64);
            lowest(&mut wrong, most, |k| {
                let price = self.prices[k].abs();
                if outcome == Outcome::Infeasible { price } else { -price }
            });
            if !self.join(&wrong) {
                return (Outcome::Failed, bound);
            }
        }
        let bound = self.bound();
        (Outcome::Failed, bound)
    }

    /// Takes columns of the rest in; those that are fixed leave.
    fn join(&mut self, wrong: &[usize]) -> bool {
        let basis = named(&self.relaxed);
        let mut columns = Vec::with_capacity(self.relaxed.width() + wrong.len());
        let mut fixed = Vec::new();
        for variable in 0..self.relaxed.width() {
            let column = self.relaxed.columns[variable];
            let (lower, upper) = self.relaxed.bounds(variable);
            if upper > lower {
                columns.push(column);
            } else if self.relaxed.is_basic(variable) {
                columns.push(column);
                fixed.push((column, lower));
            } else if lower > 0.5 {
                self.picked.push(column);
            }
        }
        let mut joins = vec![false; self.rest.len()];
        wrong.iter().for_each(|&k| joins[k] = true);
        columns.extend(wrong.iter().map(|&k| self.rest[k].0));
        columns.sort_unstable();
        let mut joins = joins.iter();
        self.rest.retain(|_| !joins.next().expect("one for each"));
        let spent = self.relaxed.work;
        self.relaxed = stated(self.core, columns, &self.picked, &self.rest, &self.groups);
        self.relaxed.work = spent;
        for (column, at) in fixed {
            let variable = self.relaxed.columns.binary_search(&column).expect("it takes part");
            self.relaxed.restrict(variable, at, at);
        }
        self.install(&basis)
    }

    /// A lower bound, from the duals of the relaxation alone, and the reduced costs of the rest.
    fn bound(&mut self) -> f64 {
        let own = self.relaxed.bound();
        let duals = self.relaxed.duals();
        let columns: Vec<u32> = self.rest.iter().map(|&(column, _)| column).collect();
        let mut prices = std::mem::take(&mut self.prices);
        price(self.core, &columns, &duals, &mut prices);
        self.work += (columns.len() * (self.core.classes() + 2)) as u64;
        // Those at 1 are counted at 1 already.
        let rest: f64 = prices
            .iter()
            .zip(&self.rest)
            .map(|(&price, &(_, at))| if at { (-price).min(0.0) } else { price.min(0.0) })
            .sum();
        self.prices = prices;
        own + rest
    }

    /// Leaves out what cannot change in anything better by `slack` than the bound.
    pub(super) fn fix(&mut self, slack: f64) {
        self.relaxed.fix(slack);
        let mut prices = self.prices.iter();
        let picked = &mut self.picked;
        self.rest.retain(|&(column, at)| {
            let stays = prices.next().expect("a price for each").abs() <= slack;
            if !stays && at {
                picked.push(column);
            }
            stays
        });
        self.prices.retain(|price| price.abs() <= slack);
    }

    /// Bounds a variable of the relaxation.
    pub(super) fn restrict(&mut self, variable: usize, lower: f64, upper: f64) {
        let n = self.relaxed.width();
        if variable >= n {
            let apart = self.apart(variable - n);
            self.groups[variable - n] = (lower as i32 + apart, upper as i32 + apart);
        }
        self.relaxed.restrict(variable, lower, upper);
    }

    /// How many columns of a group are picked outside of the relaxation, which counts without them.
    pub(super) fn apart(&self, group: usize) -> i32 {
        let (lower, _) = self.relaxed.bounds(self.relaxed.width() + group);
        self.groups[group].0 - lower as i32
    }

    /// Columns that are open.
    pub(super) fn open(&self) -> usize {
        self.relaxed.width() + self.rest.len()
    }

    /// What is left of the columns.
    pub(super) fn part(&self) -> Part {
        let mut columns: Vec<u32> = self.relaxed.columns.clone();
        columns.extend(self.rest.iter().map(|&(column, _)| column));
        columns.sort_unstable();
        Part { columns, picked: self.picked.clone() }
    }

    /// Whether no column is left out.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }

    /// Every column that is picked, those of the relaxation apart.
    pub(super) fn outside(&self) -> Vec<u32> {
        let rest = self.rest.iter().filter(|&&(_, at)| at).map(|&(column, _)| column);
        self.picked.iter().copied().chain(rest).collect()
    }
}

/// Why a node has no relaxation.
pub(super) enum Refused {
    /// Its bound is above the objective.
    Above { work: u64 },
    /// Its basis cannot be inverted.
    Singular { work: u64 },
}

/// The relaxation over `columns`, with the rest where it is.
fn stated(
    core: &Core,
    columns: Vec<u32>,
    picked: &[u32],
    rest: &[(u32, bool)],
    groups: &[(i32, i32)],
) -> Relaxed {
    let mut gone = picked.to_vec();
    gone.extend(rest.iter().filter(|&&(_, at)| at).map(|&(column, _)| column));
    let mut groups = groups.to_vec();
    for &column in &gone {
        let bounds = &mut groups[core.groups[column as usize] as usize];
        *bounds = (bounds.0 - 1, bounds.1 - 1);
    }
    Relaxed::new(core, columns, &gone, &groups)
}

/// The reduced costs of columns.
fn price(core: &Core, columns: &[u32], duals: &[f64], prices: &mut Vec<f64>) {
    let classes = core.classes();
    prices.clear();
    prices.extend(columns.iter().map(|&column| {
        let group = core.groups[column as usize] as usize;
        core.costs[column as usize] - duals[classes + group] - duals[2 * classes]
    }));
    for (class, &dual) in duals[..classes].iter().enumerate() {
        let of_class = core.of_class(class);
        if dual != 0.0 {
            prices
                .iter_mut()
                .zip(columns)
                .for_each(|(price, &column)| *price -= dual * of_class[column as usize]);
        }
    }
}

/// The lower bound of duals in the box.
fn bound(core: &Core, given: &Given, prices: &[f64]) -> f64 {
    let classes = core.classes();
    let mut bound = core.constant;
    for (class, &dual) in given.duals[..classes].iter().enumerate() {
        bound += dual * core.requirement[class];
    }
    bound += given.duals[2 * classes] * core.budget as f64;
    for (group, &dual) in given.duals[classes..2 * classes].iter().enumerate() {
        let (lower, upper) = given.groups[group];
        bound += (dual * f64::from(lower)).min(dual * f64::from(upper));
    }
    let mut picked = Vec::new();
    price(core, &given.picked, &given.duals, &mut picked);
    bound + picked.iter().sum::<f64>() + prices.iter().map(|price| price.min(0.0)).sum::<f64>()
}
