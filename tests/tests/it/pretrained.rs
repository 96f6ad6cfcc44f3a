//! Runs that start from pretrained weights, and Tiny ImageNet in a run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tailward_datasets::{Dataset, DatasetManifest};
use tailward_engine::run::{RunInputs, Setting, Weights, run};
use tailward_experiment::definition::{
    Definition, ModelDefinition, ResNetDefinition, RunDefinition, Scale, Selector, Stem,
};
use tailward_experiment::record::Record;
use tailward_models::pretrained::WeightsFormat;

use crate::fixture::{data_dir, project, run_command, run_inputs, synthetic_manifest, timeless_record};

fn definition(strategy: &str) -> RunDefinition {
    let path = project("tests/definitions/strategies.toml");
    let selector = Selector { strategies: vec![strategy.to_owned()], ..Selector::default() };
    Definition::load(&path).unwrap().runs(Scale::Smoke, &selector).unwrap().remove(0)
}

fn start(
    definition: &RunDefinition,
    dataset: &Dataset,
    weights: Option<Weights>,
    folder: &Path,
) -> Result<Record, tailward_engine::Error> {
    let inputs = RunInputs {
        weights,
        ..run_inputs(Setting::new(definition, dataset.clone(), data_dir()).unwrap(), folder)
    };
    run(definition, inputs, &mut |_| {})
}

/// A safetensors file with torchvision's names for the network of the test definition, whose head is for 7 classes: the
/// form is a length in 8 bytes, a JSON header of that length, and the numbers.
fn weights_file(path: &Path) {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![("conv1.weight".to_owned(), vec![4, 3, 3, 3])];
    let batch_norm = |name: &str, channels: usize| {
        ["weight", "bias", "running_mean", "running_var"]
            .map(|part| (format!("{name}.{part}"), vec![channels]))
    };
    shapes.extend(batch_norm("bn1", 4));
    for (layer, from, to) in [("layer1.0", 4, 4), ("layer2.0", 4, 8)] {
        shapes.push((format!("{layer}.conv1.weight"), vec![to, from, 3, 3]));
        shapes.extend(batch_norm(&format!("{layer}.bn1"), to));
        shapes.push((format!("{layer}.conv2.weight"), vec![to, to, 3, 3]));
        shapes.extend(batch_norm(&format!("{layer}.bn2"), to));
    }
    shapes.push(("layer2.0.downsample.0.weight".to_owned(), vec![8, 4, 1, 1]));
    shapes.extend(batch_norm("layer2.0.downsample.1", 8));
    shapes.extend([("fc.weight".to_owned(), vec![7, 8]), ("fc.bias".to_owned(), vec![7])]);
    let (mut header, mut data) = (Map::new(), Vec::new());
    for (name, shape) in shapes {
        let start = data.len();
        for index in 0..shape.iter().product::<usize>() {
            let wave = ((index * 37 + name.len() * 11) % 101) as f32 / 101.0 - 0.5;
            let value = if name.ends_with("running_var") { 1.0 + wave } else { wave };
            data.extend(value.to_le_bytes());
        }
        header.insert(name, json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] }));
    }
    let header = Value::Object(header).to_string();
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(&data).unwrap();
}

fn resnet(definition: &mut RunDefinition) -> &mut ResNetDefinition {
    match definition.model.as_mut() {
        Some(ModelDefinition::ResNet(model)) => model,
        other => panic!("a residual network: {other:?}"),
    }
}

