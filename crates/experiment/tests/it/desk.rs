//! What the desk scale brought: seeds of some strategies, a dataset of a scale's own, and kernels that have names.

use std::collections::BTreeMap;
use std::path::Path;

use tailward_datasets::DatasetManifest;
use tailward_experiment::definition::{Definition, FurtherSeeds, Scale, ScaleDataset, Selector};
use tailward_experiment::plan::{DatasetSizes, expected_sizes};
use tailward_experiment::record::{BURN_KERNELS, Host, Record};

use crate::fixture::{self, Shape};
use crate::report::{of_definition, section};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every experiment that has the scale.
fn with_desk() -> Vec<Definition> {
    let folders = std::fs::read_dir(root().join("experiments")).unwrap();
    let load = |folder: &Path| Definition::load(&folder.join("definition.toml")).unwrap();
    folders
        .map(|folder| load(&folder.unwrap().path()))
        .filter(|definition| definition.scales.contains_key(&Scale::Desk))
        .collect()
}

/// Sizes fit their datasets, budgets their pools, and two strategies that a gain is measured between have four pairs or more.
#[test]
fn desk_scales_can_be_run() {
    let definitions = with_desk();
    assert!(definitions.len() >= 13, "{}", definitions.len());
    for definition in definitions {
        let name = &definition.name;
        let manifest = root().join("datasets").join(definition.dataset_at(Scale::Desk).unwrap());
        let manifest = DatasetManifest::load(&manifest.with_extension("toml")).unwrap();
        let sizes = DatasetSizes {
            train_images: manifest.train_images,
            test_images: manifest.test_images,
            validation_images: manifest.validation_images.unwrap_or(0),
            classes: manifest.classes,
        };
        let runs = definition.runs(Scale::Desk, &Selector::default()).unwrap();
        let mut seeds: BTreeMap<(String, u64), usize> = BTreeMap::new();
        for run in &runs {
            assert_eq!(run.dataset, manifest.name);
            let (initial, pool) = expected_sizes(run, sizes);
            assert!(initial + pool <= sizes.train_images, "{}", run.label());
            assert!(run.rounds * run.budget <= pool, "{}", run.label());
            *seeds.entry((run.strategy.name.clone(), run.imbalance_factor.to_bits())).or_default() += 1;
        }
        assert!(seeds.values().all(|&seeds| seeds == 4 || seeds == 8), "{name}: {seeds:?}");
    }
}

/// Both CBAL experiments label the paper's shares: 10 %, then 5 % in each of four rounds.
#[test]
fn desk_scales_label_the_shares_of_the_paper() {
    for (name, images) in [("cifar10", 40_000), ("cifar100", 50_000)] {
        let definition = with_desk().into_iter().find(|definition| definition.name == name).unwrap();
        for run in definition.runs(Scale::Desk, &Selector::default()).unwrap() {
            let labels: Vec<usize> = (0..=4).map(|round| run.labelled_at(images / 10, round)).collect();
            assert_eq!(labels, [10, 15, 20, 25, 30].map(|percent| images * percent / 100));
            assert_eq!(run.rounds, 4);
        }
    }
}

fn further(strategies: &[&str], seeds: &[u64]) -> FurtherSeeds {
    let strategies = strategies.iter().map(|name| (*name).to_owned()).collect();
    FurtherSeeds { strategies, seeds: seeds.to_vec() }
}

/// The made-up experiment with further seeds.
fn with_further(lists: Vec<FurtherSeeds>) -> Definition {
    let mut definition = Shape { seeds: 2, ..Shape::default() }.definition();
    definition.scales.get_mut(&Scale::Quick).unwrap().further_seeds = lists;
    definition
}

#[test]
fn some_strategies_have_further_seeds() {
    let definition = with_further(vec![further(&["entropy", "entropy-cb"], &[7, 5])]);
    definition.validate().unwrap();
    let text = toml::to_string(&definition).unwrap();
    assert_eq!(Definition::parse(&text, Path::new("definition.toml")).unwrap(), definition);
    let ran = |selector: Selector| -> Vec<(u64, String)> {
        let runs = definition.runs(Scale::Quick, &selector).unwrap();
        runs.into_iter().map(|run| (run.seed, run.strategy.name)).collect()
    };
    let of = |seed: u64, names: &[&str]| -> Vec<(u64, String)> {
        names.iter().map(|name| (seed, (*name).to_owned())).collect()
    };
    let all = ["random", "entropy", "entropy-cb"];
    let expected = [of(0, &all), of(1, &all), of(7, &all[1..]), of(5, &all[1..])].concat();
    assert_eq!(ran(Selector::default()), expected);
    let random = Selector { strategies: vec!["random".to_owned()], ..Selector::default() };
    assert_eq!(ran(random), [of(0, &all[..1]), of(1, &all[..1])].concat());
    // A seed that is asked for is run with every strategy.
    assert_eq!(ran(Selector { seeds: vec![7], ..Selector::default() }), of(7, &all));
}

