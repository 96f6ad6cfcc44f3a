//! `tailward init`: a project on a folder of images.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tailward_acquisition::{Balance, Lambda, SolverMode, Strategy};
use tailward_datasets::SampleId;
use tailward_datasets::folder::{FoundFile, Limits, Walk, typical_side, walk};
use tailward_engine::project::IMPORTED;
use tailward_labelling::known::{self, Known, KnownLabel};
use tailward_labelling::ledger::{Event, Told};
use tailward_labelling::project::{
    Audit, ClassTable, Combine, Features, FileLimits, Gathered, ImageRow, ImageTable, Project, Settings,
    class_by_folder, gather, pixel_cache, understood,
};
use tailward_labelling::table::Classes;
use tailward_labelling::{Lock, Patience};

use crate::Error;
use crate::output::say;

/// What the folder of a project is told of its beginning by.
const IMPORTER: &str = "import";

/// Files that are named where there are many.
const NAMED: usize = 10;

/// Arguments of `tailward init`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The project's folder; it is made. Where there is a project, new images are taken in.
    project: PathBuf,
    /// The folder of images; the folders in it are looked through as well.
    #[arg(long, value_name = "FOLDER")]
    images: PathBuf,
    /// The classes, separated by commas.
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', conflicts_with = "classes_file")]
    classes: Vec<String>,
    /// The classes, one a line or as a column `name` of a table.
    #[arg(long, value_name = "FILE")]
    classes_file: Option<PathBuf>,
    /// Labels that are known: a table with the columns `path` and `label`, or what Label Studio, Hugging Face, Roboflow, FiftyOne
    /// or CVAT write; `folders` where each class has a folder of its own, and `none` where folders mean nothing. By default
    /// folders are taken for classes where they look so.
    #[arg(long, value_name = "FILE|folders|none")]
    labels: Option<PathBuf>,
    /// Labels that may be asked for in all.
    #[arg(long, value_name = "LABELS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    budget: u64,
    /// Labels that are asked for at a time.
    #[arg(long, value_name = "LABELS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    batch: u64,
    /// The share of the budget that goes to the blind sample which accuracy is measured on, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    audit: f64,
    /// What all random choices follow from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Say what is understood, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  tailward init lynxes --images ~/photos --classes lynx,wolf,deer,nothing
  tailward init lynxes --images ~/sorted                     each class has a folder of its own
  tailward init lynxes --images ~/photos --labels known.csv  columns path and label";

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share / 100.0),
        _ => Err("expected a number of percent from 0 to 100, such as 10%".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut found = walk(&arguments.images).map_err(tailward_labelling::Error::from).map_err(Error::from)?;
    leave_out(&mut found, arguments);
    let plan = Plan::new(arguments, &found)?;
    plan.say(arguments, &found);
    if arguments.dry_run {
        say(format_args!("nothing was written, for --dry-run was given"));
        return Ok(());
    }
    let folder = arguments.project.as_path();
    std::fs::create_dir_all(folder).map_err(|source| Error::Output { path: folder.to_owned(), source })?;
    let lock = Lock::folder(folder, Patience::Refuse).map_err(Error::from)?;
    let settings = chosen(arguments, &found)?;
    let gathered = gathered(folder, &settings, &found.files)?;
    report(&gathered, &found);
    add_classes(folder, &plan.classes)?;
    let path = folder.join(Settings::FILE);
    if !path.exists() {
        settings.write(&path).map_err(Error::from)?;
    }
    drop(lock);
    let mut project = Project::open(folder, Patience::Wait).map_err(Error::from)?;
    let imported = import(&mut project, &plan)?;
    say(format_args!(
        "{}: {} images take part, {} classes, {imported} labels taken over. Next: tailward ask {0}",
        folder.display(),
        project.images.usable().count(),
        project.classes.names().len()
    ));
    if project.classes.names().len() < 2 {
        say(format_args!(
            "there are fewer than two classes; name them with --classes, in the same command once more"
        ));
    }
    Ok(())
}

/// A project that lies among its images is none of them.
fn leave_out(found: &mut Walk, arguments: &Arguments) {
    let within = match (arguments.project.canonicalize(), arguments.images.canonicalize()) {
        (Ok(project), Ok(images)) => project.strip_prefix(images).ok().map(Path::to_owned),
        _ => None,
    };
    if let Some(within) = within.filter(|within| !within.as_os_str().is_empty()) {
        found.files.retain(|file| !file.path.starts_with(&within));
    }
}

/// Where labels are taken from.
enum Source {
    Folders,
    File(PathBuf, Known),
    Nowhere,
}

/// What was understood before anything is written.
struct Plan {
    classes: Vec<String>,
    source: Source,
}

