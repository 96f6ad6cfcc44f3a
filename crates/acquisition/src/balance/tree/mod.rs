//! Branch and bound over the rows that could still change: better selections, and how good they can be at most.
//!
//! Nodes are taken by their bound, the lowest first, and each is followed downwards until it is closed. What is branched on is a row, or
//! how many rows of a group are picked, whichever gains the most in the first step of the dual simplex method (Driebeek, *An algorithm for
//! the solution of mixed integer programming problems*, Management Science 1966). Every solution on the way is rounded and improved by
//! exchanges. Bounds are evaluated from duals alone, so that no error of the simplex method makes them wrong. Work is counted and not
//! timed, so that an answer is a function of its inputs.

mod basis;
mod core;
mod dual_simplex;
mod node;
mod part;
mod relaxed;
mod rounding;
mod sifted;

use std::collections::BinaryHeap;
use std::rc::Rc;

pub(crate) use self::core::Core;

use self::basis::named;
use self::dual_simplex::Outcome;
use self::node::Node;
use self::part::Part;
use self::relaxed::Relaxed;
use self::sifted::{Given, Refused, Sifted};

/// Fractional variables whose branches are looked at; those of groups come first.
const CANDIDATES: usize = 8;
/// A selection must be better by more than this.
const IMPROVEMENT: f64 = 1e-9;

/// What a search came to.
pub(crate) struct Found {
    /// The best selection as columns of the core, if it is better than what was known.
    pub(crate) columns: Option<Vec<u32>>,
    /// No selection is better than this. It is the objective if the search has ended.
    pub(crate) bound: f64,
    /// Relaxations that were solved.
    pub(crate) nodes: usize,
}

struct Search<'a> {
    core: &'a Core,
    open: BinaryHeap<Node>,
    objective: f64,
    best: Option<Vec<u32>>,
    /// The lowest bound of parts that were given up.
    lost: f64,
    nodes: usize,
    /// Nodes that were made.
    made: usize,
    work: u64,
    limit: u64,
}

/// Searches for selections that are better than `objective`, until there are none or `limit` is spent, in multiplications.
///
/// `duals` and `threshold` are those of the relaxation. `[classes]`
pub(crate) fn search(core: &Core, duals: &[f64], threshold: f64, objective: f64, limit: u64) -> Found {
    // One inverse of a basis.
    if (2 * core.classes() as u64 + 1).saturating_pow(3) > limit {
        return Found { columns: None, bound: f64::NEG_INFINITY, nodes: 0 };
    }
    let mut sizes = vec![0_i32; core.classes()];
    core.groups.iter().for_each(|&group| sizes[group as usize] += 1);
    let budget = i32::try_from(core.budget).expect("fewer than 2^31 picks");
    let root = Node {
        bound: f64::NEG_INFINITY,
        number: 0,
        basis: Vec::new(),
        part: Rc::new(Part { columns: (0..core.columns() as u32).collect(), picked: Vec::new() }),
        fixed: Vec::new(),
        groups: sizes.iter().map(|&size| (0, size.min(budget))).collect(),
        // Nothing is asked of the groups yet.
        duals: [duals, &vec![0.0; core.classes()], &[threshold]].concat(),
    };
    let mut search = Search {
        core,
        open: BinaryHeap::from([root]),
        objective,
        best: None,
        lost: f64::INFINITY,
        nodes: 0,
        made: 1,
        work: 0,
        limit,
    };
    while let Some(node) = search.open.pop() {
        if search.closes(node.bound) {
            search.open.clear();
        } else if search.work >= limit {
            search.open.push(node);
            break;
        } else {
            search.follow(node);
        }
    }
    let open = search.open.peek().map_or(f64::INFINITY, |node| node.bound);
    Found { bound: open.min(search.lost).min(search.objective), columns: search.best, nodes: search.nodes }
}

impl<'a> Search<'a> {
    /// Whether a part with this bound has nothing better.
    fn closes(&self, bound: f64) -> bool {
        bound >= self.objective - IMPROVEMENT
    }

