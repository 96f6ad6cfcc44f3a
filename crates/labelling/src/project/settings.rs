//! Every choice of a project, in a file for people: `tailward.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tailward_acquisition::Strategy;
use tailward_datasets::folder::Limits;
use tailward_datasets::whole_file;

use crate::Error;

/// The form of the file that this version writes and reads.
const FORMAT: u32 = 1;

/// The choices of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The form of the file.
    pub format: u32,
    /// The folder of images; a relative path starts at the project's folder.
    pub images: PathBuf,
    /// What all random choices follow from.
    pub seed: u64,
    /// Labels that may be asked for in all, those of the audit included.
    pub budget: usize,
    /// Labels that are asked for at a time.
    pub batch: usize,
    /// What holds where annotators differ.
    pub combine: Combine,
    /// What is trained.
    pub features: Features,
    /// How images are chosen once there are labels.
    pub strategy: Strategy,
    /// How the first images are chosen, when nothing is labelled.
    pub first: Strategy,
    /// The blind sample that accuracy is measured on.
    pub audit: Audit,
    /// What an image file may ask for.
    pub limits: FileLimits,
    /// Keys of classes on the labelling page, where they are not the next free ones.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

/// What holds where annotators differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// The label that most gave; a tie has to be settled.
    Majority,
    /// The most probable label when each annotator's errors are estimated (Dawid and Skene, 1979).
    DawidSkene,
}

/// What images are described by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Features {
    /// How near their patches are to centres that are learned from them.
    Patches(PatchFeatures),
    /// What EfficientNet-Lite0 says of them before its classifier.
    #[serde(rename = "efficientnet-lite0")]
    EfficientNetLite0(FrozenFeatures),
    /// What torchvision's ResNet-18 says of them before its classifier.
    #[serde(rename = "imagenet-resnet18")]
    ResNet18(ResNetFeatures),
    /// The same of its ResNet-50.
    #[serde(rename = "imagenet-resnet50")]
    ResNet50(ResNetFeatures),
    /// What a small network says of them that learns from the labels of the project alone, in each round from nothing. Patches stand in
    /// as long as there are no labels of two classes.
    Network(NetworkFeatures),
}

/// Distances of patches to centres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchFeatures {
    /// Rows and columns of pixels that images are brought to.
    pub side: usize,
    /// Centres.
    pub centres: usize,
}

/// A network that somebody else has trained, and that learns nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenFeatures {
    /// The file of its weights; a relative path starts at the project's folder.
    pub weights: PathBuf,
    /// SHA-256 of that file, in hexadecimal: features of other weights are others.
    pub sha256: String,
}

/// A residual network that was trained on ImageNet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResNetFeatures {
    /// The file of its weights; a relative path starts at the project's folder.
    pub weights: PathBuf,
    /// SHA-256 of that file, in hexadecimal: features of other weights are others.
    pub sha256: String,
    /// Passes over the labelled images by which all its weights go on learning, in each round from those of the file; 0: it stays as it
    /// is.
    pub fine_tune_epochs: usize,
}

/// A network that learns from nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFeatures {
    /// Rows and columns of pixels that images are brought to.
    pub side: usize,
    /// Passes over the labelled images.
    pub epochs: usize,
    /// Whether an image that is mirrored left to right stays of its class.
    pub mirror: bool,
}

impl Features {
    /// What they are called, as in `tailward.toml`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Patches(_) => "patches",
            Self::EfficientNetLite0(_) => "efficientnet-lite0",
            Self::ResNet18(_) => "imagenet-resnet18",
            Self::ResNet50(_) => "imagenet-resnet50",
            Self::Network(_) => "network",
        }
    }

    /// Whether they follow from labels, and so are others in each round.
    pub fn learn(&self) -> bool {
        match self {
            Self::Patches(_) | Self::EfficientNetLite0(_) => false,
            Self::ResNet18(network) | Self::ResNet50(network) => network.fine_tune_epochs > 0,
            Self::Network(_) => true,
        }
    }

    /// Rows and columns of the pixels that a project keeps of its images.
    pub fn kept_side(&self) -> usize {
        /// Enough to know an image again: a network is shown the file itself, which is too large to be kept.
        const OF_A_FILE: usize = 32;
        match self {
            Self::Patches(PatchFeatures { side, .. }) => *side,
            Self::EfficientNetLite0(_) | Self::ResNet18(_) | Self::ResNet50(_) => OF_A_FILE,
            Self::Network(NetworkFeatures { side, .. }) => *side,
        }
    }

    fn check(&self) -> Result<(), String> {
        let within = |key: &str, value: usize, range: RangeInclusive<usize>| match range.contains(&value) {
            true => Ok(()),
            false => Err(format!(
                "features.{key} is {value}, and must be from {} to {}",
                range.start(),
                range.end()
            )),
        };
        match self {
            Self::EfficientNetLite0(_) => Ok(()),
            Self::Patches(PatchFeatures { side, centres }) => {
                within("side", *side, 8..=256)?;
                within("centres", *centres, 1..=10_000)
            }
            Self::ResNet18(network) | Self::ResNet50(network) => {
                within("fine_tune_epochs", network.fine_tune_epochs, 0..=1_000)
            }
            Self::Network(NetworkFeatures { side, epochs, .. }) => {
                within("side", *side, 16..=256)?;
                within("epochs", *epochs, 1..=10_000)
            }
        }
    }
}

