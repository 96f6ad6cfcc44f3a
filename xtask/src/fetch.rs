//! `cargo xtask fetch`: a dataset's files or pretrained weights, from the official place.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tailward_datasets::{DatasetManifest, FetchOutcome, FetchProgress, WeightsManifest};

use crate::experiments::Fetchable;
use crate::{experiments, workspace};

/// Arguments of `cargo xtask fetch`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The dataset or the weights: the name of a file in `datasets/` or `weights/`, without `.toml`.
    name: String,
    /// Folder of the data themselves [default: datasets/data].
    #[arg(long, env = "TAILWARD_DATA")]
    data_dir: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let data_dir = workspace::data_dir(arguments.data_dir.as_deref())?;
    workspace::enter()?;
    match experiments::fetchable(&arguments.name)? {
        Fetchable::Dataset(manifest) => dataset(&manifest, &data_dir),
        Fetchable::Weights(manifest) => weights(&manifest, &data_dir),
    }
}

fn dataset(manifest: &DatasetManifest, data_dir: &Path) -> Result<()> {
    eprintln!("{}: {}", manifest.title, manifest.source.citation);
    eprintln!("terms: {}", manifest.terms);
    let bar = ProgressBar::new_spinner();
    let result = tailward_datasets::fetch(manifest, data_dir, &mut |progress| show(&bar, &progress));
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
        FetchOutcome::Downloaded { folder, downloaded_bytes } => {
            eprintln!("downloaded {downloaded_bytes} bytes and verified");
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

fn weights(manifest: &WeightsManifest, data_dir: &Path) -> Result<()> {
    eprintln!("{}: {}", manifest.title, manifest.citation);
    eprintln!("terms: {}", manifest.terms);
    let bar = ProgressBar::new_spinner();
    let result = tailward_datasets::fetch_weights(manifest, data_dir, &mut |progress| show(&bar, &progress));
    bar.finish_and_clear();
    let fetched = result?;
    match fetched.downloaded_bytes {
        None => eprintln!("already there and verified"),
        Some(bytes) => eprintln!("downloaded {bytes} bytes and verified"),
    }
    println!("{}", fetched.path.display());
    Ok(())
}

fn show(bar: &ProgressBar, progress: &FetchProgress) {
    match progress {
        FetchProgress::Connecting { url, from_byte: 0 } => bar.set_message(format!("asking for {url}")),
        FetchProgress::Connecting { url, from_byte } => {
            bar.set_message(format!("asking for {url} from byte {from_byte} on"));
        }
        FetchProgress::Restarting { reason } => say(bar, &format!("starting again: {reason}")),
        FetchProgress::Interrupted { received_bytes, reason } => {
            say(bar, &format!("interrupted after {received_bytes} bytes ({reason}); going on"));
        }
        FetchProgress::Downloading { received_bytes, total_bytes } => {
            if let Some(total) = total_bytes
                && bar.length() != Some(*total)
            {
                bar.set_length(*total);
                let template = "downloading {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
                bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
            }
            bar.set_position(*received_bytes);
        }
        FetchProgress::Verifying { path } => bar.set_message(format!("verifying {}", path.display())),
        FetchProgress::Unpacking { path } => bar.set_message(format!("unpacking {}", path.display())),
        FetchProgress::Generating => bar.set_message("generating"),
    }
    bar.tick();
}

/// A line that stays, on a terminal or not.
fn say(bar: &ProgressBar, line: &str) {
    if bar.is_hidden() { eprintln!("{line}") } else { bar.println(line) }
}
