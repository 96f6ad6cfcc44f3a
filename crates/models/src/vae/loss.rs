//! What a variational autoencoder is trained to make small.

use burn::tensor::Tensor;

/// The squared error, averaged over images, channels and pixels (PyTorch's `mse_loss`).
///
/// # Shapes
///
/// - `reconstruction` and `images`: `[batch, channels, height, width]`
/// - the error: `[1]`
pub fn reconstruction_error(reconstruction: Tensor<4>, images: Tensor<4>) -> Tensor<1> {
    let difference = reconstruction - images;
    (difference.clone() * difference).mean()
}

/// The Kullback-Leibler divergence of the latent codes from the standard normal distribution, **summed** over the batch
/// and the latent axes: −½ Σ (1 + log σ² − μ² − σ²) (Kingma and Welling, ICLR 2014, appendix B).
///
/// VAAL's official code adds this sum to a reconstruction error that is a mean; the divergence then outweighs the
/// error by far, and the codes tend to collapse.
///
/// # Shapes
///
/// - `mean` and `log_variance`: `[batch, latent]`
/// - the divergence: `[1]`
pub fn kl_sum(mean: Tensor<2>, log_variance: Tensor<2>) -> Tensor<1> {
    divergence(mean, log_variance).sum()
}

/// As [`kl_sum`], averaged over the batch and the latent axes.
pub fn kl_mean(mean: Tensor<2>, log_variance: Tensor<2>) -> Tensor<1> {
    divergence(mean, log_variance).mean()
}

/// The divergence along each axis, `[batch, latent]`.
fn divergence(mean: Tensor<2>, log_variance: Tensor<2>) -> Tensor<2> {
    let inner = log_variance.clone() + 1.0 - mean.clone() * mean - log_variance.exp();
    inner * -0.5
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn assert_near(value: Tensor<1>, expected: f32) {
        let value = value.into_scalar::<f32>();
        assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
    }

    /// μ = 2, σ² = 1 gives 2; μ = 0, σ² = 4 gives ½ (4 − 1 − ln 4) = 0.806853; the standard normal gives 0.
    #[test]
    fn the_divergence_is_that_of_two_normal_distributions() {
        let tensor = |values: [[f32; 2]; 2]| Tensor::<2>::from_data(values, &device());
        let (mean, log_variance) =
            (tensor([[2.0, 0.0], [0.0, 0.0]]), tensor([[0.0, 4.0_f32.ln()], [0.0, 0.0]]));
        assert_near(kl_sum(mean.clone(), log_variance.clone()), 2.806_853);
        assert_near(kl_mean(mean, log_variance), 2.806_853 / 4.0);
    }

    #[test]
    fn the_reconstruction_error_is_a_mean_over_everything() {
        let tensor = |values: [[[[f32; 2]; 1]; 1]; 2]| Tensor::<4>::from_data(values, &device());
        let (left, right) =
            (tensor([[[[1.0, 2.0]]], [[[3.0, 4.0]]]]), tensor([[[[1.0, 0.0]]], [[[3.0, 1.0]]]]));
        assert_near(reconstruction_error(left, right), (4.0 + 9.0) / 4.0);
    }
}
