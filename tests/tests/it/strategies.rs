//! Every strategy in a run: it asks for its budget, repeats, resumes, and changes nothing that it shares with others.

use std::collections::BTreeSet;
use std::path::Path;

use tailward_datasets::{Dataset, Grouping, LabelNoise, SampleId, noisy_labels};
use tailward_engine::run::{RunInputs, Setting, run};
use tailward_experiment::definition::{
    Definition, PoolDefinition, ReplayDefinition, RunDefinition, Scale, Selector, Statistics, SweepDefinition,
};
use tailward_experiment::record::Record;

use crate::fixture::{data_dir, project, run_inputs, synthetic_manifest, timeless_ledger, timeless_record};

fn definitions() -> Vec<RunDefinition> {
    let path = project("tests/definitions/strategies.toml");
    Definition::load(&path).unwrap().runs(Scale::Smoke, &Selector::default()).unwrap()
}

fn definition(strategy: &str) -> RunDefinition {
    definitions().into_iter().find(|run| run.strategy.name == strategy).unwrap()
}

fn start(definition: &RunDefinition, folder: &Path) -> Result<Record, tailward_engine::Error> {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    run(definition, inputs(definition, dataset, folder), &mut |_| {})
}

fn inputs<'a>(definition: &RunDefinition, dataset: Dataset, folder: &'a Path) -> RunInputs<'a> {
    run_inputs(Setting::new(definition, dataset, data_dir()).unwrap(), folder)
}

