//! Reports of made-up records: what they say, what they refuse to say, and what they look like.

use std::fs;
use std::path::Path;

use tailward_experiment::definition::Definition;
use tailward_experiment::expected::Expected;
use tailward_experiment::record::{FlexMatchLine, RECORD_FILE, Record, ValidationLine};
use tailward_experiment::report::{ReportInput, write};

use crate::fixture::{self, Shape};

const EXPECTED: &str = r#"
agreement = "Sign and mean of a row."

[[tables]]
id = "table-9"
title = "Table 9: made-up gains"
source = "Nobody et al., Table 9"
metric = "top-1 test accuracy, gain over baseline, percentage points"
note = "Made up."

[[tables.rows]]
strategy = "entropy-cb"
label = "Entropy-CB"
baseline = "entropy"
imbalance_factor = 0.1
gains = [1.28, -0.50]

[[tables.rows]]
strategy = "vaal-cb"
label = "VAAL-CB"
baseline = "vaal"
imbalance_factor = 0.1
gains = [0.37, 1.86]
"#;

/// What a report of `records` comes to.
pub(crate) struct Report {
    pub(crate) markdown: String,
    pub(crate) html: String,
    csv: String,
    files: Vec<String>,
    /// Name and text of each.
    pub(crate) figures: Vec<(String, String)>,
}

pub(crate) fn report(shape: &Shape, records: Vec<Record>) -> Report {
    report_beside(EXPECTED, shape, records)
}

fn report_beside(expected: &str, shape: &Shape, records: Vec<Record>) -> Report {
    beside(expected, &shape.definition(), records)
}

/// What a report of `records` of a definition comes to, which has one scale.
pub(crate) fn of_definition(definition: &Definition, records: Vec<Record>) -> Report {
    beside(EXPECTED, definition, records)
}

fn beside(expected: &str, definition: &Definition, records: Vec<Record>) -> Report {
    let expected = Expected::parse(expected, Path::new("expected.toml")).unwrap();
    let input = ReportInput {
        definition,
        scale: *definition.scales.keys().next().unwrap(),
        expected: Some(&expected),
        records,
        command: "cargo xtask report made-up --scale quick".to_owned(),
        generated: "2026-01-31T12:00:00Z by tailward 0.1.0".to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    let paths = write(&input, folder.path()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    for path in &paths {
        assert!(path.is_file(), "{}", path.display());
    }
    let files: Vec<String> =
        paths.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect();
    let svg = |name: &&String| name.ends_with(".svg");
    let figures = files.iter().filter(svg).map(|name| (name.clone(), read(name))).collect();
    let report = Report {
        markdown: read("report.md"),
        html: read("report.html"),
        csv: read("results.csv"),
        files,
        figures,
    };
    for text in [&report.markdown, &report.html, &report.csv] {
        assert!(!text.contains("NaN") && !text.contains("inf,"), "a value that is not a number");
    }
    for name in report.files.iter().filter(|name| name.ends_with(".svg")) {
        let svg = read(name);
        assert!(svg.contains("scale") && svg.contains("n = "), "{name} does not name its scale and seeds");
        assert!(!svg.contains("NaN"), "{name}");
        assert!(report.markdown.contains(name), "{name} is not in the Markdown");
    }
    assert!(!folder.path().join("report.md.partial").exists());
    report
}

/// The Markdown from one heading to the next of level 2.
pub(crate) fn section<'t>(markdown: &'t str, heading: &str) -> &'t str {
    let from = markdown.find(&format!("## {heading}\n")).unwrap();
    let rest = &markdown[from..];
    rest[3..].find("\n## ").map_or(rest, |to| &rest[..to + 3])
}

#[test]
fn markdown_of_a_small_experiment() {
    let shape = Shape { rounds: 2, seeds: 2, ..Shape::default() };
    insta::assert_snapshot!(report(&shape, shape.records()).markdown);
}

/// Every strategy of CBAL's tables.
fn seven_methods() -> Shape {
    let strategies =
        ["random", "entropy", "entropy-cb", "k-center-greedy", "k-center-greedy-cb", "vaal", "vaal-cb"];
    Shape { strategies: strategies.to_vec(), ..Shape::default() }
}

