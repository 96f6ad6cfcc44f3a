//! The features of a project's images, computed once and kept.

mod describing;
mod feature_file;
mod learned;
mod learning;
mod network;
mod pixels;
mod progress;
mod same_file;
mod weights_file;

use std::path::PathBuf;

use ndarray::{Array2, Axis};
use tailward_datasets::{ImageShape, SampleId};
use tailward_features::{PatchesConfig, Standardised};
use tailward_labelling::project::{Features, ImageRow, NetworkFeatures, PatchFeatures, Project};

use crate::Error;
use feature_file::FeatureFile;
use learned::Learned;
use pixels::{pixels, without};
use same_file::Lost;

pub(super) use describing::Describing;
pub(super) use learning::Learning;
pub use network::{Architecture, Network};
pub use progress::Progress;
pub use weights_file::sha256;

/// Centres of the patches that stand in for a network which has learned nothing yet.
const STAND_IN: usize = 400;

/// Images that are looked for at a time.
const CHUNK: usize = 2_048;

/// The images of a project that can be used now, by their features.
#[derive(Debug)]
pub struct Described {
    /// The images, rising.
    pub samples: Vec<SampleId>,
    /// `[images, dims]`, each feature of mean 0 and deviation 1
    pub features: Array2<f32>,
    /// How features were brought to that.
    pub scale: Standardised,
    /// Where `features` come from a network that learned from labels of the project.
    pub learned: Option<LearnedFrom>,
    /// Images whose file is gone, or is another than it was, with what is wrong; they are left out.
    pub lost: Vec<(SampleId, String)>,
}

/// What stands behind features that were learned from labels.
#[derive(Debug)]
pub struct LearnedFrom {
    /// How many labels the network learned from.
    pub labels: usize,
    /// The same images by features that know no label: what those that do say of an image without its label is no more than memory.
    /// `[images, dims]`
    pub unlearned: Array2<f32>,
}

/// Features that know no label: the settings of a project with what follows from them.
#[derive(Clone, Debug)]
enum How {
    Patches { side: usize, config: PatchesConfig },
    Frozen { architecture: Architecture, weights: PathBuf, sha256: String },
}

impl How {
    fn of(features: &Features) -> Self {
        let patches =
            |side, centres| Self::Patches { side, config: PatchesConfig::with_centres(side, centres) };
        let (architecture, weights, sha256) = match features {
            &Features::Patches(PatchFeatures { side, centres }) => return patches(side, centres),
            &Features::Network(NetworkFeatures { side, .. }) => return patches(side, STAND_IN),
            Features::EfficientNetLite0(it) => (Architecture::EfficientNetLite0, &it.weights, &it.sha256),
            Features::ResNet18(it) => (Architecture::ResNet18, &it.weights, &it.sha256),
            Features::ResNet50(it) => (Architecture::ResNet50, &it.weights, &it.sha256),
        };
        Self::Frozen { architecture, weights: weights.clone(), sha256: sha256.clone() }
    }

    fn dims(&self) -> usize {
        match self {
            Self::Patches { config, .. } => config.dims(),
            Self::Frozen { architecture, .. } => architecture.dims(),
        }
    }

    fn describing(&self, project: &Project, rows: &[&ImageRow]) -> Result<Describing, Error> {
        match self {
            Self::Patches { side, config } => Describing::patches(project, (*side, config), rows),
            Self::Frozen { architecture, weights, sha256 } => Ok(Describing::Frozen {
                network: Network::of_project(project, *architecture, (weights, sha256))?,
                name: project.settings.features.name(),
                sha256: sha256.clone(),
            }),
        }
    }

    fn file(&self, project: &Project, rows: &[&ImageRow]) -> FeatureFile {
        FeatureFile::new(project, "features", &format!("{self:?}"), rows)
    }
}

/// Describes every usable image of a project. Features that learn from labels are those of a network which is trained when they are
/// first wanted in a round.
///
/// # Errors
///
/// No image is left, the file of a network is not what it was, a device fails, or the cache cannot be read or written.
pub fn describe(project: &Project, progress: &mut dyn FnMut(Progress)) -> Result<Described, Error> {
    let described = by_no_label(project, progress)?;
    match Learned::of(project, &described.samples) {
        Some(learned) => by_labels(project, &learned, described, progress),
        None => Ok(described),
    }
}

