//! From what a query is given to the programme, and back.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use super::{Options, Problem, Solution, Statistics, certificate, requirement, solve_along};
use crate::{
    BalanceCertificate, BalanceOutcome, Error, Pick, Prediction, Selection, SolverMode, probabilities, select,
};

/// What a balanced query is given, its weight apart.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// The class probabilities of the pool. `[rows, classes]`
    pub probabilities: ArrayView2<'a, f32>,
    /// The scores of the pool. `[rows]`
    pub scores: &'a [f64],
    /// The true classes of the samples labelled so far. `[classes]`
    pub labelled_counts: &'a [usize],
    /// Rows to pick.
    pub budget: usize,
    /// How hard to try.
    pub solver: SolverMode,
    /// What stands for the unknown classes; `None`: the probabilities.
    pub prediction: Option<Prediction>,
}

impl Round<'_> {
    /// The answer for one weight.
    pub(crate) fn query(&self, lambda: f64) -> Result<Selection, Error> {
        let mut answers = self.solve(&[lambda])?;
        Ok(answers.pop().expect("one answer for one weight").0)
    }

    /// The answers for some weights, each with what it took.
    pub(crate) fn solve(&self, lambdas: &[f64]) -> Result<Vec<(Selection, Statistics)>, Error> {
        let (rows, classes) = self.probabilities.dim();
        for (what, expected, found) in
            [("scores", rows, self.scores.len()), ("labelled counts", classes, self.labelled_counts.len())]
        {
            if expected != found {
                return Err(Error::LengthMismatch { what, expected, found });
            }
        }
        let baseline = select::top(self.scores, self.budget)?;
        let baseline: Vec<usize> = baseline.picks.iter().map(|pick| pick.row).collect();
        let requirement = requirement(self.labelled_counts, self.budget);
        let costs: Vec<f64> = self.scores.iter().map(|score| -score).collect();
        let predictions = self.predictions()?;
        let problem = &Problem {
            probabilities: predictions.view(),
            costs: &costs,
            requirement: &requirement,
            lambda: 0.0,
            budget: self.budget,
        };
        let options = Options { mode: self.solver, ..Options::default() };
        let solutions = solve_along(problem, lambdas, &options)?;
        Ok(lambdas
            .iter()
            .zip(solutions)
            .map(|(&lambda, solution)| {
                let statistics = solution.statistics.clone();
                (self.selection(&Problem { lambda, ..*problem }, solution, &baseline), statistics)
            })
            .collect())
    }

    /// What stands for the classes. `[rows, classes]`
    fn predictions(&self) -> Result<CowArray<'_, f32, Ix2>, Error> {
        match self.prediction {
            None => Ok(self.probabilities.into()),
            Some(Prediction::OneHot) => {
                super::validate_probabilities(self.probabilities)?;
                let mut one_hot = Array2::zeros(self.probabilities.dim());
                for (mut row, class) in
                    one_hot.rows_mut().into_iter().zip(probabilities::predicted(self.probabilities))
                {
                    row[class] = 1.0;
                }
                Ok(one_hot.into())
            }
        }
    }

    fn selection(&self, problem: &Problem, solution: Solution, baseline: &[usize]) -> Selection {
        let mut picks: Vec<Pick> =
            solution.picks.iter().map(|&row| Pick { row, score: self.scores[row] }).collect();
        picks.sort_unstable_by(select::query_order);
        let outcome = BalanceOutcome {
            lambda: Some(problem.lambda),
            requirement: problem.requirement.to_vec(),
            l1_before: certificate::l1(problem, &[]),
            l1_baseline: Some(certificate::l1(problem, baseline)),
            l1: certificate::l1(problem, &solution.picks),
            certificate: Some(BalanceCertificate {
                objective: solution.objective,
                bound: solution.bound,
                dual_bound: (solution.bound > solution.dual_bound).then_some(solution.dual_bound),
                gap: solution.gap,
                relative_gap: solution.relative_gap,
                status: solution.status,
                duals: solution.duals,
            }),
            seconds: solution.statistics.seconds.total,
        };
        Selection { picks, balance: Some(outcome), cover: None }
    }
}
