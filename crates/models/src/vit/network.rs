//! The network: one pass over images.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;

use super::block::Block;
use super::head::Head;
use crate::output::Output;

/// The image tower of CLIP with a head. Training and evaluation form are the same function: it has neither dropout nor
/// statistics of batches.
#[derive(Module, Debug)]
pub struct Vit {
    pub(super) patch: usize,
    /// The convolution of the patches: kernel and stride are a patch, so that it is a product with each.
    pub(super) conv1: Linear,
    pub(super) class_embedding: Param<Tensor<1>>,
    pub(super) positional_embedding: Param<Tensor<2>>,
    pub(super) ln_pre: LayerNorm,
    pub(super) blocks: Vec<Block>,
    pub(super) ln_post: LayerNorm,
    pub(super) proj: Param<Tensor<2>>,
    pub(super) head: Head,
}

impl Vit {
    /// One pass over a batch.
    ///
    /// # Shapes
    ///
    /// - `images`: `[batch, 3, image, image]`, normalised
    /// - logits: `[batch, classes]`; embeddings: `[batch, features]`, not normalised
    ///
    /// # Panics
    ///
    /// The images are of another size than the network's.
    pub fn forward(&self, images: Tensor<4>) -> Output {
        let embeddings = self.embed(images);
        Output { logits: self.head(embeddings.clone()), embeddings }
    }

    /// The head alone: embeddings `[batch, features]` to logits `[batch, classes]`.
    pub fn head(&self, embeddings: Tensor<2>) -> Tensor<2> {
        self.head.forward(embeddings)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.head.fc.weight.lazy_shape().dims::<2>()[1]
    }

    /// The weights of the head, `[classes, features]`, without its biases. A zero-shot head applies them to normalised features.
    pub fn head_weights(&self) -> Tensor<2> {
        self.head.fc.weight.val().transpose()
    }

    /// Images `[batch, 3, image, image]` to features `[batch, features]`.
    pub(crate) fn embed(&self, images: Tensor<4>) -> Tensor<2> {
        let patches = self.conv1.forward(self.patches(images)); // [batch, patches, width]
        let [batch, count, width] = patches.dims();
        let tokens = self.positional_embedding.lazy_shape().dims::<2>()[0];
        assert_eq!(count + 1, tokens, "images of as many patches as the network has places for");
        let class = self.class_embedding.val().reshape([1, 1, width]).expand([batch, 1, width]);
        let positions = self.positional_embedding.val().reshape([1, count + 1, width]);
        let tokens = Tensor::cat(vec![class, patches], 1) + positions; // [batch, tokens, width]
        let tokens =
            self.blocks.iter().fold(self.ln_pre.forward(tokens), |tokens, block| block.forward(tokens));
        // Only the token of the class is looked at.
        let class = tokens.narrow(1, 0, 1).reshape([batch, width]);
        self.ln_post.forward(class).matmul(self.proj.val())
    }

    /// Images `[batch, channels, height, width]` to patches row by row, `[batch, patches, channels · patch · patch]`.
    fn patches(&self, images: Tensor<4>) -> Tensor<3> {
        let side = self.patch;
        let [batch, channels, height, width] = images.dims();
        let (down, across) = (height / side, width / side);
        assert_eq!((down * side, across * side), (height, width), "images of whole patches");
        assert_eq!(down, across, "square images");
        images.reshape([batch, channels, down, side, across, side]).permute([0, 2, 4, 1, 3, 5]).reshape([
            batch,
            down * across,
            channels * side * side,
        ])
    }
}

#[cfg(test)]
mod tests {
    use burn::module::ModuleVisitor;
    use burn::nn::loss::CrossEntropyLossConfig;
    use burn::optim::{GradientsParams, ModuleOptimizer};
    use burn::tensor::{Device, Int, TensorData};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::classifier::{Batch, ClassifierConfig};
    use crate::optimiser::Adam;
    use crate::vit::{VitConfig, VitHead};

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn tiny(head: VitHead) -> VitConfig {
        VitConfig { image: 8, patch: 4, width: 8, layers: 2, heads: 2, features: 6, classes: 4, head }
    }

