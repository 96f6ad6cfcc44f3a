//! `results.csv`: what the statistics are computed from, one row for each round of each complete run.

use super::data::Results;
use super::measure;
use crate::Error;
use crate::record::{Discriminating, Evaluation, Record};

/// The columns and what they hold.
pub(super) const COLUMNS: [(&str, &str); 39] = [
    ("experiment", "name of the experiment"),
    ("scale", "smoke, quick, desk or paper"),
    ("imbalance_factor", "the imbalance factor, in (0, 1]"),
    ("strategy", "name of the strategy"),
    ("seed", "the run's seed; runs of one seed and imbalance factor are paired"),
    ("round", "0 for the initial set"),
    ("labelled", "size of the labelled set"),
    ("accuracy", "top-1 test accuracy after the last epoch"),
    ("balanced_accuracy", "mean per-class test accuracy"),
    ("loss", "mean cross-entropy on the test set, in nats"),
    ("head_accuracy", "mean per-class test accuracy over head classes"),
    ("tail_accuracy", "the same over tail classes; empty in a balanced pool"),
    ("tail_share", "share of tail classes in the labelled set; empty in a balanced pool"),
    ("l1_cumulative", "L1 score of the labelled set (CBAL, Eq. 10)"),
    ("l1_cumulative_floor", "the lowest that the supply allows"),
    ("l1_cumulative_random", "the expectation of drawing at random"),
    ("l1_query", "L1 score of the query that led here; empty in round 0"),
    ("train_secs", "training, in seconds"),
    ("train_images_per_sec", "training throughput, in images per second"),
    ("evaluate_secs", "evaluation on the test set, in seconds"),
    ("score_secs", "scoring the pool for the query that led here, in seconds"),
    ("select_secs", "choosing the samples of the query that led here, in seconds"),
    ("relative_gap", "certified relative gap of that query's class-balancing programme, where it has one"),
    ("lambda", "weight of that query's class-balancing term, where it has one"),
    ("network_secs", "training networks that only that query uses (VAAL), in seconds"),
    ("cover_radius", "radius in which that query's choice covers the pool (k-center)"),
    ("cover_bound", "a radius that no choice of that size can go below"),
    ("discriminator_deviation", "standard deviation of D(μ) over the unlabelled samples (VAAL)"),
    ("latent_deviation", "root mean square over latent dimensions of the standard deviation of μ (VAAL)"),
    ("divergence", "Kullback–Leibler divergence per image, in nats (VAAL)"),
    ("reconstruction_error", "mean squared reconstruction error (VAAL)"),
    ("differs_from_random", "share of that query's picks that random sampling would not have picked (VAAL)"),
    ("pool_accuracy", "top-1 accuracy on the initial set and the pool, where it was measured"),
    ("pool_balanced_accuracy", "mean per-class accuracy on the initial set and the pool"),
    ("rare_labels", "labelled images whose true class is of the tail; empty in a balanced pool"),
    (
        "rare_average_precision",
        "average precision of tail classes' lists over the unlabelled samples, mean over these classes",
    ),
    (
        "rare_average_precision_random",
        "what lists in random order come to: the classes' mean share of the unlabelled samples",
    ),
    ("balanced_accuracy_over_all", "as balanced_accuracy, a class without images counting as 0 (LabelBench)"),
    ("pool_balanced_accuracy_over_all", "the same on the initial set and the pool, where it was measured"),
];

/// The file's text.
///
/// # Errors
///
/// Never in practice: the text is built in memory.
pub(super) fn render(results: &Results<'_>) -> Result<String, Error> {
    let fault = |source: csv::Error| Error::Table { table: "results.csv".to_owned(), source };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.map(|(name, _)| name)).map_err(fault)?;
    for run in results.runs() {
        for round in 0..run.rounds.len() {
            writer.write_record(row(run, round)).map_err(fault)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| fault(csv::Error::from(error.into_error())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(run: &Record, index: usize) -> [String; 39] {
    let number = |value: f64| {
        if value.is_finite() { value.to_string() } else { String::new() }
    };
    let optional = |value: Option<f64>| value.map_or(String::new(), number);
    let definition = &run.header.definition;
    let round = &run.rounds[index];
    let query = index.checked_sub(1).and_then(|before| run.queries.get(before));
    let vaal = |of: fn(&Discriminating) -> f64| query.and_then(|query| query.discriminator.as_ref()).map(of);
    [
        definition.experiment.clone(),
        definition.scale.to_string(),
        definition.imbalance_factor.to_string(),
        definition.strategy.name.clone(),
        definition.seed.to_string(),
        round.round.to_string(),
        round.labelled.to_string(),
        number(round.evaluation.accuracy),
        number(round.evaluation.balanced_accuracy),
        number(round.evaluation.loss),
        optional(measure::part_accuracy(index, false)(run)),
        optional(measure::part_accuracy(index, true)(run)),
        optional(measure::tail_share(index)(run)),
        optional(measure::l1_cumulative(index)(run)),
        optional(measure::l1_floor(index, false)(run)),
        optional(measure::l1_random(index, false)(run)),
        optional(measure::l1_query(index)(run)),
        number(round.cost.train_secs),
        number(round.cost.train_images_per_sec),
        number(round.cost.evaluate_secs),
        optional(query.map(|query| query.cost.score_secs)),
        optional(query.map(|query| query.cost.select_secs)),
        optional(query.and_then(|query| query.balance.as_ref()?.relative_gap)),
        optional(query.and_then(|query| measure::lambda(run, query))),
        optional(query.and_then(|query| query.cost.train_secs)),
        optional(query.and_then(|query| Some(query.cover.as_ref()?.radius))),
        optional(query.and_then(|query| Some(query.cover.as_ref()?.bound))),
        optional(vaal(|networks| networks.deviation)),
        optional(vaal(|networks| networks.latent_deviation)),
        optional(vaal(|networks| networks.divergence)),
        optional(vaal(|networks| networks.reconstruction_error)),
        optional(vaal(|networks| networks.differs_from_random)),
        optional(round.pool_evaluation.as_ref().map(|evaluation| evaluation.accuracy)),
        optional(round.pool_evaluation.as_ref().map(|evaluation| evaluation.balanced_accuracy)),
        optional(measure::minority_labels(index)(run)),
        optional(measure::rare_average_precision(index)(run)),
        optional(measure::rare_average_precision_random(index)(run)),
        number(round.evaluation.balanced_accuracy_over_all()),
        optional(round.pool_evaluation.as_ref().map(Evaluation::balanced_accuracy_over_all)),
    ]
}
