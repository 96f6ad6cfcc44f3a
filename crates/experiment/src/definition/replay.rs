//! Selections that were made elsewhere, labelled in their order in the place of a query's.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};

/// A selection that was made elsewhere, as a run has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayDefinition {
    /// SHA-256 of the list, one index a line, in hexadecimal.
    pub sha256: String,
    /// Samples in the list; a run labels them from the first on, as many as its rounds take.
    pub samples: usize,
    /// The list, relative to the data folder; absent: it is in the run's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// The selections that a scale replays: each of its strategies names who made one, and none of them is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleReplay {
    /// Samples in each list.
    pub samples: usize,
    /// One list for each strategy and seed.
    pub lists: Vec<ReplayedList>,
}

/// One published selection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayedList {
    /// The name of the strategy that made it.
    pub strategy: String,
    /// The seed that it was made with, which is that of our run, too.
    pub seed: u64,
    /// The list, one index of a training image a line; relative to the data folder.
    pub path: PathBuf,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

impl ReplayDefinition {
    /// The replay of a scale that has this run alone. A list in a run's own folder is nothing that a scale could name.
    pub(super) fn alone(&self, strategy: &str, seed: u64) -> Option<ScaleReplay> {
        let (strategy, sha256) = (strategy.to_owned(), self.sha256.clone());
        let list = ReplayedList { strategy, seed, path: self.path.clone()?, sha256 };
        Some(ScaleReplay { samples: self.samples, lists: vec![list] })
    }
}

impl ScaleReplay {
    /// What a run of the strategy and the seed replays.
    pub(super) fn of(&self, strategy: &str, seed: u64) -> Option<ReplayDefinition> {
        let list = self.lists.iter().find(|list| list.strategy == strategy && list.seed == seed)?;
        Some(ReplayDefinition {
            sha256: list.sha256.clone(),
            samples: self.samples,
            path: Some(list.path.clone()),
        })
    }

    /// The seeds that there are lists of, as a message has them.
    pub(super) fn seeds_of(&self, strategy: &str) -> Vec<String> {
        let of = self.lists.iter().filter(|list| list.strategy == strategy);
        of.map(|list| list.seed.to_string()).collect()
    }

    /// Checks that the lists are distinct, that there is one for each of `runs`, strategies with their seeds, and none for another
    /// strategy, and that they are as long as a run labels.
    pub(super) fn validate(&self, labelled: usize, runs: &[(&str, u64)]) -> Result<(), Fault> {
        ensure(labelled <= self.samples, "replay.samples", || {
            format!("{} is less than what a run labels, {labelled}", self.samples)
        })?;
        for (index, list) in self.lists.iter().enumerate() {
            let fault = |field: &str| format!("replay.lists[{index}].{field}");
            let is_hash = list.sha256.len() == 64 && list.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            ensure(is_hash, &fault("sha256"), || format!("`{}` is no SHA-256", list.sha256))?;
            ensure(runs.iter().any(|(strategy, _)| *strategy == list.strategy), &fault("strategy"), || {
                format!("`{}` is not a strategy of this scale", list.strategy)
            })?;
            let is_same = |other: &ReplayedList| (&other.strategy, other.seed) == (&list.strategy, list.seed);
            ensure(!self.lists[..index].iter().any(is_same), &fault("seed"), || {
                format!("{} is given twice for `{}`", list.seed, list.strategy)
            })?;
        }
        for &(strategy, seed) in runs {
            ensure(self.of(strategy, seed).is_some(), "replay.lists", || {
                format!("has none of `{strategy}` with the seed {seed}")
            })?;
        }
        Ok(())
    }
}