#[test]
fn further_seeds_that_mean_nothing_are_refused() {
    for (lists, message) in [
        (
            vec![further(&["nothing"], &[7])],
            "further_seeds[0].strategies: `nothing` is not a strategy of this scale",
        ),
        (vec![further(&["entropy"], &[1])], "further_seeds[0].seeds: 1 is a seed of every strategy"),
        (vec![further(&["entropy"], &[])], "further_seeds[0].seeds: is empty"),
        (vec![further(&[], &[7])], "further_seeds[0].strategies: is empty"),
        (vec![further(&["entropy"], &[7, 7])], "further_seeds[0].seeds: 7 is given twice"),
        (
            vec![further(&["entropy"], &[7]), further(&["entropy"], &[7])],
            "further_seeds[0].strategies: `entropy` is given twice",
        ),
    ] {
        let (field, reason) = with_further(lists).validate().unwrap_err();
        let found = format!("{field}: {reason}");
        assert!(found.starts_with(&format!("scales.quick.{message}")), "{found}");
    }
}

#[test]
fn a_report_pairs_the_seeds_that_both_have() {
    let definition = with_further(vec![further(&["entropy", "entropy-cb"], &[5, 7])]);
    let runs = definition.runs(Scale::Quick, &Selector::default()).unwrap();
    let report = of_definition(&definition, runs.iter().map(|run| fixture::record(run, 10)).collect());
    assert!(
        section(&report.markdown, "Missing and left out").contains("all 10 runs of this scale are complete")
    );
    assert!(report.markdown.contains("(95 % intervals, 4 seeds)"), "{}", report.markdown);
    let result = section(&report.markdown, "Result");
    let of = |start: &str| {
        result.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start}: {result}"))
    };
    assert!(of("Entropy reached").contains("n = 2)"), "{result}");
    assert!(of("Entropy-CB reached").contains("n = 4)"), "{result}");
}

/// The made-up experiment on another dataset.
fn elsewhere() -> Definition {
    let mut definition = Shape { rounds: 2, ..Shape::default() }.definition();
    let own = ScaleDataset { name: "other".to_owned(), note: "the other dataset".to_owned() };
    definition.scales.get_mut(&Scale::Quick).unwrap().dataset = Some(own);
    definition
}

#[test]
fn a_scale_may_stand_on_another_dataset() {
    let plain = Shape { rounds: 2, ..Shape::default() }.definition();
    let definition = elsewhere();
    assert_eq!(plain.dataset_at(Scale::Quick).unwrap(), "synthetic");
    assert_eq!(definition.dataset_at(Scale::Quick).unwrap(), "other");
    let runs = |definition: &Definition| definition.runs(Scale::Quick, &Selector::default()).unwrap();
    for (here, there) in runs(&definition).iter().zip(runs(&plain)) {
        assert_eq!(here.dataset, "other");
        assert_ne!(here.hash(), there.hash());
    }
    let mut silent = definition;
    silent.scales.get_mut(&Scale::Quick).unwrap().dataset.as_mut().unwrap().note = " ".to_owned();
    let (field, reason) = silent.validate().unwrap_err();
    assert_eq!(field, "scales.quick.dataset.note");
    assert!(reason.contains("say what the dataset is"), "{reason}");
}

#[test]
fn every_figure_and_table_says_on_which_dataset() {
    let definition = elsewhere();
    let runs = definition.runs(Scale::Quick, &Selector::default()).unwrap();
    let report = of_definition(&definition, runs.iter().map(|run| fixture::record(run, 10)).collect());
    // A sentence may begin with it.
    let says = |text: &str| text.contains("uick scale, scaled down, on the other dataset");
    let captions: Vec<&str> =
        report.markdown.lines().filter(|line| line.starts_with('*') && line.contains("scale")).collect();
    assert!(captions.len() > 10, "{}", captions.len());
    for caption in captions {
        assert!(says(caption), "{caption}");
    }
    for (name, figure) in &report.figures {
        // An SVG may break a line between words.
        assert!(figure.contains("the other dataset"), "{name}");
    }
    assert!(report.markdown.contains("Dataset: other (the other dataset), in place of synthetic."));
    assert!(report.markdown.lines().next_back().unwrap().contains("on the other dataset"));
}

fn computed_with(record: &mut Record, kernels: &str) {
    record.header.host.kernels = Some(kernels.to_owned());
}

