//! Which tensor of a torchvision file belongs to which parameter of a network.

use std::collections::BTreeMap;
use std::path::Path;

use burn_store::ModuleSnapshot;

use super::PretrainedError;
use crate::resnet::{ResNet, ResNetConfig};

/// A parameter or a running statistic, and where torchvision keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The path in the network, `layers.0.1.downsample.conv.weight`.
    pub(super) path: String,
    /// The key in the file, `layer1.1.downsample.0.weight`.
    pub(super) key: String,
    /// The shape in the file.
    pub(super) shape: Vec<usize>,
}

/// Every slot of a network, in the order of declaration.
pub(super) fn slots(model: &ResNet) -> Vec<Slot> {
    let slot = |path: String, mut shape: Vec<usize>| {
        if path == HEAD_WEIGHT {
            shape.reverse(); // Burn keeps [features_in, features_out]
        }
        Slot { key: torchvision_key(&path), path, shape }
    };
    model
        .collect(None, None, false)
        .into_iter()
        .map(|tensor| slot(tensor.name.clone(), tensor.shape.to_vec()))
        .collect()
}

/// Checks that the slots and the file's tensors fit one to one, and returns the slots to fill: all, or all but the
/// head if the file's is for another number of classes.
pub(super) fn fit(
    config: &ResNetConfig,
    slots: Vec<Slot>,
    found: &BTreeMap<String, Vec<usize>>,
    file: &Path,
) -> Result<Vec<Slot>, PretrainedError> {
    check_stem(config, found, file)?;
    let classes = found.get(HEAD_WEIGHT).and_then(|shape| shape.first()).copied().unwrap_or(config.classes);
    let mut fitting = Vec::with_capacity(slots.len());
    for mut slot in slots {
        let head = slot.key.starts_with(HEAD);
        if head {
            slot.shape[0] = classes;
        }
        let Some(shape) = found.get(&slot.key) else {
            return Err(PretrainedError::Missing { path: file.to_owned(), key: slot.key });
        };
        if *shape != slot.shape {
            let (path, found) = (file.to_owned(), shape.clone());
            return Err(PretrainedError::Shape { path, key: slot.key, expected: slot.shape, found });
        }
        fitting.push(slot);
    }
    if let Some(key) = found.keys().find(|key| fitting.iter().all(|slot| slot.key != **key)) {
        return Err(PretrainedError::Unexpected { path: file.to_owned(), key: key.clone() });
    }
    fitting.retain(|slot| classes == config.classes || !slot.key.starts_with(HEAD));
    Ok(fitting)
}

const HEAD: &str = "fc.";
pub(super) const HEAD_WEIGHT: &str = "fc.weight";

/// The mistake that is most easily made deserves its own words.
fn check_stem(
    config: &ResNetConfig,
    found: &BTreeMap<String, Vec<usize>>,
    file: &Path,
) -> Result<(), PretrainedError> {
    let kernel = config.stem.kernel();
    match found.get("conv1.weight") {
        Some(shape) if shape.get(2..) != Some(&[kernel, kernel][..]) => Err(PretrainedError::Stem {
            path: file.to_owned(),
            stem: config.stem,
            kernel,
            found: shape.clone(),
        }),
        _ => Ok(()),
    }
}

/// `layers.0.` is torchvision's `layer1.`; a shortcut's convolution and normalisation are its `0` and `1`; γ and β
/// are its weight and bias.
pub(super) fn torchvision_key(path: &str) -> String {
    let key = match path.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
        Some((stage, rest)) => match stage.parse::<usize>() {
            Ok(stage) => format!("layer{}.{rest}", stage + 1),
            Err(_) => path.to_owned(),
        },
        None => path.to_owned(),
    };
    key.replace("downsample.conv.", "downsample.0.")
        .replace("downsample.bn.", "downsample.1.")
        .replace(".gamma", ".weight")
        .replace(".beta", ".bias")
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::resnet::{Depth, Stem};

    /// Keys and shapes from torchvision itself; `torchvision_keys.py` says how they were written down.
    const KEYS: &str = include_str!("../../tests/golden/torchvision_keys.txt");

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn shape(text: Option<&str>) -> Vec<usize> {
        text.map(|text| text.split('x').map(|side| side.parse().unwrap()).collect()).unwrap_or_default()
    }

    /// The keys of one network, without the counters that no network of ours has.
    fn torchvision(name: &str) -> BTreeMap<String, Vec<usize>> {
        let mut keys = BTreeMap::new();
        let section = KEYS.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
        for line in section.take_while(|line| !line.starts_with('[')) {
            let words: Vec<&str> = line.split(' ').collect();
            if line.contains("num_batches_tracked") {
                continue;
            }
            if let Some(layer) = words[0].strip_suffix('#') {
                let (first, last) = words[1].split_once('-').unwrap();
                for block in first.parse::<usize>().unwrap()..=last.parse().unwrap() {
                    keys.insert(format!("{layer}{block}.{}", words[2]), shape(words.get(3).copied()));
                }
            } else {
                keys.insert(words[0].to_owned(), shape(words.get(1).copied()));
            }
        }
        keys
    }

    fn resnet(depth: Depth, classes: usize) -> (ResNetConfig, Vec<Slot>) {
        let config = ResNetConfig::resnet(depth, Stem::ImageNet, 3, classes);
        let slots = slots(&config.init(&mut ChaCha8Rng::seed_from_u64(0), &device()));
        (config, slots)
    }

    /// The numbers of tensors are torchvision's own: `len(state_dict())` less the counters.
    #[test]
    fn every_tensor_of_torchvisions_networks_has_one_place() {
        for (depth, name, tensors) in [
            (Depth::ResNet18, "resnet18", 102),
            (Depth::ResNet34, "resnet34", 182),
            (Depth::ResNet50, "resnet50", 267),
            (Depth::ResNet101, "resnet101", 522),
            (Depth::ResNet152, "resnet152", 777),
        ] {
            let (config, slots) = resnet(depth, 1000);
            let keys = torchvision(name);
            assert_eq!((keys.len(), slots.len()), (tensors, tensors), "{name}");
            let fitting = fit(&config, slots.clone(), &keys, Path::new(name)).unwrap();
            assert_eq!(fitting, slots, "{name}");
        }
    }

    #[test]
    fn a_head_for_other_classes_is_left_out() {
        let (config, slots) = resnet(Depth::ResNet18, 10);
        let fitting = fit(&config, slots, &torchvision("resnet18"), Path::new("")).unwrap();
        assert_eq!(fitting.len(), 100);
        assert!(fitting.iter().all(|slot| !slot.key.starts_with("fc.")));
    }

    #[test]
    fn another_depth_is_refused_by_the_first_key_that_differs() {
        let refusal = |depth, name| {
            let (config, slots) = resnet(depth, 1000);
            fit(&config, slots, &torchvision(name), Path::new("w")).unwrap_err().to_string()
        };
        assert_eq!(refusal(Depth::ResNet34, "resnet18"), "find layer1.2.conv1.weight in w");
        assert_eq!(
            refusal(Depth::ResNet18, "resnet34"),
            "find a place for layer1.2.bn1.bias of w in the network"
        );
        assert_eq!(
            refusal(Depth::ResNet50, "resnet18"),
            "load layer1.0.conv1.weight of w: its shape is [64, 64, 3, 3], and the network's is [64, 64, 1, 1]"
        );
    }
}