impl Plan {
    fn new(arguments: &Arguments, found: &Walk) -> anyhow::Result<Self> {
        let mut classes: Vec<String> = arguments.classes.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(file) = &arguments.classes_file {
            classes = Classes::read(file).map_err(Error::from)?.names.unwrap_or_default();
        }
        let by_folder = understood(found.files.iter().map(|file| file.path.as_path()));
        let source = match arguments.labels.as_deref() {
            Some(word) if word == Path::new("none") => Source::Nowhere,
            Some(word) if word == Path::new("folders") => {
                if by_folder.is_none() {
                    return Err(Error::Usage(
                        "--labels folders: the images do not lie in one folder for each class; leave it out, or give a table"
                            .to_owned(),
                    )
                    .into());
                }
                Source::Folders
            }
            Some(file) => Source::File(file.to_owned(), known::read(file).map_err(Error::from)?),
            None if by_folder.is_some() => Source::Folders,
            None => Source::Nowhere,
        };
        match (&source, by_folder) {
            (Source::Folders, Some(by_folder)) if classes.is_empty() => {
                classes = by_folder.classes.into_keys().collect();
            }
            (Source::File(_, known), _) if classes.is_empty() => classes = known.classes(),
            (Source::File(file, known), _) => check_classes(file, known, &classes)?,
            _ => {}
        }
        ClassTable::check(&classes).map_err(Error::Usage)?;
        Ok(Self { classes, source })
    }

    fn say(&self, arguments: &Arguments, found: &Walk) {
        say(format_args!(
            "{}: {} files{}",
            arguments.images.display(),
            found.files.len(),
            if found.hidden > 0 {
                format!(", and {} hidden ones that are passed over", found.hidden)
            } else {
                String::new()
            }
        ));
        match &self.source {
            Source::Folders => {
                say(format_args!(
                    "labels: the folders that images lie in, as their classes (--labels none if they are not)"
                ));
            }
            Source::File(file, known) => {
                say(format_args!(
                    "labels: {} of {}, which is {}",
                    known.labels.len(),
                    file.display(),
                    known.form
                ));
            }
            Source::Nowhere => say(format_args!("labels: none yet")),
        }
        let names: Vec<&str> = self.classes.iter().take(20).map(String::as_str).collect();
        let more = if self.classes.len() > 20 { ", …" } else { "" };
        say(format_args!("classes: {} ({}{more})", self.classes.len(), names.join(", ")));
    }
}

/// The choices of the project that is there, or of a new one.
///
/// # Errors
///
/// The project is on another folder of images; what is there cannot be read.
fn chosen(arguments: &Arguments, found: &Walk) -> Result<Settings, Error> {
    let path = arguments.project.join(Settings::FILE);
    if !path.exists() {
        return settings(arguments, found);
    }
    let settings = Settings::read(&path)?;
    let known = settings.images_in(&arguments.project);
    let is_same = match (known.canonicalize(), arguments.images.canonicalize()) {
        (Ok(known), Ok(given)) => known == given,
        _ => false,
    };
    if is_same {
        say(format_args!("the project is there: its choices stay as {} has them", path.display()));
        return Ok(settings);
    }
    let reason = format!(
        "the project is on the images in {}; change `images` there if they have moved to {}, or choose another folder for a new \
         project",
        known.display(),
        arguments.images.display()
    );
    Err(Error::Taken { path, reason })
}

/// The choices of a new project.
fn settings(arguments: &Arguments, found: &Walk) -> Result<Settings, Error> {
    // Larger than they are, small images have nothing to show to patches of six pixels.
    let is_small = typical_side(&arguments.images, &found.files).is_some_and(|side| side <= 48);
    let absolute =
        |path: &Path| path.canonicalize().map_err(|source| Error::Output { path: path.to_owned(), source });
    let (project, images) = (absolute(&arguments.project)?, absolute(&arguments.images)?);
    let balance = Balance { lambda: Lambda::Fixed(1.0), solver: SolverMode::Auto, prediction: None };
    let limits = Limits::default();
    Ok(Settings {
        format: 1,
        images: beside(&project, &images),
        seed: arguments.seed,
        budget: arguments.budget as usize,
        batch: arguments.batch as usize,
        combine: Combine::Majority,
        features: Features::Patches { side: if is_small { 32 } else { 64 }, centres: 400 },
        strategy: Strategy::Entropy { balance: Some(balance) },
        first: Strategy::TypiClust { neighbours: 20, max_clusters: 500 },
        audit: Audit { share: arguments.audit, at_least: 100 },
        limits: FileLimits { max_file_bytes: limits.max_file_bytes, max_pixels: limits.max_pixels },
    })
}

/// The images as seen from the project where they lie in it or beside it, so that both can be copied; else where they are.
fn beside(project: &Path, images: &Path) -> PathBuf {
    if let Ok(within) = images.strip_prefix(project) {
        return if within.as_os_str().is_empty() { PathBuf::from(".") } else { within.to_owned() };
    }
    match project.parent().and_then(|parent| images.strip_prefix(parent).ok()) {
        Some(near) if !near.as_os_str().is_empty() => Path::new("..").join(near),
        _ => images.to_owned(),
    }
}

