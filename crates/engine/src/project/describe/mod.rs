//! The features of a project's images, computed once and kept.

mod frozen;
mod partial;
mod same_file;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand::seq::index;
use sha2::{Digest, Sha256};
use tailward_datasets::folder::inspect;
use tailward_datasets::whole_file;
use tailward_datasets::{ImageShape, SampleId};
use tailward_features::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig};
use tailward_features::{Patches, PatchesConfig, Standardised};
use tailward_labelling::project::{CACHE_FOLDER, Features, FrozenFeatures, ImageRow, PatchFeatures, Project};

use crate::Error;
use crate::inputs::features::LEARNED_FROM;
use crate::rng::{Stream, stream};
use same_file::{Lost, same_file};

pub use frozen::{read as read_frozen, sha256};

/// Images whose pixels are in memory at a time.
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
    /// Images whose file is gone, or is another than it was, with what is wrong; they are left out.
    pub lost: Vec<(SampleId, String)>,
}

/// What describes images: the settings of a project with what follows from them.
#[derive(Clone, Debug)]
enum How {
    Patches { side: usize, config: PatchesConfig },
    Frozen(FrozenFeatures),
}

impl How {
    fn of(project: &Project) -> Self {
        match &project.settings.features {
            &Features::Patches(PatchFeatures { side, centres }) => {
                Self::Patches { side, config: PatchesConfig::with_centres(side, centres) }
            }
            Features::EfficientNetLite0(frozen) => Self::Frozen(frozen.clone()),
        }
    }

    fn dims(&self) -> usize {
        match self {
            Self::Patches { config, .. } => config.dims(),
            Self::Frozen(_) => EfficientNetLiteConfig::lite0().head,
        }
    }
}

/// Describes every usable image of a project. `progress` is told how many more are done.
///
/// # Errors
///
/// No image is left, or the cache cannot be read or written.
pub fn describe(project: &Project, progress: &mut dyn FnMut(usize)) -> Result<Described, Error> {
    let how = How::of(project);
    let samples = |rows: &[&ImageRow]| rows.iter().map(|row| row.id).collect();
    let all: Vec<&ImageRow> = project.images.usable().collect();
    // Most often nothing has changed, and no file need be looked at.
    if let Some((scale, features)) = kept(&feature_file(project, &how, &all), all.len(), how.dims()) {
        progress(all.len());
        return Ok(Described { samples: samples(&all), features, scale, lost: Vec::new() });
    }
    let mut lost = restore(project, &all)?;
    let mut rows = without(all, &lost);
    if let Some((scale, features)) = kept(&feature_file(project, &how, &rows), rows.len(), how.dims()) {
        progress(rows.len());
        return Ok(Described { samples: samples(&rows), features, scale, lost });
    }
    let mut features = match &how {
        How::Patches { side, config } if !rows.is_empty() => {
            computed(project, (*side, config), &rows, progress)?
        }
        How::Patches { .. } => Array2::zeros((0, 0)),
        How::Frozen(frozen) => {
            let partial = feature_file(project, &how, &rows).with_extension("part");
            let network = frozen::network(project, frozen)?;
            let (features, gone) = frozen::computed(project, &network, &rows, &partial, progress)?;
            rows = without(rows, &gone);
            lost.extend(gone);
            features
        }
    };
    if rows.is_empty() {
        let reason = "there is no image that can be used; `tailward init` says why".to_owned();
        return Err(Error::NothingToAsk { path: project.folder.clone(), reason });
    }
    let scale = Standardised::of(features.view());
    scale.apply(&mut features);
    let file = feature_file(project, &how, &rows);
    // What can be made again must not keep anybody from working.
    if let Err(error) = keep(&file, &scale, &features) {
        tracing::warn!("{} is not kept, and is made again the next time: {error}", file.display());
    }
    Ok(Described { samples: samples(&rows), features, scale, lost })
}

/// Describes images that are none of a project's, in the way of its own.
#[derive(Debug)]
pub struct Describer {
    describing: Describing,
    scale: Standardised,
}

/// What leads from pixels to features.
#[derive(Debug)]
pub(super) enum Describing {
    /// Distances of patches to centres.
    Patches { side: usize, patches: Box<Patches> },
    /// A network, by the hash of its weights.
    Frozen { network: Box<EfficientNetLite>, sha256: String },
}

impl Describer {
    /// What described the images of a project.
    ///
    /// # Errors
    ///
    /// The cache cannot be read.
    pub fn of(project: &Project, described: &Described) -> Result<Self, Error> {
        let all: Vec<&ImageRow> = project.images.usable().collect();
        let describing = match How::of(project) {
            How::Patches { side, config } => {
                let patches = learned(project, (side, &config), &without(all, &described.lost))?;
                Describing::Patches { side, patches: Box::new(patches) }
            }
            How::Frozen(frozen) => {
                let network = Box::new(frozen::network(project, &frozen)?);
                Describing::Frozen { network, sha256: frozen.sha256 }
            }
        };
        Ok(Self { describing, scale: described.scale.clone() })
    }

