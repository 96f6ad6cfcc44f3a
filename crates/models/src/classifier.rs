//! The classifiers that there are: a closed set, so that training, scoring and the loop know no network by name.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::features::Statistics;
use crate::linear::{LinearHead, LinearHeadConfig};
use crate::output::Output;
use crate::resnet::{ResNet, ResNetConfig};
use crate::shallow::{Shallow, ShallowConfig};
use crate::vit::{Vit, VitConfig};

/// What a classifier is built from.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassifierConfig {
    /// A residual network on images.
    ResNet(ResNetConfig),
    /// The image tower of CLIP, on images.
    Vit(VitConfig),
    /// A linear head on features that is to be trained.
    Linear(LinearHeadConfig),
    /// Two layers on features.
    Shallow(ShallowConfig),
    /// A linear head on features that is fitted elsewhere.
    Head(LinearHeadConfig),
}

impl ClassifierConfig {
    /// Builds the classifier, drawing its weights from `rng`; a head that is fitted elsewhere begins with none.
    ///
    /// # Panics
    ///
    /// As the configuration's own `init`.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Classifier {
        match self {
            Self::ResNet(config) => Classifier::ResNet(config.init(rng, device)),
            Self::Vit(config) => Classifier::Vit(config.init(rng, device)),
            Self::Linear(config) => Classifier::Head(config.init_random(rng, device)),
            Self::Shallow(config) => Classifier::Shallow(config.init(rng, device)),
            Self::Head(config) => Classifier::Head(config.init(device)),
        }
    }

    /// The size of an embedding.
    pub fn embedding(&self) -> usize {
        match self {
            Self::ResNet(config) => config.embedding(),
            Self::Vit(config) => config.embedding(),
            Self::Shallow(config) => config.dims,
            Self::Linear(config) | Self::Head(config) => config.dims,
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        match self {
            Self::ResNet(config) => config.classes,
            Self::Vit(config) => config.classes,
            Self::Shallow(config) => config.classes,
            Self::Linear(config) | Self::Head(config) => config.classes,
        }
    }
}

/// What a classifier looks at in one pass.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Normalised images: `[batch, channels, height, width]`.
    Images(Tensor<4>),
    /// Features: `[batch, dims]`.
    Features(Tensor<2>),
}

impl Batch {
    /// Batches of one kind as one, in their order.
    ///
    /// # Panics
    ///
    /// There is none, or they are of several kinds.
    pub fn cat(batches: Vec<Self>) -> Self {
        let (mut images, mut features) = (Vec::new(), Vec::new());
        for batch in batches {
            match batch {
                Self::Images(part) => images.push(part),
                Self::Features(part) => features.push(part),
            }
        }
        match (images.is_empty(), features.is_empty()) {
            (false, true) => Self::Images(Tensor::cat(images, 0)),
            (true, false) => Self::Features(Tensor::cat(features, 0)),
            _ => panic!("batches of one kind"),
        }
    }

    /// `share` of each sample and the rest of the sample that stands in its place from the end.
    #[must_use]
    pub fn blended_with_its_reverse(self, share: f64) -> Self {
        match self {
            Self::Images(images) => Self::Images(images.clone() * share + images.flip([0]) * (1.0 - share)),
            Self::Features(features) => {
                Self::Features(features.clone() * share + features.flip([0]) * (1.0 - share))
            }
        }
    }

    /// The same on a device with automatic differentiation, for a classifier in training form.
    #[must_use]
    pub fn for_training(self) -> Self {
        match self {
            Self::Images(images) => Self::Images(Tensor::from_inner(images)),
            Self::Features(features) => Self::Features(Tensor::from_inner(features)),
        }
    }
}

/// A classifier: a body that turns a sample into an embedding, and a head.
#[derive(Module, Debug)]
pub enum Classifier {
    /// A residual network on images.
    ResNet(ResNet),
    /// The image tower of CLIP, on images.
    Vit(Vit),
    /// Two layers on features.
    Shallow(Shallow),
    /// A linear head on features.
    Head(LinearHead),
}

/// Whoever feeds a classifier has built it for what it is fed with.
const OTHER_BATCH: &str =
    "a residual network and a tower look at images, a head alone and a shallow network at features";

impl Classifier {
    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// logits: `[batch, classes]`; embeddings: `[batch, embedding]`
    ///
    /// # Panics
    ///
    /// The batch is of another kind than what the classifier looks at.
    pub fn forward(&self, batch: Batch) -> Output {
        let embeddings = self.embed(batch, Statistics::ByForm);
        Output { logits: self.head(embeddings.clone()), embeddings }
    }

    /// As [`forward`](Self::forward), with the statistics of this batch wherever the network normalises by batches, in every form
    /// and on every device; the running ones are neither used nor changed. Residual networks alone do so. The released code
    /// of GALAXY scores in this way, whose model never leaves training form; a score then depends on the other images of its
    /// batch.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    pub fn forward_with_batch_statistics(&self, batch: Batch) -> Output {
        let embeddings = self.embed(batch, Statistics::OfBatch);
        Output { logits: self.head(embeddings.clone()), embeddings }
    }

    /// One pass over a batch with dropout before the head; `mask` is `[batch, embedding]` and the caller's
    /// ([`dropout::mask`](crate::dropout::mask)), so that Monte-Carlo passes do not depend on the backend. It acts in training and in
    /// evaluation form alike, and the embeddings are those before it.
    ///
    /// # Panics
    ///
    /// The mask has another shape than the embeddings, or as [`forward`](Self::forward).
    pub fn forward_with_dropout(&self, batch: Batch, mask: Tensor<2>) -> Output {
        let embeddings = self.embed(batch, Statistics::ByForm);
        // A mask of one row would otherwise be the same for every sample.
        assert_eq!(mask.dims(), embeddings.dims(), "one entry of the mask for each entry of the embeddings");
        Output { logits: self.head(embeddings.clone() * mask), embeddings }
    }

    /// A batch to embeddings, `[batch, embedding]`; features are their own.
    fn embed(&self, batch: Batch, by: Statistics) -> Tensor<2> {
        match (self, batch) {
            (Self::ResNet(model), Batch::Images(images)) => model.embed(images, by),
            (Self::Vit(model), Batch::Images(images)) => model.embed(images),
            (Self::Shallow(_) | Self::Head(_), Batch::Features(features)) => features,
            _ => panic!("{OTHER_BATCH}"),
        }
    }

    /// The head alone: embeddings `[batch, embedding]` to logits `[batch, classes]`.
    pub fn head(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self {
            Self::ResNet(model) => model.head(embeddings),
            Self::Vit(model) => model.head(embeddings),
            Self::Shallow(model) => model.head(embeddings),
            Self::Head(head) => head.head(embeddings),
        }
    }

    /// The weights of the head, `[classes, embedding]`, without its biases.
    pub fn head_weights(&self) -> Tensor<2> {
        match self {
            Self::ResNet(model) => model.head_weights(),
            Self::Vit(model) => model.head_weights(),
            Self::Shallow(model) => model.head_weights(),
            Self::Head(head) => head.head_weights(),
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        match self {
            Self::ResNet(model) => model.classes(),
            Self::Vit(model) => model.classes(),
            Self::Shallow(model) => model.classes(),
            Self::Head(head) => head.classes(),
        }
    }

    /// The number of trainable parameters; running statistics are not among them.
    pub fn trainable_parameters(&self) -> usize {
        match self {
            Self::ResNet(model) => model.trainable_parameters(),
            Self::Vit(model) => model.num_params(),
            Self::Shallow(model) => model.num_params(),
            Self::Head(head) => head.num_params(),
        }
    }
}