#[test]
fn what_queries_did_is_tabulated() {
    let shape = seven_methods();
    let markdown = report(&shape, shape.records()).markdown;
    let factor = section(&markdown, "Imbalance factor 0.1");
    for row in [
        // λ as fixed, as fixed and found by the rule; only programmes have certificates.
        "| Entropy-CB | 12 | 2 | 900.0 | 400.0 | 2.0e−5 | 3 |",
        "| KCenterGreedy-CB | 12 | 5 | 900.0 | 400.0 | — | — |",
        "| VAAL-CB | 12 | 0.4 to 0.8 | 900.0 | 400.0 | 2.0e−5 | 3 |",
        "| KCenterGreedy | 1 | 3 | 3.500 ± 0.000 | 1.750 ± 0.000 | 0.500 ± 0.000 | 0 ± 0 |",
        "| VAAL | 1 | 3 | 0.0011 ± 0.0000 | 0.0200 ± 0.0000 | 0.125 ± 0.000 | 0.2500 ± 0.0000 | 87.5 ± 0.0 | 90.0 ± 0.0 |",
        // Epochs of 10, 15, 20 and 25 seconds: choosing takes 0.25 s.
        "| VAAL | 12 | 3.50 s | 12 s | 0.25 s | 18 s | 0.016 | 0.025 |",
        "| Random | 12 | 3.50 s | — | 0.25 s | 18 s | 0.016 | 0.025 |",
    ] {
        assert!(factor.contains(row), "{row} is not in {factor}");
    }
    assert!(
        factor.contains(
            "took less than one training epoch in each of the 84 queries: the largest share is 0.025"
        )
    );
    let mut slow = shape.records();
    slow[0].queries[0].cost.select_secs = 30.0;
    let markdown = report(&shape, slow).markdown;
    assert!(markdown.contains("took as long as a training epoch or longer in 1 of the 84 queries: the largest share is 3.000, of Random."));
}

/// The experiment of CBAL's Figure 4.
pub(crate) fn swept() -> Shape {
    Shape {
        rounds: 0,
        strategies: vec!["entropy-cb", "k-center-greedy-cb", "vaal-cb"],
        lambdas: (0..16).map(|step| f64::from(step) / 5.0).collect(),
        ..Shape::default()
    }
}

/// Pseudo-labels by round, and training that stopped early with the labels that it took.
#[test]
fn what_training_saw_besides_labels_is_tabulated() {
    let shape = Shape { seeds: 2, rounds: 1, ..Shape::default() };
    let mut records = shape.records();
    assert!(!report(&shape, records.clone()).markdown.contains("### Training"));
    for round in records.iter_mut().flat_map(|record| &mut record.rounds) {
        let mut class_counts = vec![0; 10];
        (class_counts[0], class_counts[3]) = (300, 100);
        round.flexmatch = Some(FlexMatchLine { used: vec![0.1, 0.25], class_counts, right: 300 });
        round.validation = Some(ValidationLine { images: 321, losses: vec![1.0, 0.5, 0.75], best_epoch: 2 });
    }
    let markdown = report(&shape, records.clone()).markdown;
    let first = &records[0];
    let counts = first.header.initial_class_counts.iter().chain(&first.header.pool_class_counts);
    let unlabelled = counts.sum::<usize>() - first.rounds[0].labelled;
    let confident = format!("{:.1}", 100.0 * 400.0 / unlabelled as f64);
    assert!(
        markdown.contains(&format!("| Random | 0 | 2 | 25.0 | {confident} | 75.0 | 2.0 |")),
        "{markdown}"
    );
    assert!(markdown.contains("| Random | 4 | 321 | 3.0 | 2.0 |"), "{markdown}");
    assert!(markdown.contains("321 validation images with their true labels. No budget counts these"));
}

