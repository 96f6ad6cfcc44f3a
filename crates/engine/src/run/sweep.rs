//! A sweep over the weight of a class-balancing term with one model (CBAL, Figure 4).

use std::time::Instant;

use ndarray::ArrayView2;
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::balance::{self, Problem, certificate, requirement};
use tailward_acquisition::query::{Inputs, Pool, query, rounded, scores};
use tailward_acquisition::{
    Error as QueryError, PseudoLabelOrder, Selection, Strategy, entropy, k_center, lambda,
};
use tailward_datasets::SampleId;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{Choice, Line, Sweep, SweepCost, SweepPoint, SweepReference};

use super::state::State;
use crate::Error;
use crate::pool::Unlabelled;
use crate::rng::{Stream, stream};
use crate::train::vaal;

impl State<'_> {
    /// Sweeps the weight of the strategy's class-balancing term with the first model.
    pub(super) fn sweep(&mut self, lambdas: &[f64], progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        if self.record.sweep.is_some() {
            return Ok(());
        }
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, 0);
        let budget = self.definition.budget;
        if unlabelled.len() < budget {
            return Err(Error::BudgetAbovePool { round: 0, budget, unlabelled: unlabelled.len() });
        }
        let (labelled, labels): (Vec<SampleId>, Vec<u32>) = self.ledger.labelled(0).into_iter().unzip();
        let mut tell = |vaal::Progress { iteration, iterations }| {
            progress(Progress::Networks { round: 0, iteration, iterations });
        };
        let needs = self.definition.strategy.query.strategy.needs();
        let mut outputs = self.outputs(0, &unlabelled, &labelled, needs, &mut tell);
        let inputs = Inputs {
            rows: unlabelled.len(),
            labelled_counts: &self.count(&labels),
            labels: &labels,
            budget,
            rng: &mut stream(self.definition.seed, Stream::Query, 0),
        };
        // For measuring only: the choice is made before anybody looks at these.
        let truth = self.study.true_labels(unlabelled.samples());
        let mut line =
            sweep(&self.definition.strategy.query.strategy, inputs, &mut outputs, lambdas, &truth)?;
        line.cost.score_secs = outputs.cache.score_secs;
        line.cost.train_secs = outputs.cache.train_secs;
        self.writer.append(&Line::Sweep(Box::new(line.clone())))?;
        self.record.sweep = Some(line);
        self.checkpoints.remove(0)
    }
}

/// Chooses for each of `lambdas`, applies the paper's rule, and lets the strategy without balancing and the one that
/// balances by pseudo-labels choose from the same outputs.
///
/// Of the cost, only the seconds of each choice are filled in.
///
/// `truth` holds the true label of each unlabelled row. No choice sees it.
///
/// # Errors
///
/// Those of [`query`]; the strategy has no class-balancing term.
fn sweep<'a, P: Pool<'a>>(
    strategy: &Strategy,
    inputs: Inputs<'_>,
    pool: &mut P,
    lambdas: &[f64],
    truth: &[u32],
) -> Result<Sweep, P::Error> {
    let Inputs { rows, labelled_counts, labels, budget, rng } = inputs;
    let selections = selections(strategy, labelled_counts, budget, pool, lambdas, rng)?;
    let probabilities = pool.probabilities()?;
    let measure = Measure { probabilities: probabilities.view(), labelled_counts, budget, truth };
    let mut points = Vec::with_capacity(lambdas.len());
    let select_secs = selections.iter().map(|(_, secs)| *secs).collect();
    for (&lambda, (selection, _)) in lambdas.iter().zip(selections) {
        let outcome = selection.balance.as_ref();
        let certificate = outcome.and_then(|outcome| outcome.certificate.as_ref());
        let relative_gap = certificate.map(|certificate| certificate.relative_gap);
        points.push(SweepPoint { lambda, choice: measure.choice(&selection)?, relative_gap });
    }
    let l1: Vec<f64> = points.iter().map(|point| point.choice.l1).collect();
    let chosen = lambdas[lambda::rule(lambdas, &l1)];
    let mut references = Vec::new();
    for other in [strategy.baseline(), Strategy::PseudoLabel { order: order(strategy) }] {
        let inputs = Inputs { rows, labelled_counts, labels, budget, rng: &mut *rng };
        let choice = measure.choice(&query(&other, inputs, pool)?)?;
        references.push(SweepReference { strategy: other.name(), choice });
    }
    let cost = SweepCost { select_secs, ..SweepCost::default() };
    Ok(Sweep { unlabelled: rows, points, references, chosen, cost })
}

/// The choice for each weight, and the seconds it took.
fn selections<'a, P: Pool<'a>>(
    strategy: &Strategy,
    labelled_counts: &[usize],
    budget: usize,
    pool: &mut P,
    lambdas: &[f64],
    rng: &ChaCha8Rng,
) -> Result<Vec<(Selection, f64)>, P::Error> {
    if let Strategy::KCenterGreedy { decimals, balance: Some(balance) } = strategy {
        let embeddings = rounded(pool.embeddings()?, *decimals);
        let probabilities = pool.probabilities()?;
        let mut selections = Vec::with_capacity(lambdas.len());
        for &lambda in lambdas {
            let started = Instant::now();
            let weight = balance.weight(lambda, labelled_counts.len());
            let p = probabilities.view();
            // Every weight begins with the same first row.
            let mut rng = rng.clone();
            let selection =
                k_center::query_balanced(&embeddings, p, labelled_counts, budget, weight, &mut rng)?;
            selections.push((selection, started.elapsed().as_secs_f64()));
        }
        return Ok(selections);
    }
    let Some(balance) = strategy.balance() else {
        return Err(QueryError::Unsupported { strategy: strategy.name() }.into());
    };
    let scores = scores(strategy, pool)?;
    let probabilities = pool.probabilities()?;
    let round = balance::Round {
        probabilities: probabilities.view(),
        scores: &scores,
        labelled_counts,
        budget,
        solver: balance.solver,
        prediction: balance.prediction,
    };
    let swept = balance::sweep(&round, lambdas)?;
    Ok(swept.into_iter().map(|point| (point.selection, point.statistics.seconds.total)).collect())
}

/// The pseudo-label strategy that a strategy is set beside.
fn order(strategy: &Strategy) -> PseudoLabelOrder {
    match strategy {
        Strategy::KCenterGreedy { .. } => PseudoLabelOrder::KCenter,
        _ => PseudoLabelOrder::Entropy,
    }
}

/// What every choice is measured with.
struct Measure<'a> {
    probabilities: ArrayView2<'a, f32>,
    labelled_counts: &'a [usize],
    budget: usize,
    truth: &'a [u32],
}

impl Measure<'_> {
    fn choice(&self, selection: &Selection) -> Result<Choice, QueryError> {
        let picks: Vec<usize> = selection.picks.iter().map(|pick| pick.row).collect();
        let requirement = requirement(self.labelled_counts, self.budget);
        let problem = Problem {
            probabilities: self.probabilities,
            costs: &vec![0.0; self.probabilities.nrows()],
            requirement: &requirement,
            lambda: 0.0,
            budget: self.budget,
        };
        let chosen = self.probabilities.select(ndarray::Axis(0), &picks);
        let entropies = entropy::scores(chosen.view())?;
        let mut class_counts = vec![0; self.labelled_counts.len()];
        for &row in &picks {
            class_counts[self.truth[row] as usize] += 1;
        }
        Ok(Choice {
            l1: certificate::l1(&problem, &picks),
            mean_entropy: entropies.iter().sum::<f64>() / picks.len() as f64,
            class_counts,
        })
    }
}
