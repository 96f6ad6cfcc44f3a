//! Every strategy, with and without what it can be combined with, and a query as an engine makes it.

use std::collections::BTreeSet;

use ndarray::Axis;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::query::{self, Inputs, Pool};
use tailward_acquisition::{
    Answer, Balance, ConfidenceOf, Conversation, DirectMode, Embeddings, Error, GalaxyMode, GreedyBalance,
    Input, Lambda, LambdaRule, LambdaScale, Matrix, Prediction, PseudoLabelOrder, Selection, SolverMode,
    Strategy,
};

use crate::Round;

/// How many there are, the four orders of pseudo-labels counted apart.
pub(crate) const COUNT: usize = 22;

/// A new variant does not compile until it has a number here, and fails until it is in the battery as well.
pub(crate) fn number(strategy: &Strategy) -> usize {
    match strategy {
        Strategy::Random {} => 0,
        Strategy::Entropy { .. } => 1,
        Strategy::Margin { .. } => 2,
        Strategy::LeastConfidence { .. } => 3,
        Strategy::KCenterGreedy { .. } => 4,
        Strategy::Coreset { .. } => 5,
        Strategy::Bald { .. } => 6,
        Strategy::BatchBald { .. } => 7,
        Strategy::Vaal { .. } => 8,
        Strategy::PseudoLabel { order } => match order {
            PseudoLabelOrder::Entropy => 9,
            PseudoLabelOrder::Random => 10,
            PseudoLabelOrder::KCenter => 11,
            PseudoLabelOrder::KCenterPerClass => 12,
        },
        Strategy::Direct { .. } => 13,
        Strategy::Galaxy { .. } => 14,
        Strategy::MostLikelyPositive { .. } => 15,
        Strategy::Base {} => 16,
        Strategy::Badge {} => 17,
        Strategy::ClusterMargin { .. } => 18,
        Strategy::Similar { .. } => 19,
        Strategy::Bait { .. } => 20,
        Strategy::TypiClust { .. } => 21,
    }
}

pub(crate) fn battery() -> Vec<Strategy> {
    let mut strategies = vec![
        Strategy::Random {},
        Strategy::LeastConfidence { of: Some(ConfidenceOf::Logits), balance: None },
        Strategy::MostLikelyPositive { negative: None },
        Strategy::MostLikelyPositive { negative: Some(0) },
        Strategy::Base {},
        Strategy::Badge {},
        Strategy::ClusterMargin { sample: 40, clusters: 7, candidates: 1.5 },
        Strategy::ClusterMargin { sample: 1000, clusters: 500, candidates: 1.25 },
        Strategy::Similar { eta: 1.0, negative: None },
        Strategy::Similar { eta: 0.0, negative: Some(1) },
        Strategy::Bait { regularisation: 1.0, memory_limit_mib: 1024 },
        Strategy::Coreset { outlier_fraction: 0.0, tolerance: 0.1 },
        Strategy::Coreset { outlier_fraction: 0.05, tolerance: 0.1 },
        Strategy::TypiClust { neighbours: 20, max_clusters: 500 },
        Strategy::TypiClust { neighbours: 3, max_clusters: 7 },
        Strategy::BatchBald { passes: 4, configurations: 50, candidates: None },
        Strategy::BatchBald { passes: 4, configurations: 700, candidates: Some(40) },
    ];
    let programme = |lambda, solver, prediction| Some(Balance { lambda, solver, prediction });
    let balances = [
        None,
        programme(Lambda::Fixed(0.0), SolverMode::Auto, None),
        programme(Lambda::Fixed(0.6), SolverMode::Auto, None),
        programme(Lambda::Fixed(0.6), SolverMode::Auto, Some(Prediction::OneHot)),
        programme(Lambda::Fixed(2.0), SolverMode::Exact, None),
        programme(Lambda::Rule(LambdaRule::Auto), SolverMode::Auto, None),
    ];
    for balance in balances {
        strategies.push(Strategy::Entropy { balance: balance.clone() });
        strategies.push(Strategy::Margin { balance: balance.clone() });
        strategies.push(Strategy::LeastConfidence { of: None, balance: balance.clone() });
        strategies.push(Strategy::Bald { passes: 4, balance: balance.clone() });
        strategies.push(Strategy::Vaal { balance });
    }
    let greedy = |lambda, scale| Some(GreedyBalance { lambda, scale });
    for (decimals, balance) in [
        (None, None),
        (Some(2), None),
        (None, greedy(Lambda::Fixed(0.0), LambdaScale::Absolute)),
        (None, greedy(Lambda::Fixed(0.5), LambdaScale::Absolute)),
        (None, greedy(Lambda::Fixed(5.0), LambdaScale::PerClass)),
        (None, greedy(Lambda::Rule(LambdaRule::Auto), LambdaScale::Absolute)),
        (None, greedy(Lambda::Rule(LambdaRule::Auto), LambdaScale::PerClass)),
    ] {
        strategies.push(Strategy::KCenterGreedy { decimals, balance });
    }
    for order in [
        PseudoLabelOrder::Entropy,
        PseudoLabelOrder::Random,
        PseudoLabelOrder::KCenter,
        PseudoLabelOrder::KCenterPerClass,
    ] {
        strategies.push(Strategy::PseudoLabel { order });
    }
    for parallel in [1, 5, 20] {
        strategies.push(Strategy::Direct { mode: DirectMode::Paper, parallel });
        for min_budget_per_class in [1, 60] {
            let mode = DirectMode::Labelbench { min_budget_per_class };
            strategies.push(Strategy::Direct { mode, parallel });
        }
    }
    for mode in [GalaxyMode::Graph, GalaxyMode::Labelbench, GalaxyMode::LabelbenchReleased] {
        strategies.push(Strategy::Galaxy { mode });
    }
    strategies
}