    /// Follows a node downwards until it is closed, and leaves the other branches open.
    fn follow(&mut self, mut node: Node) {
        let Some(mut sifted) = self.begin(&mut node) else { return };
        loop {
            self.nodes += 1;
            let allowance = self.limit.saturating_sub(self.work);
            let (outcome, bound) = sifted.solve(self.objective - IMPROVEMENT, allowance);
            self.work += sifted.spent();
            node.bound = node.bound.max(bound);
            if outcome == Outcome::Above || self.closes(node.bound) {
                return;
            }
            if outcome != Outcome::Optimal {
                self.lost = self.lost.min(node.bound);
                return;
            }
            let fractional = sifted.relaxed.fractional();
            self.round(&sifted, node.bound);
            if fractional.is_empty() || self.closes(node.bound) {
                return;
            }
            node.duals = sifted.relaxed.duals();
            node.basis = named(&sifted.relaxed);
            sifted.fix(self.objective - node.bound);
            if self.work >= self.limit {
                self.open.push(node);
                return;
            }
            let branch = choose(&mut sifted.relaxed, &fractional);
            // What one step gains is a bound where every column was asked.
            let (down, up) = if sifted.is_whole() { (branch.down, branch.up) } else { (0.0, 0.0) };
            let goes_up = branch.up < branch.down;
            let (own, others) = if goes_up { (up, down) } else { (down, up) };
            if !self.closes(node.bound + others) {
                let mut other = Node {
                    bound: node.bound + others,
                    number: self.made,
                    basis: node.basis.clone(),
                    part: Rc::clone(&node.part),
                    fixed: node.fixed.clone(),
                    groups: node.groups.clone(),
                    duals: node.duals.clone(),
                };
                other.branch(&sifted, branch.variable, branch.value, !goes_up);
                self.made += 1;
                self.open.push(other);
            }
            if self.closes(node.bound + own) {
                return;
            }
            node.branch(&sifted, branch.variable, branch.value, goes_up);
            let (lower, upper) = sifted.relaxed.bounds(branch.variable);
            if goes_up {
                sifted.restrict(branch.variable, branch.value.ceil(), upper);
            } else {
                sifted.restrict(branch.variable, lower, branch.value.floor());
            }
        }
    }

    /// The relaxation of a node, unless its bound closes it.
    fn begin(&mut self, node: &mut Node) -> Option<Sifted<'a>> {
        let core = self.core;
        let mut given = Given {
            columns: node.part.columns.clone(),
            picked: node.part.picked.clone(),
            groups: node.groups.clone(),
            duals: node.duals.clone(),
        };
        // Outside of the box they would give no bound.
        given.duals[..core.classes()]
            .iter_mut()
            .for_each(|dual| *dual = dual.clamp(-core.lambda, core.lambda));
        given.columns.retain(|column| node.fixed.iter().all(|(fixed, _)| fixed != column));
        given.picked.extend(node.fixed.iter().filter(|&&(_, picked)| picked).map(|&(column, _)| column));
        match Sifted::new(core, &given, &node.basis, self.objective - IMPROVEMENT) {
            Ok(mut sifted) => {
                self.work += sifted.spent();
                if 4 * sifted.open() < 3 * node.part.columns.len() {
                    (node.part, node.fixed) = (Rc::new(sifted.part()), Vec::new());
                }
                Some(sifted)
            }
            Err(Refused::Above { work }) => {
                self.work += work;
                None
            }
            Err(Refused::Singular { work }) => {
                self.work += work;
                self.lost = self.lost.min(node.bound);
                None
            }
        }
    }

    /// Rounds a relaxation's solution, and keeps what is best.
    fn round(&mut self, sifted: &Sifted, bound: f64) {
        // As far above the best as the bound is below it, a selection is worth wide exchanges.
        let promising = 2.0 * self.objective - bound;
        let Some(rounded) = rounding::round(self.core, sifted, promising) else { return };
        self.work += rounded.work;
        if rounded.objective < self.objective - IMPROVEMENT {
            self.objective = rounded.objective;
            self.best = Some(rounded.columns);
        }
    }
}

/// A fractional variable, and what its two sides gain at least.
struct Branch {
    variable: usize,
    value: f64,
    down: f64,
    up: f64,
}

/// The fractional variable whose two sides gain the most. `fractional` are rows of the basis with their values.
fn choose(relaxed: &mut Relaxed, fractional: &[(usize, f64)]) -> Branch {
    let mut order = fractional.to_vec();
    let from_half = |value: f64| (value - value.floor() - 0.5).abs();
    let n = relaxed.width();
    let is_column = |row: usize| relaxed.basis[row] < n;
    order.sort_by(|left, right| {
        let groups_first = is_column(left.0).cmp(&is_column(right.0));
        groups_first.then(from_half(left.1).total_cmp(&from_half(right.1))).then(left.0.cmp(&right.0))
    });
    order.truncate(CANDIDATES);
    let mut best: Option<(f64, Branch)> = None;
    for &(row, value) in &order {
        let (down, up) = relaxed.gains(row, value - value.floor(), value.ceil() - value);
        // The product, as one side that gains nothing leaves all the work to do.
        let score = down.max(1e-9) * up.max(1e-9);
        if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
            best = Some((score, Branch { variable: relaxed.basis[row], value, down, up }));
        }
    }
    best.expect("something is fractional").1
}