/// The blind sample that accuracy is measured on: drawn at random, labelled without a suggestion, never trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Its share of the budget, from 0 to 1.
    pub share: f64,
    /// It has at least as many images, up to a quarter of the budget.
    pub at_least: usize,
}

impl Audit {
    /// How many images it gets of a budget: its share, or a number that is a quarter of the budget at most.
    pub fn size(&self, budget: usize) -> usize {
        let share = (self.share * budget as f64).ceil() as usize;
        let least = self.at_least.min(budget / 4);
        if self.share > 0.0 { share.max(least) } else { 0 }
    }
}

/// What an image file may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLimits {
    /// The most bytes of a file.
    pub max_file_bytes: u64,
    /// The most pixels of an image.
    pub max_pixels: u64,
}

impl From<FileLimits> for Limits {
    fn from(FileLimits { max_file_bytes, max_pixels }: FileLimits) -> Self {
        Self { max_file_bytes, max_pixels }
    }
}

impl Settings {
    /// The file's name in a project.
    pub const FILE: &'static str = "tailward.toml";

    /// Reads the choices from a file.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: the file cannot be read, is no TOML, lacks a key or has one that nobody reads, or a value is out of
    /// range.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
        let text =
            std::fs::read_to_string(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let settings: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        settings.check().map_err(wrong)?;
        Ok(settings)
    }

    /// Writes the choices to a file, whole or not at all, each with what it means.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        whole_file::write_bytes(path, self.to_text().as_bytes()).map_err(Error::io(path))
    }

    /// The folder of images of the project in a folder.
    pub fn images_in(&self, project: &Path) -> PathBuf {
        project.join(&self.images)
    }

    /// How many images the audit gets of the whole budget.
    pub fn audit_size(&self) -> usize {
        self.audit.size(self.budget)
    }

    fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!(
                "it has the form {}, and this version reads {FORMAT}; use the version that wrote it",
                self.format
            ));
        }
        if self.budget == 0 || self.batch == 0 {
            return Err("budget and batch must be at least 1".to_owned());
        }
        if !(0.0..=1.0).contains(&self.audit.share) {
            return Err(format!("audit.share is {}, and must be from 0 to 1", self.audit.share));
        }
        self.features.check()?;
        for (key, strategy) in [("strategy", &self.strategy), ("first", &self.first)] {
            strategy.validate().map_err(|error| format!("{key} cannot be used: cannot {error}"))?;
        }
        Ok(())
    }

    /// The file: every choice with a comment.
    fn to_text(&self) -> String {
        let Self {
            format,
            images,
            seed,
            budget,
            batch,
            combine,
            features,
            strategy,
            first,
            audit,
            limits,
            keys,
        } = self;
        let mut text = format!(
            "# A project of Tailward. Every choice is here; change it with an editor, also between two asks.\n\
             format = {format}\n\n\
             # The folder of images. A relative path starts at this file's folder.\n\
             images = {images}\n\n\
             # What all random choices follow from.\n\
             seed = {seed}\n\n\
             # Labels that may be asked for in all, those of the audit included.\n\
             budget = {budget}\n\n\
             # Labels that are asked for at a time.\n\
             batch = {batch}\n\n\
             # What holds where annotators differ: \"majority\" (ties have to be settled) or \"dawid-skene\" (each\n\
             # annotator's errors are estimated).\n\
             combine = {combine}\n",
            images = plain(&images.to_string_lossy()),
            combine = plain(combine),
        );
        for (comment, table) in [
            (
                "What images are described by. \"patches\": how near their patches are to centres that are learned from\n\
                 # them, at `side` pixels; nothing is downloaded. \"efficientnet-lite0\", \"imagenet-resnet18\" and\n\
                 # \"imagenet-resnet50\": a network that others have trained on photographs, from the file `weights`; a\n\
                 # ResNet can go on learning from the labels for `fine_tune_epochs` passes. \"network\": a small network\n\
                 # that learns from the labels alone, in each round for `epochs` passes; `mirror` says whether an image that\n\
                 # is mirrored left to right stays of its class.",
                tabled("features", features),
            ),
            (
                "How images are chosen once there are labels. `tailward query --help` lists the strategies.",
                tabled("strategy", strategy),
            ),
            ("How the first images are chosen, when nothing is labelled.", tabled("first", first)),
            (
                "The blind sample that accuracy is measured on: drawn at random, labelled without a suggestion and never\n\
                 # trained on. Its share of the budget, and how many images it has at least (but no more\n\
                 # than a quarter of the budget for that); a share of 0 is none.",
                tabled("audit", audit),
            ),
            (
                "What an image file may ask for; larger ones are listed and left out.",
                tabled("limits", limits),
            ),
            (
                "Keys on the labelling page, such as `lynx = \"l\"`; the other classes get digits and letters by their numbers.",
                tabled("keys", keys),
            ),
        ] {
            // Writing to a string cannot fail.
            write!(text, "\n# {comment}\n{table}").ok();
        }
        text
    }
}

