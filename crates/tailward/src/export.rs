//! `tailward export`: the labels of a project for other programs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use tailward_labelling::answers::label_studio::labelled_tasks;
use tailward_labelling::ledger::Standing;
use tailward_labelling::project::{ImageRow, Project};

use crate::Error;
use crate::output::{self, say};

/// Arguments of `tailward export`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// What is written.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Where: a file for a table, by default standard output; a new folder for folders of images.
    #[arg(long, value_name = "PATH", required_if_eq("format", "folders"))]
    out: Option<PathBuf>,
    /// Copy images into their folders, in place of links to them.
    #[arg(long)]
    copy: bool,
}

const EXAMPLES: &str = "\
Examples:
  tailward export lynxes --out labels.csv                     id, path, label and status of every image
  tailward export lynxes --format label-studio --out tasks.json
  tailward export lynxes --format folders --out sorted        a folder for each class, as torchvision's ImageFolder reads them";

/// What labels are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table of all images.
    Csv,
    /// Tasks that Label Studio imports, with the labels as annotations.
    LabelStudio,
    /// A folder for each class with the images that are labelled so.
    Folders,
}

/// A row of the table.
#[derive(Serialize)]
struct Line<'a> {
    id: u32,
    path: &'a str,
    label: &'a str,
    status: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let project = Project::look(&arguments.project).map_err(Error::from)?;
    match (arguments.format, &arguments.out) {
        (Format::Folders, Some(out)) => folders(&project, out, arguments.copy),
        (Format::LabelStudio, out) => Ok(output::write(out.as_deref(), &tasks(&project)?)?),
        (_, out) => Ok(output::write(out.as_deref(), &table(&project)?)?),
    }
}

/// The label of an image, be it for learning or of the audit, and where it stands in a word.
fn said<'a>(project: &'a Project, row: &ImageRow) -> (&'a str, &'static str) {
    let name = |label: u32| project.classes.names()[label as usize].as_str();
    match project.ledger.standing(row.id) {
        None => ("", "unlabelled"),
        Some(Standing::Waiting) => ("", "asked"),
        Some(Standing::Labelled(label)) => (name(label), "labelled"),
        Some(Standing::Audited) => {
            let audited = project.ledger.audited();
            let label = audited.binary_search_by_key(&row.id, |(sample, _)| *sample).map(|at| audited[at].1);
            (label.map_or("", name), "audited")
        }
        Some(Standing::Disputed) => ("", "disputed"),
        Some(Standing::Skipped) => ("", "skipped"),
        Some(Standing::Unsure) => ("", "unsure"),
        Some(Standing::Invalid) => ("", "invalid"),
    }
}

fn tasks(project: &Project) -> anyhow::Result<Vec<u8>> {
    let task = |row: &'_ ImageRow| {
        let (label, _) = said(project, row);
        (row.exchange_name(), row.path.clone(), (!label.is_empty()).then_some(label))
    };
    let images: Vec<(String, String, Option<&str>)> = project.images.usable().map(task).collect();
    let mut content = serde_json::to_vec_pretty(&labelled_tasks(&images))?;
    content.push(b'\n');
    Ok(content)
}

fn table(project: &Project) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in project.images.usable() {
        let (label, status) = said(project, row);
        writer.serialize(Line { id: row.id.0, path: &row.path, label, status })?;
    }
    Ok(writer.into_inner()?)
}

/// Links or copies, each with the image's number in front, for files of two folders may have one name.
fn folders(project: &Project, out: &Path, copies: bool) -> anyhow::Result<()> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| Error::Output { path, source }
    };
    if out.exists() {
        let reason = "it is there already; name a new folder".to_owned();
        return Err(Error::Taken { path: out.to_owned(), reason }.into());
    }
    let images = project.settings.images_in(&project.folder).canonicalize();
    let images = images.map_err(failed(&project.settings.images_in(&project.folder)))?;
    let mut count = 0;
    for row in project.images.usable() {
        let (label, _) = said(project, row);
        let Some(path) = row.relative_path().filter(|_| !label.is_empty()) else { continue };
        let folder = out.join(folder_name(label));
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let target = folder.join(format!("{:06}-{name}", row.id.0));
        let source = images.join(&path);
        let done = if copies { fs::copy(&source, &target).map(drop) } else { link(&source, &target) };
        done.map_err(failed(&target))?;
        count += 1;
    }
    say(format_args!(
        "{}: {count} images in a folder for each class{}",
        out.display(),
        if copies { "" } else { ", as links" }
    ));
    Ok(())
}

#[cfg(unix)]
fn link(source: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, target)
}

/// Not everybody may make symbolic links there.
#[cfg(not(unix))]
fn link(source: &Path, target: &Path) -> io::Result<()> {
    fs::hard_link(source, target).or_else(|_other_disk| fs::copy(source, target).map(drop))
}

/// The name of a class as the name of a folder: signs that some file system has no place for are escaped by `%`.
fn folder_name(class: &str) -> String {
    let mut name = String::with_capacity(class.len());
    for (place, sign) in class.chars().enumerate() {
        let is_trouble = matches!(sign, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '%')
            || sign.is_control()
            || (sign == '.' && place == 0);
        if is_trouble {
            name.push_str(&format!("%{:02X}", sign as u32));
        } else {
            name.push(sign);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_folders_everywhere() {
        for (class, folder) in [
            ("lynx", "lynx"),
            ("Großer Wolf", "Großer Wolf"),
            ("../up", "%2E.%2Fup"),
            ("a/b: \"c\"?", "a%2Fb%3A %22c%22%3F"),
        ] {
            assert_eq!(folder_name(class), folder);
        }
    }
}
