//! EfficientNet-Lite against PyTorch.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::collections::BTreeMap;

use serde_json::Value;
use tailward_features::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig, Stage, Tensor};

/// `golden/efficientnet_lite.json`: a small network of the same layers, its images and its features.
fn golden() -> Value {
    serde_json::from_str(include_str!("golden/efficientnet_lite.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn tensors(golden: &Value) -> BTreeMap<String, Tensor> {
    let tensor = |(name, tensor): (&String, &Value)| {
        let shape = tensor["shape"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize);
        (name.clone(), Tensor { shape: shape.collect(), values: numbers(&tensor["values"]) })
    };
    golden["tensors"].as_object().unwrap().iter().map(tensor).collect()
}

fn config() -> EfficientNetLiteConfig {
    let stage = |(repeats, kernel, stride, expansion, channels)| Stage {
        repeats,
        kernel,
        stride,
        expansion,
        channels,
    };
    let stages = [(1, 3, 1, 1, 4), (2, 5, 2, 3, 6)].map(stage).to_vec();
    EfficientNetLiteConfig { side: 17, stem: 5, stages, head: 7 }
}

#[test]
fn features_are_those_of_pytorch() {
    let golden = golden();
    let network = EfficientNetLite::new(config(), tensors(&golden)).unwrap();
    let images: Vec<u8> = numbers(&golden["images"]).iter().map(|&value| value as u8).collect();
    let features = network.features(&images);
    assert_eq!(features.dim(), (2, 7));
    for (found, expected) in features.iter().zip(numbers(&golden["features"])) {
        assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }
}

#[test]
fn a_file_of_another_network_is_refused_by_the_tensors_name() {
    let good = tensors(&golden());
    let refused = |tensors| EfficientNetLite::new(config(), tensors).unwrap_err();
    let mut missing = good.clone();
    missing.remove("_blocks.1._bn2.running_var");
    assert!(refused(missing).contains("no tensor `_blocks.1._bn2.running_var`"));
    let mut more = good.clone();
    more.insert("_blocks.3._bn2.bias".to_owned(), Tensor { shape: vec![1], values: vec![0.0] });
    assert!(refused(more).contains("`_blocks.3._bn2.bias`, which this network has no place for"));
    let mut other = good.clone();
    other.get_mut("_conv_head.weight").unwrap().shape = vec![6, 7, 1, 1];
    assert!(
        refused(other).contains("`_conv_head.weight` has the shape [6, 7, 1, 1] in place of [7, 6, 1, 1]")
    );
    let mut infinite = good;
    infinite.get_mut("_bn0.bias").unwrap().values[0] = f32::NAN;
    assert!(refused(infinite).contains("not finite"));
}
