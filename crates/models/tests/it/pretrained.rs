//! Files of weights as PyTorch writes them, whole, incomplete and damaged.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{DType, Tensor, TensorData};
use flate2::read::ZlibDecoder;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::Deserialize;
use tailward_models::pretrained::{PretrainedError, WeightsFormat, load, tensors, to_tensors};
use tailward_models::resnet::{BlockKind, ResNet, ResNetConfig, Stem};
use tempfile::TempDir;

use crate::{assert_near, device, golden, rng};

#[derive(Deserialize)]
struct Golden {
    reference: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    block: BlockKind,
    blocks: Vec<usize>,
    widths: Vec<usize>,
    classes: usize,
    size: usize,
    logits: Vec<f32>,
    zip: String,
    before_1_6: String,
    safetensors: String,
}

impl Case {
    fn config(&self) -> ResNetConfig {
        let (block, blocks, widths) = (self.block, self.blocks.clone(), self.widths.clone());
        ResNetConfig { channels: 3, classes: self.classes, stem: Stem::ImageNet, block, blocks, widths }
    }

    /// The pattern of `pretrained.py`.
    fn images(&self) -> Tensor<4> {
        let size = self.size;
        let values: Vec<f32> = (0..3 * 3 * size * size)
            .map(|index| (((index * 37 + index / 11) % 101) as f64 / 50.0 - 1.0) as f32)
            .collect();
        Tensor::from_data(TensorData::new(values, [3, 3, size, size]), &device())
    }
}

fn cases() -> Vec<Case> {
    let golden: Golden = golden("pretrained.json");
    assert!(golden.reference.starts_with("torch "));
    golden.cases
}

fn basic() -> Case {
    cases().into_iter().find(|case| case.block == BlockKind::Basic).unwrap()
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

fn load_bytes(config: &ResNetConfig, bytes: &[u8], format: WeightsFormat) -> Result<ResNet, PretrainedError> {
    load(config, &file(bytes).path, format, &mut rng(1), &device())
}

fn logits(model: &ResNet, images: Tensor<4>) -> Vec<f32> {
    model.forward(images).logits.into_data().try_to_vec().unwrap()
}

/// A tensor of a safetensors file.
#[derive(Clone)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A golden safetensors file, changed, as bytes.
fn changed(case: &Case, change: impl FnOnce(&mut BTreeMap<String, Entry>)) -> Vec<u8> {
    let bytes = unpack(&case.safetensors);
    let mut entries: BTreeMap<String, Entry> = SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors()
        .into_iter()
        .map(|(key, view)| {
            let (dtype, shape, bytes) = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            (key, Entry { dtype, shape, bytes })
        })
        .collect();
    change(&mut entries);
    let views = entries
        .iter()
        .map(|(key, entry)| (key, TensorView::new(entry.dtype, entry.shape.clone(), &entry.bytes).unwrap()));
    serialize(views, None).unwrap()
}

fn refusal(change: impl FnOnce(&mut BTreeMap<String, Entry>)) -> PretrainedError {
    let case = basic();
    let bytes = changed(&case, change);
    load_bytes(&case.config(), &bytes, WeightsFormat::Safetensors).map(|_| ()).unwrap_err()
}

#[test]
fn a_file_of_pytorch_gives_pytorchs_logits() {
    for case in cases() {
        for (packed, format) in [
            (&case.zip, WeightsFormat::Pytorch),
            (&case.before_1_6, WeightsFormat::Pytorch),
            (&case.safetensors, WeightsFormat::Safetensors),
        ] {
            let model = load_bytes(&case.config(), &unpack(packed), format).unwrap();
            assert_near(&logits(&model, case.images()), &case.logits, 1e-4);
        }
    }
}

#[test]
fn a_network_gives_back_the_tensors_of_its_file() {
    for case in cases() {
        let saved = file(&unpack(&case.safetensors));
        let model =
            load(&case.config(), &saved.path, WeightsFormat::Safetensors, &mut rng(1), &device()).unwrap();
        assert_eq!(to_tensors(&model), tensors(&saved.path, WeightsFormat::Safetensors).unwrap());
    }
}

#[test]
fn a_head_for_other_classes_is_drawn_and_the_rest_comes_from_the_file() {
    for case in cases() {
        let whole = load_bytes(&case.config(), &unpack(&case.zip), WeightsFormat::Pytorch).unwrap();
        let config = ResNetConfig { classes: 7, ..case.config() };
        let model = load_bytes(&config, &unpack(&case.zip), WeightsFormat::Pytorch).unwrap();
        let (output, expected) = (model.forward(case.images()), whole.forward(case.images()));
        assert_eq!(output.embeddings.clone().into_data(), expected.embeddings.into_data());
        let fresh = config.init(&mut rng(1), &device());
        assert_eq!(output.logits.dims(), [3, 7]);
        assert_eq!(output.logits.into_data(), fresh.head(output.embeddings).into_data());
    }
}

#[test]
fn a_loaded_network_can_be_trained_and_shares_nothing_with_another() {
    for case in cases() {
        let training_device = device().autodiff();
        let saved = file(&unpack(&case.zip));
        let build = || {
            load(&case.config(), &saved.path, WeightsFormat::Pytorch, &mut rng(1), &training_device).unwrap()
        };
        let (mut first, second) = (build(), build());
        assert_near(&logits(&first.valid(), case.images()), &case.logits, 1e-4);
        let mut optimizer = SgdConfig::new().init();
        let before = first.valid().forward(case.images()).embeddings.into_data();
        let loss = first.forward(Tensor::from_inner(case.images())).logits.powf_scalar(2.0).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &first);
        assert!(gradients.len() > 20, "{} parameters have a gradient", gradients.len());
        first = optimizer.step(0.1, first, gradients);
        assert_ne!(first.valid().forward(case.images()).embeddings.into_data(), before);
        assert_near(&logits(&second.valid(), case.images()), &case.logits, 1e-4);
    }
}

