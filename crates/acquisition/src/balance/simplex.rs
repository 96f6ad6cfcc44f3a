//! The linear relaxation over a few columns: a primal simplex method with bounded variables.
//!
//! The rows are `Σ_i p_ic z_i + v_c = Ω_c` for every class and `Σ_i z_i = b`; `0 ≤ z ≤ 1`, and the slacks `v` are
//! free with cost `λ|v_c|`. A slack outside the basis is 0. Slack columns are unit vectors, so a basis is determined
//! by its *kernel*: the rows of the classes whose slack is not basic plus the budget row, by the basic `z`. Only the
//! kernel's inverse is kept ([`Kernel`]).
//!
//! Any basis that contains every slack and one `z` is feasible, so there is no first phase.

mod basis;
mod ratio;

use basis::{Entering, Leaving, STEP_TOLERANCE, State, Trouble, Variable};

use super::kernel::Kernel;
use super::problem::{Instance, add, dot, l1, subtract};

/// A reduced cost nearer to zero than this is zero. Costs and duals are of the order of one.
const REDUCED_COST_TOLERANCE: f64 = 1e-9;
/// How many columns are priced between two rounds of pricing all. Measured from 20 to 400: 40 is the fastest, on
/// 45,000 and on a million rows.
const CANDIDATES: usize = 40;
/// After so many degenerate pivots in a row, the rule of Bland takes over until a step is made.
const DEGENERATE_LIMIT: usize = 1000;

/// The relaxation restricted to some columns; the others stay fixed at 0 or 1.
pub(crate) struct Simplex<'a> {
    instance: &'a Instance<'a>,
    columns: Vec<u32>,
    /// The probabilities of the columns, gathered: pricing reads them over and over. `[columns, classes]`
    gathered: Vec<f32>,
    state: Vec<State>,
    /// `Ω` less the columns that are fixed at 1.
    requirement: Vec<f64>,
    /// The budget less the columns that are fixed at 1.
    budget: f64,
    /// The cost of the columns that are fixed at 1.
    fixed_cost: f64,
    kernel: Kernel,
    /// For every place in the kernel, its place in `columns`.
    basic: Vec<usize>,
    /// The values of the basic columns.
    values: Vec<f64>,
    /// `v`. `[classes]`
    slacks: Vec<f64>,
    /// The side that a basic slack is charged for: +1 or −1. `[classes]`
    sides: Vec<f64>,
    /// `y`. `[classes]`
    pub(crate) duals: Vec<f64>,
    /// The dual of the budget row.
    pub(crate) threshold: f64,
    pub(crate) pivots: usize,
    candidates: Vec<usize>,
    degenerate: usize,
    /// Degenerate pivots in a row that bring the rule of Bland into force.
    degenerate_limit: usize,
    /// Rates of change of the basic columns and of the slacks.
    column_rates: Vec<f64>,
    slack_rates: Vec<f64>,
    breakpoints: Vec<(f64, f64, usize)>,
}

impl<'a> Simplex<'a> {
    /// Starts from the selection `picks`, with every slack and the column `pivot` (one of both `picks` and
    /// `columns`) in the basis.
    ///
    /// # Panics
    ///
    /// If `pivot` is not one of `columns`.
    pub(crate) fn new(instance: &'a Instance<'a>, picks: &[u32], columns: Vec<u32>, pivot: u32) -> Self {
        let classes = instance.classes;
        let mut selected = vec![false; instance.rows];
        for &row in picks {
            selected[row as usize] = true;
        }
        let slacks = instance.residual(picks);
        let mut requirement = slacks.clone();
        let mut budget = 0.0;
        let mut fixed_cost: f64 = picks.iter().map(|&row| instance.costs[row as usize]).sum();
        let mut state = Vec::with_capacity(columns.len());
        for &row in &columns {
            let chosen = selected[row as usize];
            if chosen {
                add(&mut requirement, instance.row(row as usize));
                budget += 1.0;
                fixed_cost -= instance.costs[row as usize];
            }
            state.push(if chosen { State::AtOne } else { State::AtZero });
        }
        let first = columns.iter().position(|&row| row == pivot).expect("the pivot is one of the columns");
        state[first] = State::Basic;
        let sides = slacks.iter().map(|&v| if v < 0.0 { -1.0 } else { 1.0 }).collect();
        Self {
            instance,
            gathered: columns.iter().flat_map(|&row| instance.row(row as usize)).copied().collect(),
            columns,
            state,
            requirement,
            budget,
            fixed_cost,
            kernel: Kernel::new(classes, instance.row(pivot as usize)),
            basic: vec![first],
            values: vec![1.0],
            slacks,
            sides,
            duals: vec![0.0; classes],
            threshold: 0.0,
            pivots: 0,
            candidates: Vec::new(),
            degenerate: 0,
            degenerate_limit: DEGENERATE_LIMIT,
            column_rates: Vec::new(),
            slack_rates: vec![0.0; classes],
            breakpoints: Vec::new(),
        }
    }

