//! What a text claims, judged by made-up records.

use crate::fixture::Shape;
use crate::report::{judged, swept};

#[test]
fn claims_are_judged_by_our_records() {
    let cb = r#"strategy = "entropy-cb", baseline = "entropy", imbalance_factor = 0.1"#;
    let entropy = r#"strategy = "entropy", imbalance_factor = 0.1"#;
    let random = r#"strategy = "entropy", baseline = "random", imbalance_factor = 0.1"#;
    let cases = [
        (format!(r#"kind = "closer-to-uniform", {cb}"#), "Holds: S (P). L1 score of the labelled set"),
        (r#"kind = "closer-to-uniform", strategy = "entropy", baseline = "entropy-cb", imbalance_factor = 0.1"#.to_owned(), "Does not hold: "),
        (format!(r#"kind = "closer-to-uniform", {random}"#), "Not separable from noise: "),
        (format!(r#"kind = "follows-pool", {entropy}"#), "Holds: "),
        (format!(r#"kind = "imbalance-grows", {entropy}, of = "labelled-set""#), "Holds: S (P). L1 score by round 0.15"),
        (format!(r#"kind = "imbalance-grows", {entropy}, of = "query""#), "Not separable from noise: "),
        (format!(r#"kind = "gain", {cb}, at_least = 0.0"#), "Holds: S (P). Ours averaged over rounds 1 to 4: +"),
        (format!(r#"kind = "gain", {cb}, at_least = 9.0"#), "Does not hold: "),
        (format!(r#"kind = "gain", {cb}, at_least = 0.0, round = 4"#), "Holds: S (P). Ours at round 4: +"),
        (format!(r#"kind = "gain", {cb}, at_least = 0.0, round = 5"#), "Not run at this scale: S (P). It is about round 5; runs have 4"),
        (format!(r#"kind = "gain", {random}, at_least = 0.3"#), "Not separable from noise: "),
        (format!(r#"kind = "gain-within", {cb}, points = 9.0"#), "Holds: "),
        (format!(r#"kind = "gain-within", {cb}, points = 0.1"#), "Does not hold: "),
        (format!(r#"kind = "gain-grows", {cb}"#), "Holds: S (P). Gain at round 4 less gain at round 1: +"),
        (r#"kind = "gain", strategy = "entropy-cb", baseline = "entropy", imbalance_factor = 0.3, at_least = 0.0"#.to_owned(), "Not run at this scale: S (P). The imbalance factor 0.3 is not one of this scale"),
        (r#"kind = "gain", strategy = "vaal-cb", baseline = "vaal", imbalance_factor = 0.1, at_least = 0.0"#.to_owned(), "Not run at this scale: S (P). \\`vaal-cb\\` is not a strategy"),
        (r#"kind = "zero-weight-is-plain", strategy = "entropy-cb""#.to_owned(), "Not run at this scale: S (P). \\`entropy-cb\\` has no sweep"),
        (r#"kind = "reaches-accuracy", strategy = "entropy-cb", other = "random", imbalance_factor = 0.1, accuracy = 0.4, more_labels = 100, tolerance = 0.0"#.to_owned(), "Not run at this scale: S (P). Absolute accuracies"),
    ];
    let checks: Vec<&str> = cases.iter().map(|(check, _)| check.as_str()).collect();
    let shape = Shape::default();
    for (line, (check, start)) in judged(&checks, &shape, shape.records()).iter().zip(&cases) {
        assert!(line.starts_with(&format!("- {start}")), "{check}: {line}");
    }
}

/// One query of a balancing strategy; later ones run out of rare images, and every seed takes all of them.
#[test]
fn a_balancing_strategy_does_not_follow_the_pool() {
    let shape = Shape { rounds: 1, ..Shape::default() };
    let check =
        |strategy: &str| format!(r#"kind = "follows-pool", strategy = {strategy:?}, imbalance_factor = 0.1"#);
    let grows = r#"kind = "imbalance-grows", strategy = "entropy", imbalance_factor = 0.1, of = "query""#;
    let lines = judged(&[&check("entropy-cb"), &check("entropy"), grows], &shape, shape.records());
    assert!(lines[0].starts_with("- Does not hold: "), "{}", lines[0]);
    assert!(lines[1].starts_with("- Holds: "), "{}", lines[1]);
    assert!(lines[2].starts_with("- Not run at this scale: S (P). There is one query only"), "{}", lines[2]);
}

#[test]
fn labels_for_an_accuracy_are_judged_at_paper_scale() {
    let shape = Shape { scale: "paper", ..Shape::default() };
    let reach = |accuracy: f64, more: usize| {
        format!(
            r#"kind = "reaches-accuracy", strategy = "entropy-cb", other = "random", imbalance_factor = 0.1, accuracy = {accuracy:?}, more_labels = {more}, tolerance = 0.0"#
        )
    };
    let (near, far, beyond, late) = (reach(0.4, 50), reach(0.4, 5_000), reach(0.9, 50), reach(0.47, 2_000));
    let lines = judged(&[&near, &far, &beyond, &late], &shape, shape.records());
    assert!(
        lines[0].starts_with("- Holds: S (P). Entropy-CB reaches 40.0 % in 3 of 3 seeds; Random needs +"),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("- Does not hold: "), "{}", lines[1]);
    assert!(
        lines[2].starts_with("- Does not hold: S (P). Entropy-CB reaches 90.0 % in 0 of 3 seeds"),
        "{}",
        lines[2]
    );
    // Random does not get there within the run: what it would need is not known.
    assert!(lines[3].starts_with("- Not separable from noise: "), "{}", lines[3]);
    assert!(lines[3].contains("at least: in 3 of them it does not reach it within the run"), "{}", lines[3]);
}

#[test]
fn claims_about_the_weight_are_judged_by_sweeps() {
    let of = |strategy: &str, quantity: &str, tolerance: f64| {
        format!(
            r#"kind = "non-increasing-in-lambda", strategy = {strategy:?}, quantity = {quantity:?}, tolerance = {tolerance:?}"#
        )
    };
    let rough = "k-center-greedy-cb";
    let checks = [
        of("entropy-cb", "l1", 0.0),
        of("entropy-cb", "mean-entropy", 0.0),
        of("entropy-cb", "l1-score-of-query", 0.0),
        of("entropy-cb", "l1-score-of-labelled-set", 0.0),
        of(rough, "mean-entropy", 0.001),
        of(rough, "mean-entropy", 0.01),
        r#"kind = "zero-weight-is-plain", strategy = "entropy-cb""#.to_owned(),
        r#"kind = "zero-weight-is-plain", strategy = "vaal-cb""#.to_owned(),
    ];
    let shape = swept();
    let mut records = shape.records();
    for record in records.iter_mut().filter(|record| record.header.definition.strategy.name == "vaal-cb") {
        let sweep = record.sweep.as_mut().unwrap();
        let plain = sweep.references.iter_mut().find(|reference| reference.strategy == "vaal").unwrap();
        plain.choice.class_counts.swap(0, 9);
    }
    let checks: Vec<&str> = checks.iter().map(String::as_str).collect();
    let lines = judged(&checks, &shape, records);
    for (line, start) in lines.iter().zip([
        "Holds",
        "Holds",
        "Holds",
        "Holds",
        "Does not hold",
        "Holds",
        "Holds",
        "Does not hold",
    ]) {
        assert!(line.starts_with(&format!("- {start}: ")), "{line}");
    }
    assert!(lines[6].contains("the same in 3 of 3 sweeps") && lines[7].contains("the same in 0 of 3 sweeps"));
}
