//! `tailward init`: a project on a folder of images.

mod arguments;
mod choices;
mod import;
mod plan;

use std::path::Path;

use tailward_datasets::folder::{FoundFile, Walk, walk};
use tailward_engine::project::{self, Cost};
use tailward_labelling::project::{
    ClassTable, Features, Gathered, ImageTable, Project, Settings, gather, pixel_cache,
};
use tailward_labelling::{Access, Lock, Patience};

use crate::Error;
use crate::output::say;
use crate::progress::bar;
pub(crate) use arguments::Arguments;
use choices::{are_small, chosen, network, patches};
use import::import;
use plan::Plan;

/// Files that are named where there are many.
const NAMED: usize = 10;

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
    say_costs(&project, are_small(arguments, &found))?;
    let (count, classes) = (project.images.usable().count(), project.classes.names().len());
    say(format_args!(
        "{}: {count} images take part, {classes} classes, {imported} labels taken over",
        folder.display()
    ));
    match (count, classes) {
        (0, _) => say(format_args!(
            "there is no image that can be used in {}; put some there and give the same command once more",
            arguments.images.display()
        )),
        (_, 0 | 1) => say(format_args!(
            "there are fewer than two classes; name them with --classes, in the same command once more"
        )),
        _ => say(format_args!("next: tailward label {}", folder.display())),
    }
    Ok(())
}

/// What it costs to describe the images, by each way that there is.
fn say_costs(project: &Project, are_small: bool) -> anyhow::Result<()> {
    let count = project.images.usable().count();
    let chosen = &project.settings.features;
    let mut ways = vec![Features::Patches(patches(are_small)), Features::Network(network(are_small))];
    // The choices may have been changed since.
    ways.retain(|way| way.name() != chosen.name());
    ways.push(chosen.clone());
    let long = |seconds: f64| match seconds / 60.0 {
        minutes if minutes < 1.0 => "less than a minute".to_owned(),
        minutes => format!("{minutes:.0} min"),
    };
    for way in &ways {
        let Some(Cost { describing, learning }) = project::cost(project, way)? else { continue };
        let describing = describing.as_secs_f64();
        let learns = learning.map_or_else(String::new, |time| {
            let time = time.as_secs_f64() * project.settings.budget as f64;
            format!("; learning from all {} labels takes {}", project.settings.budget, long(time))
        });
        say(format_args!(
            "features by {}: {:.1} ms an image on this machine, {} for all of them, {}{learns}{}",
            way.name(),
            1000.0 * describing,
            long(describing * count as f64),
            if learning.is_some() { "in each round" } else { "once" },
            if way == chosen { "" } else { " (not chosen)" }
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

fn gathered(folder: &Path, settings: &Settings, files: &[FoundFile]) -> anyhow::Result<Gathered> {
    let mut images = ImageTable::open(&folder.join(ImageTable::FILE), Access::Append).map_err(Error::from)?;
    let cache = pixel_cache(folder, settings.features.kept_side()).map_err(Error::from)?;
    let bar = bar(files.len(), "reading images");
    let images_folder = settings.images_in(folder);
    let gathered = gather(&mut images, &cache, &images_folder, files, settings.limits.into(), &mut |done| {
        bar.inc(done as u64);
    });
    bar.finish_and_clear();
    Ok(gathered.map_err(Error::from)?)
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
    let mut classes = ClassTable::open(&folder.join(ClassTable::FILE), Access::Append)?;
    let new: Vec<String> = names.iter().filter(|name| classes.find(name).is_none()).cloned().collect();
    classes.add(&new)?;
    Ok(())
}