    /// How many columns are in play.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Puts columns into play, each with whether it was fixed at 1.
    pub(crate) fn add_columns(&mut self, columns: &[(u32, bool)]) {
        for &(row, chosen) in columns {
            if chosen {
                add(&mut self.requirement, self.instance.row(row as usize));
                self.budget += 1.0;
                self.fixed_cost -= self.instance.costs[row as usize];
            }
            self.columns.push(row);
            self.gathered.extend_from_slice(self.instance.row(row as usize));
            self.state.push(if chosen { State::AtOne } else { State::AtZero });
        }
    }

    /// The classes whose slack is not basic.
    pub(crate) fn tight_classes(&self) -> usize {
        self.kernel.size() - 1
    }

    /// The columns at 1, and the basic ones with their values.
    pub(crate) fn solution(&self) -> (Vec<u32>, Vec<(u32, f64)>) {
        let ones = (0..self.columns.len()).filter(|&k| self.state[k] == State::AtOne);
        let ones = ones.map(|k| self.columns[k]).collect();
        let basic =
            self.basic.iter().zip(&self.values).map(|(&k, &value)| (self.columns[k], value)).collect();
        (ones, basic)
    }

    /// The objective of the present basis.
    pub(crate) fn objective(&self) -> f64 {
        let (ones, basic) = self.solution();
        let cost = |row: u32| self.instance.costs[row as usize];
        self.fixed_cost
            + ones.iter().map(|&row| cost(row)).sum::<f64>()
            + basic.iter().map(|&(row, value)| value * cost(row)).sum::<f64>()
            + self.instance.lambda * l1(&self.slacks)
    }

    /// Pivots until no column in play and no slack improves the objective.
    ///
    /// # Errors
    ///
    /// [`Trouble`], with the last duals in place, if that does not come about within `pivot_limit` pivots in total.
    pub(crate) fn optimise(&mut self, pivot_limit: usize) -> Result<(), Trouble> {
        let interval = 100.max(self.instance.classes / 3);
        let mut fresh = false;
        let mut since_refactor = 0;
        self.candidates.clear();
        loop {
            if since_refactor >= interval {
                self.refactor()?;
                since_refactor = 0;
            }
            self.compute_duals();
            let Some(entering) = self.price() else {
                if fresh {
                    return Ok(());
                }
                self.refactor()?;
                since_refactor = 0;
                fresh = true;
                continue;
            };
            if self.pivots >= pivot_limit {
                return Err(Trouble::PivotLimit);
            }
            self.pivot(entering)?;
            self.pivots += 1;
            since_refactor += 1;
            fresh = false;
        }
    }

    /// `y_c = ±λ` where the slack is basic; the rest from the basic columns, whose reduced cost is 0.
    fn compute_duals(&mut self) {
        for class in 0..self.instance.classes {
            let basic = self.kernel.place(class).is_none();
            self.duals[class] = if basic { self.instance.lambda * self.sides[class] } else { 0.0 };
        }
        let excess: Vec<f64> = (0..self.kernel.size())
            .map(|place| self.cost(self.basic[place]) - self.kernel.dot_column(place, &self.duals))
            .collect();
        self.threshold = self.kernel.solve_transposed(&excess, &mut self.duals);
    }

    fn cost(&self, k: usize) -> f64 {
        self.instance.costs[self.columns[k] as usize]
    }

    fn probabilities(&self, k: usize) -> &[f32] {
        column(&self.gathered, self.instance.classes, k)
    }

    /// The entering column in direction `Some(±1)` if it improves the objective.
    fn column_gain(&self, k: usize) -> Option<Entering> {
        let direction = match self.state[k] {
            State::Basic => return None,
            State::AtZero => 1.0,
            State::AtOne => -1.0,
        };
        let reduced = self.cost(k) - dot(self.probabilities(k), &self.duals) - self.threshold;
        let gain = -direction * reduced;
        (gain > REDUCED_COST_TOLERANCE).then_some(Entering { variable: Variable::Column(k), direction, gain })
    }