/// A value as a table of TOML with its name.
fn tabled<T: Serialize>(name: &str, value: &T) -> String {
    let table = BTreeMap::from([(name, value)]);
    toml::to_string(&table).expect("what can be read can be written")
}

/// A plain value as TOML writes it.
fn plain<T: Serialize>(value: &T) -> String {
    toml::Value::try_from(value).expect("a plain value").to_string()
}

#[cfg(test)]
mod tests {
    use tailward_acquisition::{Balance, Lambda, SolverMode};

    use super::*;

    fn settings() -> Settings {
        let balance = Balance { lambda: Lambda::Fixed(1.0), solver: SolverMode::Auto, prediction: None };
        Settings {
            format: FORMAT,
            images: "../my \"photos\"".into(),
            seed: 7,
            budget: 1000,
            batch: 50,
            combine: Combine::DawidSkene,
            features: Features::Patches(PatchFeatures { side: 64, centres: 400 }),
            strategy: Strategy::Entropy { balance: Some(balance) },
            first: Strategy::TypiClust { neighbours: 20, max_clusters: 500 },
            audit: Audit { share: 0.1, at_least: 100 },
            limits: FileLimits { max_file_bytes: 1 << 28, max_pixels: 100_000_000 },
            keys: BTreeMap::from([("großer \"Wolf\"".to_owned(), "w".to_owned())]),
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_every_line_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Settings::FILE);
        settings().write(&path).unwrap();
        assert_eq!(Settings::read(&path).unwrap(), settings());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.matches("\n#").count() > 10 && text.lines().all(|line| line.len() <= 120), "{text}");
    }

    #[test]
    fn the_audit_is_a_share_of_the_budget_and_a_quarter_of_a_small_one() {
        let size = |budget, share| {
            Settings { budget, audit: Audit { share, at_least: 100 }, ..settings() }.audit_size()
        };
        assert_eq!([size(5000, 0.1), size(500, 0.1), size(60, 0.1), size(500, 0.0)], [500, 100, 15, 0]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Settings::FILE);
        let text = settings().to_text();
        for (from, to, words) in [
            ("format = 1", "format = 9", "use the version that wrote it"),
            ("batch = 50", "batch = 0", "must be at least 1"),
            ("share = 0.1", "share = 10", "from 0 to 1"),
            ("batch = 50", "batches = 50", "line 14"),
            ("side = 64", "side = 1", "features.side is 1"),
            ("centres = 400", "centres = 0", "features.centres is 0"),
            ("neighbours = 20", "neighbours = 0", "first cannot be used"),
            ("kind = \"typiclust\"", "kind = \"typical\"", "typical"),
        ] {
            assert!(text.contains(from), "{from} in {text}");
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = Settings::read(&path).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains(Settings::FILE), "{error}");
        }
    }
}
