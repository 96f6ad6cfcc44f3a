//! Runs of a head on features: they begin without a label, repeat and resume, and keep their audit apart.

use std::collections::BTreeSet;
use std::path::Path;

use tailward_datasets::SampleId;
use tailward_engine::run::{Setting, run};
use tailward_experiment::definition::HeadFeatures;
use tailward_experiment::definition::{Definition, RunDefinition, Scale, Selector};
use tailward_experiment::record::Record;
use tailward_labelling::project::PatchFeatures;

use crate::fixture::{data_dir, project, run_inputs, synthetic_manifest, timeless_ledger, timeless_record};

fn text() -> String {
    std::fs::read_to_string(project("tests/definitions/heads.toml")).unwrap()
}

fn definitions() -> Vec<RunDefinition> {
    let definition = Definition::parse(&text(), Path::new("heads.toml")).unwrap();
    definition.runs(Scale::Smoke, &Selector::default()).unwrap()
}

fn start(definition: &RunDefinition, folder: &Path) -> Result<Record, tailward_engine::Error> {
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let inputs = run_inputs(Setting::new(definition, dataset, data_dir()).unwrap(), folder);
    run(definition, inputs, &mut |_| {})
}

/// Samples of the ledger's requests, with round and phase.
fn requests(folder: &Path) -> Vec<(usize, String, u32)> {
    let ledger = timeless_ledger(folder);
    let heads: Vec<&str> = ledger[0].split(',').collect();
    let place = |name: &str| heads.iter().position(|head| *head == name).unwrap();
    let (round, phase, event, sample) = (place("round"), place("phase"), place("event"), place("sample"));
    let rows = ledger[1..].iter().map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter(|cells| cells[event] == "requested")
        .map(|cells| (cells[round].parse().unwrap(), cells[phase].to_owned(), cells[sample].parse().unwrap()))
        .collect()
}