fn gathered(folder: &Path, settings: &Settings, files: &[FoundFile]) -> anyhow::Result<Gathered> {
    let Features::Patches { side, .. } = settings.features;
    let mut images = ImageTable::open(&folder.join(ImageTable::FILE)).map_err(Error::from)?;
    let cache = pixel_cache(folder, side).map_err(Error::from)?;
    let bar = bar(files.len(), "reading images");
    let images_folder = settings.images_in(folder);
    let gathered = gather(&mut images, &cache, &images_folder, files, settings.limits.into(), &mut |done| {
        bar.inc(done as u64);
    });
    bar.finish_and_clear();
    Ok(gathered.map_err(Error::from)?)
}

/// A bar on a terminal, with how long the rest will take; nothing elsewhere.
pub(crate) fn bar(length: usize, doing: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {human_pos} of {human_len}, {eta} left")
        .unwrap_or_else(|error| panic!("the template of the bar is wrong: {error}"));
    ProgressBar::new(length as u64).with_style(style).with_message(doing)
}

fn report(gathered: &Gathered, found: &Walk) {
    let listed = |title: &str, lines: &[String]| {
        if lines.is_empty() {
            return;
        }
        say(format_args!("{} {title}:", lines.len()));
        lines.iter().take(NAMED).for_each(|line| say(format_args!("  {line}")));
        if lines.len() > NAMED {
            say(format_args!("  and {} more; {} lists them all", lines.len() - NAMED, ImageTable::FILE));
        }
    };
    let duplicates: Vec<String> = gathered
        .duplicates
        .iter()
        .map(|(path, first)| format!("{} shows the same as {first}", path.display()))
        .collect();
    let unusable: Vec<String> =
        gathered.unusable.iter().map(|(path, why)| format!("{} {why}", path.display())).collect();
    let unreadable: Vec<String> =
        found.unreadable.iter().map(|(path, why)| format!("{}: {why}", path.display())).collect();
    listed("files show what another shows, and take no part", &duplicates);
    listed("files cannot be used", &unusable);
    listed("entries cannot be read", &unreadable);
    say(format_args!(
        "{} new images; {} files were known, {} hold no image",
        gathered.usable, gathered.known, gathered.others
    ));
}

fn add_classes(folder: &Path, names: &[String]) -> Result<(), Error> {
    let mut classes = ClassTable::open(&folder.join(ClassTable::FILE))?;
    let new: Vec<String> = names.iter().filter(|name| classes.find(name).is_none()).cloned().collect();
    classes.add(&new)?;
    Ok(())
}

/// Takes known labels over, as answers that cost nothing; those of before are left as they are.
fn import(project: &mut Project, plan: &Plan) -> anyhow::Result<usize> {
    let labels: BTreeMap<SampleId, u32> = match &plan.source {
        Source::Nowhere => BTreeMap::new(),
        Source::Folders => {
            let label = |path: PathBuf| class_by_folder(&path).and_then(|name| project.classes.find(&name));
            let labelled = project
                .images
                .usable()
                .filter_map(|row| row.relative_path().and_then(label).map(|label| (row.id, label)));
            labelled.collect()
        }
        Source::File(file, known) => of_file(project, file, known),
    };
    let known: BTreeSet<SampleId> =
        labels.keys().copied().filter(|&sample| project.ledger.standing(sample).is_some()).collect();
    let new: Vec<(SampleId, u32)> =
        labels.into_iter().filter(|(sample, _)| !known.contains(sample)).collect();
    let samples: Vec<SampleId> = new.iter().map(|(sample, _)| *sample).collect();
    project.ledger.request(0, &samples, Some(IMPORTED)).map_err(Error::from)?;
    let told: Vec<Told> = new
        .iter()
        .map(|&(sample, label)| Told {
            event: Event::Answered,
            sample,
            label: Some(label),
            annotator: IMPORTER,
            how: None,
            cost: 0.0,
            note: None,
        })
        .collect();
    project.ledger.tell(&told).map_err(Error::from)?;
    Ok(told.len())
}

/// The labels of a file by images; what has no image, or more than one, is said.
fn of_file(project: &Project, file: &Path, known: &Known) -> BTreeMap<SampleId, u32> {
    let rows: Vec<&ImageRow> = project.images.usable().collect();
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let matched = known::matched(known, &paths);
    for (labels, why) in [
        (&matched.unknown, "name no image that takes part"),
        (&matched.ambiguous, "could be of several images"),
    ] {
        if let Some(first) = labels.first() {
            say(format_args!(
                "{}: {} labels {why}, the first in {}: `{}`",
                file.display(),
                labels.len(),
                first.place,
                first.file
            ));
        }
    }
    let label = |(place, label): (&usize, &&KnownLabel)| {
        project.classes.find(&label.class).map(|class| (rows[*place].id, class))
    };
    matched.labels.iter().filter_map(label).collect()
}

/// Refuses labels of classes that were not named.
fn check_classes(file: &Path, known: &Known, classes: &[String]) -> Result<(), Error> {
    match known.labels.iter().find(|label| !classes.contains(&label.class)) {
        None => Ok(()),
        Some(label) => Err(Error::Input {
            path: file.to_owned(),
            reason: format!(
                "{}: `{}` is labelled {}, which is none of the classes that were named; name it as well, or leave --classes out \
                 to have those of the file",
                label.place, label.file, label.class
            ),
        }),
    }
}
