//! `run.toml`: a run's whole definition in a file, for the process that runs it, for a cluster, and for a report of a
//! fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Definition;
use super::run::RunDefinition;
use super::scale::ScaleDefinition;
use super::strategy::NamedStrategy;
use crate::Error;

/// The file's name in a run's folder.
pub const RUN_FILE: &str = "run.toml";

impl RunDefinition {
    /// Reads and checks a `run.toml`.
    ///
    /// # Errors
    ///
    /// The file is missing, is not TOML of this form (unknown keys included), or contradicts itself.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let run: Self = toml::from_str(&text)
            .map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })?;
        run.alone().validate().map_err(|(field, reason)| Error::Definition {
            path: path.to_owned(),
            field: own_field(&field, &run.scale.to_string()),
            reason,
        })?;
        Ok(run)
    }

    /// Writes `run.toml` into the run's folder, whole or not at all, and returns its path. One that says the same is left
    /// alone.
    ///
    /// # Errors
    ///
    /// The folder holds another run, or the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(RUN_FILE);
        if path.exists() {
            let there = Self::load(&path)?;
            return match there.hash() == self.hash() {
                true => Ok(path),
                false => Err(Error::OtherRun { path, found: there.hash(), wanted: self.hash() }),
            };
        }
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let text = self.to_toml();
        tailward_datasets::whole_file::write_bytes(&path, text.as_bytes()).map_err(Error::io(&path))?;
        Ok(path)
    }

    /// The text of `run.toml`.
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(self).expect("a definition holds nothing that TOML cannot");
        format!("# {}\n# definition {}\n{text}", self.label(), self.hash())
    }

    /// An experiment of this run alone, which is checked as every experiment is.
    fn alone(&self) -> Definition {
        let strategy = NamedStrategy { baseline: None, ..self.strategy.clone() };
        let sizes = ScaleDefinition {
            rationale: String::new(),
            strategies: vec![strategy.name.clone()],
            overrides: Vec::new(),
            imbalance_factors: vec![self.imbalance_factor],
            seeds: vec![self.seed],
            further_seeds: Vec::new(),
            dataset: None,
            rounds: self.rounds,
            budget: self.budget,
            pool: self.pool.clone(),
            model: self.model.clone(),
            training: self.training.clone(),
            head: self.head.clone(),
            first: self.first.clone(),
            audit: self.audit,
            scoring: self.scoring.clone(),
            sweep: self.sweep.clone(),
            replay: self.replay.as_ref().and_then(|replay| replay.alone(&self.strategy.name, self.seed)),
        };
        Definition {
            name: self.experiment.clone(),
            title: String::new(),
            source: String::new(),
            question: String::new(),
            dataset: self.dataset.clone(),
            metric: None,
            grouping: self.grouping,
            noise: self.noise.clone(),
            strategies: vec![strategy],
            scales: BTreeMap::from([(self.scale, sizes)]),
        }
    }
}

/// The key of `run.toml` that a key of the experiment stands for.
fn own_field(field: &str, scale: &str) -> String {
    let of_scale = field.strip_prefix(&format!("scales.{scale}."));
    let of_strategy = || field.strip_prefix("strategies[0].").map(|rest| format!("strategy.{rest}"));
    of_scale.map(str::to_owned).or_else(of_strategy).unwrap_or_else(|| field.to_owned())
}
