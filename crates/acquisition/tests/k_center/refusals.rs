//! What is refused, and in which words.

use ndarray::Array2;
use tailward_acquisition::k_center::FarthestFirst;
use tailward_acquisition::{Embeddings, Error, GreedyBalance, Lambda, LambdaScale, Matrix, k_center};

use crate::support::{Pool, made, rng, rows};

#[test]
fn what_is_not_a_number_is_refused_by_array_row_and_column() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut pool = made(30, 5, 3, false, 1);
        let column = pool.unlabelled.ncols() - 1;
        pool.unlabelled[[17, column]] = value;
        let error = k_center::query(&pool.embeddings(), 3, &mut rng()).unwrap_err().to_string();
        assert_eq!(error, format!("read unlabelled embeddings: row 17, column {column} is {value}"));
        let mut pool = made(30, 5, 3, false, 1);
        pool.labelled[[4, 0]] = value;
        let error = FarthestFirst::new(&pool.embeddings()).err().unwrap().to_string();
        assert_eq!(error, format!("read labelled embeddings: row 4, column 0 is {value}"));
        let mut pool = made(30, 5, 3, false, 1);
        pool.probabilities[[9, 2]] = value;
        assert!(matches!(balanced(&pool, 1.0), Err(Error::ProbabilityNotFinite { row: 9, column: 2, .. })));
        assert!(matches!(
            balanced(&made(9, 1, 3, true, 1), f64::from(value)),
            Err(Error::InvalidLambda { .. })
        ));
    }
}

fn balanced(pool: &Pool, weight: f64) -> Result<tailward_acquisition::Selection, Error> {
    let Pool { probabilities, labelled_counts, budget, .. } = pool;
    let (embeddings, p) = (pool.embeddings(), probabilities.view());
    k_center::query_balanced(&embeddings, p, labelled_counts, *budget, weight, &mut rng())
}

#[test]
fn arrays_that_do_not_match_are_refused() {
    let pool = made(6, 2, 3, false, 1);
    let wide = Array2::zeros((2, 9)).into();
    let error = Embeddings { labelled: wide, ..pool.embeddings() }.validate().unwrap_err();
    let dims = pool.unlabelled.ncols();
    assert_eq!(
        error.to_string(),
        format!("match the dimensions of the labelled embeddings: expected {dims}, found 9")
    );
    let narrow = Matrix::from(Array2::zeros((4, 0)));
    let error = Embeddings { unlabelled: narrow.clone(), labelled: narrow }.validate().unwrap_err();
    assert_eq!(error.to_string(), "read unlabelled embeddings: there are 4 rows and no dimension");
    let short = Pool { labelled_counts: vec![1; 3], ..pool.clone() };
    assert!(matches!(balanced(&short, 1.0), Err(Error::LengthMismatch { what: "labelled counts", .. })));
    let short = Pool { probabilities: Array2::from_elem((5, 4), 0.25), ..pool.clone() };
    assert!(matches!(balanced(&short, 1.0), Err(Error::LengthMismatch { expected: 6, found: 5, .. })));
    assert!(matches!(balanced(&pool, -1.0), Err(Error::InvalidLambda { .. })));
}

#[test]
fn the_budget_is_nothing_everything_or_too_much() {
    let pool = made(30, 4, 30, true, 1);
    for budget in [0, 1, 29, 30] {
        let pool = Pool { budget, ..pool.clone() };
        assert_eq!(pool.plain().picks.len(), budget);
        assert_eq!(pool.balanced(1.0).picks.len(), budget);
    }
    let mut all = rows(&pool.plain().picks);
    all.sort_unstable();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
    let above = Pool { budget: 31, ..pool };
    let refused = [k_center::query(&above.embeddings(), 31, &mut rng()), balanced(&above, 1.0)];
    assert!(refused.iter().all(|it| matches!(it, Err(Error::BudgetAbovePool { budget: 31, pool: 30 }))));
    let empty = Pool {
        unlabelled: Array2::zeros((0, 3)),
        probabilities: Array2::zeros((0, 4)),
        budget: 0,
        ..made(1, 2, 0, true, 1)
    };
    assert!(empty.plain().picks.is_empty() && empty.balanced(1.0).picks.is_empty());
}

#[test]
#[should_panic(expected = "row 3 is gone")]
fn a_row_is_accepted_once() {
    let pool = made(6, 2, 3, false, 1);
    let embeddings = pool.embeddings();
    let mut traversal = FarthestFirst::new(&embeddings).unwrap();
    traversal.discard(3);
    traversal.accept(3);
}

#[test]
fn the_weight_has_two_scales() {
    let balance = |scale| GreedyBalance { lambda: Lambda::Fixed(50.0), scale };
    assert_eq!(balance(LambdaScale::Absolute).weight(50.0, 100).to_bits(), 50.0_f64.to_bits());
    // CIFAR-10 with 5 and CIFAR-100 with 50 come to the same.
    assert_eq!(balance(LambdaScale::PerClass).weight(50.0, 100).to_bits(), 0.5_f64.to_bits());
    assert_eq!(balance(LambdaScale::PerClass).weight(5.0, 10).to_bits(), 0.5_f64.to_bits());
}
