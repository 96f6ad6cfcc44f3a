//! The command line of `init`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `tailward init`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The project's folder; it is made. Where there is a project, new images are taken in.
    pub(super) project: PathBuf,
    /// The folder of images; the folders in it are looked through as well.
    #[arg(long, value_name = "FOLDER")]
    pub(super) images: PathBuf,
    /// The classes, separated by commas.
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', conflicts_with = "classes_file")]
    pub(super) classes: Vec<String>,
    /// The classes, one a line or as a column `name` of a table.
    #[arg(long, value_name = "FILE")]
    pub(super) classes_file: Option<PathBuf>,
    /// Labels that are known: a table with the columns `path` and `label`, or what Label Studio, Hugging Face, Roboflow, FiftyOne
    /// or CVAT write; `folders` where each class has a folder of its own, and `none` where folders mean nothing. By default
    /// folders are taken for classes where they look so.
    #[arg(long, value_name = "FILE|folders|none")]
    pub(super) labels: Option<PathBuf>,
    /// Labels that may be asked for in all.
    #[arg(long, value_name = "LABELS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) budget: u64,
    /// Labels that are asked for at a time.
    #[arg(long, value_name = "LABELS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) batch: u64,
    /// The share of the budget that goes to the blind sample which accuracy is measured on, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    pub(super) audit: f64,
    /// What all random choices follow from.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Say what is understood, and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
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
