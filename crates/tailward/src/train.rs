//! `tailward train`: a model of everything that is labelled, in a file.

use std::path::PathBuf;

use clap::Args;
use tailward_datasets::whole_file;
use tailward_engine::project::{Describer, accuracy, model_file};
use tailward_labelling::project::Project;

use crate::Error;
use crate::ask::{described, fitted};
use crate::output::say;
use crate::status::percent;

/// The name of the model's file in a project.
const MODEL: &str = "model.safetensors";

/// Arguments of `tailward train`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// Where the model goes, as safetensors; by default `model.safetensors` in the project. Its metadata name the classes, the size of
    /// images and what is done to them.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let project = Project::look(&arguments.project).map_err(Error::from)?;
    let described = described(&project)?;
    let fit = fitted(&project, &described)?;
    let describer = Describer::of(&project, &described)?;
    let path = arguments.out.clone().unwrap_or_else(|| project.folder.join(MODEL));
    let bytes = model_file(&project, &describer, &fit);
    whole_file::write_bytes(&path, &bytes).map_err(|source| Error::Output { path: path.clone(), source })?;
    say(format_args!("{}: a head on {} labels", path.display(), fit.labelled.len()));
    match accuracy(&project, &described, &fit) {
        Some(share) => say(format_args!("accuracy: {}, by the audit", percent(&share))),
        None => say(format_args!("accuracy: not known; no image of the audit is labelled")),
    }
    Ok(())
}
