//! What queries did beyond choosing: balanced classes, covered the pool, trained networks; and what they cost.

use super::data::{Factor, Group};
use super::measure;
use super::tables::caption;
use crate::definition::Scale;
use crate::document::{Block, Table};
use crate::format;
use crate::record::{Balancing, Covering, Discriminating, Query, Record};
use crate::statistics;

/// The section of one imbalance factor; nothing where there are no queries.
pub(super) fn blocks(factor: &Factor<'_>, scale: Scale, blocks: &mut Vec<Block>) {
    if factor.rounds == 0 {
        return;
    }
    blocks.push(Block::Heading(3, "Queries".to_owned()));
    for table in [balancing(factor, scale), covering(factor, scale), discriminating(factor, scale)] {
        blocks.extend(table.map(Block::Table));
    }
    blocks.push(Block::Table(costs(factor, scale)));
    blocks.extend(against_epochs(factor).map(Block::Paragraph));
}

fn table(text: &str, heads: &[&str], text_columns: usize, factor: &Factor<'_>, scale: Scale) -> Table {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    Table::new(caption(text, factor, scale), text_columns, heads)
}

/// What balancing the classes came to; `None` if no strategy does.
fn balancing(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "Class balancing, over all queries of all seeds: the weight λ as it was used, the soft L1 distance \
                ‖Ω − Pᵀz‖₁ of what the score alone would choose and of what was chosen (means), and where the choice is \
                that of a programme with a certificate (CBAL, Eq. 8), the largest relative gap to the best objective and \
                the queries proven optimal.";
    let heads =
        ["Strategy", "Queries", "λ", "L1, score alone", "L1, chosen", "Largest gap", "Proven optimal"];
    let mut table = table(text, &heads, 1, factor, scale);
    for group in factor.ran() {
        let accounts: Vec<&Balancing> =
            queries(group).filter_map(|(_, query)| query.balance.as_ref()).collect();
        if !accounts.is_empty() {
            table.rows.push(balancing_row(group, &accounts));
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn balancing_row(group: &Group<'_>, accounts: &[&Balancing]) -> Vec<String> {
    let mean = |values: Vec<f64>| format::optional(statistics::mean(&values), 1);
    let gaps: Vec<f64> = accounts.iter().filter_map(|account| account.relative_gap).collect();
    let proofs: Vec<bool> = accounts.iter().filter_map(|account| account.optimal).collect();
    let dash = || format::NONE.to_owned();
    vec![
        group.strategy.label.clone(),
        accounts.len().to_string(),
        range(queries(group).filter_map(|(run, query)| measure::lambda(run, query)).collect()),
        mean(accounts.iter().filter_map(|account| account.l1_baseline).collect()),
        mean(accounts.iter().filter_map(|account| account.l1).collect()),
        gaps.iter().copied().reduce(f64::max).map_or_else(dash, format::scientific),
        if proofs.is_empty() { dash() } else { proofs.iter().filter(|proof| **proof).count().to_string() },
    ]
}

/// One value, or the least and the most of several.
fn range(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match (values.first(), values.last()) {
        (Some(least), Some(most)) if least.total_cmp(most).is_eq() => format::short(*least),
        (Some(least), Some(most)) => format!("{} to {}", format::short(*least), format::short(*most)),
        _ => format::NONE.to_owned(),
    }
}

/// How closely k-center covers the pool, query by query; `None` if no strategy does.
fn covering(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "Covering the pool in the space of embeddings, by round whose model chose: the largest distance of a \
                sample to the nearest labelled one after the query, a radius that no choice of that size can go below, the \
                relative gap between the two, and samples left uncovered as the strategy allows. Means ± standard \
                deviation over seeds; distances of different models have no common unit.";
    let heads = ["Strategy", "Round", "n", "Radius", "Bound", "Gap", "Outliers"];
    let mut table = table(text, &heads, 1, factor, scale);
    for group in factor.ran() {
        for round in 0..factor.rounds {
            let of = |value: fn(&Covering) -> f64| {
                group.summary(measure::of_query(round, move |query| query.cover.as_ref().map(value)))
            };
            let radius = of(|cover| cover.radius);
            if radius.seeds == 0 {
                continue;
            }
            let cell = |value: fn(&Covering) -> f64, decimals: usize| {
                let summary = of(value);
                format::spread(summary.mean, summary.deviation, 1.0, decimals)
            };
            table.rows.push(vec![
                group.strategy.label.clone(),
                round.to_string(),
                radius.seeds.to_string(),
                cell(|cover| cover.radius, 3),
                cell(|cover| cover.bound, 3),
                cell(|cover| cover.relative_gap, 3),
                cell(|cover| cover.outliers as f64, 0),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// What VAAL's networks learned, query by query; `None` if no strategy has them.
fn discriminating(factor: &Factor<'_>, scale: Scale) -> Option<Table> {
    let text = "What VAAL's networks learned, by round whose query they served: standard deviation of the \
                discriminator's estimate D(μ) over the unlabelled samples (near 0 it says nothing, and the choice is as \
                good as random), root mean square over latent dimensions of the standard deviation of μ (near 0 the \
                posterior has collapsed), Kullback–Leibler divergence per image in nats and mean squared reconstruction \
                error (both of the last tenth of the iterations), and the share of the picks that random sampling with \
                the run's seed would not have picked, beside what that share is for a choice that has nothing to do with \
                it. Means ± standard deviation over seeds.";
    let heads = [
        "Strategy",
        "Round",
        "n",
        "sd of D(μ)",
        "sd of μ",
        "Divergence",
        "Reconstruction",
        "Differs from random (%)",
        "By chance (%)",
    ];
    let mut table = table(text, &heads, 1, factor, scale);
    for group in factor.ran() {
        table.rows.extend((0..factor.rounds).filter_map(|round| discriminating_row(group, round)));
    }
    (!table.rows.is_empty()).then_some(table)
}

fn discriminating_row(group: &Group<'_>, round: usize) -> Option<Vec<String>> {
    let of = |value: fn(&Discriminating) -> f64| {
        group.summary(measure::of_query(round, move |query| query.discriminator.as_ref().map(value)))
    };
    let cell = |value: fn(&Discriminating) -> f64, factor: f64, decimals: usize| {
        let summary = of(value);
        format::spread(summary.mean, summary.deviation, factor, decimals)
    };
    let seeds = of(|networks| networks.deviation).seeds;
    (seeds > 0).then(|| {
        vec![
            group.strategy.label.clone(),
            round.to_string(),
            seeds.to_string(),
            cell(|networks| networks.deviation, 1.0, 4),
            cell(|networks| networks.latent_deviation, 1.0, 4),
            cell(|networks| networks.divergence, 1.0, 3),
            cell(|networks| networks.reconstruction_error, 1.0, 4),
            cell(|networks| networks.differs_from_random, 100.0, 1),
            cell(|networks| networks.differs_by_chance, 100.0, 1),
        ]
    })
}

/// What a query takes, and how that compares with training.
fn costs(factor: &Factor<'_>, scale: Scale) -> Table {
    let text = "Time of one query by phase, means over queries and seeds: scoring the pool, training networks that only \
                the query uses, choosing on the host; beside one epoch of training the model that chose, and choosing as \
                a share of it (mean and largest). Times depend on the machines listed under provenance.";
    let heads = [
        "Strategy",
        "Queries",
        "Scoring",
        "Networks",
        "Choosing",
        "One epoch",
        "Choosing / epoch",
        "Largest",
    ];
    let mut table = table(text, &heads, 1, factor, scale);
    for group in factor.ran() {
        let time = |of: &dyn Fn(&Record, &Query) -> Option<f64>| {
            let times: Vec<f64> = queries(group).filter_map(|(run, query)| of(run, query)).collect();
            statistics::mean(&times).map_or(format::NONE.to_owned(), format::duration)
        };
        let shares = shares(group);
        table.rows.push(vec![
            group.strategy.label.clone(),
            queries(group).count().to_string(),
            time(&|_, query| Some(query.cost.score_secs)),
            time(&|_, query| query.cost.train_secs),
            time(&|_, query| Some(query.cost.select_secs)),
            time(&|run, query| measure::epoch_secs(run, query.round)),
            format::optional(statistics::mean(&shares), 3),
            format::optional(shares.iter().copied().reduce(f64::max), 3),
        ]);
    }
    table
}

/// Whether choosing took less than a training epoch, in a sentence; `None` where nothing was timed.
fn against_epochs(factor: &Factor<'_>) -> Option<String> {
    let all: Vec<(f64, &str)> = factor
        .ran()
        .flat_map(|group| shares(group).into_iter().map(|share| (share, group.strategy.label.as_str())))
        .collect();
    let (largest, whose) = all.iter().copied().max_by(|one, other| one.0.total_cmp(&other.0))?;
    let above = all.iter().filter(|(share, _)| *share >= 1.0).count();
    let largest = format!("the largest share is {}, of {whose}", format::number(largest, 3));
    Some(if above == 0 {
        format!(
            "Choosing on the host took less than one training epoch in each of the {} queries: {largest}.",
            format::count(all.len())
        )
    } else {
        format!(
            "Choosing on the host took as long as a training epoch or longer in {above} of the {} queries: {largest}.",
            format::count(all.len())
        )
    })
}

fn shares(group: &Group<'_>) -> Vec<f64> {
    queries(group).filter_map(|(run, query)| measure::choice_by_epoch(run, query.round)).collect()
}

fn queries<'r>(group: &'r Group<'r>) -> impl Iterator<Item = (&'r Record, &'r Query)> {
    group.runs.iter().flat_map(|run| run.queries.iter().map(move |query| (*run, query)))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn weights_that_differ_are_a_range() {
        assert_eq!(range(vec![0.6, 0.6]), "0.6");
        assert_eq!(range(vec![0.8, 0.4, 0.6]), "0.4 to 0.8");
        assert_eq!(range(vec![]), "—");
    }
}
