//! A project's model as a file that other programs read.

use std::collections::HashMap;

use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use tailward_labelling::project::Project;

use super::{Describer, Fit};

/// The model as safetensors: everything that leads from pixels to logits, in `f32`.
///
/// | tensor | shape | what it is |
/// | --- | --- | --- |
/// | `patches.filters` | `[centres + values, 3, patch, patch]` | products with a patch's pixels: of each centre, then of each whitened value |
/// | `patches.offsets` | `[centres + values]` | what is taken off them, once they are divided by the patch's deviation |
/// | `patches.squared_norms` | `[centres]` | of each whitened centre |
/// | `features.mean`, `features.scale` | `[dims]` | what is taken off a feature, and what it is multiplied by then |
/// | `head.weight`, `head.bias` | `[classes, dims]`, `[classes]` | the logits |
///
/// The metadata have the names of the `classes` as a list of JSON, and the numbers that the features depend on.
pub fn model_file(project: &Project, describer: &Describer, fit: &Fit) -> Vec<u8> {
    let (patches, scale) = describer.parts();
    let (grid, dictionary) = patches.parts();
    let (mean, scale) = scale.parts();
    let head = fit.fitted.ridge.head();
    let weight = head.as_slice().expect("a new array lies in order");
    let bias = fit.fitted.ridge.intercept().to_vec();
    let patch = [dictionary.offsets.len(), grid.channels, grid.patch, grid.patch];
    let tensors: [(&str, &[usize], &[f32]); 7] = [
        ("patches.filters", &patch, &dictionary.filters),
        ("patches.offsets", &[dictionary.offsets.len()], &dictionary.offsets),
        ("patches.squared_norms", &[dictionary.centres()], &dictionary.squared_norms),
        ("features.mean", &[mean.len()], mean),
        ("features.scale", &[scale.len()], scale),
        ("head.weight", &[head.nrows(), head.ncols()], weight),
        ("head.bias", &[bias.len()], &bias),
    ];
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes);
        (*name, view.expect("as many bytes as the shape has"))
    });
    let names = serde_json::to_string(project.classes.names()).expect("names are text");
    let metadata = HashMap::from(
        [
            ("format", "tailward patches and head, 1".to_owned()),
            ("classes", names),
            ("side", grid.height.to_string()),
            ("patch", grid.patch.to_string()),
            ("stride", grid.stride.to_string()),
            ("cells", grid.cells.to_string()),
            ("noise", dictionary.noise.to_string()),
            ("labels", fit.labelled.len().to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    serialize(views, Some(metadata)).expect("names and shapes are those of this file")
}