/// Whether random numbers decide between rows. (Those of BatchBALD are drawn for picks, whatever rows they are.)
pub(crate) fn draws(strategy: &Strategy) -> bool {
    matches!(
        strategy,
        Strategy::Random {}
            | Strategy::PseudoLabel { .. }
            | Strategy::Badge {}
            | Strategy::TypiClust { .. }
            | Strategy::ClusterMargin { .. }
    ) || asks_again(strategy)
}

/// Whether the label of each labelled row is looked at.
pub(crate) fn looks_at_labels(strategy: &Strategy) -> bool {
    asks_again(strategy) || matches!(strategy, Strategy::Similar { .. })
}

/// Whether a query asks more than once.
pub(crate) fn asks_again(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Direct { .. } | Strategy::Galaxy { .. })
}

/// Whether rows matter that are not picked: the sweep of a rule has other picks, what a core-set covers is the whole
/// pool, and of two rows out of many one is no candidate, and BAIT looks at the information of the whole pool.
pub(crate) fn looks_beyond_its_picks(strategy: &Strategy) -> bool {
    matches!(
        strategy,
        Strategy::Coreset { .. } | Strategy::BatchBald { candidates: Some(_), .. } | Strategy::Bait { .. }
    ) || matches!(strategy.lambda(), Some(Lambda::Rule(_)))
}

/// What one unit of a greedy strategy's weight is worth.
pub(crate) fn unit(strategy: &Strategy, classes: usize) -> f64 {
    match strategy {
        Strategy::KCenterGreedy { balance: Some(balance), .. } => balance.weight(1.0, classes),
        _ => 1.0,
    }
}

/// A query of a round, answered with the truth. Between any two asks it is written down and read back.
pub(crate) fn query(strategy: &Strategy, round: &Round) -> Result<Selection, Error> {
    let mut conversation = begin(strategy, round)?;
    while let Some(ask) = conversation.ask() {
        for pick in &ask.picks {
            conversation.tell(pick.row, Answer::Label(round.truth[pick.row]))?;
        }
        let text = serde_json::to_string(&conversation).expect("a conversation is plain data");
        let read: Conversation = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(read, conversation, "{strategy:?}");
        conversation = read;
    }
    assert!(conversation.is_complete(), "{strategy:?}");
    Ok(conversation.selection())
}

/// The beginning of a query of a round. As where the passes come from a file, there are as many as the array has.
pub(crate) fn begin(strategy: &Strategy, round: &Round) -> Result<Conversation, Error> {
    let mut strategy = strategy.clone();
    if let Strategy::Bald { passes, .. } | Strategy::BatchBald { passes, .. } = &mut strategy {
        *passes = round.passes.len_of(Axis(0));
    }
    let inputs = Inputs {
        rows: round.probabilities.nrows(),
        labelled_counts: &round.labelled_counts,
        labels: &round.labels,
        budget: round.budget,
        rng: &mut ChaCha8Rng::seed_from_u64(round.seed),
    };
    let mut pool = Recording { round, asked: BTreeSet::new() };
    let begun = query::begin(&strategy, inputs, &mut pool);
    let declared: BTreeSet<Input> = strategy.needs().inputs().into_iter().collect();
    if begun.is_ok() {
        assert_eq!(pool.asked, declared, "{strategy:?} asks for what it declares, and for nothing else");
    }
    begun
}

/// A round as a pool, and what was asked of it.
struct Recording<'a> {
    round: &'a Round,
    asked: BTreeSet<Input>,
}

impl<'a> Pool<'a> for Recording<'a> {
    type Error = Error;

    fn probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::Probabilities);
        Ok(self.round.probabilities.view().into())
    }

    fn logits(&mut self) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::Logits);
        Ok(self.round.logits.view().into())
    }

    fn head(&mut self) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::Head);
        Ok(self.round.head.view().into())
    }

    fn labelled_probabilities(&mut self) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::LabelledProbabilities);
        Ok(self.round.labelled_probabilities.view().into())
    }

    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::Embeddings);
        Ok(self.round.embeddings.view().into())
    }

    fn embeddings(&mut self) -> Result<Embeddings<'a>, Error> {
        self.asked.extend([Input::Embeddings, Input::LabelledEmbeddings]);
        Ok(Embeddings {
            unlabelled: self.round.embeddings.view().into(),
            labelled: self.round.labelled_embeddings.view().into(),
        })
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'a>, Error> {
        self.asked.insert(Input::DropoutProbabilities);
        Ok(self.round.passes.index_axis(Axis(0), pass).into())
    }

    fn estimates(&mut self) -> Result<Vec<f32>, Error> {
        self.asked.insert(Input::Estimates);
        Ok(self.round.estimates.to_vec())
    }
}