    /// A slack that is not basic improves the objective if its dual is outside of the box.
    fn slack_gain(&self, class: usize) -> Option<Entering> {
        let y = self.duals[class];
        let gain = y.abs() - self.instance.lambda;
        let scale = self.instance.lambda.max(1.0);
        (gain > REDUCED_COST_TOLERANCE * scale).then_some(Entering {
            variable: Variable::Slack(class),
            direction: y.signum(),
            gain,
        })
    }

    /// The variable to enter: the best of a short list that is renewed when it is used up (Dantzig's rule on a
    /// candidate list), or the first there is while the rule of Bland is in force.
    fn price(&mut self) -> Option<Entering> {
        let slacks = self.kernel.classes().iter().filter_map(|&class| self.slack_gain(class));
        if self.degenerate >= self.degenerate_limit {
            let lowest = slacks.min_by_key(Entering::index);
            return lowest.or_else(|| (0..self.columns.len()).find_map(|k| self.column_gain(k)));
        }
        let best = |left: Entering, right: Entering| if right.gain > left.gain { right } else { left };
        let slack = slacks.reduce(best);
        let listed = self.candidates.iter().filter_map(|&k| self.column_gain(k)).reduce(best);
        if let Some(found) = slack.into_iter().chain(listed).reduce(best) {
            return Some(found);
        }
        let mut improving: Vec<Entering> =
            (0..self.columns.len()).filter_map(|k| self.column_gain(k)).collect();
        if improving.len() > CANDIDATES {
            improving.select_nth_unstable_by(CANDIDATES, |left, right| {
                right.gain.total_cmp(&left.gain).then(left.index().cmp(&right.index()))
            });
            improving.truncate(CANDIDATES);
        }
        self.candidates = improving.iter().map(Entering::index).collect();
        self.candidates.sort_unstable();
        improving.into_iter().reduce(|left, right| {
            let order = left.gain.total_cmp(&right.gain).then(right.index().cmp(&left.index()));
            if order.is_lt() { right } else { left }
        })
    }

    /// Moves the entering variable as far as the objective falls, and exchanges it.
    fn pivot(&mut self, entering: Entering) -> Result<(), Trouble> {
        self.compute_rates(entering);
        let (step, leaving) = self.ratio_test(entering)?;
        self.degenerate = if step > STEP_TOLERANCE { 0 } else { self.degenerate + 1 };
        for (value, rate) in self.values.iter_mut().zip(&self.column_rates) {
            *value += step * rate;
        }
        for (class, (slack, rate)) in self.slacks.iter_mut().zip(&self.slack_rates).enumerate() {
            if self.kernel.place(class).is_none() {
                *slack += step * rate;
            }
        }
        self.exchange(entering, leaving, step)
    }

    /// How fast the basic variables change per unit of the entering one.
    fn compute_rates(&mut self, entering: Entering) {
        let s = entering.direction;
        match entering.variable {
            Variable::Column(k) => {
                let column = column(&self.gathered, self.instance.classes, k);
                self.kernel.solve_column(column, &mut self.column_rates);
                self.kernel.combine(&self.column_rates, &mut self.slack_rates);
                for (rate, &p) in self.slack_rates.iter_mut().zip(column) {
                    *rate = -s * (f64::from(p) - *rate);
                }
            }
            Variable::Slack(class) => {
                self.kernel.solve_unit(class, &mut self.column_rates);
                self.kernel.combine(&self.column_rates, &mut self.slack_rates);
                for rate in &mut self.slack_rates {
                    *rate *= s;
                }
            }
        }
        for rate in &mut self.column_rates {
            *rate *= -s;
        }
    }

