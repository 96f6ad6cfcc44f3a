//! `cargo xtask fetch`: a dataset's files, from the official place.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tailward_datasets::{FetchOutcome, FetchProgress};

use crate::{experiments, workspace};

/// Arguments of `cargo xtask fetch`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The dataset: the name of a file in `datasets/`, without `.toml`.
    dataset: String,
    /// Folder of the data themselves.
    #[arg(long, env = "TAILWARD_DATA", default_value = "datasets/data")]
    data_dir: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let data_dir = std::path::absolute(&arguments.data_dir)?;
    workspace::enter()?;
    let data_dir = relative_to_here(data_dir)?;
    let manifest = experiments::manifest(&arguments.dataset)?;
    eprintln!("{}: {}", manifest.title, manifest.source.citation);
    eprintln!("terms: {}", manifest.terms);
    let bar = ProgressBar::new_spinner();
    let result = tailward_datasets::fetch(&manifest, &data_dir, &mut |progress| show(&bar, &progress));
    bar.finish_and_clear();
    let folder = match result? {
        FetchOutcome::AlreadyThere { folder } => {
            eprintln!("already there and verified");
            folder
        }
        FetchOutcome::Generated { folder } => {
            eprintln!("generated and verified");
            folder
        }
        FetchOutcome::Unpacked { folder, archive, downloaded_bytes } => {
            match downloaded_bytes {
                0 => eprintln!("used {}", archive.display()),
                bytes => eprintln!("downloaded {bytes} bytes; {} can be removed", archive.display()),
            }
            eprintln!("unpacked and verified");
            folder
        }
    };
    if !folder.is_dir() {
        bail!("{} is missing although it was fetched", folder.display());
    }
    println!("{}", folder.display());
    Ok(())
}

/// A path below the working folder is shown relative to it.
fn relative_to_here(path: PathBuf) -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    Ok(path.strip_prefix(&here).map(PathBuf::from).unwrap_or(path))
}

fn show(bar: &ProgressBar, progress: &FetchProgress) {
    match progress {
        FetchProgress::Downloading { bytes, total } => {
            if let Some(total) = total
                && bar.length() != Some(*total)
            {
                bar.set_length(*total);
                let style = ProgressStyle::with_template(
                    "downloading {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
                );
                bar.set_style(style.expect("the template is well formed"));
            }
            bar.set_position(*bytes);
        }
        FetchProgress::Verifying { path } => bar.set_message(format!("verifying {}", path.display())),
        FetchProgress::Unpacking { path } => bar.set_message(format!("unpacking {}", path.display())),
        FetchProgress::Generating => bar.set_message("generating"),
        other => bar.set_message(format!("{other:?}")),
    }
    bar.tick();
}
