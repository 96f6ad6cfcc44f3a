//! The image tower of CLIP beside transformers' own, and its files in both layouts.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_store::{ModuleSnapshot, bridge};
use flate2::read::ZlibDecoder;
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use tailward_models::clip_norm::clip_global_norm;
use tailward_models::optimiser::Adam;
use tailward_models::pretrained::{PretrainedError, WeightsFormat, load_clip};
use tailward_models::vit::{Vit, VitConfig, VitHead};
use tempfile::TempDir;

use crate::{assert_near, device, golden, rng};

#[derive(Deserialize)]
struct Golden {
    reference: String,
    hugging_face: BTreeMap<String, Stored>,
    openai: BTreeMap<String, Stored>,
    head: BTreeMap<String, Stored>,
    features: Vec<f32>,
    logits: Vec<f32>,
    gradients: BTreeMap<String, Short>,
    losses: Vec<f32>,
    /// Of all gradients together, before they are clipped.
    norms: Vec<f32>,
    features_after: Vec<f32>,
    logits_after: Vec<f32>,
    parameters_after: BTreeMap<String, Short>,
    hugging_face_zip: String,
    openai_zip: String,
    torchscript: String,
}

/// A tensor of multiples of 1/64.
#[derive(Clone, Deserialize)]
struct Stored {
    shape: Vec<usize>,
    times_64: Vec<i16>,
}

impl Stored {
    fn values(&self) -> Vec<f32> {
        self.times_64.iter().map(|&value| f32::from(value) / 64.0).collect()
    }
}

/// The first entries of a tensor, its L2 norm, and sums in which every entry has a weight of its own.
#[derive(Deserialize)]
struct Short {
    first: Vec<f32>,
    norm: f32,
    sums: Vec<f64>,
}

/// The weights of entries in the sums of `clip.py`.
fn sums(values: &[f32]) -> Vec<f64> {
    let sum = |step: usize| {
        let weighted = values.iter().enumerate().map(|(index, value)| {
            f64::from(*value) * (((index * step + index / 7) % 97) as f64 / 48.0 - 1.0)
        });
        weighted.sum()
    };
    [1, 31, 53].map(sum).to_vec()
}

/// What gradients are clipped to.
const CLIP: f64 = 0.25;

/// A bias of queries, keys and values without that of the keys: no output depends on it, its gradient is what rounding leaves, and Adam
/// makes that large.
fn without_keys(path: &str, values: &[f32]) -> Vec<f32> {
    if !path.ends_with("in_proj.bias") {
        return values.to_vec();
    }
    let third = values.len() / 3;
    [&values[..third], &values[2 * third..]].concat()
}

fn tower() -> Golden {
    let golden: Golden = golden("clip.json");
    assert!(golden.reference.contains("transformers "));
    golden
}

/// The configuration of `clip.py`.
fn config() -> VitConfig {
    let head = VitHead::Linear;
    VitConfig { image: 16, patch: 8, width: 16, layers: 2, heads: 2, features: 8, classes: 3, head }
}

/// The pattern of `clip.py`.
fn images(device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..4 * 3 * 16 * 16)
        .map(|index| (((index * 37 + index / 11) % 101) as f64 / 50.0 - 1.0) as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, [4, 3, 16, 16]), device)
}

/// A folder with one file of weights.
struct File {
    path: PathBuf,
    _folder: TempDir,
}

fn file(bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights");
    std::fs::write(&path, bytes).unwrap();
    File { path, _folder: folder }
}

/// A float of 16 bits that is a multiple of 1/64 below 2 in magnitude, so that all of its digits fit.
fn half(value: f32) -> u16 {
    let (bits, sign) = (value.abs().to_bits(), u16::from(value < 0.0) << 15);
    if value == 0.0 {
        return sign;
    }
    let exponent = (bits >> 23) as i32 - 127 + 15;
    let fraction = (bits & 0x7f_ffff) >> 13;
    assert!((1..31).contains(&exponent) && bits & 0x1fff == 0, "{value} is no half");
    sign | (exponent as u16) << 10 | fraction as u16
}

