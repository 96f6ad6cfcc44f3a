//! The network: one pass over images.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;

use super::block::Block;
use crate::features::{Features, Statistics, Then};
use crate::output::Output;

/// A residual network.
#[derive(Module, Debug)]
pub struct ResNet {
    pub(super) conv1: Conv2d,
    pub(super) bn1: BatchNorm,
    pub(super) max_pool: Option<MaxPool2d>,
    pub(super) layers: Vec<Vec<Block>>,
    pub(super) fc: Linear,
}

impl ResNet {
    /// The number of trainable parameters; the running statistics of batch normalisation are not among them.
    pub fn trainable_parameters(&self) -> usize {
        let statistics: usize = self.batch_norms().map(|bn| 2 * bn.gamma.lazy_shape().num_elements()).sum();
        self.num_params() - statistics
    }

    fn batch_norms(&self) -> impl Iterator<Item = &BatchNorm> {
        std::iter::once(&self.bn1).chain(self.layers.iter().flatten().flat_map(Block::batch_norms))
    }

    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, channels, height, width]`, normalised
    /// - logits: `[batch, classes]`; embeddings: `[batch, embedding]`
    pub fn forward(&self, images: Tensor<4>) -> Output {
        let embeddings = self.embed(images, Statistics::ByForm);
        Output { logits: self.head(embeddings.clone()), embeddings }
    }

    /// The last layer alone: embeddings `[batch, embedding]` to logits `[batch, classes]`.
    pub fn head(&self, embeddings: Tensor<2>) -> Tensor<2> {
        self.fc.forward(embeddings)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.fc.weight.lazy_shape().dims::<2>()[1]
    }

    /// The weights of the last layer, `[classes, embedding]`, without its biases.
    pub fn head_weights(&self) -> Tensor<2> {
        self.fc.weight.val().transpose()
    }

    /// Images `[batch, channels, height, width]` to embeddings `[batch, embedding]`.
    pub(crate) fn embed(&self, images: Tensor<4>, by: Statistics) -> Tensor<2> {
        let mut features = Features::new(images).conv_norm(&self.conv1, &self.bn1, by, Then::RELU);
        if let Some(max_pool) = &self.max_pool {
            features = features.max_pool(max_pool);
        }
        for block in self.layers.iter().flatten() {
            features = block.forward(&features, by);
        }
        features.mean()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::nn::loss::CrossEntropyLossConfig;
    use burn::optim::{GradientsParams, SgdConfig};
    use burn::tensor::{Device, Int, TensorData};
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::classifier::{Batch, ClassifierConfig};
    use crate::dropout;
    use crate::resnet::{BlockKind, Depth, ResNetConfig, Stem};

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn tiny(stem: Stem) -> ResNetConfig {
        let block = BlockKind::Basic;
        ResNetConfig { channels: 3, classes: 4, stem, block, blocks: vec![1, 1], widths: vec![4, 8] }
    }

    fn tiny_bottleneck(stem: Stem) -> ResNetConfig {
        ResNetConfig { block: BlockKind::Bottleneck, ..tiny(stem) }
    }

    fn images(count: usize, size: usize) -> Tensor<4> {
        let values: Vec<f32> = (0..count * 3 * size * size)
            .map(|index| ((index * 37 + index / 11) % 101) as f32 / 50.0 - 1.0)
            .collect();
        Tensor::from_data(TensorData::new(values, [count, 3, size, size]), &device())
    }

    /// Statistics of the batch are those of training form; the running ones stay as they are.
    #[test]
    fn batch_statistics_are_those_of_training_form_and_leave_the_running_ones_alone() {
        let images = images(6, 16);
        let config = ClassifierConfig::ResNet(tiny(Stem::Cifar));
        let init = |device: &Device| config.init(&mut ChaCha8Rng::seed_from_u64(1), device);
        let batch_of = |images: &Tensor<4>| Batch::Images(images.clone());
        let trained = init(&device().autodiff()).forward(batch_of(&images).for_training()).logits.inner();
        let model = init(&device());
        let before = model.forward(batch_of(&images)).logits;
        let batch = model.forward_with_batch_statistics(batch_of(&images)).logits;
        let values = |tensor: &Tensor<2>| tensor.clone().into_data().try_into_vec::<f32>().unwrap();
        for (found, expected) in values(&batch).iter().zip(values(&trained)) {
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        }
        assert_ne!(values(&batch), values(&before));
        assert_eq!(values(&model.forward(batch_of(&images)).logits), values(&before));
    }

    fn trainable_parameters(depth: Depth, stem: Stem, classes: usize) -> usize {
        let config = ResNetConfig::resnet(depth, stem, 3, classes);
        config.init(&mut ChaCha8Rng::seed_from_u64(0), &device()).trainable_parameters()
    }

    /// CBAL facts, from PyTorch.
    #[test]
    fn the_network_of_cbal_has_the_published_number_of_parameters() {
        assert_eq!(trainable_parameters(Depth::ResNet18, Stem::Cifar, 10), 11_173_962);
        assert_eq!(trainable_parameters(Depth::ResNet18, Stem::Cifar, 100), 11_220_132);
    }

    /// `num_params` of the weights for 1,000 classes in torchvision's documentation.
    #[test]
    fn the_networks_have_the_number_of_parameters_that_torchvision_publishes() {
        for (depth, parameters) in [
            (Depth::ResNet18, 11_689_512),
            (Depth::ResNet34, 21_797_672),
            (Depth::ResNet50, 25_557_032),
            (Depth::ResNet101, 44_549_160),
            (Depth::ResNet152, 60_192_808),
        ] {
            assert_eq!(trainable_parameters(depth, Stem::ImageNet, 1000), parameters, "{depth:?}");
        }
    }

    #[test]
    fn one_pass_yields_logits_and_embeddings_of_the_documented_shapes() {
        for stem in [Stem::Cifar, Stem::CifarStrided, Stem::ImageNet] {
            for (config, embedding) in [(tiny(stem), 8), (tiny_bottleneck(stem), 32)] {
                assert_eq!(config.embedding(), embedding);
                let model = config.init(&mut ChaCha8Rng::seed_from_u64(0), &device());
                let output = model.forward(images(2, 16));
                assert_eq!(output.logits.dims(), [2, 4], "{config:?}");
                assert_eq!(output.embeddings.dims(), [2, embedding], "{config:?}");
            }
        }
    }

    /// Names and values of all floats in the order in which a record has them, running statistics aside.
    #[derive(Default)]
    struct Weights {
        path: Vec<String>,
        found: Vec<(String, Vec<usize>, Vec<f32>)>,
    }

    impl ModuleVisitor for Weights {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let name = self.path.join(".");
            if !name.contains("bn") {
                let tensor = param.val();
                self.found.push((name, tensor.dims().to_vec(), tensor.into_data().try_to_vec().unwrap()));
            }
        }
    }

    /// Committed records were made with these draws: one stream, uniform in ±1/√fan_in, in the order given here.
    #[test]
    fn weights_are_drawn_from_one_stream_in_the_order_of_declaration() {
        let stem = ("conv1.weight", 27);
        let basic = vec![
            stem,
            ("layers.0.0.conv1.weight", 36),
            ("layers.0.0.conv2.weight", 36),
            ("layers.1.0.conv1.weight", 36),
            ("layers.1.0.conv2.weight", 72),
            ("layers.1.0.downsample.conv.weight", 4),
            ("fc.weight", 8),
            ("fc.bias", 8),
        ];
        let bottleneck = vec![
            stem,
            ("layers.0.0.conv1.weight", 4),
            ("layers.0.0.conv2.weight", 36),
            ("layers.0.0.conv3.weight", 4),
            ("layers.0.0.downsample.conv.weight", 4),
            ("layers.1.0.conv1.weight", 16),
            ("layers.1.0.conv2.weight", 72),
            ("layers.1.0.conv3.weight", 8),
            ("layers.1.0.downsample.conv.weight", 16),
            ("fc.weight", 32),
            ("fc.bias", 32),
        ];
        for (config, order) in [(tiny(Stem::Cifar), basic), (tiny_bottleneck(Stem::Cifar), bottleneck)] {
            let mut weights = Weights::default();
            config.init(&mut ChaCha8Rng::seed_from_u64(5), &device()).visit(&mut weights);
            let mut stream = ChaCha8Rng::seed_from_u64(5);
            assert_eq!(weights.found.len(), order.len());
            for ((name, shape, values), (expected, fan_in)) in weights.found.into_iter().zip(order) {
                assert_eq!(name, expected);
                let bound = 1.0 / (fan_in as f32).sqrt();
                let count: usize = shape.iter().product();
                let drawn: Vec<f32> =
                    (0..count).map(|_| (2.0 * stream.random::<f32>() - 1.0) * bound).collect();
                assert_eq!(values, drawn, "{name}");
            }
        }
    }

    #[test]
    fn the_head_alone_takes_embeddings_to_the_same_logits() {
        let model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(0), &device());
        let output = model.forward(images(3, 8));
        assert_eq!(model.head(output.embeddings).into_data(), output.logits.into_data());
    }

    #[test]
    fn dropout_masks_what_the_head_sees_and_not_the_embeddings() {
        let model =
            ClassifierConfig::ResNet(tiny(Stem::Cifar)).init(&mut ChaCha8Rng::seed_from_u64(0), &device());
        let plain = model.forward(Batch::Images(images(3, 8)));
        let mask = dropout::mask([3, 8], 0.5, &mut ChaCha8Rng::seed_from_u64(2), &device());
        let dropped = model.forward_with_dropout(Batch::Images(images(3, 8)), mask.clone());
        let expected = model.head(plain.embeddings.clone() * mask).into_data();
        assert_eq!(dropped.logits.into_data(), expected);
        assert_ne!(plain.logits.into_data(), expected);
        assert_eq!(dropped.embeddings.into_data(), plain.embeddings.into_data());
    }

    #[test]
    #[should_panic(expected = "one entry of the mask for each entry of the embeddings")]
    fn a_mask_of_one_row_is_refused() {
        let model =
            ClassifierConfig::ResNet(tiny(Stem::Cifar)).init(&mut ChaCha8Rng::seed_from_u64(0), &device());
        model.forward_with_dropout(Batch::Images(images(3, 8)), Tensor::ones([1, 8], &device()));
    }

    #[test]
    fn the_stream_decides_the_weights() {
        let logits = |seed| {
            let model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(seed), &device());
            model.forward(images(1, 8)).logits.into_data()
        };
        assert_eq!(logits(1), logits(1));
        assert_ne!(logits(1), logits(2));
    }

    #[test]
    fn it_learns_eight_images_by_heart() {
        learn_by_heart(&tiny(Stem::Cifar), 0.2);
        learn_by_heart(&tiny_bottleneck(Stem::Cifar), 0.1);
    }

    fn learn_by_heart(config: &ResNetConfig, learning_rate: f64) {
        let training_device = device().autodiff();
        let mut model = config.init(&mut ChaCha8Rng::seed_from_u64(3), &training_device);
        let labels = [0, 1, 2, 3, 0, 1, 2, 3];
        let targets = Tensor::<1, Int>::from_data(TensorData::from(labels), &device());
        let loss_function = CrossEntropyLossConfig::new().init(&training_device);
        let mut optimizer = SgdConfig::new().init();
        let mut last = f32::INFINITY;
        for _ in 0..120 {
            let output = model.forward(Tensor::from_inner(images(8, 8)));
            let loss = loss_function.forward(output.logits, Tensor::from_inner(targets.clone()));
            last = loss.clone().into_scalar::<f32>();
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(learning_rate, model, gradients);
        }
        assert!(last < 0.05, "the loss is still {last} with {config:?}");
    }

    #[test]
    fn scoring_leaves_batch_normalisation_alone() {
        let model = tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(3), &device().autodiff());
        let statistics = |model: &ResNet| model.bn1.running_mean.value_sync().into_data();
        let before = statistics(&model);
        let first = model.valid().forward(images(4, 8)).logits.into_data();
        let second = model.valid().forward(images(4, 8)).logits.into_data();
        assert_eq!(first, second);
        assert_eq!(before, statistics(&model));
        // Training does change them, so the check above can fail.
        model.forward(Tensor::from_inner(images(4, 8)));
        assert_ne!(before, statistics(&model));
    }

    /// Running statistics are shared by `clone()`; two models that were built apart share nothing.
    #[test]
    fn models_that_were_built_apart_share_no_statistics() {
        let build = || tiny(Stem::Cifar).init(&mut ChaCha8Rng::seed_from_u64(3), &device().autodiff());
        let (first, second) = (build(), build());
        let before = second.bn1.running_mean.value_sync().into_data();
        first.forward(Tensor::from_inner(images(4, 8)));
        assert_eq!(before, second.bn1.running_mean.value_sync().into_data());
        assert_ne!(before, first.bn1.running_mean.value_sync().into_data());
    }
}
