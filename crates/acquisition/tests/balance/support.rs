//! What the tests of the class-balancing programme share: small problems, brute force, and the check of an answer.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::balance::instances::{Generated, Shape, generate};
use tailward_acquisition::balance::{Problem, Solution, Status};

/// A problem that owns its arrays.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) probabilities: Array2<f32>,
    pub(crate) costs: Vec<f64>,
    pub(crate) requirement: Vec<f64>,
    pub(crate) lambda: f64,
    pub(crate) budget: usize,
}

impl Case {
    pub(crate) fn problem(&self) -> Problem<'_> {
        Problem {
            probabilities: self.probabilities.view(),
            costs: &self.costs,
            requirement: &self.requirement,
            lambda: self.lambda,
            budget: self.budget,
        }
    }

    /// A made-up pool.
    pub(crate) fn generate(shape: &Shape, lambda: f64) -> Self {
        let Generated { probabilities, costs, requirement, .. } = generate(shape);
        Self { probabilities, costs, requirement, lambda, budget: shape.budget }
    }

    /// A random problem small enough for brute force; a fifth of its requirements are zero.
    pub(crate) fn small(seed: u64, lambda: f64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rows = rng.random_range(2..=15);
        let classes = rng.random_range(2..=5);
        let budget = rng.random_range(1..=rows);
        let sharpness = rng.random_range(0.5..6.0);
        let probabilities = softmax(rows, classes, sharpness, &mut rng);
        let costs = negative_entropy(&probabilities);
        let requirement = (0..classes)
            .map(|_| {
                let scale = 2.0 * budget as f64 / classes as f64;
                if rng.random_bool(0.2) { 0.0 } else { rng.random_range(0.0..scale) }
            })
            .collect();
        Self { probabilities, costs, requirement, lambda, budget }
    }
}

pub(crate) fn softmax(rows: usize, classes: usize, sharpness: f64, rng: &mut ChaCha8Rng) -> Array2<f32> {
    let mut p =
        Array2::from_shape_simple_fn((rows, classes), || rng.random_range(0.0..sharpness).exp() as f32);
    for mut row in p.rows_mut() {
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    p
}

pub(crate) fn negative_entropy(p: &Array2<f32>) -> Vec<f64> {
    let term = |&p: &f32| {
        if p > 0.0 { f64::from(p) * f64::from(p).ln() } else { 0.0 }
    };
    p.rows().into_iter().map(|row| row.iter().map(term).sum()).collect()
}

/// The objective in plain words, by the hand of the tests.
pub(crate) fn objective(case: &Case, picks: &[usize]) -> f64 {
    let mut sum = 0.0;
    for class in 0..case.requirement.len() {
        let have: f64 = picks.iter().map(|&row| f64::from(case.probabilities[[row, class]])).sum();
        sum += case.lambda * (case.requirement[class] - have).abs();
    }
    sum + picks.iter().map(|&row| case.costs[row]).sum::<f64>()
}

/// The dual function in plain words, by the hand of the tests.
pub(crate) fn dual(case: &Case, y: &[f64]) -> f64 {
    let mut reduced: Vec<f64> = (0..case.costs.len())
        .map(|row| {
            let price: f64 =
                (0..y.len()).map(|class| f64::from(case.probabilities[[row, class]]) * y[class]).sum();
            case.costs[row] - price
        })
        .collect();
    reduced.sort_by(f64::total_cmp);
    let constant: f64 = case.requirement.iter().zip(y).map(|(need, y)| need * y).sum();
    constant + reduced[..case.budget].iter().sum::<f64>()
}

/// Every selection of `budget` rows with its objective.
pub(crate) fn selections(case: &Case) -> Vec<(f64, Vec<usize>)> {
    let rows = case.costs.len();
    (0_u32..1 << rows)
        .filter(|set| set.count_ones() as usize == case.budget)
        .map(|set| {
            let picks: Vec<usize> = (0..rows).filter(|row| set >> row & 1 == 1).collect();
            (objective(case, &picks), picks)
        })
        .collect()
}

/// The best selection, by trying all of them.
pub(crate) fn brute_force(case: &Case) -> (f64, Vec<usize>) {
    selections(case).into_iter().min_by(|left, right| left.0.total_cmp(&right.0)).unwrap()
}

/// Everything that can be checked about an answer from the problem and the answer alone. Empty means sound.
pub(crate) fn faults(case: &Case, solution: &Solution) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let rows = case.costs.len();
    if solution.picks.len() != case.budget {
        faults.push("not exactly budget picks");
    }
    if !solution.picks.windows(2).all(|pair| pair[0] < pair[1]) {
        faults.push("picks not distinct and ascending");
    }
    if solution.picks.iter().any(|&row| row >= rows) {
        faults.push("a pick is not a row");
        return faults;
    }
    if solution.duals.len() != case.requirement.len()
        || !solution.duals.iter().all(|y| y.abs() <= case.lambda)
    {
        faults.push("duals not in the box");
        return faults;
    }
    let objective = objective(case, &solution.picks);
    let scale =
        1.0 + objective.abs() + case.lambda * case.requirement.iter().map(|need| need.abs()).sum::<f64>();
    let differs = |left: f64, right: f64| (left - right).abs() > 1e-9 * scale;
    if differs(objective, solution.objective) {
        faults.push("objective is not that of the picks");
    }
    let bound = dual(case, &solution.duals);
    if differs(bound, solution.dual_bound) {
        faults.push("dual bound is not that of the duals");
    }
    if solution.bound < solution.dual_bound {
        faults.push("bound below that of the duals");
    }
    if solution.bound > objective + 1e-9 * scale {
        faults.push("bound above the objective");
    }
    if differs(solution.gap, (solution.objective - solution.bound).max(0.0)) {
        faults.push("gap is not objective minus bound");
    }
    if let Some(relaxation) = solution.statistics.relaxation {
        if differs(relaxation, bound) {
            faults.push("no strong duality");
        }
        if solution.statistics.fractionals > solution.statistics.tight_classes + 1 {
            faults.push("more fractional rows than a basis has");
        }
    }
    if solution.status == Status::Optimal && solution.gap > 1e-8 * bound.abs().max(1.0) {
        faults.push("optimal without a proof");
    }
    faults
}
