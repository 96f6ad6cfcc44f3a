//! `tailward ask`: which images of a project to label next.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;
use tailward_datasets::folder::Previews;
use tailward_datasets::whole_file;
use tailward_engine::project::{self, Asked, AskedImage, Described, Fit, Progress};
use tailward_labelling::Patience;
use tailward_labelling::answers::label_studio;
use tailward_labelling::page::{Offline, OfflineImage, class_lines, data_url, offline};
use tailward_labelling::project::Project;

use crate::Error;
use crate::output::{self, say};
use crate::progress::bar;

/// Arguments of `tailward ask`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// How many labels to ask for; by default the `batch` of tailward.toml.
    #[arg(long, value_name = "LABELS", value_parser = clap::value_parser!(u64).range(1..))]
    batch: Option<u64>,
    /// Where the images go that wait for a label; by default, and for `-`, to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What is written.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

/// What an ask is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One file with the images and a page to label them on, for somebody without this program: the answers are downloaded there.
    Page,
    /// A table with a column `label` to fill in.
    Csv,
    /// Tasks that Label Studio imports; the configuration that its project needs is `label-studio.xml` in the project's folder.
    LabelStudio,
}

/// The longer side of an image in the page, in pixels: some forty kilobytes.
const SIDE: u32 = 640;

const EXAMPLES: &str = "\
Examples:
  tailward ask lynxes --out ask.csv     write what to label; fill in the column `label`
  tailward tell lynxes ask.csv          take the answers
  tailward ask lynxes --format page --out ask.html         the same as a page in one file, to be sent to somebody
  tailward ask lynxes --format label-studio --out tasks.json
  tailward tell lynxes export.json      take an export of Label Studio, as JSON (JSON_MIN and CSV leave skips out)";

/// A line of the table. Nothing in it tells which images belong to the audit.
#[derive(Serialize)]
struct Line<'a> {
    index: u32,
    path: &'a str,
    label: &'a str,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut project = Project::open(&arguments.project, Patience::Refuse).map_err(Error::from)?;
    if project.classes.names().len() < 2 {
        return Err(Error::Usage(
            "the project has fewer than two classes; `tailward init` with --classes adds some".to_owned(),
        )
        .into());
    }
    let asked = match project::waiting(&mut project)? {
        Some(asked) => asked,
        None => {
            let described = described(&project)?;
            project::begin(&mut project, &described, arguments.batch.map(|batch| batch as usize))?
        }
    };
    let content = match arguments.format {
        Format::Page => page(&project, &asked)?,
        Format::Csv => table(&project, &asked)?,
        Format::LabelStudio => tasks(&project, &asked)?,
    };
    output::write(arguments.out.as_deref(), &content)?;
    for sentence in &asked.account {
        say(format_args!("{sentence}"));
    }
    if asked.waited > 0 {
        say(format_args!("{} of them wait since before", asked.waited));
    }
    say(format_args!("round {}: {} images wait for a label", asked.round, asked.images.len()));
    Ok(())
}

/// The head of a project.
///
/// # Errors
///
/// There are no labels of two classes to tell apart.
pub(crate) fn fitted(project: &Project, described: &Described) -> Result<Fit, Error> {
    let words = "there are no labels of two classes yet; `tailward ask` says which images to label";
    let none = || Error::Input { path: project.folder.clone(), reason: words.to_owned() };
    project::fit(project, described).ok_or_else(none)
}

/// Describes the images, and says which are lost.
pub(crate) fn described(project: &Project) -> anyhow::Result<Described> {
    let mut shown = ProgressBar::hidden();
    let described = project::describe(project, &mut |progress| match progress {
        Progress::Begun { doing, of } => {
            shown.finish_and_clear();
            shown = bar(of, doing);
        }
        Progress::Done(images) => shown.inc(images as u64),
    });
    shown.finish_and_clear();
    let described = described?;
    for (sample, why) in &described.lost {
        say(format_args!("image {sample} is left out: {why}"));
    }
    Ok(described)
}

/// The page in one file, with every image in it.
fn page(project: &Project, asked: &Asked) -> anyhow::Result<Vec<u8>> {
    let names = project.classes.names();
    let classes = class_lines(project, &vec![0; names.len()]).map_err(Error::from)?;
    let folder = project.settings.images_in(&project.folder);
    let previews = Previews::new(project.settings.limits.into());
    let strategy = project.strategy_of(asked.round);
    let bar = bar(asked.images.len(), "putting images into the page");
    let image = |image: &AskedImage| {
        bar.inc(1);
        let row = &project.images.rows()[image.sample.index()];
        let preview = previews.of(&folder.join(row.relative_path()?), Some(SIDE)).ok()?;
        // A file that is another than it was would be labelled in its place.
        (row.sha256.as_ref() == Some(&preview.sha256)).then(|| OfflineImage {
            sample: image.sample,
            path: row.path.clone(),
            why: image.why(strategy, names),
            image: data_url(preview.media_type, &preview.bytes),
        })
    };
    let images: Vec<OfflineImage> = asked.images.iter().filter_map(image).collect();
    bar.finish_and_clear();
    if images.len() < asked.images.len() {
        let lost = asked.images.len() - images.len();
        say(format_args!(
            "{lost} images are not in the page: their files are gone, or are others than they were"
        ));
    }
    let content = Offline {
        key: project.ledger.hash(),
        project: project.name(),
        round: asked.round,
        classes,
        spent: project.asked().count(),
        budget: project.settings.budget,
        images,
    };
    Ok(offline(&content).into_bytes())
}

/// The tasks, once the configuration is beside them.
fn tasks(project: &Project, asked: &Asked) -> anyhow::Result<Vec<u8>> {
    let path = project.folder.join("label-studio.xml");
    let configuration = label_studio::configuration(project.classes.names());
    let written = whole_file::write_bytes(&path, configuration.as_bytes());
    written.map_err(|source| Error::Output { path: path.clone(), source })?;
    say(format_args!(
        "{}: the labelling interface that the project in Label Studio needs; its images are served from {}",
        path.display(),
        project.settings.images_in(&project.folder).display()
    ));
    let image = |image: &AskedImage| {
        let row = &project.images.rows()[image.sample.index()];
        (row.exchange_name(), row.path.clone())
    };
    let images: Vec<(String, String)> = asked.images.iter().map(image).collect();
    let mut content = serde_json::to_vec_pretty(&label_studio::tasks(&images))?;
    content.push(b'\n');
    Ok(content)
}

fn table(project: &Project, asked: &Asked) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for image in &asked.images {
        let path = &project.images.rows()[image.sample.index()].path;
        writer.serialize(Line { index: image.sample.0, path, label: "" })?;
    }
    Ok(writer.into_inner()?)
}
