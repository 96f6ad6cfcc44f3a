//! Dropout with a mask drawn on the host.
//!
//! Burn's own dropout acts on autodiff inputs only and draws on the device; Monte-Carlo passes need it in evaluation
//! form and the same on every backend.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A mask of inverted dropout: each entry is 0 with probability `rate`, else 1 / (1 − `rate`), so that its mean is 1
/// (Srivastava et al., JMLR 2014, section 10). To be multiplied with what is dropped.
///
/// # Shapes
///
/// - the mask: `shape`, `[batch, features]`
///
/// # Panics
///
/// `rate` is not in [0, 1).
pub fn mask(shape: [usize; 2], rate: f64, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<2> {
    assert!((0.0..1.0).contains(&rate), "a dropout rate of {rate} is not in [0, 1)");
    let kept = (1.0 / (1.0 - rate)) as f32;
    let count = shape[0] * shape[1];
    let values: Vec<f32> = (0..count).map(|_| if rng.random::<f64>() < rate { 0.0 } else { kept }).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[expect(deprecated, reason = "the backend of the unit tests, until Burn 0.23")]
    fn device() -> Device {
        Device::ndarray()
    }

    fn values(rate: f64, seed: u64) -> Vec<f32> {
        let mask = mask([200, 100], rate, &mut ChaCha8Rng::seed_from_u64(seed), &device());
        mask.into_data().try_to_vec().unwrap()
    }

    /// 20,000 entries of standard deviation √(rate / (1 − rate)) ≤ 2: four standard errors are 0.057.
    #[test]
    fn the_mean_is_one_and_the_share_of_zeros_is_the_rate() {
        for rate in [0.25, 0.5, 0.8] {
            let values = values(rate, 1);
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            assert!((mean - 1.0).abs() < 0.057, "rate {rate}: mean {mean}");
            let zeros = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
            assert!((zeros - rate).abs() < 0.015, "rate {rate}: {zeros} of the entries are zero");
        }
    }

    #[test]
    fn an_entry_is_zero_or_the_inverse_of_the_share_that_is_kept() {
        assert!(
            values(0.75, 1)
                .into_iter()
                .all(|value| [0.0, 4.0_f32].map(f32::to_bits).contains(&value.to_bits()))
        );
    }

    #[test]
    fn nothing_is_dropped_at_rate_zero() {
        assert_eq!(values(0.0, 1), vec![1.0; 20_000]);
    }

    #[test]
    fn the_stream_decides_the_mask() {
        assert_eq!(values(0.5, 1), values(0.5, 1));
        assert_ne!(values(0.5, 1), values(0.5, 2));
    }

    #[test]
    #[should_panic(expected = "a dropout rate of 1 is not in [0, 1)")]
    fn a_rate_of_one_is_refused() {
        values(1.0, 1);
    }

    #[test]
    #[should_panic(expected = "a dropout rate of NaN is not in [0, 1)")]
    fn a_rate_that_is_no_number_is_refused() {
        values(f64::NAN, 1);
    }
}