#[test]
fn double_precision_is_converted() {
    let case = basic();
    let bytes = changed(&case, |entries| {
        for entry in entries.values_mut().filter(|entry| entry.dtype == Dtype::F32) {
            let singles = entry.bytes.chunks_exact(4).map(|it| f32::from_le_bytes(it.try_into().unwrap()));
            entry.bytes = singles.flat_map(|it| f64::from(it).to_le_bytes()).collect();
            entry.dtype = Dtype::F64;
        }
    });
    let model = load_bytes(&case.config(), &bytes, WeightsFormat::Safetensors).unwrap();
    assert_eq!(model.forward(case.images()).logits.dtype(), DType::F32);
    assert_near(&logits(&model, case.images()), &case.logits, 1e-4);
}

#[test]
fn a_missing_key_is_named() {
    // Statistics too: a network that silently kept its own would compute something else.
    for missing in ["layer1.1.conv2.weight", "layer3.0.downsample.1.running_var", "bn1.weight", "fc.bias"] {
        let error = refusal(|entries| drop(entries.remove(missing)));
        assert!(matches!(&error, PretrainedError::Missing { key, .. } if key == missing), "{error}");
    }
}

#[test]
fn a_key_that_is_left_over_is_named() {
    let error = refusal(|entries| {
        let entry = entries["layer1.1.bn1.weight"].clone();
        entries.insert("layer1.2.bn1.weight".to_owned(), entry);
    });
    assert!(
        matches!(&error, PretrainedError::Unexpected { key, .. } if key == "layer1.2.bn1.weight"),
        "{error}"
    );
}

#[test]
fn another_shape_is_named_also_if_it_has_as_many_entries() {
    let error = refusal(|entries| entries.get_mut("layer2.0.conv1.weight").unwrap().shape = vec![2, 3, 3, 3]);
    let PretrainedError::Shape { key, expected, found, .. } = &error else { panic!("{error}") };
    assert_eq!(key, "layer2.0.conv1.weight");
    assert_eq!((expected.as_slice(), found.as_slice()), (&[3, 2, 3, 3][..], &[2, 3, 3, 3][..]));
}