#[test]
fn strategies_of_one_seed_share_the_pool_the_audit_and_the_first_batch() {
    let out = tempfile::tempdir().unwrap();
    let mut first: Option<(Record, Vec<u32>)> = None;
    for definition in definitions() {
        let name = definition.strategy.name.clone();
        let folder = out.path().join(&name);
        let record = start(&definition, &folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        let asked = requests(&folder);
        let audit: Vec<u32> =
            asked.iter().filter(|(_, phase, _)| phase == "audit").map(|(.., sample)| *sample).collect();
        assert_eq!((audit.len(), asked.len()), (18, 72), "{name}");
        // Every model learned from what its strategy chose, and from nothing of the audit.
        let labelled: Vec<usize> = record.rounds.iter().map(|round| round.labelled).collect();
        assert_eq!(labelled, [0, 18, 36, 54], "{name}");
        let picks: BTreeSet<SampleId> =
            record.queries.iter().flat_map(|query| query.picks.clone().unwrap()).collect();
        assert_eq!(picks.len(), 54, "{name}");
        assert!(audit.iter().all(|&sample| !picks.contains(&SampleId(sample))), "{name}");
        for (round, line) in record.rounds.iter().enumerate() {
            let Some(audit) = &line.audit else {
                assert_eq!(round, 0, "{name}");
                continue;
            };
            let pool: usize = record.header.pool_class_counts.iter().sum();
            assert_eq!((audit.of, audit.others), (6 * round, pool - 18 * round), "{name}");
            assert!(audit.right <= audit.of && audit.interval.low <= audit.interval.high);
        }
        // Some labels are wrong; how often the head agrees with them is as often as it is right by chance alone, not in each round.
        let audits = || record.rounds.iter().filter_map(|line| line.audit.as_ref());
        assert!(audits().any(|audit| audit.agreement.to_bits() != audit.accuracy.to_bits()), "{name}");
        // A head that knows nothing says that all classes are as probable; one that was fitted says more.
        assert!((record.rounds[0].evaluation.loss - 10.0_f64.ln()).abs() < 1e-5, "{name}");
        assert!(record.rounds[3].evaluation.accuracy > record.rounds[0].evaluation.accuracy, "{name}");
        assert!(record.rounds.iter().all(|round| round.epoch_losses.is_empty()), "{name}");
        match &first {
            None => first = Some((record, audit)),
            Some((other, its_audit)) => {
                assert_eq!(record.header.pool_hash, other.header.pool_hash, "{name}");
                assert_eq!(&audit, its_audit, "{name}");
                assert_eq!(record.queries[0].picks, other.queries[0].picks, "{name}");
                assert_eq!(record.rounds[1].evaluation, other.rounds[1].evaluation, "{name}");
                assert_ne!(record.queries[1].picks, other.queries[1].picks, "{name}");
            }
        }
    }
}

/// What is left of a run after a crash, at any line of its record and its ledger, is enough to end the same.
#[test]
fn a_run_that_lost_its_last_lines_ends_the_same() {
    for definition in definitions().into_iter().filter(|run| run.strategy.name != "random") {
        let name = definition.strategy.name.clone();
        let whole = tempfile::tempdir().unwrap();
        start(&definition, whole.path()).unwrap();
        let record = std::fs::read_to_string(whole.path().join("record.jsonl")).unwrap();
        let ledger = std::fs::read_to_string(whole.path().join("ledger.csv")).unwrap();
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let begin = lines.iter().position(|line| line.starts_with("2,")).unwrap();
        // The header, round 0, query 0 and round 1; and of the second query nothing, half of the audit's requests (which
        // are dropped), the audit's requests, some of its answers, some of the strategy's requests, or everything.
        let kept: String = record.split_inclusive('\n').take(4).collect();
        for end in [begin, begin + 3, begin + 6, begin + 9, begin + 12, begin + 20, lines.len()] {
            let torn = tempfile::tempdir().unwrap();
            std::fs::write(torn.path().join("record.jsonl"), &kept).unwrap();
            std::fs::write(torn.path().join("ledger.csv"), lines[..end].concat()).unwrap();
            start(&definition, torn.path()).unwrap_or_else(|error| panic!("{name}, {end} lines: {error}"));
            assert_eq!(timeless_record(torn.path()), timeless_record(whole.path()), "{name}, {end} lines");
            assert_eq!(timeless_ledger(torn.path()), timeless_ledger(whole.path()), "{name}, {end} lines");
        }
    }
}

#[test]
fn what_a_head_cannot_do_is_refused_by_name() {
    let fault = |from: &str, to: &str| {
        assert!(text().contains(from), "{from}");
        let changed = text().replacen(from, to, 1);
        Definition::parse(&changed, Path::new("heads.toml")).unwrap_err().to_string()
    };
    let network = "model = { stem = \"cifar\", blocks = [1], widths = [4] }\n";
    let head = "head = { features = { kind = \"patches\", side = 32, centres = 10 } }\n";
    let vaal = "{ kind = \"vaal\", networks = { latent = 4, width = 4, beta = 1.0, kl = \"sum\", warmup = 0, \
                adversarial_weight = 1.0, learning_rate = 5e-4, batch_size = 16, iterations = 4, vae_steps = 2, \
                discriminator_steps = 1, batch_statistics = true } }";
    for (from, to, words) in [
        (
            head,
            "",
            "scales.smoke.model: is absent: give a network, `model` and `training`, or a head on features",
        ),
        (head, network, "scales.smoke.training: is absent"),
        ("rounds = 3\n", &format!("rounds = 3\n{network}"), "scales.smoke.head: is given beside a network"),
        ("centres = 10", "centres = 0", "scales.smoke.head.features.centres: 0 is not from 1 to 10,000"),
        (
            "{ kind = \"badge\" }",
            vaal,
            "scales.smoke.head: is on features, and `badge` trains networks on images",
        ),
        (
            "{ kind = \"badge\" }",
            "{ kind = \"bald\", passes = 4 }",
            "scales.smoke.head: is no network, and `badge` needs passes of one with dropout",
        ),
        (
            "first = { kind = \"typiclust\", neighbours = 5, max_clusters = 50 }\n",
            "",
            "scales.smoke.first: is absent, the initial set is empty, and `entropy-cb` cannot choose",
        ),
        (
            "first = { kind = \"typiclust\", neighbours = 5, max_clusters = 50 }",
            "first = { kind = \"entropy\" }",
            "scales.smoke.first: is `entropy`, which cannot choose before there are labels",
        ),
        (
            "augmented_pool = false",
            "augmented_pool = true",
            "scales.smoke.scoring.augmented_pool: is true beside a head",
        ),
        ("share = 0.25", "share = 1.0", "scales.smoke.audit.share: 1 is not from 0 to below 1"),
    ] {
        let found = fault(from, to);
        assert!(found.contains(words), "{to}: {found}");
    }
    let mut definition = definitions().remove(0);
    definition.head.as_mut().unwrap().features =
        HeadFeatures::Patches(PatchFeatures { side: 28, centres: 10 });
    let error = start(&definition, tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
    assert!(error.contains("`head.features.side` is 28, and the images have 32 × 32 pixels"), "{error}");
}
