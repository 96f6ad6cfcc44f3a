//! A network that learns from the labels of a project, in each round from its beginning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use tailward_datasets::{ImageShape, Images, SampleId, whole_file};
use tailward_labelling::ledger::Standing;
use tailward_labelling::project::{CACHE_FOLDER, ImageRow, Project};
use tailward_models::classifier::{Classifier, ClassifierConfig};
use tailward_models::pretrained;

use super::feature_file::remove_others;
use super::learning::{Learning, Start};
use super::network::Network;
use super::pixels::{pixels, without};
use super::progress::Progress;
use super::weights_file::{checked, format};
use crate::Error;
use crate::device::Backend;
use crate::failure::Work;
use crate::guard::guarded;
use crate::inputs::{Inputs, Pixels};
use crate::rng::{Stream, stream};
use crate::train::classifier::{LabelledSet, NotFinite, Step, Streams, train};

/// What the names of its files begin with.
const KIND: &str = "network";

/// The network of a project as it stands: trained, or to be trained.
#[derive(Debug)]
pub(super) struct Learned<'a> {
    project: &'a Project,
    learning: Learning,
    round: usize,
    /// What it learns from.
    labels: BTreeMap<SampleId, u32>,
    path: PathBuf,
}

impl<'a> Learned<'a> {
    /// The network of a project; nothing where its features know no label, or as long as there are no labels of two classes.
    ///
    /// While images of a round wait it is the one that the round began with, whatever was said since: it is trained once a round. Otherwise
    /// it is the one that the next round begins with. Both follow from the project alone, and are trained again if their file is lost.
    pub(super) fn of(project: &'a Project, samples: &[SampleId]) -> Option<Self> {
        let ledger = &project.ledger;
        let is_open = project.asked().any(|sample| ledger.standing(sample) == Some(Standing::Waiting));
        let next = ledger.rounds().max(1);
        let round = if is_open { next - 1 } else { next };
        let known = |sample: &SampleId| {
            samples.binary_search(sample).is_ok() && !ledger.is_free(*sample, round.saturating_sub(1))
        };
        let labels: BTreeMap<SampleId, u32> =
            project.labels().into_iter().filter(|(sample, _)| known(sample)).collect();
        let first = labels.values().next()?;
        if labels.values().all(|label| label == first) {
            return None;
        }
        let learning = |classes: usize| Learning::of(&project.settings.features, classes);
        let how = format!("{:?} {} {}", learning(0)?, project.settings.seed, env!("CARGO_PKG_VERSION"));
        let begins = format!("{KIND}-{round:05}-{}-", short(&how));
        let folder = project.folder.join(CACHE_FOLDER);
        let kept = is_open.then(|| kept(&folder, &begins)).flatten();
        let (classes, name) = kept.unwrap_or_else(|| {
            let classes = project.classes.names().len();
            (classes, format!("{begins}{classes}-{}.bpk", short(&format!("{labels:?}"))))
        });
        Some(Self { project, learning: learning(classes)?, round, labels, path: folder.join(name) })
    }

    /// How many labels it learns from.
    pub(super) fn labels(&self) -> usize {
        self.labels.len()
    }

    /// The size of its features.
    pub(super) fn dims(&self) -> usize {
        self.learning.dims()
    }

    /// What tells it from all others.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The network, trained now if its file is not there or is damaged.
    ///
    /// # Errors
    ///
    /// The device fails, the loss is not finite, or no labelled image can be read.
    pub(super) fn network(&self, progress: &mut dyn FnMut(Progress)) -> Result<Network, Error> {
        let backend = Backend::preferred()?;
        if self.path.exists() {
            let (config, device) = (&self.learning.config, backend.device()?.autodiff());
            let drawn =
                ClassifierConfig::ResNet(config.clone()).init(&mut self.stream(Stream::Init), &device);
            match drawn.try_load_file(&self.path) {
                Ok(model) => return self.learning.network(model.valid(), backend),
                Err(error) => tracing::warn!("{} is trained again: {error}", self.path.display()),
            }
        }
        let model = self.trained(backend, progress)?;
        self.keep(&model);
        self.learning.network(model, backend)
    }