/// A safetensors file, in single precision but for what `halved` says yes to.
fn safetensors(tensors: &BTreeMap<String, Stored>, halved: impl Fn(&str) -> bool) -> Vec<u8> {
    let entries: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(key, tensor)| {
            let (values, shape) = (tensor.values(), tensor.shape.clone());
            if halved(key) {
                let bytes = values.iter().flat_map(|&value| half(value).to_le_bytes()).collect();
                (key, Dtype::F16, shape, bytes)
            } else {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                (key, Dtype::F32, shape, bytes)
            }
        })
        .collect();
    let views = entries
        .iter()
        .map(|(key, dtype, shape, bytes)| (key, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    serialize(views, None).unwrap()
}

fn load(bytes: &[u8], device: &Device) -> Result<Vit, PretrainedError> {
    load_clip(&config(), &file(bytes).path, WeightsFormat::Safetensors, &mut rng(1), device)
}

/// The tower with the head of the golden file.
fn loaded(golden: &Golden, device: &Device) -> Vit {
    let mut model = load(&safetensors(&golden.hugging_face, |_| false), device).unwrap();
    let [weight, bias] = [&golden.head["weight"], &golden.head["bias"]];
    let turned: Vec<f32> = (0..24).map(|place| weight.values()[place % 3 * 8 + place / 3]).collect();
    let head = [
        ("head.fc.weight", TensorData::new(turned, [8, 3])),
        ("head.fc.bias", TensorData::new(bias.values(), [3])),
    ]
    .map(|(path, data)| bridge::from_data(data, path.to_owned(), None));
    let result = model.apply(head.to_vec(), None, None, false);
    assert_eq!(result.applied.len(), 2);
    model
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// The values of all parameters by their paths: of the parameters themselves, or of their gradients.
struct All<'a> {
    gradients: Option<&'a GradientsParams>,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for All<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            Some(gradients) => gradients.get::<D>(param.id).unwrap(),
            None => param.val(),
        };
        self.found.insert(self.path.join("."), values(tensor));
    }
}

fn all(model: &Vit, gradients: Option<&GradientsParams>) -> BTreeMap<String, Vec<f32>> {
    let mut all = All { gradients, path: Vec::new(), found: BTreeMap::new() };
    model.visit(&mut all);
    all.found
}

#[track_caller]
fn assert_all_near(found: &BTreeMap<String, Vec<f32>>, expected: &BTreeMap<String, Short>, tolerance: f32) {
    assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
    for (path, expected) in expected {
        let found = without_keys(path, &found[path]);
        let first = &found[..expected.first.len()];
        let norm = found.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32;
        for (value, expected) in first.iter().zip(&expected.first).chain([(&norm, &expected.norm)]) {
            assert!((value - expected).abs() <= tolerance, "{path}: {value} is not {expected}");
        }
        // As much as if the entries were off at random.
        let tolerance = f64::from(tolerance) * (found.len() as f64).sqrt();
        for (value, expected) in sums(&found).iter().zip(&expected.sums) {
            assert!((value - expected).abs() <= tolerance, "{path}: a sum of {value} is not {expected}");
        }
    }
}

#[test]
fn features_gradients_and_steps_are_those_of_transformers() {
    let (golden, device) = (tower(), device());
    let mut model = loaded(&golden, &device.clone().autodiff());
    let output = model.valid().forward(images(&device));
    assert_near(&values(output.embeddings), &golden.features, 1e-5);
    assert_near(&values(output.logits), &golden.logits, 1e-5);

    let training_device = device.clone().autodiff();
    let targets = Tensor::<1, Int>::from_data([0, 1, 2, 0], &training_device);
    let adam_w = Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.1, decoupled: true };
    let mut optimizer = ModuleOptimizer::from(adam_w);
    let mut losses = Vec::new();
    for step in 0..10 {
        let logits = model.forward(Tensor::from_inner(images(&device))).logits;
        let loss = CrossEntropyLossConfig::new().init(&training_device).forward(logits, targets.clone());
        losses.push(values(loss.clone().inner())[0]);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        if step == 0 {
            assert_all_near(&all(&model, Some(&gradients)), &golden.gradients, 1e-5);
        }
        let found = all(&model, Some(&gradients));
        let norm = found.values().flatten().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        assert!((norm as f32 - golden.norms[step]).abs() <= 1e-4, "{norm} is not {}", golden.norms[step]);
        assert!(norm > CLIP, "step {step} clips nothing: the test says less");
        let gradients = clip_global_norm(gradients, &model, CLIP);
        model = optimizer.step(0.01, model, gradients);
    }
    assert_near(&losses, &golden.losses, 1e-5);
    let output = model.valid().forward(images(&device));
    assert_near(&values(output.embeddings), &golden.features_after, 1e-4);
    assert_near(&values(output.logits), &golden.logits_after, 1e-4);
    assert_all_near(&all(&model.valid(), None), &golden.parameters_after, 1e-4);
}

/// OpenAI's files have half precision but for layer norms and embeddings.
#[test]
fn both_layouts_give_the_same_tower() {
    let golden = tower();
    let is_single = |key: &str| key.contains("ln_") || key.contains("embedding");
    let openai = safetensors(&golden.openai, |key| !is_single(key));
    let models = [
        load(&safetensors(&golden.hugging_face, |_| false), &device()).unwrap(),
        load(&safetensors(&golden.hugging_face, |_| true), &device()).unwrap(),
        load(&openai, &device()).unwrap(),
    ];
    let [first, others @ ..] = models.map(|model| all(&model, None));
    for other in others {
        assert_eq!(first, other);
    }
    let embeddings = load(&openai, &device()).unwrap().forward(images(&device())).embeddings;
    assert_near(&values(embeddings), &golden.features, 1e-5);
}

