//! Features brought to one scale.

use ndarray::{Array2, ArrayView2};

/// Deviations below this share of the largest are taken for none: such a feature says nothing.
const CONSTANT: f64 = 1e-6;

/// Mean and deviation of each feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardised {
    mean: Vec<f32>,
    /// One over the deviation; 0 for a feature that is constant.
    scale: Vec<f32>,
}

impl Standardised {
    /// Those of features, summed in `f64`.
    ///
    /// # Shapes
    ///
    /// `features`: `[rows, dims]`
    pub fn of(features: ArrayView2<f32>) -> Self {
        let count = features.nrows().max(1) as f64;
        let mut sums = vec![[0.0_f64; 2]; features.ncols()];
        let mean: Vec<f64> = {
            for row in features.rows() {
                sums.iter_mut().zip(row).for_each(|(sum, &value)| sum[0] += f64::from(value));
            }
            sums.iter().map(|sum| sum[0] / count).collect()
        };
        for row in features.rows() {
            for ((sum, &value), mean) in sums.iter_mut().zip(row).zip(&mean) {
                sum[1] += (f64::from(value) - mean).powi(2);
            }
        }
        let deviations: Vec<f64> = sums.iter().map(|sum| (sum[1] / count).sqrt()).collect();
        let largest = deviations.iter().copied().fold(0.0, f64::max);
        let scale = |&deviation: &f64| if deviation > CONSTANT * largest { 1.0 / deviation } else { 0.0 };
        Self {
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            scale: deviations.iter().map(|deviation| scale(deviation) as f32).collect(),
        }
    }

    /// What [`parts`](Self::parts) gave.
    ///
    /// # Panics
    ///
    /// When there are more of one than of the other.
    pub fn from_parts(mean: Vec<f32>, scale: Vec<f32>) -> Self {
        assert_eq!(mean.len(), scale.len(), "a scale for each mean");
        Self { mean, scale }
    }

    /// The mean of each feature, and what it is multiplied by. Both: `[dims]`
    pub fn parts(&self) -> (&[f32], &[f32]) {
        (&self.mean, &self.scale)
    }

    /// Brings features to mean 0 and deviation 1, in place.
    ///
    /// # Shapes
    ///
    /// `features`: `[rows, dims]`
    ///
    /// # Panics
    ///
    /// When there are other features than those that were measured.
    pub fn apply(&self, features: &mut Array2<f32>) {
        assert_eq!(features.ncols(), self.mean.len(), "features of another kind");
        for mut row in features.rows_mut() {
            for ((value, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *value = (*value - mean) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn every_feature_gets_mean_0_and_deviation_1_and_a_constant_one_is_0() {
        let mut features = array![[1.0_f32, 5.0, 100.0], [3.0, 5.0, 300.0]];
        Standardised::of(features.view()).apply(&mut features);
        assert_eq!(features, array![[-1.0_f32, 0.0, -1.0], [1.0, 0.0, 1.0]]);
        let measured = Standardised::of(features.view());
        let (mean, scale) = measured.parts();
        assert_eq!(Standardised::from_parts(mean.to_vec(), scale.to_vec()), measured);
    }

    #[test]
    fn without_rows_there_is_nothing_to_measure() {
        let mut features = Array2::<f32>::zeros((0, 3));
        Standardised::of(features.view()).apply(&mut features);
        assert_eq!(features.nrows(), 0);
    }
}