#[test]
fn a_sweep_is_reported_as_one() {
    let shape = swept();
    let report = report(&shape, shape.records());
    let result = section(&report.markdown, "Result");
    assert!(result.contains("one query of 1,000 samples with the first model"), "{result}");
    assert!(result.contains("Entropy-CB (n = 3 seeds): as λ rises, ℓ1 never rises; the mean entropy never rises; the L1 score of the chosen never rises; the L1 score of the labelled set never rises. The rule takes λ = 1.6 or 1.8."), "{result}");
    assert!(
        result.contains("KCenterGreedy-CB (n = 3 seeds): as λ rises, ℓ1 never rises; the mean entropy rises"),
        "{result}"
    );
    assert!(result.contains("smallest λ after which the L1 loss converges"));
    let factor = section(&report.markdown, "Imbalance factor 0.1");
    assert!(factor.contains("| Entropy-CB | 1 | 1.8 | 1.0e−5 | 8.00 s | 0.50 s |"), "{factor}");
    assert!(factor.contains("| KCenterGreedy-CB | 1 | 1.8 | — | 8.00 s | 0.50 s |"), "{factor}");
    assert!(factor.contains("| VAAL-CB | entropy-pseudo-label | "), "{factor}");
    assert_eq!(
        report.files,
        [
            "report.md",
            "report.html",
            "results.csv",
            "sweep.csv",
            "figures/if-0.1-overview.svg",
            "figures/if-0.1-lambda.svg"
        ]
    );
    // What there is without queries is not shown empty.
    for absent in ["Accuracy against labels", "### Statistics", "### Queries", "Paired differences"] {
        assert!(!report.markdown.contains(absent), "{absent}");
    }
}

/// The lines of the section on claims, each claim named by its check.
pub(crate) fn judged(checks: &[&str], shape: &Shape, records: Vec<Record>) -> Vec<String> {
    let claim = |(index, check): (usize, &&str)| {
        format!("[[claims]]\nid = \"c{index}\"\nstatement = \"S\"\nsource = \"P\"\ncheck = {{ {check} }}\n")
    };
    let claims: String = checks.iter().enumerate().map(claim).collect();
    let markdown = report_beside(&format!("agreement = \"A\"\n{claims}"), shape, records).markdown;
    assert!(!markdown.contains("Beside the published gains"), "no table is published");
    let section = section(&markdown, "Beside what the text claims");
    let lines: Vec<String> =
        section.lines().filter(|line| line.starts_with("- ")).map(str::to_owned).collect();
    assert_eq!(lines.len(), checks.len());
    lines
}

#[test]
fn few_seeds_are_said_to_be_few() {
    let shape = Shape::default();
    let markdown = report(&shape, shape.records()).markdown;
    let factor = section(&markdown, "Imbalance factor 0.1");
    assert!(factor.contains("3 paired seeds cannot reach p &lt; 0.05 two-sided: the smallest p of an exact test is 0.25. It takes at least 6."), "{factor}");
    assert!(factor.contains("- Entropy-CB − Entropy: area"), "{factor}");
    assert!(
        factor.contains("not separable from noise by the exact test (n = 3, p = 0.250, Holm-adjusted 1.000)"),
        "{factor}"
    );
    // Eight seeds in a family of six tests: 2/2⁸ · 6 is below 0.05.
    let shape = Shape { seeds: 8, ..Shape::default() };
    let markdown = report(&shape, shape.records()).markdown;
    let factor = section(&markdown, "Imbalance factor 0.1");
    assert!(!factor.contains("cannot reach"), "{factor}");
    assert!(factor.contains("corrected for the 6 tests of this report"));
    assert!(
        factor.contains(", separable from noise by the exact test (n = 8, p = 0.008, Holm-adjusted 0.047)"),
        "{factor}"
    );
}

#[test]
fn labels_and_wins_are_counted() {
    let shape = Shape::default();
    let markdown = report(&shape, shape.records()).markdown;
    let factor = section(&markdown, "Imbalance factor 0.1");
    // Four rounds and three seeds; Entropy-CB is ahead in all of them.
    assert!(factor.contains("| 3 of 3 | 12 / 0 / 0 |"), "{factor}");
}

#[test]
fn the_same_records_give_the_same_report() {
    let shape = Shape::default();
    let mut backwards = shape.records();
    backwards.reverse();
    let (one, other) = (report(&shape, shape.records()), report(&shape, backwards));
    assert_eq!(one.markdown, other.markdown);
    assert_eq!(one.html, other.html);
    assert_eq!(one.csv, other.csv);
}

