//! Selections that were made elsewhere, labelled in their order in the place of a query's.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Fault, ensure};
use super::pool::PoolDefinition;
use super::scale::ScaleDefinition;

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

    pub(super) fn validate(&self, sizes: &ScaleDefinition) -> Result<(), Fault> {
        let PoolDefinition::Uniform { initial, size: None } = sizes.pool else {
            return Err((
                "pool".to_owned(),
                "is not the whole of a uniform pool, and lists are replayed".into(),
            ));
        };
        let wanted = initial + sizes.rounds * sizes.budget;
        ensure(wanted <= self.samples, "replay.samples", || {
            format!("{} is less than what {} rounds label, {wanted}", self.samples, sizes.rounds)
        })?;
        ensure(sizes.audit.is_none(), "audit", || {
            "is given beside a replay, whose lists have no room for one".into()
        })?;
        ensure(sizes.sweep.is_none(), "sweep", || "is given beside a replay".into())?;
        for (index, list) in self.lists.iter().enumerate() {
            let fault = |field: &str| format!("replay.lists[{index}].{field}");
            let is_hash = list.sha256.len() == 64 && list.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            ensure(is_hash, &fault("sha256"), || format!("`{}` is no SHA-256", list.sha256))?;
            ensure(sizes.strategies.contains(&list.strategy), &fault("strategy"), || {
                format!("`{}` is not a strategy of this scale", list.strategy)
            })?;
            let first = self.lists[..index]
                .iter()
                .all(|other| (&other.strategy, other.seed) != (&list.strategy, list.seed));
            ensure(first, &fault("seed"), || {
                format!("{} is given twice for `{}`", list.seed, list.strategy)
            })?;
        }
        for strategy in &sizes.strategies {
            for seed in sizes.all_seeds().into_iter().filter(|seed| sizes.has_seed(strategy, *seed)) {
                ensure(self.of(strategy, seed).is_some(), "replay.lists", || {
                    format!("has none of `{strategy}` with the seed {seed}")
                })?;
            }
        }
        Ok(())
    }
}
