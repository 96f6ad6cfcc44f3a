//! `tailward report`: a page on where a project stands.

mod content;
mod thumbnails;

use std::path::PathBuf;

use clap::Args;
use tailward_engine::project::standing;
use tailward_experiment::document::html;
use tailward_labelling::project::Project;

use crate::Error;
use crate::ask::described;
use crate::output::{self, say};
use content::document;
use thumbnails::Thumbnails;

/// The name of the page in a project.
const PAGE: &str = "report.html";

/// Arguments of `tailward report`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// Where the page goes, one file that needs nothing else; by default `report.html` in the project, for `-` standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let project = Project::look(&arguments.project).map_err(Error::from)?;
    let described = described(&project)?;
    let standing = standing(&project, &described);
    let page = html::render(&document(&project, &standing, &Thumbnails::of(&project))?);
    let path = arguments.out.clone().unwrap_or_else(|| project.folder.join(PAGE));
    output::write(Some(&path), page.as_bytes())?;
    say(format_args!("{}: where the project stands", path.display()));
    Ok(())
}
