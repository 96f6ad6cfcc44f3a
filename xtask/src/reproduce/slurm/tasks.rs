//! How runs are shared out among tasks, and tasks among arrays.

use std::ops::Range;

use tailward_experiment::definition::RunDefinition;

use super::limit::Expected;
use crate::reproduce::plan::PlannedRun;

/// Runs that a scheduler starts together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    pub(super) runs: Vec<RunDefinition>,
    /// What they are expected to take side by side, where that is known.
    pub(super) expected: Option<Expected>,
}

/// Tasks that are submitted together, and have one time limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Array {
    /// Which of all tasks.
    pub(super) tasks: Range<usize>,
    /// How many of them at a time, at most; absent: all.
    pub(super) at_a_time: Option<usize>,
}

/// Groups of runs of about the same length, the longest first. `expected`: what a run is expected to take.
///
/// Runs that train networks of their own (VAAL) take several times as long as the others: they are tasks apart.
pub(super) fn tasks(
    mut runs: Vec<PlannedRun>,
    runs_per_task: usize,
    expected: impl Fn(&PlannedRun) -> Option<Expected>,
) -> [Vec<Task>; 2] {
    runs.sort_by_key(|run| std::cmp::Reverse(run.work.units()));
    let (long, short): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.work.vaal_images > 0);
    let group = |runs: &[PlannedRun]| Task {
        runs: runs.iter().map(|run| run.definition.clone()).collect(),
        expected: Expected::longest(runs.iter().map(&expected)),
    };
    [long, short].map(|runs| runs.chunks(runs_per_task).map(group).collect())
}

/// Arrays of at most `largest` tasks, none of which has tasks of two kinds. Arrays share `at_a_time` by their sizes.
pub(super) fn arrays(kinds: [usize; 2], largest: usize, at_a_time: Option<usize>) -> Vec<Array> {
    let all: usize = kinds.iter().sum();
    let mut arrays = Vec::new();
    let mut first = 0;
    for count in kinds {
        let end = first + count;
        while first < end {
            let tasks = first..end.min(first + largest);
            let share = |at_a_time: usize| (at_a_time * tasks.len() / all).max(1);
            first = tasks.end;
            arrays.push(Array { at_a_time: at_a_time.map(share), tasks });
        }
    }
    arrays
}

impl Array {
    /// Slurm's `--array`.
    pub(super) fn indices(&self) -> String {
        let throttle = self.at_a_time.map_or(String::new(), |at_a_time| format!("%{at_a_time}"));
        format!("0-{}{throttle}", self.tasks.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tailward_experiment::definition::{Definition, Scale, Selector};
    use tailward_experiment::plan::{DatasetSizes, run_work};

    use super::*;
    use crate::reproduce::plan::Status;

    /// Seven strategies of CIFAR-100 at desk scale, two seeds each; VAAL's two are a kind of their own.
    fn planned() -> Vec<PlannedRun> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/cifar100/definition.toml");
        let selector = Selector { imbalance_factors: vec![0.1], seeds: vec![0, 1], ..Selector::default() };
        let sizes =
            DatasetSizes { train_images: 50_000, test_images: 10_000, validation_images: 0, classes: 100 };
        let runs = Definition::load(&path).unwrap().runs(Scale::Desk, &selector).unwrap();
        let planned = |definition: RunDefinition| PlannedRun {
            work: run_work(&definition, sizes, 0),
            status: Status::New,
            definition,
        };
        runs.into_iter().map(planned).collect()
    }

    #[test]
    fn tasks_are_of_one_kind_the_longest_first_and_hold_every_run_once() {
        let runs = planned();
        for runs_per_task in 1..=5 {
            let [long, short] = tasks(runs.clone(), runs_per_task, |run| {
                Some(Expected { secs: run.work.units() as f64, longest_round: 1.0 })
            });
            assert_eq!(long.len(), 4_usize.div_ceil(runs_per_task));
            assert_eq!(short.len(), 10_usize.div_ceil(runs_per_task));
            assert!(long.iter().flat_map(|task| &task.runs).all(|run| run.strategy.name.starts_with("vaal")));
            for kind in [&long, &short] {
                let secs: Vec<f64> = kind.iter().filter_map(|task| Some(task.expected?.secs)).collect();
                assert!(secs.len() == kind.len() && secs.is_sorted_by(|before, after| before >= after));
                let last = kind.len() - 1;
                assert!(kind[..last].iter().all(|task| task.runs.len() == runs_per_task));
            }
            let mut labels: Vec<String> =
                long.iter().chain(&short).flat_map(|task| &task.runs).map(RunDefinition::label).collect();
            labels.sort();
            let mut wanted: Vec<String> = runs.iter().map(|run| run.definition.label()).collect();
            wanted.sort();
            assert_eq!(labels, wanted);
        }
        assert_eq!(tasks(runs, 2, |_| None)[1][0].expected, None);
    }

    #[test]
    fn arrays_cover_every_task_once_and_stay_within_the_largest_size_and_the_throttle() {
        for (long, short, largest) in [(0, 1, 1000), (4, 10, 1000), (4, 10, 3), (7, 0, 7), (1, 8, 7)] {
            for at_a_time in [None, Some(1), Some(6)] {
                let arrays = arrays([long, short], largest, at_a_time);
                let covered: Vec<usize> = arrays.iter().flat_map(|array| array.tasks.clone()).collect();
                assert_eq!(covered, (0..long + short).collect::<Vec<_>>());
                assert!(arrays.iter().all(|array| array.tasks.len() <= largest));
                assert!(arrays.iter().all(|array| array.tasks.end <= long || array.tasks.start >= long));
                let sum: Option<usize> = arrays.iter().map(|array| array.at_a_time).sum();
                assert!(sum.is_none_or(|sum| sum <= at_a_time.unwrap_or_default().max(arrays.len())));
            }
        }
        assert_eq!(arrays([0, 6], 1000, Some(2))[0].indices(), "0-5%2");
        assert_eq!(arrays([0, 1], 1000, None)[0].indices(), "0-0");
    }
}