    fn start(&self, backend: Backend) -> Result<Classifier, Error> {
        let device = backend.device()?.autodiff();
        let mut rng = self.stream(Stream::Init);
        let config = &self.learning.config;
        match &self.learning.start {
            Start::Nothing => Ok(ClassifierConfig::ResNet(config.clone()).init(&mut rng, &device)),
            Start::File { weights, sha256 } => {
                let path = checked(self.project, weights, sha256)?;
                let model = pretrained::load(config, &path, format(&path), &mut rng, &device)?;
                Ok(Classifier::ResNet(model))
            }
        }
    }

    fn stream(&self, purpose: Stream) -> ChaCha8Rng {
        stream(self.project.settings.seed, purpose, self.round)
    }

    fn trained(&self, backend: Backend, progress: &mut dyn FnMut(Progress)) -> Result<Classifier, Error> {
        let Learning { side, training, .. } = &self.learning;
        let rows: Vec<&ImageRow> =
            self.project.images.usable().filter(|row| self.labels.contains_key(&row.id)).collect();
        let (pixels, lost) = pixels(self.project, &rows, *side)?;
        let rows = without(&rows, &lost);
        let labels: Vec<u32> = rows.iter().map(|row| self.labels[&row.id]).collect();
        if labels.is_empty() {
            let reason = "no labelled image can be read".to_owned();
            return Err(Error::NothingToAsk { path: self.project.folder.clone(), reason });
        }
        let shape = ImageShape { channels: 3, height: *side, width: *side };
        let images = Images { shape, pixels };
        let (count, of) = (labels.len(), labels.len() * training.epochs);
        progress(Progress::Begun { doing: "training a network", of });
        let work = Work {
            device: backend.device_words(),
            doing: format!(
                "training a network on {count} images of {side} × {side} pixels, {} at a time",
                training.batch_size
            ),
            afterwards: "Nothing of the project was changed; the same command begins this again.",
        };
        guarded(&work, || {
            let inputs = Inputs::Pixels(Pixels::upload(images, &training.normalisation, &backend.device()?));
            let rows: Vec<usize> = (0..count).collect();
            let data = LabelledSet { inputs: &inputs, rows: &rows, labels: &labels };
            let streams = Streams {
                order: self.stream(Stream::Order),
                augment: self.stream(Stream::Augment),
                dropout: None,
            };
            let mut seen = 0;
            let mut tell = |step: Step| {
                progress(Progress::Done(step.images - seen));
                seen = step.images;
            };
            let trained = train(training, self.start(backend)?, data, streams, &mut tell);
            let round = self.round;
            trained.map(|trained| trained.model).map_err(|NotFinite { epoch, loss }| Error::Diverged {
                round,
                epoch,
                loss,
            })
        })
    }

    /// Keeps the network, and removes those of before. What can be made again must not keep anybody from working.
    fn keep(&self, model: &Classifier) {
        let kept =
            model.clone().into_record().into_bytes().map_err(|error| error.to_string()).and_then(|bytes| {
                whole_file::write_bytes(&self.path, &bytes)
                    .and_then(|()| remove_others(&self.path, KIND))
                    .map_err(|error| error.to_string())
            });
        if let Err(error) = kept {
            tracing::warn!(
                "{} is not kept, and is trained again the next time: {error}",
                self.path.display()
            );
        }
    }
}

/// The network that a round began with, by what its file's name begins with: for how many classes, and the name.
fn kept(folder: &Path, begins: &str) -> Option<(usize, String)> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (classes, _) = name.strip_prefix(begins)?.strip_suffix(".bpk")?.split_once('-')?;
        Some((classes.parse().ok()?, name))
    })
}

fn short(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}
