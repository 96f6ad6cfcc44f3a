//! What is measured of a run: one number, or none where the run does not have it.

use tailward_acquisition::Lambda;

use crate::definition::Metric;
use crate::expected::EvaluatedOn;
use crate::record::{Query, Record, Round};
use crate::statistics;

/// What models are measured by, and on which images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// The number.
    pub(super) metric: Metric,
    /// The images.
    pub(super) on: EvaluatedOn,
}

impl Measured {
    /// The name in sentences, such as `top-1 test accuracy`.
    pub(super) fn name(self) -> &'static str {
        match (self.metric, self.on) {
            (Metric::Accuracy, EvaluatedOn::Test) => "top-1 test accuracy",
            (Metric::Accuracy, EvaluatedOn::Pool) => "top-1 accuracy on the pool",
            (Metric::BalancedAccuracy, EvaluatedOn::Test) => "balanced test accuracy",
            (Metric::BalancedAccuracy, EvaluatedOn::Pool) => "balanced accuracy on the pool",
        }
    }

    /// The same on other images.
    pub(super) fn on(self, on: EvaluatedOn) -> Self {
        Self { on, ..self }
    }

    fn of(self, round: &Round) -> Option<f64> {
        let evaluation = match self.on {
            EvaluatedOn::Test => &round.evaluation,
            EvaluatedOn::Pool => round.pool_evaluation.as_ref()?,
        };
        Some(match self.metric {
            Metric::Accuracy => evaluation.accuracy,
            Metric::BalancedAccuracy => evaluation.balanced_accuracy,
        })
    }
}

/// What the model of `round` reaches.
pub(super) fn score(of: Measured, round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| of.of(run.rounds.get(round)?)
}

/// Top-1 test accuracy of the model of `round`.
pub(super) fn accuracy(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    score(Measured { metric: Metric::Accuracy, on: EvaluatedOn::Test }, round)
}

/// Balanced accuracy of the model of `round`.
pub(super) fn balanced_accuracy(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| Some(run.rounds.get(round)?.evaluation.balanced_accuracy)
}

/// Mean of the per-class accuracies over the head (`false`) or the tail (`true`) classes.
pub(super) fn part_accuracy(round: usize, tail: bool) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let classes = &run.rounds.get(round)?.evaluation.per_class_accuracy;
        let of_part: Vec<f64> = run
            .header
            .tail_classes()
            .iter()
            .zip(classes)
            .filter(|(is_tail, _)| **is_tail == tail)
            .filter_map(|(_, accuracy)| *accuracy)
            .collect();
        statistics::mean(&of_part)
    }
}

/// L1 score of the whole labelled set of `round`.
pub(super) fn l1_cumulative(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| statistics::l1_score(run.rounds.get(round)?.images_by_class())
}

/// L1 score of the query that led to `round`; the initial set has none.
pub(super) fn l1_query(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| statistics::l1_score(&run.queried_by_class(round.checked_sub(1)?)?)
}

/// The share of tail classes in the labelled set of `round`; none in a balanced pool.
pub(super) fn tail_share(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let tail = run.header.tail_classes();
        let counts = run.rounds.get(round)?.images_by_class();
        let total: usize = counts.iter().sum();
        let of_tail: usize =
            counts.iter().zip(&tail).filter(|(_, is_tail)| **is_tail).map(|(count, _)| count).sum();
        (total > 0 && tail.contains(&true)).then(|| of_tail as f64 / total as f64)
    }
}

/// Labels and what was reached with them, round by round; rounds that were not evaluated on these images are left out.
pub(super) fn learning_curve(of: Measured, run: &Record) -> Vec<(f64, f64)> {
    run.rounds.iter().filter_map(|round| Some((round.labelled as f64, of.of(round)?))).collect()
}

/// The area under the learning curve, as a mean.
pub(super) fn area(of: Measured) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| statistics::area_under_learning_curve(&learning_curve(of, run))
}

/// The mean over rounds 1 to `last`: its difference is the mean of a row of gains.
pub(super) fn mean_score(of: Measured, last: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let rounds = run.rounds.get(1..=last)?;
        let values: Vec<f64> = rounds.iter().filter_map(|round| of.of(round)).collect();
        (values.len() == rounds.len()).then(|| statistics::mean(&values))?
    }
}

/// Images of rare classes ([`crate::record::Header::tail_classes`]) in the labelled set of `round`, by true label. None
/// in a balanced pool.
pub(super) fn minority_labels(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| of_rare_classes(run, run.rounds.get(round)?.images_by_class())
}

/// Labels that say a rare class in the labelled set of `round`, right or wrong. None in a balanced pool.
pub(super) fn told_minority_labels(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| of_rare_classes(run, &run.rounds.get(round)?.class_counts)
}

fn of_rare_classes(run: &Record, counts: &[usize]) -> Option<f64> {
    let rare = run.header.tail_classes();
    let of_rare = counts.iter().zip(&rare).filter(|(_, is_rare)| **is_rare);
    rare.contains(&true).then(|| of_rare.map(|(count, _)| *count as f64).sum())
}

/// How far above guessing the models that chose are in balanced accuracy on the pool: the mean over rounds 0 to
/// `last` − 1. Guessing, or always the same class, comes to one by the number of classes.
pub(super) fn above_guessing(last: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let of = Measured { metric: Metric::BalancedAccuracy, on: EvaluatedOn::Pool };
        let mean = mean_of_choosing(|round| score(of, round), last)(run)?;
        Some(mean - 1.0 / run.header.pool_class_counts.len() as f64)
    }
}