#[test]
fn every_round_starts_from_the_pretrained_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.safetensors");
    weights_file(&path);
    let dataset = tailward_datasets::read(&synthetic_manifest(), data_dir()).unwrap();
    let drawn = start(&definition("entropy"), &dataset, None, &folder.path().join("drawn")).unwrap();
    let mut pretrained = definition("entropy");
    resnet(&mut pretrained).pretrained = Some("tiny".to_owned());
    let weights = Weights { path: path.clone(), format: WeightsFormat::Safetensors };
    let go = |name: &str| start(&pretrained, &dataset, Some(weights.clone()), &folder.path().join(name));
    let record = go("first").unwrap();
    assert_eq!(record.header.pool_hash, drawn.header.pool_hash);
    assert_ne!(record.rounds[0].epoch_losses, drawn.rounds[0].epoch_losses);
    go("second").unwrap();
    assert_eq!(timeless_record(&folder.path().join("first")), timeless_record(&folder.path().join("second")));
    // A file that was cut short is an error with its path, and nothing is trained.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let error = go("third").unwrap_err();
    assert!(error.to_string().contains("tiny.safetensors"), "{error}");
    assert_eq!(error.exit_code(), 3);
}

#[test]
fn missing_weights_say_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(project("tests/definitions/strategies.toml")).unwrap();
    let text = text.replace("dropout = 0.5\n", "dropout = 0.5\npretrained = \"resnet18-imagenet1k-v1\"\n");
    let path = folder.path().join("definition.toml");
    fs::write(&path, text).unwrap();
    let definition = Definition::load(&path).unwrap();
    let selector = Selector { strategies: vec!["random".to_owned()], ..Selector::default() };
    let run = definition.runs(Scale::Smoke, &selector).unwrap().remove(0);
    let output = run_command(&run.write(folder.path()).unwrap()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("cargo xtask fetch resnet18-imagenet1k-v1"), "{told}");
    assert!(told.contains("resnet18-f37072fd.pth"), "{told}");
}

#[test]
fn dropout_is_needed_where_passes_with_dropout_are() {
    let text = fs::read_to_string(project("tests/definitions/strategies.toml")).unwrap();
    for (to, words) in [("", "`bald` needs passes with dropout"), ("dropout = 0.0\n", "0 is not in (0, 1)")] {
        let changed = text.replace("dropout = 0.5\n", to);
        let error = Definition::parse(&changed, Path::new("definition.toml")).unwrap_err().to_string();
        assert!(error.contains("model.dropout") && error.contains(words), "{error}");
    }
}

/// Tiny ImageNet, or the excerpt of it that is there, in a run: 64×64 images behind the ImageNet stem, with BALD-CB.
#[test]
fn tiny_imagenet_runs() {
    let skip = |why: &str| {
        // Past the test harness, which keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    };
    let Some(data_dir) = std::env::var_os("TAILWARD_DATA").map(PathBuf::from) else {
        return skip("TAILWARD_DATA names no data folder");
    };
    let mut manifest = DatasetManifest::load(&project("datasets/tiny-imagenet.toml")).unwrap();
    let images = manifest.folder_in(&data_dir).join("train/n02124075/images");
    if !images.is_dir() {
        return skip("there is no Tiny ImageNet");
    }
    let count = |folder: PathBuf| fs::read_dir(folder).unwrap().count();
    manifest.train_images = count(images) * manifest.classes;
    manifest.test_images = count(manifest.folder_in(&data_dir).join("val/images"));
    manifest.class_balanced = false;
    let dataset = tailward_datasets::read(&manifest, &data_dir).unwrap();
    let mut definition = definition("bald-cb");
    definition.dataset = manifest.name;
    resnet(&mut definition).stem = Stem::Imagenet;
    definition.rounds = 1;
    definition.training.as_mut().unwrap().epochs = 1;
    let tailward_experiment::definition::PoolDefinition::Drawn { initial, per_class_cap, .. } =
        &mut definition.pool
    else {
        panic!("the definition draws its pool");
    };
    (*initial, *per_class_cap) = (200, Some(10));
    let out = tempfile::tempdir().unwrap();
    let record = start(&definition, &dataset, None, out.path()).unwrap();
    assert!(record.is_complete());
    let query = &record.queries[0];
    assert_eq!(query.picks.as_ref().unwrap().len(), definition.budget);
    let lambda = query.balance.as_ref().unwrap().lambda.unwrap();
    assert!((0.0..=3.0).contains(&lambda), "{lambda}");
}