#[test]
fn every_strategy_asks_for_its_budget_and_shares_the_first_model() {
    let out = tempfile::tempdir().unwrap();
    let mut first = None;
    for definition in definitions() {
        let name = definition.strategy.name.clone();
        let record =
            start(&definition, &out.path().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut asked = BTreeSet::new();
        for query in &record.queries {
            let picks = query.picks.as_ref().unwrap();
            assert_eq!(picks.len(), definition.budget, "{name}");
            assert!(picks.iter().all(|&pick| asked.insert(pick)), "{name} asks for a sample twice");
            let strategy = &definition.strategy.query.strategy;
            let pseudo = strategy.name().contains("pseudo-label");
            assert_eq!(query.balance.is_some(), strategy.lambda().is_some() || pseudo, "{name}");
            assert_eq!(query.discriminator.is_some(), strategy.needs().discriminator, "{name}");
            assert_eq!(
                query.cover.is_some(),
                strategy.name().starts_with("k-center-greedy") && !pseudo || name == "coreset"
            );
        }
        let model = (record.rounds[0].epoch_losses.clone(), record.rounds[0].evaluation.clone());
        assert_eq!(first.get_or_insert(model.clone()), &model, "{name} has another first model");
    }
}

/// The weight that the rule finds with the first model is kept, and the record says which it is.
#[test]
fn a_weight_that_a_rule_finds_is_kept() {
    let out = tempfile::tempdir().unwrap();
    for name in ["entropy-cb", "k-center-greedy-cb", "bald-cb", "vaal-cb"] {
        let record = start(&definition(name), &out.path().join(name)).unwrap();
        let lambdas: Vec<f64> =
            record.queries.iter().map(|query| query.balance.as_ref().unwrap().lambda.unwrap()).collect();
        assert!(lambdas.iter().all(|lambda| lambda.total_cmp(&lambdas[0]).is_eq()), "{name}: {lambdas:?}");
    }
}

/// What is left of a run after a crash between any two of its lines is enough to end the same.
#[test]
fn a_run_that_lost_its_last_lines_ends_the_same() {
    for name in [
        "entropy-cb",
        "k-center-greedy-cb",
        "batch-bald",
        "random-pseudo-label",
        "vaal-cb",
        "direct",
        "galaxy",
    ] {
        let (whole, torn) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let definition = definition(name);
        start(&definition, whole.path()).unwrap();
        let record = std::fs::read_to_string(whole.path().join("record.jsonl")).unwrap();
        let ledger = std::fs::read_to_string(whole.path().join("ledger.csv")).unwrap();
        // The header, round 0, query 0 and round 1: the second query has been asked and answered, and not recorded.
        let kept: String = record.split_inclusive('\n').take(4).collect();
        std::fs::write(torn.path().join("record.jsonl"), kept).unwrap();
        std::fs::write(torn.path().join("ledger.csv"), ledger).unwrap();
        start(&definition, torn.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(timeless_record(torn.path()), timeless_record(whole.path()), "{name}");
        assert_eq!(timeless_ledger(torn.path()), timeless_ledger(whole.path()), "{name}");
    }
}

/// A query that asks again goes on in the middle: after any number of its batches, answered or not.
#[test]
fn a_query_that_lost_its_last_asks_goes_on_with_them() {
    for name in ["direct", "direct-labelbench", "galaxy", "galaxy-labelbench"] {
        let whole = tempfile::tempdir().unwrap();
        let definition = definition(name);
        start(&definition, whole.path()).unwrap();
        let record = std::fs::read_to_string(whole.path().join("record.jsonl")).unwrap();
        let ledger = std::fs::read_to_string(whole.path().join("ledger.csv")).unwrap();
        // The header, round 0, query 0 and round 1; and the ledger up to some line of the second query.
        let kept: String = record.split_inclusive('\n').take(4).collect();
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let begin = lines.iter().position(|line| line.starts_with("2,")).unwrap();
        assert!(lines[begin..].iter().any(|line| line.starts_with("2,3,")), "{name} asks four times or more");
        for end in [begin, begin + 1, begin + 2, begin + 3, begin + 7, begin + 12] {
            let torn = tempfile::tempdir().unwrap();
            std::fs::write(torn.path().join("record.jsonl"), &kept).unwrap();
            std::fs::write(torn.path().join("ledger.csv"), lines[..end].concat()).unwrap();
            start(&definition, torn.path()).unwrap_or_else(|error| panic!("{name}, {end} lines: {error}"));
            assert_eq!(timeless_record(torn.path()), timeless_record(whole.path()), "{name}, {end} lines");
            assert_eq!(timeless_ledger(torn.path()), timeless_ledger(whole.path()), "{name}, {end} lines");
        }
    }
}

/// What a run does depends on what annotators say and not on what is true: with other true labels and the same told ones
/// every strategy asks for the same samples, and every one of the ledger's labels is a told one.
#[test]
fn no_run_sees_a_label_that_was_not_told() {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let noise = LabelNoise::Uniform { rate: 0.3, seed: 5 };
    let told = noisy_labels(&noise, &dataset.truth.train, None, 10, data_dir()).unwrap();
    let mut other = dataset.clone();
    other.truth.train.iter_mut().for_each(|label| *label = (*label + 3) % 10);
    for mut definition in definitions() {
        let name = definition.strategy.name.clone();
        // A pool that is drawn whatever the labels are.
        definition.pool = PoolDefinition::Uniform { initial: 40, size: Some(300) };
        definition.imbalance_factor = 1.0;
        definition.noise = Some(noise.clone());
        let ledger = |dataset: &Dataset| {
            let folder = tempfile::tempdir().unwrap();
            let mut inputs = inputs(&definition, dataset.clone(), folder.path());
            inputs.setting.study.told = Some(told.clone());
            let record =
                run(&definition, inputs, &mut |_| {}).unwrap_or_else(|error| panic!("{name}: {error}"));
            (timeless_ledger(folder.path()), record)
        };
        let ((ledger_of_truth, record), (ledger_of_other, _)) = (ledger(&dataset), ledger(&other));
        assert_eq!(ledger_of_truth, ledger_of_other, "{name}");
        for row in ledger_of_truth.iter().filter(|row| row.contains(",answered,")) {
            let cells: Vec<&str> = row.split(',').collect();
            let (sample, label) = (cells[5].parse::<usize>().unwrap(), cells[6].parse::<u32>().unwrap());
            assert_eq!(told[sample], label, "{name}: {row}");
        }
        let wrong = record.header.wrong_labels.unwrap();
        assert!((60..=120).contains(&wrong), "{name}: {wrong} of 300 labels are wrong");
        let round = &record.rounds[2];
        assert_ne!(round.true_class_counts.as_ref().unwrap(), &round.class_counts, "{name}");
    }
}

/// Merged classes, a uniform pool and an evaluation of the pool.
#[test]
fn classes_are_merged_and_the_pool_is_evaluated() {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    for name in ["random", "direct", "galaxy", "similar", "base"] {
        let mut definition = definition(name);
        definition.grouping = Some(Grouping::FirstAndRest { classes: 3 });
        definition.pool = PoolDefinition::Uniform { initial: 40, size: Some(300) };
        definition.imbalance_factor = 1.0;
        definition.scoring.evaluate_pool = true;
        let record = |statistics| {
            let mut definition = definition.clone();
            definition.scoring.statistics = statistics;
            let folder = tempfile::tempdir().unwrap();
            run(&definition, inputs(&definition, dataset.clone(), folder.path()), &mut |_| {}).unwrap()
        };
        let running = record(None);
        assert_eq!(running.header.class_names.len(), 3);
        let pool: usize = running.header.pool_class_counts.iter().sum();
        assert_eq!(pool, 260);
        for round in &running.rounds {
            assert_eq!(round.pool_evaluation.as_ref().unwrap().per_class_accuracy.len(), 3);
            let lists = round.pool_average_precision.as_ref().unwrap();
            let all: usize = 300 - round.labelled;
            for (class, precision) in lists.iter().enumerate() {
                // No list is worse than all other images in front of the class's own.
                let of_class = running.header.initial_class_counts[class]
                    + running.header.pool_class_counts[class]
                    - round.class_counts[class];
                let worst = (1..=of_class).map(|n| n as f64 / (all - of_class + n) as f64).sum::<f64>();
                let precision = precision.unwrap();
                assert!((worst / of_class as f64..=1.0).contains(&precision), "{name}: {precision}");
            }
        }
        // The quirk of the reference is another evaluation of the same first model.
        let batch = record(Some(Statistics::Batch));
        assert_eq!(batch.rounds[0].epoch_losses, running.rounds[0].epoch_losses);
        assert_ne!(batch.rounds[0].pool_evaluation, running.rounds[0].pool_evaluation);
    }
}

#[test]
fn a_selection_is_replayed_in_its_order() {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let order: Vec<SampleId> = (0..80).map(|index| SampleId(index * 37 % 5000)).collect();
    let mut definition = definition("random");
    definition.pool = PoolDefinition::Uniform { initial: 40, size: None };
    definition.imbalance_factor = 1.0;
    definition.replay = Some(ReplayDefinition { sha256: "0".repeat(64), samples: 80, path: None });
    let folder = tempfile::tempdir().unwrap();
    let replayed = |order, folder| {
        let inputs = inputs(&definition, dataset.clone(), folder);
        run(&definition, RunInputs { replay: Some(order), ..inputs }, &mut |_| {})
    };
    let record = replayed(&order, folder.path()).unwrap();
    assert_eq!(record.rounds.iter().map(|round| round.labelled).collect::<Vec<_>>(), [40, 60, 80]);
    let picks: Vec<SampleId> = record.queries.iter().flat_map(|query| query.picks.clone().unwrap()).collect();
    assert_eq!(picks, order[40..]);
    let other = tempfile::tempdir().unwrap();
    let error = replayed(&order[..70], other.path()).unwrap_err();
    assert!(error.to_string().contains("the list has 70 samples"), "{error}");
}

#[test]
fn a_sweep_measures_every_weight_and_queries_nothing() {
    let lambdas: Vec<f64> = (0..=5).map(|step| 0.4 * f64::from(step)).collect();
    for name in ["entropy-cb", "k-center-greedy-cb", "vaal-cb"] {
        let out = tempfile::tempdir().unwrap();
        let mut definition = definition(name);
        definition.rounds = 0;
        definition.sweep = Some(SweepDefinition { lambdas: lambdas.clone() });
        let record = start(&definition, out.path()).unwrap();
        assert!(record.is_complete() && record.queries.is_empty() && record.rounds.len() == 1);
        let sweep = record.sweep.as_ref().unwrap();
        let swept: Vec<f64> = sweep.points.iter().map(|point| point.lambda).collect();
        assert_eq!(swept, lambdas);
        assert!(lambdas.contains(&sweep.chosen));
        for point in &sweep.points {
            assert_eq!(point.choice.class_counts.iter().sum::<usize>(), definition.budget);
        }
        // Without weight the baseline is left.
        let baseline = &sweep.references[0];
        assert_eq!(baseline.strategy, definition.strategy.query.strategy.baseline().name());
        assert_eq!(sweep.points[0].choice, baseline.choice, "{name}");
        let (first, last) = (&sweep.points[0].choice, &sweep.points[5].choice);
        assert!(last.l1 <= first.l1 + 1e-9, "{name}: {} is above {}", last.l1, first.l1);
        // The same command finds it done; without its last line it is done again from the checkpoint or from nothing.
        let before = timeless_record(out.path());
        let text = std::fs::read_to_string(out.path().join("record.jsonl")).unwrap();
        std::fs::write(
            out.path().join("record.jsonl"),
            text.split_inclusive('\n').take(2).collect::<String>(),
        )
        .unwrap();
        start(&definition, out.path()).unwrap();
        assert_eq!(timeless_record(out.path()), before, "{name}");
    }
}