    fn images(count: usize) -> Tensor<4> {
        let values: Vec<f32> =
            (0..count * 3 * 64).map(|index| ((index * 37 + index / 11) % 101) as f32 / 50.0 - 1.0).collect();
        Tensor::from_data(TensorData::new(values, [count, 3, 8, 8]), &device())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    /// The sum over OpenAI's modules (shapes by `build_model` of their `clip/model.py`), and a head for 10 classes.
    #[test]
    fn clips_vit_b_32_has_the_number_of_parameters_of_the_released_model() {
        let model = VitConfig::clip_vit_b_32(10).init(&mut rng(0), &device());
        assert_eq!(model.num_params(), 87_849_216 + 512 * 10 + 10);
    }

    #[test]
    fn one_pass_yields_logits_and_embeddings_of_the_documented_shapes() {
        let model = tiny(VitHead::Linear).init(&mut rng(0), &device());
        let output = model.forward(images(3));
        assert_eq!((output.logits.dims(), output.embeddings.dims()), ([3, 4], [3, 6]));
        assert_eq!((model.classes(), model.head_weights().dims()), (4, [4, 6]));
        assert_eq!(values(model.head(output.embeddings)), values(output.logits));
    }

    #[test]
    fn a_patch_has_its_channels_first_and_then_its_rows() {
        let model = VitConfig { image: 4, patch: 2, ..tiny(VitHead::Linear) }.init(&mut rng(0), &device());
        let pixels: Vec<f32> = (0..48).map(|pixel| pixel as f32).collect();
        let image = Tensor::<4>::from_data(TensorData::new(pixels, [1, 3, 4, 4]), &device());
        let patches = model.patches(image);
        assert_eq!(patches.dims(), [1, 4, 12]);
        let second: Vec<f32> = values(patches)[12..24].to_vec();
        assert_eq!(second, [2.0, 3.0, 6.0, 7.0, 18.0, 19.0, 22.0, 23.0, 34.0, 35.0, 38.0, 39.0]);
    }

    #[test]
    #[should_panic(expected = "images of whole patches")]
    fn images_that_patches_do_not_cover_are_refused() {
        let model = tiny(VitHead::Linear).init(&mut rng(0), &device());
        model.forward(Tensor::zeros([1, 3, 9, 8], &device()));
    }

    /// As many patches as the network has places for, in another order.
    #[test]
    #[should_panic(expected = "square images")]
    fn images_that_are_not_square_are_refused() {
        let model = tiny(VitHead::Linear).init(&mut rng(0), &device());
        model.forward(Tensor::zeros([1, 3, 4, 16], &device()));
    }

    #[test]
    #[should_panic(expected = "as many patches as the network has places for")]
    fn images_of_another_size_are_refused() {
        let model = tiny(VitHead::Linear).init(&mut rng(0), &device());
        model.forward(Tensor::zeros([1, 3, 12, 12], &device()));
    }

    #[test]
    fn a_zero_shot_head_looks_at_directions_only_and_begins_with_what_it_is_given() {
        let rows: Vec<f32> = (0..24).map(|entry| entry as f32 / 8.0 - 1.0).collect();
        let head = VitHead::ZeroShot { rows: rows.clone(), scale: 100.0 };
        let model = tiny(head).init(&mut rng(0), &device());
        let scaled: Vec<f32> = rows.iter().map(|row| row * 100.0).collect();
        assert_eq!(values(model.head_weights()), scaled);
        let embeddings = model.forward(images(2)).embeddings;
        let (once, twice) = (values(model.head(embeddings.clone())), values(model.head(embeddings * 2.0)));
        for (once, twice) in once.iter().zip(twice) {
            assert!((once - twice).abs() < 1e-3, "{once} is not {twice}");
        }
        // Its first direction by hand: 100 · the first row of 3/5 and 4/5.
        let embedding = [[3.0_f32, 4.0, 0.0, 0.0, 0.0, 0.0]];
        let logits = values(model.head(Tensor::from_data(embedding, &device())));
        let expected = 100.0 * (0.6 * rows[0] + 0.8 * rows[1]);
        assert!((logits[0] - expected).abs() < 1e-3, "{} is not {expected}", logits[0]);
        assert_eq!(values(model.head(Tensor::zeros([1, 6], &device()))), [0.0; 4]);
    }

    #[test]
    fn a_classifier_has_no_statistics_of_batches_and_masks_what_the_head_sees() {
        let config = ClassifierConfig::Vit(tiny(VitHead::Linear));
        assert_eq!((config.embedding(), config.classes()), (6, 4));
        let model = config.init(&mut rng(0), &device());
        let batch = || Batch::Images(images(2));
        let output = model.forward(batch());
        let by_batch = model.forward_with_batch_statistics(batch());
        assert_eq!(values(by_batch.logits), values(output.logits));
        let masked = model.forward_with_dropout(batch(), Tensor::zeros([2, 6], &device()));
        assert_eq!(values(masked.embeddings), values(output.embeddings.clone()));
        assert_eq!(values(masked.logits), values(model.head(output.embeddings.zeros_like())));
        assert_eq!((model.classes(), model.trainable_parameters()), (4, model.num_params()));
    }

    #[test]
    fn it_learns_eight_images_by_heart() {
        let device = device().autodiff();
        let mut model = tiny(VitHead::Linear).init(&mut rng(0), &device);
        let labels = Tensor::<1, Int>::from_data([0, 1, 2, 3, 3, 2, 1, 0], &device);
        let adam_w = Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-6, weight_decay: 0.01, decoupled: true };
        let mut optimizer = ModuleOptimizer::from(adam_w);
        let mut last = f32::INFINITY;
        for _ in 0..150 {
            let logits = model.forward(Tensor::from_inner(images(8))).logits;
            let loss = CrossEntropyLossConfig::new().init(&device).forward(logits, labels.clone());
            last = values(loss.clone().inner())[0];
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(0.01, model, gradients);
        }
        assert!(last < 0.05, "the loss is still {last}");
    }