#[test]
fn the_text_tower_of_a_file_is_passed_over() {
    let golden = tower();
    let scalar = Stored { shape: vec![1], times_64: vec![1] };
    for (mut tensors, others) in [
        (
            golden.hugging_face,
            ["text_model.encoder.layers.0.mlp.fc1.bias", "text_projection.weight", "logit_scale"],
        ),
        (golden.openai, ["transformer.resblocks.0.mlp.c_fc.bias", "text_projection", "positional_embedding"]),
    ] {
        tensors.extend(others.map(|key| (key.to_owned(), scalar.clone())));
        assert!(load(&safetensors(&tensors, |_| false), &device()).is_ok());
        tensors.insert("something.else".to_owned(), scalar.clone());
        let error = load(&safetensors(&tensors, |_| false), &device()).map(|_| ()).unwrap_err();
        assert!(
            matches!(&error, PretrainedError::Unexpected { key, .. } if key == "something.else"),
            "{error}"
        );
    }
}

fn refusal(tensors: &BTreeMap<String, Stored>) -> PretrainedError {
    load(&safetensors(tensors, |_| false), &device()).map(|_| ()).unwrap_err()
}

#[test]
fn a_missing_key_is_named_in_both_layouts() {
    let golden = tower();
    for (tensors, missing) in [
        (&golden.hugging_face, "vision_model.encoder.layers.1.self_attn.k_proj.bias"),
        (&golden.hugging_face, "visual_projection.weight"),
        (&golden.hugging_face, "vision_model.pre_layrnorm.weight"),
        (&golden.openai, "visual.transformer.resblocks.1.attn.in_proj_bias"),
        (&golden.openai, "visual.class_embedding"),
    ] {
        let mut tensors = tensors.clone();
        tensors.remove(missing).unwrap();
        let error = refusal(&tensors);
        assert!(matches!(&error, PretrainedError::Missing { key, .. } if key == missing), "{error}");
    }
}

#[test]
fn a_third_block_is_left_over_and_named_in_both_layouts() {
    let golden = tower();
    for (tensors, present, extra) in [
        (
            &golden.hugging_face,
            "vision_model.encoder.layers.1.mlp.fc1.bias",
            "vision_model.encoder.layers.2.mlp.fc1.bias",
        ),
        (
            &golden.openai,
            "visual.transformer.resblocks.1.mlp.c_fc.bias",
            "visual.transformer.resblocks.2.mlp.c_fc.bias",
        ),
    ] {
        let mut tensors = tensors.clone();
        tensors.insert(extra.to_owned(), tensors[present].clone());
        let error = refusal(&tensors);
        assert!(matches!(&error, PretrainedError::Unexpected { key, .. } if key == extra), "{error}");
    }
}

#[test]
fn a_turned_tensor_is_named_in_both_layouts() {
    let golden = tower();
    for (tensors, turned, expected) in [
        (&golden.hugging_face, "visual_projection.weight", [8, 16]),
        (&golden.hugging_face, "vision_model.encoder.layers.0.mlp.fc2.weight", [16, 64]),
        (&golden.openai, "visual.proj", [16, 8]),
        (&golden.openai, "visual.transformer.resblocks.0.attn.in_proj_weight", [48, 16]),
    ] {
        let mut tensors = tensors.clone();
        tensors.get_mut(turned).unwrap().shape.reverse();
        let error = refusal(&tensors);
        let PretrainedError::Shape { key, expected: wanted, .. } = &error else { panic!("{error}") };
        assert_eq!((key.as_str(), wanted.as_slice()), (turned, &expected[..]));
    }
}

fn unpack(hexadecimal: &str) -> Vec<u8> {
    let deflated: Vec<u8> = (0..hexadecimal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap())
        .collect();
    let mut bytes = Vec::new();
    ZlibDecoder::new(deflated.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn load_zip(hexadecimal: &str) -> Result<Vit, PretrainedError> {
    let saved = file(&unpack(hexadecimal));
    load_clip(&config(), &saved.path, WeightsFormat::Pytorch, &mut rng(1), &device())
}

/// With what is no weight in them: whole numbers, and those of the positions in older files of Hugging Face.
#[test]
fn state_dictionaries_give_the_same_tower() {
    let golden = tower();
    let expected = all(&load(&safetensors(&golden.hugging_face, |_| false), &device()).unwrap(), None);
    for zip in [&golden.hugging_face_zip, &golden.openai_zip] {
        assert_eq!(all(&load_zip(zip).unwrap(), None), expected);
    }
}

#[test]
fn a_torchscript_archive_is_refused_with_the_conversion() {
    let error = load_zip(&tower().torchscript).map(|_| ()).unwrap_err();
    assert!(matches!(error, PretrainedError::TorchScript { .. }), "{error}");
    assert!(error.to_string().contains("torch.jit.load"), "{error}");
}

#[test]
fn a_zero_shot_head_stays_what_it_was_given() {
    let golden = tower();
    let head = VitHead::ZeroShot { rows: vec![0.5; 24], scale: 2.0 };
    let saved = file(&safetensors(&golden.openai, |_| false));
    let config = VitConfig { head, ..config() };
    let model = load_clip(&config, &saved.path, WeightsFormat::Safetensors, &mut rng(1), &device()).unwrap();
    assert_eq!(values(model.head_weights()), [1.0; 24]);
}