#[test]
fn a_head_for_other_embeddings_is_refused_even_if_it_would_be_replaced() {
    let case = basic();
    let bytes = changed(&case, |entries| {
        let head = entries.get_mut("fc.weight").unwrap();
        head.shape = vec![head.shape[1], head.shape[0]];
    });
    let config = ResNetConfig { classes: 7, ..case.config() };
    let error = load_bytes(&config, &bytes, WeightsFormat::Safetensors).map(|_| ()).unwrap_err();
    assert!(matches!(&error, PretrainedError::Shape { key, .. } if key == "fc.weight"), "{error}");
}

#[test]
fn integers_are_no_weights() {
    let error = refusal(|entries| entries.get_mut("bn1.bias").unwrap().dtype = Dtype::I32);
    assert!(
        matches!(&error, PretrainedError::Kind { key, found: DType::I32, .. } if key == "bn1.bias"),
        "{error}"
    );
}

#[test]
fn a_small_stem_refuses_a_large_kernel() {
    for stem in [Stem::Cifar, Stem::CifarStrided] {
        let case = basic();
        let config = ResNetConfig { stem, ..case.config() };
        let error = load_bytes(&config, &unpack(&case.zip), WeightsFormat::Pytorch).map(|_| ()).unwrap_err();
        assert!(matches!(error, PretrainedError::Stem { kernel: 3, .. }), "{error}");
        assert!(error.to_string().contains("[2, 3, 7, 7]"), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_or_of_the_other_format_is_an_error_with_its_path() {
    let case = basic();
    let refuse = |path: &Path, format| {
        let error = load(&case.config(), path, format, &mut rng(1), &device()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        error
    };
    let (zip, safetensors) = (file(&unpack(&case.zip)), file(&unpack(&case.safetensors)));
    let nowhere = zip.path.with_file_name("nowhere");
    for (pytorch, other) in [(&nowhere, &nowhere), (&safetensors.path, &zip.path)] {
        assert!(matches!(refuse(pytorch, WeightsFormat::Pytorch), PretrainedError::Pytorch { .. }));
        assert!(matches!(refuse(other, WeightsFormat::Safetensors), PretrainedError::Safetensors { .. }));
    }
}

fn files(case: &Case) -> [(Vec<u8>, WeightsFormat); 3] {
    [
        (unpack(&case.zip), WeightsFormat::Pytorch),
        (unpack(&case.before_1_6), WeightsFormat::Pytorch),
        (unpack(&case.safetensors), WeightsFormat::Safetensors),
    ]
}

#[test]
fn a_file_that_was_cut_short_is_an_error_wherever_it_was_cut() {
    let case = basic();
    for (bytes, format) in files(&case) {
        for length in (0..bytes.len()).step_by(bytes.len() / 60).chain([bytes.len() - 1]) {
            let result = load_bytes(&case.config(), &bytes[..length], format);
            assert!(result.is_err(), "{length} of {} bytes were enough ({format:?})", bytes.len());
        }
    }
}

/// A zip has checksums, so whatever it is loaded from is undamaged where it matters. The other two have none, and
/// other numbers may come of them; a panic must not.
#[test]
fn a_damaged_file_is_an_error_and_a_damaged_zip_never_gives_other_numbers() {
    let case = basic();
    for (index, (bytes, format)) in files(&case).into_iter().enumerate() {
        let zip = index == 0;
        let mut refused = 0;
        for at in (0..bytes.len()).step_by(bytes.len() / 150) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            match load_bytes(&case.config(), &damaged, format) {
                Ok(model) if zip => assert_near(&logits(&model, case.images()), &case.logits, 1e-4),
                Ok(_) => {}
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 50, "only {refused} damages of about 150 were seen ({format:?})");
    }
}
