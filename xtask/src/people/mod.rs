//! `cargo xtask people`: what a project would have found, on images whose classes are known.
//!
//! A scripted annotator who errs answers what `tailward ask` asks for, by the same commands that a person gives, until the budget is
//! spent; then what was found is counted. Whoever has a labelled folder learns from it which strategy would have served.

mod annotator;
mod outcome;
mod pictures;
mod project;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::experiments::{self, Fetchable};
use crate::reproduce::binary;
use crate::workspace;
use outcome::Outcomes;
use pictures::{Drawn, Pictures};
use project::{Plan, simulate};

/// Arguments of `cargo xtask people`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A folder with a folder of images for each class; where it is absent --dataset says what is written as PNG.
    #[arg(long, value_name = "FOLDER", conflicts_with = "dataset", required_unless_present = "dataset")]
    images: Option<PathBuf>,
    /// A dataset whose training images are written as PNG, a folder a class.
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    #[command(flatten)]
    drawn: Drawn,
    /// Folder of the data themselves [default: datasets/data].
    #[arg(long, env = "TAILWARD_DATA")]
    data_dir: Option<PathBuf>,
    /// Where the projects go, and `outcomes.csv` and `outcomes.md`. What is complete there is passed over.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A way to choose: a name, and the options of `tailward init` that it is. May be given again and again; by default Random,
    /// Entropy-CB (what `init` writes), DIRECT with five images at a time, and BADGE. The others are compared with the first.
    #[arg(long = "arm", value_name = "NAME=OPTIONS", value_parser = arm)]
    arms: Vec<Arm>,
    /// Seeds, from 0.
    #[arg(long, default_value_t = 4)]
    seeds: u64,
    /// Labels in all.
    #[arg(long, default_value_t = 1000)]
    budget: usize,
    /// Labels at a time.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// The share of the labels that are wrong, any other class as often as another.
    #[arg(long, default_value_t = 0.1)]
    errors: f64,
    /// A `tailward` binary that is built already; by default it is built.
    #[arg(long, value_name = "FILE")]
    tailward: Option<PathBuf>,
}

/// A way to choose.
#[derive(Clone, Debug)]
struct Arm {
    name: String,
    options: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask people --images ~/labelled --out runs/people
  cargo xtask people --dataset cifar100 --classes 20 --rare-classes 10 --rare 50 --out runs/people-20
  cargo xtask people --dataset cifar100 --classes 1 --rare-classes 1 --rare 100 --rest 9900 --out runs/people-2";

fn arm(text: &str) -> Result<Arm, String> {
    let (name, options) =
        text.split_once('=').ok_or("expected NAME=OPTIONS, such as `random=--strategy random`")?;
    if name.is_empty() || !name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-') {
        return Err(format!("`{name}` is no name: letters, digits and - make one"));
    }
    Ok(Arm { name: name.to_owned(), options: options.split_whitespace().map(str::to_owned).collect() })
}

fn usual() -> Result<Vec<Arm>> {
    [
        "random=--strategy random",
        "entropy-cb=",
        "direct=--strategy direct --annotators 5",
        "badge=--strategy badge",
    ]
    .map(|text| arm(text).map_err(anyhow::Error::msg))
    .into_iter()
    .collect()
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !(0.0..1.0).contains(&arguments.errors) {
        bail!("--errors is {}, and must be a share from 0 to below 1", arguments.errors);
    }
    let from_here = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("failed to resolve {}", path.display()))
    };
    let (out, images) = (from_here(&arguments.out)?, arguments.images.as_deref().map(from_here).transpose()?);
    let tailward = arguments.tailward.as_deref().map(from_here).transpose()?;
    let data_dir = workspace::data_dir(arguments.data_dir.as_deref())?;
    workspace::enter()?;
    let tailward = match tailward {
        Some(file) => file,
        None => binary::build("flex")?,
    };
    std::fs::create_dir_all(&out).with_context(|| format!("failed to make {}", out.display()))?;
    let folder = match (images, &arguments.dataset) {
        (Some(folder), _) => folder,
        (None, Some(name)) => {
            let Fetchable::Dataset(manifest) = experiments::fetchable(name)? else {
                bail!("{name} is no dataset");
            };
            let folder = out.join("images");
            arguments.drawn.write(&manifest, &data_dir, &folder)?;
            folder
        }
        (None, None) => bail!("say which images: --images or --dataset"),
    };
    let pictures = Pictures::read(&folder)?;
    eprintln!("{}", pictures.words());
    let arms = if arguments.arms.is_empty() { usual()? } else { arguments.arms.clone() };
    let mut outcomes = Outcomes::open(&out)?;
    for seed in 0..arguments.seeds {
        for Arm { name, options } in &arms {
            if outcomes.has(name, seed) {
                continue;
            }
            let plan = Plan {
                tailward: &tailward,
                folder: out.join("projects").join(format!("{name}-{seed}")),
                arm: name,
                options,
                seed,
                budget: arguments.budget,
                batch: arguments.batch,
                errors: arguments.errors,
            };
            let outcome = simulate(&plan, &pictures).with_context(|| format!("{name}, seed {seed}"))?;
            eprintln!("{}", outcome.words());
            outcomes.append(outcome)?;
        }
    }
    let table = outcomes.table(&arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>());
    let path = out.join("outcomes.md");
    std::fs::write(&path, &table).with_context(|| format!("failed to write {}", path.display()))?;
    println!("{table}");
    Ok(())
}