#[test]
fn every_page_is_labelled() {
    let shape = Shape::default();
    let report = report(&shape, shape.records());
    for text in [&report.markdown, &report.html] {
        let banner = "quick scale (scaled down, not the published protocol). n = 3 seeds (0, 1, 2).";
        assert!(text.matches(banner).count() >= 2, "top and foot");
        assert!(text.contains("not comparable cell by cell"));
        assert!(text.contains("cargo xtask report made-up --scale quick"));
    }
    assert!(report.html.contains("@bottom-left{content:\"made-up, quick scale (scaled down"));
    assert!(report.html.contains("name=\"viewport\""));
    assert!(!report.html.contains("src=") && !report.html.contains("href="), "not self-contained");
    assert!(!report.html.contains("<svg width"), "a drawing of a fixed size");
}

#[test]
fn a_hundred_classes_three_strategies_three_seeds() {
    let shape = Shape { classes: 100, factors: vec![0.1, 1.0], ..Shape::default() };
    let report = report(&shape, shape.records());
    // 2 factors × 3 strategies × 3 seeds × 5 rounds and the heading.
    assert_eq!(report.csv.lines().count(), 2 * 3 * 3 * 5 + 1);
    let figures: Vec<&String> = report.files.iter().filter(|name| name.ends_with(".svg")).collect();
    // A balanced pool has no tail, hence no figure of head and tail.
    assert_eq!(figures.len(), 7 + 6);
    assert!(section(&report.markdown, "Imbalance factor 1").contains("The pool has no tail classes"));
    assert!(
        section(&report.markdown, "Missing and left out").contains("all 18 runs of this scale are complete")
    );
}

#[test]
fn one_seed_claims_nothing() {
    let shape = Shape { seeds: 1, ..Shape::default() };
    let report = report(&shape, shape.records());
    assert!(report.markdown.starts_with("# One seed cannot tell a difference from noise\n"));
    assert!(report.markdown.contains("| one seed: cannot tell |"));
    let result = section(&report.markdown, "Result");
    assert!(result.contains("95 % interval — (paired, n = 1), not separable from noise"), "{result}");
    assert!(result.contains("± — %"), "{result}");
    assert!(result.contains("Whether its labelled set is closer to uniform is not separable from noise"));
}

#[test]
fn no_complete_run_is_said_to_be_none() {
    let shape = Shape::default();
    let report = report(&shape, vec![]);
    assert!(report.markdown.contains("No run of this scale is complete"));
    assert_eq!(report.markdown.matches("| not run |").count(), 9);
    assert_eq!(report.files, ["report.md", "report.html", "results.csv"]);
    assert_eq!(report.csv.lines().count(), 1);
}

#[test]
fn what_cannot_be_counted_is_listed() {
    let shape = Shape::default();
    let mut records = shape.records();
    records[0].complete = None;
    records[0].rounds.truncate(3);
    records[0].queries.truncate(2);
    records[1].header.definition.training.as_mut().unwrap().epochs += 1;
    records[1].header.definition_hash = records[1].header.definition.hash();
    records[2].header.definition_hash = "0".repeat(64);
    records.push(records[3].clone());
    records.remove(8);
    let report = report(&shape, records);
    let missing = section(&report.markdown, "Missing and left out");
    for reason in [
        "random seed 0 | incomplete: 3 of 5 rounds",
        "entropy seed 0 | made with another version of the definition",
        "entropy-cb seed 0 | its hash is not that of its definition",
        "random seed 1 | a second record of the same run",
        "entropy-cb seed 2 | not run",
    ] {
        assert!(missing.contains(reason), "{reason} is not in {missing}");
    }
    assert!(missing.contains("5 runs are complete"), "{missing}");
    // Entropy-CB has only seed 1 left, Entropy seeds 1 and 2: one pair.
    let result = section(&report.markdown, "Result");
    assert!(result.contains("interval — (paired, n = 1), not separable"), "{result}");
    assert!(report.markdown.contains("n = 1 to 2 seeds"));
}

#[test]
fn runs_on_different_pools_are_not_paired() {
    let shape = Shape::default();
    let mut records = shape.records();
    for record in &mut records {
        if record.header.definition.strategy.name == "entropy" {
            record.header.pool_hash = format!("other {}", record.header.definition.seed);
        }
    }
    let result = report(&shape, records).markdown;
    assert!(section(&result, "Result").contains("difference — points, 95 % interval — (paired, n = 0)"));
}

