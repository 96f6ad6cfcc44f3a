//! What every conversation must satisfy: whoever answers, and however.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{Answer, Ask, Conversation, Error, Strategy};

use crate::strategies::{asks_again, battery, begin};
use crate::{Round, round, softmax};

/// Answers a conversation to its end.
fn answer(conversation: &mut Conversation, mut label: impl FnMut(usize) -> Answer) -> Vec<Ask> {
    while let Some(ask) = conversation.ask() {
        for pick in ask.picks {
            conversation.tell(pick.row, label(pick.row)).expect("a row that waits");
        }
    }
    conversation.asks().to_vec()
}

/// A round for a strategy: room for many asks, or, where one programme decides, a small one.
fn given(strategy: &Strategy) -> Round {
    if asks_again(strategy) { round(150, 40) } else { round(60, 8) }
}

fn parallel(strategy: &Strategy) -> usize {
    match strategy {
        Strategy::Direct { parallel, .. } => *parallel,
        Strategy::Galaxy { .. } => 1,
        _ => usize::MAX,
    }
}

/// Between two asks nothing is lost by writing down, whether or not it is done.
#[test]
fn writing_down_between_asks_changes_nothing() {
    for strategy in battery() {
        let given = given(&strategy);
        let mut conversation = begin(&strategy, &given).unwrap();
        let asks = answer(&mut conversation, |row| Answer::Label(given.truth[row]));
        assert_eq!(
            conversation.selection().picks,
            crate::strategies::query(&strategy, &given).unwrap().picks
        );
        assert_eq!(asks.len() > 1, asks_again(&strategy), "{strategy:?}");
        for ask in &asks {
            let searches = ask.phase.is_some_and(|phase| phase.name() != "annotate");
            assert!(!searches || ask.picks.len() <= parallel(&strategy), "{strategy:?}: {ask:?}");
        }
    }
}

/// Answers come in any order, one at a time; until all are there nothing new is asked for.
#[test]
fn answers_in_any_order_and_one_by_one_lead_to_the_same_asks() {
    for strategy in battery() {
        let given = given(&strategy);
        let expected = answer(&mut begin(&strategy, &given).unwrap(), |row| Answer::Label(given.truth[row]));
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut conversation = begin(&strategy, &given).unwrap();
        while conversation.ask().is_some() {
            let mut rows = conversation.waiting().to_vec();
            rows.shuffle(&mut rng);
            for (told, &row) in rows.iter().enumerate() {
                assert!(conversation.ask().is_none(), "{strategy:?} asks while it waits");
                assert_eq!(conversation.waiting().len(), rows.len() - told);
                assert!(!conversation.is_complete());
                conversation.tell(row, Answer::Label(given.truth[row])).unwrap();
            }
        }
        assert_eq!(conversation.asks(), expected, "{strategy:?}");
    }
}

/// A row without a label is spent: the budget is kept, and the row does not come back.
#[test]
fn rows_that_are_skipped_are_not_asked_for_again() {
    for strategy in battery() {
        for share in [0.3, 1.0] {
            let given = given(&strategy);
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            let mut conversation = begin(&strategy, &given).unwrap();
            let asks = answer(&mut conversation, |row| {
                if rng.random_bool(share) { Answer::None } else { Answer::Label(given.truth[row]) }
            });
            let mut rows: Vec<usize> = asks.iter().flat_map(|ask| &ask.picks).map(|pick| pick.row).collect();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows.len(), given.budget, "{strategy:?}");
            assert!(conversation.is_complete() && conversation.ask().is_none());
        }
    }
}

/// Whatever the labels of rows that were not asked for, and of rows that were not answered yet, nothing changes before they
/// are told: there is no way for them to get in. The labels of other rows are turned round at every ask, and the asks up to
/// the first answer that differs are the same.
#[test]
fn no_strategy_sees_a_label_that_it_was_not_told() {
    for strategy in battery() {
        let given = given(&strategy);
        let asks = answer(&mut begin(&strategy, &given).unwrap(), |row| Answer::Label(given.truth[row]));
        for kept in 0..asks.len() {
            let told: Vec<usize> =
                asks[..kept].iter().flat_map(|ask| &ask.picks).map(|pick| pick.row).collect();
            let mut other = given.clone();
            for (row, label) in other.truth.iter_mut().enumerate() {
                if !told.contains(&row) {
                    *label = (*label + 1) % 4;
                }
            }
            let mut conversation = begin(&strategy, &other).unwrap();
            let changed = answer(&mut conversation, |row| Answer::Label(other.truth[row]));
            assert_eq!(changed[..=kept], asks[..=kept], "{strategy:?} after {kept} asks");
        }
    }
}

/// The same of labels that *are* told: where answers decide, they do decide.
#[test]
fn what_is_told_does_change_what_is_asked() {
    let nothing = Round { labels: vec![], labelled_probabilities: softmax(0, 5, 2), ..round(150, 40) };
    let given = Round { truth: vec![0; 150], ..nothing.clone() };
    let other = Round { truth: (0..150).map(|row| row % 2).collect(), ..nothing };
    for strategy in battery().into_iter().filter(asks_again) {
        let asks = |round: &Round| {
            answer(&mut begin(&strategy, round).unwrap(), |row| Answer::Label(round.truth[row]))
        };
        assert_ne!(asks(&given), asks(&other), "{strategy:?}");
    }
}

#[test]
fn answers_that_nobody_waits_for_are_refused_and_change_nothing() {
    for strategy in battery() {
        let given = given(&strategy);
        let mut conversation = begin(&strategy, &given).unwrap();
        assert!(matches!(conversation.tell(3, Answer::Label(0)), Err(Error::AnswerUnexpected { row: 3 })));
        let row = conversation.ask().unwrap().picks[0].row;
        let before = conversation.clone();
        assert!(matches!(
            conversation.tell(row, Answer::Label(5)),
            Err(Error::AnswerOutOfRange { label: 5, classes: 5, .. })
        ));
        assert!(matches!(conversation.tell(60, Answer::None), Err(Error::AnswerUnexpected { row: 60 })));
        assert_eq!(conversation, before, "{strategy:?}");
        conversation.tell(row, Answer::Label(1)).unwrap();
        assert!(matches!(conversation.tell(row, Answer::Label(1)), Err(Error::AnswerUnexpected { .. })));
    }
}
