//! A project's model as a file that other programs read.

use std::collections::HashMap;

use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use tailward_labelling::project::Project;
use tailward_models::pretrained::RawTensor;

use super::describe::Describing;
use super::{Describer, Fit};

/// The model as safetensors: what leads from pixels to logits, in `f32`.
///
/// | tensor | shape | what it is |
/// | --- | --- | --- |
/// | `patches.filters` | `[centres + values, 3, patch, patch]` | products with a patch's pixels: of each centre, then of each whitened value |
/// | `patches.offsets` | `[centres + values]` | what is taken off them, once they are divided by the patch's deviation |
/// | `patches.squared_norms` | `[centres]` | of each whitened centre |
/// | `features.mean`, `features.scale` | `[dims]` | what is taken off a feature, and what it is multiplied by then |
/// | `head.weight`, `head.bias` | `[classes, dims]`, `[classes]` | the logits |
/// | `network.…` | | a network that learned from the labels, by torchvision's keys |
///
/// A network that others have trained is not in it: the metadata name it and the SHA-256 of its file. They also have the names of the
/// `classes` as a list of JSON, and the numbers that features of patches or a network depend on.
pub fn model_file(project: &Project, describer: &Describer, fit: &Fit) -> Vec<u8> {
    let (describing, scale) = describer.parts();
    let (mean, scale) = scale.parts();
    let head = fit.fitted.ridge.head();
    let bias = fit.fitted.ridge.intercept().to_vec();
    let weight = head.as_slice().expect("a new array lies in order").to_vec();
    let mut file = ModelFile::default();
    match describing {
        Describing::Patches { patches, .. } => {
            let (grid, dictionary) = patches.parts();
            let shape = [dictionary.offsets.len(), grid.channels, grid.patch, grid.patch];
            file.tensor("patches.filters", &shape, &dictionary.filters);
            file.tensor("patches.offsets", &[dictionary.offsets.len()], &dictionary.offsets);
            file.tensor("patches.squared_norms", &[dictionary.centres()], &dictionary.squared_norms);
            file.say("format", "tailward patches and head, 1");
            file.say("side", grid.height);
            file.say("patch", grid.patch);
            file.say("stride", grid.stride);
            file.say("cells", grid.cells);
            file.say("noise", dictionary.noise);
        }
        Describing::Frozen { network, name, sha256 } => {
            file.say("format", format!("tailward {name} and head, 1"));
            file.say("side", network.shape().height);
            file.say("weights_sha256", sha256);
        }
        Describing::Learned { network } => {
            let (config, tensors, normalisation) = network.residual().expect("a residual network learns");
            for (key, RawTensor { shape, values }) in &tensors {
                // What follows is the head on its features.
                if !key.starts_with("fc.") {
                    file.tensor(&format!("network.{key}"), shape, values);
                }
            }
            let json = |value: serde_json::Result<String>| value.expect("numbers and names are text");
            file.say("format", "tailward network and head, 1");
            file.say("side", network.shape().height);
            file.say("network", json(serde_json::to_string(config)));
            file.say("normalisation", json(serde_json::to_string(normalisation)));
        }
    }
    file.tensor("features.mean", &[mean.len()], mean);
    file.tensor("features.scale", &[scale.len()], scale);
    file.tensor("head.weight", &[head.nrows(), head.ncols()], &weight);
    file.tensor("head.bias", &[bias.len()], &bias);
    file.say("classes", serde_json::to_string(project.classes.names()).expect("names are text"));
    file.say("labels", fit.labelled.len());
    file.bytes()
}

/// A file as it grows.
#[derive(Default)]
struct ModelFile {
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
    metadata: HashMap<String, String>,
}

impl ModelFile {
    fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensors.push((name.to_owned(), shape.to_vec(), bytes));
    }

    fn say(&mut self, key: &str, value: impl ToString) {
        self.metadata.insert(key.to_owned(), value.to_string());
    }

    fn bytes(self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name.as_str(), view.expect("as many bytes as the shape has"))
        });
        serialize(views, Some(self.metadata)).expect("names and shapes are those of this file")
    }
}
