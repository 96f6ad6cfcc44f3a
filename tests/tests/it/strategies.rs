//! Every strategy in a run: it asks for its budget, repeats, resumes, and changes nothing that it shares with others.

use std::collections::BTreeSet;
use std::path::Path;

use tailward::device::Backend;
use tailward::run::{RunInputs, run};
use tailward_experiment::definition::{Definition, RunDefinition, Scale, Selector, SweepDefinition};
use tailward_experiment::record::Record;

use crate::fixture::{data_dir, project, synthetic_manifest, timeless_ledger, timeless_record};

fn definitions() -> Vec<RunDefinition> {
    let path = project("tests/definitions/strategies.toml");
    Definition::load(&path).unwrap().runs(Scale::Smoke, &Selector::default()).unwrap()
}

fn definition(strategy: &str) -> RunDefinition {
    definitions().into_iter().find(|run| run.strategy.name == strategy).unwrap()
}

fn start(definition: &RunDefinition, folder: &Path) -> Result<Record, tailward::Error> {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let inputs = RunInputs {
        dataset: &dataset,
        told: None,
        data_dir: data_dir(),
        folder,
        weights: None,
        backend: Backend::Flex,
        host: tailward::host::describe(Backend::Flex),
    };
    run(definition, &inputs, &mut |_| {})
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
            let strategy = &definition.strategy.query;
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
    for name in ["entropy-cb", "k-center-greedy-cb", "batch-bald", "random-pseudo-label", "vaal-cb"] {
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
        assert_eq!(baseline.strategy, definition.strategy.query.baseline().name());
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