    fn exchange(&mut self, entering: Entering, leaving: Leaving, step: f64) -> Result<(), Trouble> {
        let direction = entering.direction;
        if let Leaving::Column(place, bound) = leaving {
            self.state[self.basic[place]] = bound;
        }
        if let Leaving::Slack(class) = leaving {
            self.slacks[class] = 0.0;
        }
        match (entering.variable, leaving) {
            (Variable::Column(k), Leaving::Flip) => {
                self.state[k] = if direction > 0.0 { State::AtOne } else { State::AtZero };
                return Ok(());
            }
            (Variable::Slack(_), Leaving::Flip) => return Err(Trouble::Unbounded),
            (Variable::Column(k), Leaving::Column(place, _)) => {
                let joining = column(&self.gathered, self.instance.classes, k);
                self.kernel.replace_column(place, joining);
                self.enter_column(k, place, direction, step);
            }
            (Variable::Column(k), Leaving::Slack(class)) => {
                let joining = column(&self.gathered, self.instance.classes, k);
                self.kernel.grow(class, joining);
                self.basic.push(k);
                self.values.push(0.0);
                self.enter_column(k, self.basic.len() - 1, direction, step);
            }
            (Variable::Slack(class), Leaving::Column(place, _)) => {
                self.kernel.shrink(class, place);
                self.basic.swap_remove(place);
                self.values.swap_remove(place);
                self.enter_slack(class, direction, step);
            }
            (Variable::Slack(class), Leaving::Slack(other)) => {
                self.kernel.replace_row(class, other);
                self.enter_slack(class, direction, step);
            }
        }
        Ok(())
    }

    fn enter_column(&mut self, k: usize, place: usize, direction: f64, step: f64) {
        self.state[k] = State::Basic;
        self.basic[place] = k;
        self.values[place] = if direction > 0.0 { step } else { 1.0 - step };
    }

    fn enter_slack(&mut self, class: usize, direction: f64, step: f64) {
        self.sides[class] = direction;
        self.slacks[class] = direction * step;
    }

    /// Inverts the kernel afresh and recomputes every value from the columns.
    fn refactor(&mut self) -> Result<(), Trouble> {
        if !self.kernel.refactor() {
            return Err(Trouble::Singular);
        }
        let mut rest = self.requirement.clone();
        let mut budget = self.budget;
        for k in 0..self.columns.len() {
            if self.state[k] == State::AtOne {
                subtract(&mut rest, self.probabilities(k));
                budget -= 1.0;
            }
        }
        self.kernel.solve(&rest, budget, &mut self.values);
        self.kernel.combine(&self.values, &mut self.slack_rates);
        for (class, (rest, used)) in rest.iter().zip(&self.slack_rates).enumerate() {
            let slack = rest - used;
            let basic = self.kernel.place(class).is_none();
            self.slacks[class] = if basic { slack } else { 0.0 };
            if basic && slack * self.sides[class] < -REDUCED_COST_TOLERANCE {
                self.sides[class] = slack.signum();
            }
        }
        Ok(())
    }
}

/// The probabilities of column `k`; apart from `self`, so that the kernel can change while they are read.
fn column(gathered: &[f32], classes: usize, k: usize) -> &[f32] {
    &gathered[k * classes..(k + 1) * classes]
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::super::dual::Pass;
    use super::super::instances::{Generated, Shape, generate};
    #[cfg(feature = "exact")]
    use super::super::reference;
    use super::*;

    fn problem(made: &Generated, lambda: f64) -> Problem<'_> {
        Problem {
            probabilities: made.probabilities.view(),
            costs: &made.costs,
            requirement: &made.requirement,
            lambda,
            budget: 30,
        }
    }

    /// All columns in play, from the cheapest rows.
    fn solved(problem: &Problem, degenerate_limit: usize, pivot_limit: usize) -> Result<f64, Trouble> {
        let instance = Instance::new(problem);
        let pass = Pass::new(&instance, &vec![0.0; instance.classes]);
        let columns = (0..instance.rows as u32).collect();
        let mut simplex = Simplex::new(&instance, pass.selected(), columns, pass.last_selected());
        simplex.degenerate_limit = degenerate_limit;
        simplex.optimise(pivot_limit)?;
        Ok(simplex.objective())
    }

    #[cfg(feature = "exact")]
    #[test]
    fn both_rules_and_the_reference_agree() {
        for (classes, seed) in [(4, 1), (10, 2), (25, 3)] {
            for lambda in [0.1, 1.0, 5.0] {
                let made = generate(&Shape { rows: 400, classes, budget: 30, tight: true, seed });
                let problem = problem(&made, lambda);
                let expected = reference::relaxation(&problem).unwrap().objective;
                for limit in [DEGENERATE_LIMIT, 0] {
                    let value = solved(&problem, limit, 100_000).unwrap();
                    assert!(
                        (value - expected).abs() < 1e-6,
                        "{classes} classes, lambda {lambda}, limit {limit}: {value} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_pivot_limit_is_kept() {
        let made = generate(&Shape { rows: 400, classes: 10, budget: 30, tight: true, seed: 4 });
        assert_eq!(solved(&problem(&made, 1.0), DEGENERATE_LIMIT, 3), Err(Trouble::PivotLimit));
    }
}