    /// Names and values in the order in which a record has them.
    #[derive(Default)]
    struct Names {
        path: Vec<String>,
        found: Vec<String>,
        values: Vec<f32>,
    }

    impl ModuleVisitor for Names {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(self.path.join("."));
            self.values.extend(values(param.val()));
        }
    }

    fn names(seed: u64) -> Names {
        let config = VitConfig { layers: 1, ..tiny(VitHead::Linear) };
        let mut names = Names::default();
        config.init(&mut rng(seed), &device()).visit(&mut names);
        names
    }

    #[test]
    fn weights_are_drawn_from_one_stream_in_the_order_of_declaration() {
        let drawn = names(3);
        assert_eq!(
            drawn.found,
            [
                "conv1.weight",
                "class_embedding",
                "positional_embedding",
                "ln_pre.gamma",
                "ln_pre.beta",
                "blocks.0.ln_1.gamma",
                "blocks.0.ln_1.beta",
                "blocks.0.attn.in_proj.weight",
                "blocks.0.attn.in_proj.bias",
                "blocks.0.attn.out_proj.weight",
                "blocks.0.attn.out_proj.bias",
                "blocks.0.ln_2.gamma",
                "blocks.0.ln_2.beta",
                "blocks.0.c_fc.weight",
                "blocks.0.c_fc.bias",
                "blocks.0.c_proj.weight",
                "blocks.0.c_proj.bias",
                "ln_post.gamma",
                "ln_post.beta",
                "proj",
                "head.fc.weight",
                "head.fc.bias",
            ]
        );
        assert_eq!(drawn.values, names(3).values);
        assert_ne!(drawn.values, names(4).values);
        // The stream begins with the first layer.
        let first = crate::initializer::linear_without_bias(48, 8, &mut rng(3), &device());
        assert_eq!(values(first.weight.val()), drawn.values[..48 * 8]);
    }
}
