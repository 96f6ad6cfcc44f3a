use std::collections::VecDeque;

use ndarray::Array2;
use proptest::prelude::*;
use rand::SeedableRng;

use super::*;
use crate::Conversation;

/// Two classes whose list of class 0 is the rows in order.
fn pool(rows: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, 2), |(row, class)| {
        let p = (rows - row) as f32 / (rows + 1) as f32;
        if class == 0 { p } else { 1.0 - p }
    })
}

/// The rows asked for, with their phases, when labels answer.
fn asked(labels: &[u32], told: &[usize], mode: GalaxyMode, budget: usize, seed: u64) -> Vec<(usize, Phase)> {
    let whole = pool(labels.len());
    let rest: Vec<usize> = (0..labels.len()).filter(|row| !told.contains(row)).collect();
    let (unlabelled, labelled) =
        (whole.select(ndarray::Axis(0), &rest), whole.select(ndarray::Axis(0), told));
    let told_labels: Vec<u32> = told.iter().map(|&row| labels[row]).collect();
    let predictions =
        Predictions { unlabelled: unlabelled.view(), labelled: labelled.view(), labels: &told_labels };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut conversation = Conversation::galaxy(&predictions, mode, budget, &mut rng).unwrap();
    let mut rows = Vec::new();
    while let Some(ask) = conversation.ask() {
        let row = ask.picks[0].row;
        rows.push((rest[row], ask.phase.unwrap()));
        conversation.tell(row, Answer::Label(labels[rest[row]])).unwrap();
    }
    assert!(conversation.is_complete());
    rows
}

fn count(rows: &[(usize, Phase)], phase: Phase) -> usize {
    rows.iter().filter(|(_, found)| *found == phase).count()
}

/// On separable labels the cut between the two told rows is found by bisection, and what follows lies beside it.
#[test]
fn the_cut_of_separable_labels_is_bisected() {
    let labels: Vec<u32> = (0..1000).map(|row| u32::from(row >= 137)).collect();
    for mode in [GalaxyMode::Graph, GalaxyMode::Labelbench] {
        let rows = asked(&labels, &[0, 999], mode, 40, 3);
        let bisected = count(&rows, Phase::Bisect);
        assert!((9..=12).contains(&bisected), "{mode:?}: {bisected}");
        assert_eq!(count(&rows, Phase::Explore), 0, "{mode:?}");
        let found: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
        assert!(found.contains(&136) && found.contains(&137), "{mode:?}");
        for (row, phase) in &rows {
            let near = row.abs_diff(137) <= 30;
            assert!(*phase == Phase::Bisect || near, "{mode:?}: row {row}");
        }
    }
}

/// The released code looks for the inverse of what its lists hold: after the cut is found, every row is a random one.
#[test]
fn the_released_direction_leaves_separable_labels_to_chance() {
    let labels: Vec<u32> = (0..1000).map(|row| u32::from(row >= 137)).collect();
    let rows = asked(&labels, &[0, 999], GalaxyMode::LabelbenchReleased, 40, 3);
    assert!(count(&rows, Phase::Explore) >= 25, "{rows:?}");
    assert_eq!(count(&rows, Phase::Extend), 0);
}

#[test]
fn every_cut_is_found() {
    let labels: Vec<u32> = (0..512).map(|row| u32::from((row / 100) % 2 == 1)).collect();
    for mode in [GalaxyMode::Graph, GalaxyMode::Labelbench] {
        let rows = asked(&labels, &[50, 150, 250, 350, 450], mode, 60, 5);
        let found: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
        for cut in [100, 200, 300, 400] {
            assert!(found.contains(&cut) && found.contains(&(cut - 1)), "{mode:?}: {cut}");
        }
    }
}

#[test]
fn without_labels_that_differ_rows_are_drawn() {
    let labels = vec![1; 30];
    for mode in [GalaxyMode::Graph, GalaxyMode::Labelbench, GalaxyMode::LabelbenchReleased] {
        for told in [&[][..], &[4, 7]] {
            let rows = asked(&labels, told, mode, 20, 1);
            assert_eq!(count(&rows, Phase::Explore), 20);
        }
        let all = asked(&labels, &[], mode, 30, 1);
        let mut rows: Vec<usize> = all.iter().map(|(row, _)| *row).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..30).collect::<Vec<_>>());
    }
}

/// The length of the shortest path from a label of the class to another, and the nodes that lie on the middle of one.
fn middles(signs: &[Option<bool>], reach: usize) -> Option<(usize, Vec<usize>)> {
    let count = signs.len();
    let joined = |a: usize, b: usize| {
        a != b && a.abs_diff(b) <= reach && !matches!((signs[a], signs[b]), (Some(x), Some(y)) if x != y)
    };
    let from = |own: bool| {
        let mut steps = vec![usize::MAX; count];
        let mut queue: VecDeque<usize> = (0..count).filter(|&at| signs[at] == Some(own)).collect();
        queue.iter().for_each(|&at| steps[at] = 0);
        while let Some(at) = queue.pop_front() {
            for next in (0..count).filter(|&next| joined(at, next)) {
                if steps[next] == usize::MAX {
                    steps[next] = steps[at] + 1;
                    queue.push_back(next);
                }
            }
        }
        steps
    };
    let (own, other) = (from(true), from(false));
    let shortest = (0..count)
        .filter(|&at| signs[at] == Some(false))
        .map(|at| own[at])
        .min()
        .filter(|&n| n < usize::MAX)?;
    let index = shortest.div_ceil(2);
    let on_middle = |&at: &usize| other[at] == index && own[at] == shortest - index;
    Some((shortest, (0..count).filter(on_middle).collect()))
}

proptest! {
    /// Whatever the labels, the row asked for is the middle of a shortest path by breadth-first search, and there is
    /// none if and only if there is no path.
    #[test]
    fn the_middle_of_a_shortest_path(marks in prop::collection::vec(0_u8..6, 2..40), reach in 1_usize..6) {
        let signs: Vec<Option<bool>> =
            marks.iter().map(|&mark| (mark < 2).then_some(mark == 0)).collect();
        let count = signs.len();
        let mut cuts = Cuts::new(count);
        for (position, sign) in signs.iter().enumerate() {
            if let Some(own) = *sign {
                cuts.take(position);
                cuts.label(position, own);
            }
        }
        let order: Vec<u32> = (0..count as u32).collect();
        let mut list = List { class: 0, places: order.clone(), order, cuts };
        let found = list.middle_of_shortest_path(reach).map(|(row, _)| row);
        match middles(&signs, reach) {
            None => prop_assert_eq!(found, None),
            Some((_, on_middle)) => {
                let found = found.expect("there is a path");
                prop_assert!(on_middle.contains(&found), "{found} is not in {on_middle:?}");
            }
        }
    }
}