#[test]
fn records_before_kernels_had_names_are_of_burn() {
    let host = Shape::default().records().swap_remove(0).header.host;
    let text = serde_json::to_string(&host).unwrap();
    assert!(!text.contains("kernels"), "{text}");
    assert_eq!(serde_json::from_str::<Host>(&text).unwrap(), host);
    assert_eq!(host.kernels(), BURN_KERNELS);
    let named = Host { kernels: Some("tailward avx512".to_owned()), ..host };
    let text = serde_json::to_string(&named).unwrap();
    assert!(text.ends_with(r#""kernels":"tailward avx512"}"#), "the last key: {text}");
    assert_eq!(serde_json::from_str::<Host>(&text).unwrap(), named);
}

#[test]
fn runs_of_other_kernels_than_most_of_their_seed_are_left_out() {
    let shape = Shape { rounds: 2, factors: vec![0.1, 1.0], ..Shape::default() };
    let definition = shape.definition();
    let mut records = shape.records();
    let is_odd = |record: &Record| {
        let run = &record.header.definition;
        (run.strategy.name.as_str(), run.seed, run.imbalance_factor < 0.5) == ("entropy", 0, true)
    };
    for record in records.iter_mut().filter(|record| !is_odd(record)) {
        computed_with(record, "tailward avx512");
    }
    let report = of_definition(&definition, records.clone());
    let missing = section(&report.markdown, "Missing and left out");
    assert!(missing.contains("17 runs are complete"), "{missing}");
    let reason = "computed with the kernels \\`burn\\`; of its seed the runs that are compared, 2, were with \\`tailward avx512\\`";
    assert!(missing.contains(&format!("| made-up/quick if 0.1 entropy seed 0 | {reason} |")), "{missing}");
    let provenance = section(&report.markdown, "Provenance");
    assert!(provenance.contains("| tailward avx512 |") && !provenance.contains("| burn |"), "{provenance}");
    // The pair of seed 0 has lost its partner.
    let result = section(&report.markdown, "Result");
    assert!(result.contains("(paired, n = 2)") && result.contains("(paired, n = 3)"), "{result}");

    // Each seed of an imbalance factor is paired in itself: another name elsewhere is no fault.
    for record in records.iter_mut() {
        let run = &record.header.definition;
        let elsewhere = run.imbalance_factor < 0.5 && run.seed > 0;
        computed_with(record, if elsewhere { "tailward avx512" } else { "tailward avx2" });
    }
    let report = of_definition(&definition, records);
    assert!(
        section(&report.markdown, "Missing and left out").contains("all 18 runs of this scale are complete")
    );
}

/// A machine that differs within a seed is named, whether a run began on it or went on on it; one that differs between seeds is not.
#[test]
fn runs_that_are_compared_and_were_computed_on_different_machines_are_named() {
    let shape = Shape { rounds: 2, ..Shape::default() };
    let definition = shape.definition();
    let records = shape.records();
    let words = "computed on different machines";
    let elsewhere = |record: &Record| Host { processor: "Another".to_owned(), ..record.header.host.clone() };
    let provenance = |records: Vec<Record>| {
        section(&of_definition(&definition, records).markdown, "Provenance").to_owned()
    };

    let mut of_one_seed = records.clone();
    for record in of_one_seed.iter_mut().filter(|record| record.header.definition.seed == 1) {
        record.header.host = elsewhere(record);
    }
    let said = provenance(of_one_seed);
    assert!(!said.contains(words) && said.contains("| Another |"), "{said}");

    let mut went_on = records.clone();
    let host = elsewhere(&went_on[0]);
    let seed = went_on[0].header.definition.seed;
    went_on[0].rounds.last_mut().unwrap().host = Some(Box::new(host));
    let said = provenance(went_on);
    assert!(
        said.contains(words) && said.contains(&format!("seed {seed} at imbalance factor 0.1.")),
        "{said}"
    );
    // It is counted with both machines.
    let counts: Vec<&str> = said.lines().filter(|line| line.starts_with("| 0.")).collect();
    assert!(counts.iter().any(|line| line.contains("| Another |") && line.ends_with("| 1 |")), "{said}");

    // What a round says of its machine is read back as it was written.
    let line = serde_json::to_string(&records[0].rounds[0]).unwrap();
    assert!(!line.contains("\"host\""), "absent where nothing differs: {line}");
}

/// Of two names with as many runs, the one that was started last.
#[test]
fn as_many_of_each_are_decided_by_the_latest() {
    let shape = Shape { rounds: 2, seeds: 2, strategies: vec!["random", "entropy"], ..Shape::default() };
    for later in [BURN_KERNELS, "tailward avx512"] {
        let mut records = shape.records();
        for record in records.iter_mut().filter(|record| record.header.definition.strategy.name == "entropy")
        {
            computed_with(record, "tailward avx512");
        }
        let last = records.iter_mut().find(|record| record.header.host.kernels() == later).unwrap();
        last.header.started = "2026-02-01T00:00:00Z".to_owned();
        let report = of_definition(&shape.definition(), records);
        let missing = section(&report.markdown, "Missing and left out");
        assert!(missing.contains(&format!("that are compared, 1, were with \\`{later}\\`")), "{missing}");
    }
}
