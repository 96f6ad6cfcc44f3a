//! The classifiers that there are: a closed set, so that training, scoring and the loop know no network by name.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::output::Output;
use crate::resnet::{ResNet, ResNetConfig};

/// What a classifier is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassifierConfig {
    /// A residual network on images.
    ResNet(ResNetConfig),
}

impl ClassifierConfig {
    /// Builds the classifier, drawing its weights from `rng`.
    ///
    /// # Panics
    ///
    /// As the configuration's own `init`.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Classifier {
        match self {
            Self::ResNet(config) => Classifier::ResNet(config.init(rng, device)),
        }
    }

    /// The size of an embedding.
    pub fn embedding(&self) -> usize {
        match self {
            Self::ResNet(config) => config.embedding(),
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        match self {
            Self::ResNet(config) => config.classes,
        }
    }
}

/// What a classifier looks at in one pass.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Normalised images: `[batch, channels, height, width]`.
    Images(Tensor<4>),
}

impl Batch {
    /// The same on a device with automatic differentiation, for a classifier in training form.
    #[must_use]
    pub fn for_training(self) -> Self {
        match self {
            Self::Images(images) => Self::Images(Tensor::from_inner(images)),
        }
    }
}

/// A classifier: a body that turns a sample into an embedding, and a linear head.
#[derive(Module, Debug)]
pub enum Classifier {
    /// A residual network on images.
    ResNet(ResNet),
}

impl Classifier {
    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// logits: `[batch, classes]`; embeddings: `[batch, embedding]`
    pub fn forward(&self, batch: Batch) -> Output {
        let (Self::ResNet(model), Batch::Images(images)) = (self, batch);
        model.forward(images)
    }

    /// As [`forward`](Self::forward), with the statistics of this batch wherever the network normalises by batches
    /// ([`ResNet::forward_with_batch_statistics`]).
    pub fn forward_with_batch_statistics(&self, batch: Batch) -> Output {
        let (Self::ResNet(model), Batch::Images(images)) = (self, batch);
        model.forward_with_batch_statistics(images)
    }

    /// One pass over a batch with dropout before the head; `mask` is `[batch, embedding]`
    /// ([`dropout::mask`](crate::dropout::mask)).
    ///
    /// # Panics
    ///
    /// The mask has another shape than the embeddings.
    pub fn forward_with_dropout(&self, batch: Batch, mask: Tensor<2>) -> Output {
        let (Self::ResNet(model), Batch::Images(images)) = (self, batch);
        model.forward_with_dropout(images, mask)
    }

    /// The head alone: embeddings `[batch, embedding]` to logits `[batch, classes]`.
    pub fn head(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self {
            Self::ResNet(model) => model.head(embeddings),
        }
    }

    /// The weights of the head, `[classes, embedding]`, without its biases.
    pub fn head_weights(&self) -> Tensor<2> {
        match self {
            Self::ResNet(model) => model.head_weights(),
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        match self {
            Self::ResNet(model) => model.classes(),
        }
    }

    /// The number of trainable parameters; running statistics are not among them.
    pub fn trainable_parameters(&self) -> usize {
        match self {
            Self::ResNet(model) => model.trainable_parameters(),
        }
    }
}
