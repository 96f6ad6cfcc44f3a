//! A person's project on features of a residual network: of one that others have trained, and of one that learns from the labels.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use tailward_engine::device::Backend;
use tailward_engine::project::{Architecture, Network};
use tailward_models::pretrained::to_tensors;
use tailward_models::resnet::{Depth, ResNet, ResNetConfig, Stem};

use crate::fixture::tailward;
use crate::pictures::{Desk, paths, words};

/// ResNet-18 with drawn weights, in a file.
fn resnet18(path: &Path) -> ResNet {
    let device = Backend::preferred().unwrap().device().unwrap();
    let config = ResNetConfig::resnet(Depth::ResNet18, Stem::ImageNet, 3, 1000);
    let model = config.init(&mut ChaCha8Rng::seed_from_u64(6), &device);
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = to_tensors(&model)
        .into_iter()
        .map(|(key, tensor)| {
            (key, tensor.shape, tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(key, shape, bytes)| (key, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    std::fs::write(path, serialize(views, None).unwrap()).unwrap();
    model
}

/// Files of a project's cache that are of a kind.
fn cached(desk: &Desk, project: &str, begins: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(desk.path(project).join("cache")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(begins)).collect()
}

#[test]
fn features_are_what_the_network_says_before_its_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resnet18.safetensors");
    let model = resnet18(&path);
    let network = Network::read(Architecture::ResNet18, &path).unwrap();
    let pixels: Vec<u8> = (0..2 * 3 * 224 * 224).map(|place| (place * 31 % 256) as u8).collect();
    let features = network.features(pixels.clone()).unwrap();
    assert_eq!((features.dim(), network.shape().height), ((2, 512), 224));
    // As torchvision prepares images.
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let normalised: Vec<f32> = pixels
        .iter()
        .enumerate()
        .map(|(place, &byte)| {
            let channel = place / (224 * 224) % 3;
            (f32::from(byte) / 255.0 - mean[channel]) / std[channel]
        })
        .collect();
    let device = Backend::preferred().unwrap().device().unwrap();
    let images = Tensor::<4>::from_data(TensorData::new(normalised, [2, 3, 224, 224]), &device);
    let expected = model.forward(images).embeddings.into_data().try_into_vec::<f32>().unwrap();
    let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in features.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4 * largest, "{found} is not {expected}");
    }
    let other = Network::read(Architecture::ResNet50, &path).unwrap_err().to_string();
    assert!(other.contains("layer1.0.conv1.weight"), "{other}");
}

#[test]
fn a_residual_network_of_a_file_describes_a_project_and_goes_on_learning() {
    let desk = Desk::new();
    // Few images: the network is large.
    for number in 36..150 {
        std::fs::remove_file(desk.path("photos").join(format!("picture {number:03}.ppm"))).unwrap();
    }
    let weights = desk.path("resnet18.safetensors");
    resnet18(&weights);
    let given = weights.to_str().unwrap();
    let frozen = desk.init("frozen", &["--weights", given, "--audit", "0%"]);
    assert!(frozen.status.success(), "{}", words(&frozen));
    assert!(words(&frozen).contains("features by imagenet-resnet18: "), "{}", words(&frozen));
    let tuned = desk.init("tuned", &["--weights", given, "--fine-tune", "1", "--audit", "0%"]);
    assert!(
        tuned.status.success() && words(&tuned).contains("in each round; learning from all 60 labels takes "),
        "{}",
        words(&tuned)
    );
    let mut asks = Vec::new();
    for project in ["frozen", "tuned"] {
        let first = desk.ask(project);
        let answers = desk.answered(&first, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(desk.tell(project, &answers, &[]).status.success());
        asks.push([paths(&first), paths(&desk.ask(project))]);
    }
    // Nothing was learned before the first labels.
    assert_eq!(asks[0][0], asks[1][0]);
    assert_ne!(asks[0][1], asks[1][1]);
    assert_eq!((cached(&desk, "frozen", "network-").len(), cached(&desk, "tuned", "network-").len()), (0, 1));
    let predicted =
        tailward().arg("predict").arg(desk.path("tuned")).arg(desk.path("photos")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&predicted.stdout).lines().count(), 37, "{}", words(&predicted));
    let wrong = desk.init("other", &["--weights", given, "--features", "imagenet-resnet50"]);
    assert_eq!(wrong.status.code(), Some(3));
    assert!(words(&wrong).contains("it is no ResNet-50 of torchvision"), "{}", words(&wrong));
    for (more, expected) in [
        (vec!["--features", "imagenet-resnet18"], "needs the file of its weights"),
        (vec!["--features", "network", "--weights", given], "have no weights"),
        (
            vec!["--weights", given, "--features", "efficientnet-lite0", "--fine-tune", "1"],
            "is for imagenet-",
        ),
    ] {
        let refused = desk.init("other", &more);
        assert!(
            refused.status.code() == Some(2) && words(&refused).contains(expected),
            "{}",
            words(&refused)
        );
    }
}

#[test]
fn a_network_is_measured_before_any_class_is_named() {
    let desk = Desk::new();
    let begun = tailward()
        .arg("init")
        .arg(desk.path("unnamed"))
        .arg("--images")
        .arg(desk.path("photos"))
        .args(["--features", "network"])
        .output()
        .unwrap();
    assert!(begun.status.success(), "{}", words(&begun));
    assert!(words(&begun).contains("features by network: "), "{}", words(&begun));
}

/// In each round a network is trained once, from nothing; whatever is lost is made again, and the same is asked for.
#[test]
fn a_network_learns_from_the_labels_of_a_project() {
    let desk = Desk::new();
    for project in ["one", "two"] {
        let begun = desk.init(project, &["--features", "network", "--audit", "20%"]);
        assert!(begun.status.success(), "{}", words(&begun));
        assert!(words(&begun).contains("features by network: "), "{}", words(&begun));
        desk.change(project, "epochs = 40", "epochs = 12");
    }
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 1..=3 {
        let asked = desk.ask("one");
        assert_eq!(cached(&desk, "one", "network-").len(), usize::from(round > 1));
        let network = cached(&desk, "one", "network-");
        let answers = desk.answered(&asked, &mut rng);
        let (header, lines) = answers.split_once('\n').unwrap();
        let (half, _) = lines.split_at(lines.match_indices('\n').nth(5).unwrap().0 + 1);
        assert!(desk.tell("one", &format!("{header}\n{half}"), &[]).status.success());
        // Half of a round is answered: the network stays, and a linear head alone learns from the answers.
        let status = desk.status("one");
        assert_eq!(cached(&desk, "one", "network-"), network, "round {round}: {status}");
        assert_eq!(status["learned_from"].is_null(), round == 1, "round {round}: {status}");
        assert!(desk.tell("one", &answers, &[]).status.success());

        assert_eq!(paths(&desk.ask("two")), paths(&asked), "round {round}");
        std::fs::remove_dir_all(desk.path("two").join("cache")).unwrap();
        assert!(desk.tell("two", &answers, &[]).status.success());
    }
    let before = cached(&desk, "one", "network-");
    let asked = desk.ask("one");
    let now = cached(&desk, "one", "network-");
    assert!(now != before && now.len() == 1, "the next round has another: {now:?}");
    std::fs::write(desk.path("one").join("cache").join(now.first().unwrap()), "torn").unwrap();
    std::fs::remove_file(
        desk.path("one").join("cache").join(cached(&desk, "one", "learned-").first().unwrap()),
    )
    .unwrap();
    // A class that nobody had thought of does not make the round's network another.
    let new = format!("path,label,status\n{},spots,new-class\n", paths(&asked)[0]);
    assert!(desk.tell("one", &new, &[]).status.success());
    assert_eq!(desk.status("one")["learned_from"], 27);
    assert_eq!(cached(&desk, "one", "network-"), now);

    let answers = desk.answered(&asked, &mut rng);
    let (header, lines) = answers.split_once('\n').unwrap();
    let (_, rest) = lines.split_once('\n').unwrap();
    assert!(desk.tell("one", &format!("{header}\n{rest}"), &[]).status.success());
    let status = desk.status("one");
    assert!(status["accuracy"]["estimate"].as_f64().unwrap() > 0.5, "{status}");
    assert_eq!(status["learned_from"], status["labelled"], "a round is over: all labels count");

    let trained = tailward().arg("train").arg(desk.path("one")).output().unwrap();
    assert!(trained.status.success(), "{}", words(&trained));
    let bytes = std::fs::read(desk.path("one").join("model.safetensors")).unwrap();
    let model = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(model.tensor("network.conv1.weight").unwrap().shape(), [32, 3, 3, 3]);
    assert_eq!(model.tensor("head.weight").unwrap().shape(), [4, 128]);
    assert!(
        model.tensor("network.layer3.0.bn2.running_var").is_ok()
            && model.tensor("network.fc.weight").is_err()
    );
    let predicted =
        tailward().arg("predict").arg(desk.path("one")).arg(desk.path("photos")).output().unwrap();
    let text = String::from_utf8(predicted.stdout).unwrap();
    let right = text.lines().skip(1).filter(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        desk.truth[cells[0]] == cells[1]
    });
    let right = right.count();
    assert!(right > 90, "{right} of 150 are right");
}