    /// The shape of the images that it describes.
    pub fn shape(&self) -> ImageShape {
        match &self.describing {
            Describing::Patches { side, .. } => ImageShape { channels: 3, height: *side, width: *side },
            Describing::Frozen { network, .. } => frozen::shape(network),
        }
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
    pub fn features(&self, pixels: &[u8]) -> Array2<f32> {
        let mut features = match &self.describing {
            Describing::Patches { patches, .. } => patches.features(pixels),
            Describing::Frozen { network, .. } => network.features(pixels),
        };
        self.scale.apply(&mut features);
        features
    }
}

fn without<'a>(rows: Vec<&'a ImageRow>, lost: &[(SampleId, String)]) -> Vec<&'a ImageRow> {
    let is_lost: BTreeSet<SampleId> = lost.iter().map(|(sample, _)| *sample).collect();
    rows.into_iter().filter(|row| !is_lost.contains(&row.id)).collect()
}

/// Decodes images again whose pixels are not in the cache, and gives those that cannot be had.
fn restore(project: &Project, rows: &[&ImageRow]) -> Result<Lost, Error> {
    let cache = project.pixels()?;
    let mut lost = Vec::new();
    for rows in rows.chunks(CHUNK) {
        let (_, missing) = cache.read(&sources(rows)).map_err(tailward_labelling::Error::from)?;
        let missing: Vec<&ImageRow> = missing.into_iter().map(|position| rows[position]).collect();
        let paths: Vec<PathBuf> = missing.iter().map(|row| row.relative_path().unwrap_or_default()).collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let folder = project.settings.images_in(&project.folder);
        let found = inspect(&folder, &paths, cache.shape(), project.settings.limits.into());
        for (row, found) in missing.into_iter().zip(found) {
            match same_file(row, found) {
                Ok(found) => cache.put(row.id.index(), &found.sha256, &found.pixels)?,
                Err(gone) => lost.push(gone),
            }
        }
    }
    Ok(lost)
}

fn sources<'a>(rows: &[&'a ImageRow]) -> Vec<(usize, &'a str)> {
    rows.iter().map(|row| (row.id.index(), row.sha256.as_deref().unwrap_or_default())).collect()
}

/// Learns centres from some of the images.
fn learned(
    project: &Project,
    (side, config): (usize, &PatchesConfig),
    rows: &[&ImageRow],
) -> Result<Patches, Error> {
    let mut rng = stream(project.settings.seed, Stream::Patches, 0);
    let drawn = index::sample(&mut rng, rows.len(), rows.len().min(LEARNED_FROM)).into_vec();
    let drawn: Vec<&ImageRow> = drawn.into_iter().map(|place| rows[place]).collect();
    let (images, _) = project.pixels()?.read(&sources(&drawn))?;
    Ok(Patches::learn(config, [3, side, side], &images.pixels, &mut rng))
}

fn computed(
    project: &Project,
    how: (usize, &PatchesConfig),
    rows: &[&ImageRow],
    progress: &mut dyn FnMut(usize),
) -> Result<Array2<f32>, Error> {
    let cache = project.pixels()?;
    let patches = learned(project, how, rows)?;
    let mut features = Array2::zeros((rows.len(), patches.dims()));
    let mut place = 0;
    for rows in rows.chunks(CHUNK) {
        let (images, _) = cache.read(&sources(rows))?;
        for row in patches.features(&images.pixels).rows() {
            features.row_mut(place).assign(&row);
            place += 1;
        }
        progress(rows.len());
    }
    Ok(features)
}

/// The file of the features, by everything that they depend on.
fn feature_file(project: &Project, how: &How, rows: &[&ImageRow]) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update(format!("{how:?} {} {}", project.settings.seed, env!("CARGO_PKG_VERSION")));
    for row in rows {
        hash.update(row.sha256.as_deref().unwrap_or_default());
    }
    let digest = hash.finalize();
    let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    project.folder.join(CACHE_FOLDER).join(format!("features-{name}.bin"))
}

/// The features of a file, if it is there and whole: its checksum, then means, scales and features.
fn kept(file: &Path, rows: usize, dims: usize) -> Option<(Standardised, Array2<f32>)> {
    let mut reader = BufReader::new(File::open(file).ok()?);
    let mut checksum = [0; 32];
    reader.read_exact(&mut checksum).ok()?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).ok()?;
    if Sha256::digest(&bytes)[..] != checksum || bytes.len() != (rows + 2) * dims * 4 {
        return None;
    }
    let mut values = bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value));
    let mean = values.by_ref().take(dims).collect();
    let scale = values.by_ref().take(dims).collect();
    let features = Array2::from_shape_vec((rows, dims), values.collect()).ok()?;
    Some((Standardised::from_parts(mean, scale), features))
}

/// Writes the features, and removes those of before.
fn keep(file: &Path, scale: &Standardised, features: &Array2<f32>) -> std::io::Result<()> {
    let (mean, scale) = scale.parts();
    let values = mean.iter().chain(scale).chain(features);
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    whole_file::write(file, |writer| {
        writer.write_all(&Sha256::digest(&bytes))?;
        writer.write_all(&bytes)
    })?;
    let folder = file.parent().unwrap_or(Path::new("."));
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_old = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("features-"));
        if is_old && path != file {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