/// The average precision of the lists of rare classes over the samples that the model of `round` left unlabelled: the mean
/// over the classes of which some are left. None in a balanced pool, and where it was not recorded.
pub(super) fn rare_average_precision(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let lists = run.rounds.get(round)?.pool_average_precision.as_ref()?;
        let rare = run.header.tail_classes();
        let of_rare = lists.iter().zip(&rare).filter(|(_, is_rare)| **is_rare);
        let values: Vec<f64> = of_rare.filter_map(|(value, _)| *value).collect();
        statistics::mean(&values)
    }
}

/// What [`rare_average_precision`] is of lists in random order: the mean share that these classes have of the unlabelled
/// samples.
pub(super) fn rare_average_precision_random(round: usize) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let round = run.rounds.get(round)?;
        round.pool_average_precision.as_ref()?;
        let header = &run.header;
        let supply = header.initial_class_counts.iter().zip(&header.pool_class_counts);
        let left: Vec<f64> = supply
            .zip(round.images_by_class())
            .map(|((initial, pool), &labelled)| (initial + pool).saturating_sub(labelled) as f64)
            .collect();
        let all: f64 = left.iter().sum();
        let rare = left.iter().zip(header.tail_classes()).filter(|(left, is_rare)| *is_rare && **left > 0.0);
        let shares: Vec<f64> = rare.map(|(left, _)| left / all).collect();
        statistics::mean(&shares)
    }
}

/// The mean over the rounds whose models chose, 0 to `last` − 1; none where one of them has no value.
pub(super) fn mean_of_choosing<M: Fn(&Record) -> Option<f64>>(
    of: impl Fn(usize) -> M + Copy,
    last: usize,
) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let values: Option<Vec<f64>> = (0..last).map(|round| of(round)(run)).collect();
        statistics::mean(&values?)
    }
}

/// The share of wrong labels among all that there are to be told; none where labels are right.
pub(super) fn wrong_labels(run: &Record) -> Option<f64> {
    let header = &run.header;
    let images: usize = header.initial_class_counts.iter().chain(&header.pool_class_counts).sum();
    Some(header.wrong_labels? as f64 / images as f64)
}

/// The balanced accuracy as GALAXY's plots have it: (accuracy on the largest class + (K − 1) · accuracy on all others
/// taken together) / K. It is the mean over classes where the others are equally many.
pub(super) fn pooled_balanced_accuracy(
    on: EvaluatedOn,
    round: usize,
) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| {
        let round = run.rounds.get(round)?;
        let header = &run.header;
        let taking_part = || {
            let both = header.initial_class_counts.iter().zip(&header.pool_class_counts);
            both.map(|(initial, pool)| initial + pool).collect()
        };
        let (evaluation, counts): (_, Vec<usize>) = match on {
            EvaluatedOn::Test => (&round.evaluation, header.test_class_counts.clone()),
            EvaluatedOn::Pool => (round.pool_evaluation.as_ref()?, taking_part()),
        };
        statistics::pooled_balanced_accuracy(&evaluation.per_class_accuracy, &counts)
    }
}

/// The lowest L1 score that the seed's supply allows: of the labelled set of `round`, or of a query from a full pool.
pub(super) fn l1_floor(round: usize, query: bool) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| bound(run, round, query, statistics::l1_floor)
}

/// The expected L1 score of drawing at random: of the labelled set of `round`, or of a query.
pub(super) fn l1_random(round: usize, query: bool) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| bound(run, round, query, statistics::l1_random)
}

type Bound = fn(&[usize], &[usize], usize) -> Option<f64>;

fn bound(run: &Record, round: usize, query: bool, of: Bound) -> Option<f64> {
    let (initial, pool) = (&run.header.initial_class_counts, &run.header.pool_class_counts);
    if query {
        let budget: usize = run.queries.get(round.checked_sub(1)?)?.class_counts.iter().sum();
        of(&vec![0; pool.len()], pool, budget)
    } else {
        of(initial, pool, run.rounds.get(round)?.class_counts.iter().sum())
    }
}

/// A number of the query that follows `round`, where its record has it.
pub(super) fn of_query(
    round: usize,
    of: impl Fn(&Query) -> Option<f64> + Copy,
) -> impl Fn(&Record) -> Option<f64> + Copy {
    move |run| of(run.queries.get(round)?)
}

/// The weight that a query's class-balancing term had: as recorded, or as the definition fixes it.
pub(super) fn lambda(run: &Record, query: &Query) -> Option<f64> {
    let recorded = query.balance.as_ref()?.lambda;
    recorded.or_else(|| match run.header.definition.strategy.query.strategy.lambda()? {
        Lambda::Fixed(lambda) => Some(lambda),
        Lambda::Rule(_) => None,
    })
}

/// The mean time of one epoch of training the model of `round`, in seconds.
pub(super) fn epoch_secs(run: &Record, round: usize) -> Option<f64> {
    let round = run.rounds.get(round)?;
    (!round.epoch_losses.is_empty()).then(|| round.cost.train_secs / round.epoch_losses.len() as f64)
}

/// The time of choosing on the host as a share of one training epoch of the model that chose: below 1, a query is
/// cheaper than an epoch.
pub(super) fn choice_by_epoch(run: &Record, round: usize) -> Option<f64> {
    let share = run.queries.get(round)?.cost.select_secs / epoch_secs(run, round)?;
    share.is_finite().then_some(share)
}