/// On the committed records: lists that differ name pools with other hashes, and begin with the same labels.
#[test]
fn replayed_selections_are_paired_by_their_first_round() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/replay-labelbench-cifar100");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let definition = Definition::load(&folder.join("definition.toml")).unwrap();
    let runs = folder.join("records/cpu-2026-11/replay-labelbench-cifar100/desk/if-1");
    let record = |strategy: &str, seed: u64| {
        let run = runs.join(strategy).join(format!("seed-{seed}"));
        Record::load(&run.join(RECORD_FILE)).unwrap().unwrap()
    };
    let seeds = [1234, 3_334_155, 6_667_077, 9_999_999];
    let mut records: Vec<Record> =
        ["random", "margin"].iter().flat_map(|strategy| seeds.map(|seed| record(strategy, seed))).collect();
    assert!(records[0].header.pool_hash != records[4].header.pool_hash, "their lists differ");
    let result = |records: Vec<Record>| beside(&read("expected.toml"), &definition, records).markdown;
    let paired = result(records.clone());
    assert!(section(&paired, "Result").contains("(paired, n = 4)"), "{paired}");
    // Another first model, or other first labels.
    *records[4].rounds[0].epoch_losses.last_mut().unwrap() += 1e-12;
    records[5].rounds[0].class_counts.swap(0, 1);
    let paired = result(records);
    assert!(section(&paired, "Result").contains("(paired, n = 2)"), "{paired}");
}

#[test]
fn further_seeds_are_further_repetitions() {
    let shape = Shape::default();
    let mut records = shape.records();
    let more = Shape { seeds: 4, ..shape.clone() };
    let definition = shape.definition();
    for record in more.records() {
        let mut run = record.header.definition.clone();
        if run.seed == 3 {
            run.experiment = definition.name.clone();
            records.push(fixture::record(&run, shape.classes));
        }
    }
    let markdown = report(&shape, records).markdown;
    assert!(section(&markdown, "Result").contains("(paired, n = 4)"));
}

#[test]
fn the_published_rows_stand_beside_ours() {
    let shape = Shape { rounds: 1, ..Shape::default() };
    let markdown = report(&shape, shape.records()).markdown;
    let published = section(&markdown, "Beside the published gains");
    assert!(published.contains("| 0.1, Entropy-CB | published | +1.28 | −0.50 | +0.39 |"), "{published}");
    assert!(published.contains("| 0.1, Entropy-CB | 1 | +1.28 | 3 | +"), "cell by cell: {published}");
    assert!(published.contains("| not separable from noise |"), "{published}");
    // Our runs are shorter than the row: what they lack is a dash, and row means are not subtracted.
    assert!(published.contains("1 of 1 | rounds 1 to 1 only: same sign"), "{published}");
    assert!(published.contains("|  | ours: not run | — | — | — |"), "{published}");
}

#[test]
fn names_cannot_be_markup() {
    let shape = Shape::default();
    let mut definition = shape.definition();
    let hostile = "<script>alert(1)</script>|*x*";
    hostile.clone_into(&mut definition.title);
    hostile.clone_into(&mut definition.question);
    definition.strategies[0].label = hostile.to_owned();
    let mut records = shape.records();
    for record in &mut records {
        let run = &mut record.header.definition;
        if run.strategy.name == "random" {
            run.strategy.label = hostile.to_owned();
        }
        record.header.definition_hash = run.hash();
    }
    let input = ReportInput {
        definition: &definition,
        scale: shape.scale(),
        expected: None,
        records,
        command: format!("echo {hostile}"),
        generated: hostile.to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    for path in write(&input, folder.path()).unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        // An indented line of Markdown is code, in which nothing is markup.
        let outside: Vec<&str> = text.lines().filter(|line| !line.starts_with("    ")).collect();
        if path.extension().is_some_and(|kind| kind != "csv") {
            assert!(!outside.join("\n").contains("<script"), "{}", path.display());
        }
    }
}

