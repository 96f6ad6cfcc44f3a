use super::*;
use crate::{LambdaRule, Prediction, SolverMode};

fn balanced(lambda: f64) -> Strategy {
    Strategy::Entropy {
        balance: Some(Balance { lambda: Lambda::Fixed(lambda), solver: SolverMode::Auto, prediction: None }),
    }
}

#[test]
fn a_strategy_survives_being_written_down() {
    for (strategy, text) in [
        (Strategy::Random {}, r#"{"kind":"random"}"#),
        (Strategy::Margin { balance: None }, r#"{"kind":"margin"}"#),
        (balanced(0.6), r#"{"kind":"entropy","balance":{"lambda":0.6,"solver":"auto"}}"#),
        (
            Strategy::LeastConfidence {
                of: None,
                balance: Some(Balance {
                    lambda: Lambda::Fixed(2.0),
                    solver: SolverMode::Exact,
                    prediction: None,
                }),
            },
            r#"{"kind":"least-confidence","balance":{"lambda":2.0,"solver":"exact"}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&strategy).unwrap(), text);
        assert_eq!(serde_json::from_str::<Strategy>(text).unwrap(), strategy);
    }
}

#[test]
fn a_weight_is_a_number_or_a_rule() {
    let read = |lambda: &str| {
        let text = format!(r#"{{"kind":"entropy","balance":{{"lambda":{lambda},"solver":"auto"}}}}"#);
        serde_json::from_str::<Strategy>(&text).map(|strategy| strategy.lambda())
    };
    assert_eq!(read("2").unwrap(), Some(Lambda::Fixed(2.0)));
    assert_eq!(read("0.6").unwrap(), Some(Lambda::Fixed(0.6)));
    assert_eq!(read(r#""auto""#).unwrap(), Some(Lambda::Rule(LambdaRule::Auto)));
    let error = read(r#""best""#).unwrap_err().to_string();
    assert!(error.contains("a number or \"auto\""), "{error}");
    let found = Strategy::Entropy {
        balance: Some(Balance {
            lambda: Lambda::Rule(LambdaRule::Auto),
            solver: SolverMode::Auto,
            prediction: Some(Prediction::OneHot),
        }),
    };
    assert_eq!(found.with_lambda(0.4).lambda(), Some(Lambda::Fixed(0.4)));
    assert_eq!(found.with_lambda(0.4).balance().unwrap().prediction, Some(Prediction::OneHot));
    assert_eq!(Strategy::Random {}.with_lambda(0.4), Strategy::Random {});
}

#[test]
fn a_weight_in_toml_may_be_a_whole_number() {
    let read = |lambda: &str| {
        let text =
            format!("kind = 'k-center-greedy'\nbalance = {{ lambda = {lambda}, scale = 'per-class' }}");
        toml::from_str::<Strategy>(&text).map(|strategy| strategy.lambda())
    };
    assert_eq!(read("50").unwrap(), Some(Lambda::Fixed(50.0)));
    assert_eq!(read("0.5").unwrap(), Some(Lambda::Fixed(0.5)));
    assert_eq!(read("'auto'").unwrap(), Some(Lambda::Rule(LambdaRule::Auto)));
    for wrong in ["'Auto'", "'2'", "true", "[2]"] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(error.contains("expected a number or \"auto\""), "{wrong}: {error}");
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let cases = [
        (Strategy::Bald { passes: 1, balance: None }, "passes = 1: it must be at least 2"),
        (Strategy::Coreset { outlier_fraction: 1.0, tolerance: 0.1 }, "outlier_fraction = 1"),
        (Strategy::Coreset { outlier_fraction: f64::NAN, tolerance: 0.1 }, "outlier_fraction = NaN"),
        (Strategy::Coreset { outlier_fraction: 0.0, tolerance: 0.0 }, "tolerance = 0"),
        (Strategy::BatchBald { passes: 5, configurations: 0, candidates: None }, "configurations = 0"),
        (Strategy::BatchBald { passes: 5, configurations: 9, candidates: Some(0) }, "candidates = 0"),
    ];
    for (strategy, words) in cases {
        let error = strategy.validate().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn unknown_keys_and_missing_values_are_errors() {
    for text in [
        r#"{"kind":"random","budget":3}"#,
        r#"{"kind":"random","balance":{"lambda":1.0,"solver":"auto"}}"#,
        r#"{"kind":"entropy","lambda":1.0}"#,
        r#"{"kind":"entropy","balance":{"lambda":1.0}}"#,
        r#"{"kind":"entropy","balance":{"solver":"auto"}}"#,
        r#"{"kind":"entropy","balance":{"lambda":1.0,"solver":"auto","gap":0.1}}"#,
        r#"{"kind":"Entropy"}"#,
        r#"{"kind":"vaal","networks":{}}"#,
    ] {
        assert!(serde_json::from_str::<Strategy>(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn lambda_must_be_finite_and_not_negative() {
    balanced(0.0).validate().unwrap();
    balanced(50.0).validate().unwrap();
    for lambda in [-1e-9, f64::NAN, f64::INFINITY] {
        assert!(matches!(balanced(lambda).validate(), Err(Error::InvalidLambda { .. })));
    }
}

#[test]
fn names_needs_and_baselines() {
    assert_eq!(balanced(1.0).name(), "entropy-cb");
    assert_eq!(balanced(1.0).baseline(), Strategy::Entropy { balance: None });
    assert_eq!(Strategy::LeastConfidence { of: None, balance: None }.name(), "least-confidence");
    assert_eq!(Strategy::Random {}.needs(), Needs::default());
    assert!(balanced(1.0).needs().probabilities);
    assert!(!balanced(1.0).needs().embeddings);
}
