//! Parameters by the names of a file.

use std::collections::BTreeMap;

/// What is added to a variance before its root is taken, as the networks were trained.
const EPSILON: f32 = 1e-3;

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, the last axis contiguous.
    pub values: Vec<f32>,
}

/// The tensors of a file that nothing has taken yet.
pub(super) struct Tensors {
    left: BTreeMap<String, Tensor>,
}

impl Tensors {
    pub(super) fn new(tensors: BTreeMap<String, Tensor>) -> Self {
        Self { left: tensors }
    }

    /// A tensor of a shape.
    ///
    /// # Errors
    ///
    /// It is not there, or has another shape: a sentence with its name.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let Some(tensor) = self.left.remove(name) else {
            return Err(format!("it has no tensor `{name}`; is it the file of another network?"));
        };
        if tensor.shape != shape || tensor.values.len() != shape.iter().product::<usize>() {
            return Err(format!(
                "its tensor `{name}` has the shape {:?} in place of {shape:?}",
                tensor.shape
            ));
        }
        match tensor.values.iter().all(|value| value.is_finite()) {
            true => Ok(tensor.values),
            false => Err(format!("its tensor `{name}` has a value that is not finite")),
        }
    }

    /// The weights of a convolution, `[channels_out, …]`, and its bias, with the batch normalisation that follows it taken in.
    pub(super) fn folded(
        &mut self,
        convolution: &str,
        normalisation: &str,
        shape: [usize; 4],
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let mut weights = self.take(&format!("{convolution}.weight"), &shape)?;
        let channels = shape[0];
        let mut statistic = |name: &str| self.take(&format!("{normalisation}.{name}"), &[channels]);
        let (gamma, beta) = (statistic("weight")?, statistic("bias")?);
        let (mean, variance) = (statistic("running_mean")?, statistic("running_var")?);
        let mut bias = beta;
        for (channel, weights) in weights.chunks_exact_mut(shape[1..].iter().product()).enumerate() {
            let scale = gamma[channel] / (variance[channel] + EPSILON).sqrt();
            weights.iter_mut().for_each(|weight| *weight *= scale);
            bias[channel] -= mean[channel] * scale;
        }
        Ok((weights, bias))
    }

    /// That nothing is left but what features do not need: the classifier, and counters of batches.
    ///
    /// # Errors
    ///
    /// Something is: a sentence with its name.
    pub(super) fn end(self) -> Result<(), String> {
        let is_needless = |name: &String| name.starts_with("_fc.") || name.ends_with(".num_batches_tracked");
        match self.left.keys().find(|name| !is_needless(name)) {
            None => Ok(()),
            Some(name) => Err(format!(
                "it has a tensor `{name}`, which this network has no place for; is it another one's file?"
            )),
        }
    }
}