fn by_no_label(project: &Project, progress: &mut dyn FnMut(Progress)) -> Result<Described, Error> {
    let how = How::of(&project.settings.features);
    let described = |rows: &[&ImageRow], (scale, features), lost| Described {
        samples: rows.iter().map(|row| row.id).collect(),
        features,
        scale,
        learned: None,
        lost,
    };
    let all: Vec<&ImageRow> = project.images.usable().collect();
    // Most often nothing has changed, and no file need be looked at.
    if let Some(kept) = how.file(project, &all).read(all.len(), how.dims()) {
        return Ok(described(&all, kept, Vec::new()));
    }
    let mut lost = Vec::new();
    for rows in all.chunks(CHUNK) {
        lost.extend(pixels(project, rows, project.settings.features.kept_side())?.1);
    }
    let mut rows = without(&all, &lost);
    let nothing = || {
        let reason = "there is no image that can be used; `tailward init` says why".to_owned();
        Error::NothingToAsk { path: project.folder.clone(), reason }
    };
    if rows.is_empty() {
        return Err(nothing());
    }
    let file = how.file(project, &rows);
    if let Some(kept) = file.read(rows.len(), how.dims()) {
        return Ok(described(&rows, kept, lost));
    }
    progress(Progress::Begun { doing: "describing images", of: rows.len() });
    let mut done = |images| progress(Progress::Done(images));
    let describing = how.describing(project, &rows)?;
    let (features, gone) = describing.all(project, &rows, &file.partial(), &mut done)?;
    rows = without(&rows, &gone);
    lost.extend(gone);
    if rows.is_empty() {
        return Err(nothing());
    }
    let kept = scaled(features);
    how.file(project, &rows).keep(&kept.0, &kept.1);
    Ok(described(&rows, kept, lost))
}

/// The images by a network that learned from labels.
fn by_labels(
    project: &Project,
    learned: &Learned<'_>,
    mut known: Described,
    progress: &mut dyn FnMut(Progress),
) -> Result<Described, Error> {
    let rows: Vec<&ImageRow> = without(&project.images.usable().collect::<Vec<_>>(), &known.lost);
    let file = |rows: &[&ImageRow]| FeatureFile::new(project, "learned", &learned.name(), rows);
    let ((scale, features), gone) = match file(&rows).read(rows.len(), learned.dims()) {
        Some(kept) => (kept, Lost::new()),
        None => {
            let describing = Describing::Learned { network: learned.network(progress)? };
            progress(Progress::Begun { doing: "describing images", of: rows.len() });
            let mut done = |images| progress(Progress::Done(images));
            let (features, gone) = describing.all(project, &rows, &file(&rows).partial(), &mut done)?;
            let kept = scaled(features);
            file(&without(&rows, &gone)).keep(&kept.0, &kept.1);
            (kept, gone)
        }
    };
    let is_there = |sample: &SampleId| gone.iter().all(|(lost, _)| lost != sample);
    let places: Vec<usize> =
        (0..known.samples.len()).filter(|&place| is_there(&known.samples[place])).collect();
    if places.len() < known.samples.len() {
        known.features = known.features.select(Axis(0), &places);
        known.samples.retain(is_there);
    }
    known.lost.extend(gone);
    let learned = LearnedFrom { labels: learned.labels(), unlearned: known.features };
    Ok(Described { samples: known.samples, features, scale, learned: Some(learned), lost: known.lost })
}

fn scaled(mut features: Array2<f32>) -> (Standardised, Array2<f32>) {
    let scale = Standardised::of(features.view());
    scale.apply(&mut features);
    (scale, features)
}

/// Describes images that are none of a project's, in the way of its own.
#[derive(Debug)]
pub struct Describer {
    describing: Describing,
    scale: Standardised,
}

impl Describer {
    /// What described the images of a project.
    ///
    /// # Errors
    ///
    /// As [`describe`].
    pub fn of(project: &Project, described: &Described) -> Result<Self, Error> {
        let all: Vec<&ImageRow> = project.images.usable().collect();
        let learned = match &described.learned {
            Some(_) => Learned::of(project, &described.samples),
            None => None,
        };
        let describing = match learned {
            // It was trained when the project was described.
            Some(learned) => Describing::Learned { network: learned.network(&mut |_| {})? },
            None => {
                let rows = without(&all, &described.lost);
                How::of(&project.settings.features).describing(project, &rows)?
            }
        };
        Ok(Self { describing, scale: described.scale.clone() })
    }

    /// The shape of the images that it describes.
    pub fn shape(&self) -> ImageShape {
        self.describing.shape()
    }

    /// What leads to features, and how they are brought to one scale.
    pub(super) fn parts(&self) -> (&Describing, &Standardised) {
        (&self.describing, &self.scale)
    }

    /// The features of images of its [`shape`](Self::shape).
    ///
    /// # Shapes
    ///
    /// `pixels`: `[images, 3, height, width]`; the features: `[images, dims]`
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn features(&self, pixels: Vec<u8>) -> Result<Array2<f32>, Error> {
        let mut features = self.describing.features(pixels)?;
        self.scale.apply(&mut features);
        Ok(features)
    }
}