/// What an experiment on rare classes is measured by: on the pool and the test set, labels of rare classes, labels saved.
#[test]
fn rare_classes_are_reported_on() {
    let shape = Shape { balanced: true, ..Shape::default() };
    let report = report(&shape, shape.records());
    let factor = section(&report.markdown, "Imbalance factor 0.1");
    for words in [
        "### Balanced test accuracy against labels",
        "### Balanced accuracy on the pool",
        "### Labels of rare classes",
        "The first models, which every strategy shares, are ",
        "### Labels saved",
        "| Entropy-CB − Entropy | pool | ",
        "| Entropy-CB − Random | test | ",
    ] {
        assert!(factor.contains(words), "{words} is not in {factor}");
    }
    assert!(section(&report.markdown, "Result").contains(" images of rare classes against "));
    assert!(report.markdown.contains("Metric: balanced test accuracy after the last epoch"));
    for figure in ["figures/if-0.1-pool.svg", "figures/if-0.1-rare.svg"] {
        assert!(report.files.iter().any(|file| file == figure), "{figure}");
    }
    let pair = r#"strategy = "entropy-cb", baseline = "random", imbalance_factor = 0.1"#;
    let cases = [
        (
            format!(r#"kind = "saves-labels", {pair}, at_least = 0.01"#),
            "Holds: S (P). Saved in balanced test accuracy: ",
        ),
        (
            format!(
                r#"kind = "saves-labels", {pair}, at_least = 0.9, on = "pool", smoothing = "running-maximum""#
            ),
            "Does not hold: ",
        ),
        (
            format!(r#"kind = "saves-labels", {pair}, at_least = 0.01, smoothing = "moving-average""#),
            "Not run at this scale: S (P). It is about a moving average of 10 values; curves have 5",
        ),
        (format!(r#"kind = "gain-within", {pair}, on = "pool", points = 50.0"#), "Holds: "),
        (format!(r#"kind = "finds-more-rare", {pair}"#), "Holds: S (P). Labels of rare classes "),
        (format!(r#"kind = "gain", {pair}, at_least = 0.0, on = "pool""#), "Holds: "),
    ];
    let checks: Vec<&str> = cases.iter().map(|(check, _)| check.as_str()).collect();
    for (line, (check, start)) in judged(&checks, &shape, shape.records()).iter().zip(&cases) {
        assert!(line.starts_with(&format!("- {start}")), "{check}: {line}");
    }
}

/// Where labels are noisy, classes are counted by what images show: told labels look more even than they are.
#[test]
fn wrong_labels_do_not_pass_for_balance() {
    let shape = Shape { balanced: true, rounds: 2, seeds: 2, ..Shape::default() };
    let mut records = shape.records();
    let classes = records[0].header.pool_class_counts.len();
    for record in &mut records {
        record.header.wrong_labels = Some(500);
        for round in &mut record.rounds {
            // In truth everything but two images is of the largest class, whatever was told.
            let mut truth = vec![0; classes];
            (truth[0], truth[classes - 1]) = (round.labelled - 2, 2);
            round.true_class_counts = Some(truth);
        }
    }
    let clean = report(&shape, shape.records()).markdown;
    let noisy = report(&shape, records).markdown;
    let said = "Some labels are wrong: classes are counted by what the images show";
    assert!(noisy.contains(said) && !clean.contains(said));
    let factor = section(&noisy, "Imbalance factor 0.1");
    let row = |heading: &str| {
        let part = &factor[factor.find(heading).unwrap()..];
        part[part.find("| Random |").unwrap()..].lines().next().unwrap().to_owned()
    };
    assert!(row("### Labels of rare classes").ends_with("| 2.0 ± 0.0 | 2.0 ± 0.0 | 2.0 ± 0.0 |"), "{factor}");
    assert!(row("The first models, which").ends_with(" | 2.0 ± 0.0 |"), "{factor}");
    assert!(row("![L1 score of each query").ends_with("| 1.000 ± 0.000 | 1.000 ± 0.000 |"), "{factor}");
    assert!(row("### Class balance").contains(" | 0.99"), "{factor}");
    assert!(
        factor.contains("% are wrong, so that not every label that says a rare class is of one"),
        "{factor}"
    );
}
