//! Random values that are the same on every platform.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A uniform value in [0, 1): 24 random bits, which `f32` holds exactly.
pub(super) fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 16_777_216.0
}

/// A uniform value in [low, high).
pub(super) fn between(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * unit(rng)
}

/// True with the given probability.
pub(super) fn chance(rng: &mut ChaCha8Rng, probability: f32) -> bool {
    unit(rng) < probability
}

/// A uniform element.
pub(super) fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[(unit(rng) * from.len() as f32) as usize]
}

/// Noise with mean 0 and standard deviation 1, close to normal: the sum of four random bytes. Its standard deviation is
/// √(4 · (256² − 1) / 12) = 147.8, and its mean 510.
pub(super) fn noise(rng: &mut ChaCha8Rng) -> f32 {
    let sum: u16 = rng.next_u32().to_le_bytes().into_iter().map(u16::from).sum();
    (f32::from(sum) - 510.0) / 147.8
}

/// A rotation of the plane.
#[derive(Copy, Clone, Debug)]
pub(super) struct Rotation {
    cosine: f32,
    sine: f32,
}

impl Rotation {
    /// Over the whole circle, nearly uniform: the rational parametrisation ((1 − t²), 2t) / (1 + t²) of a half circle,
    /// whose density differs from uniform by a factor of at most two, and a random sign. No sine or cosine is called,
    /// because their last bit differs between platforms.
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let half = Self::within(rng, 1.0);
        let sign = if chance(rng, 0.5) { 1.0 } else { -1.0 };
        Self { cosine: sign * half.cosine, sine: sign * half.sine }
    }

    /// By at most twice the angle whose tangent is `tangent`, either way.
    pub(super) fn within(rng: &mut ChaCha8Rng, tangent: f32) -> Self {
        let t = between(rng, -tangent, tangent);
        let scale = 1.0 / (1.0 + t * t);
        Self { cosine: (1.0 - t * t) * scale, sine: 2.0 * t * scale }
    }

    pub(super) fn apply(self, x: f32, y: f32) -> (f32, f32) {
        (self.cosine * x - self.sine * y, self.sine * x + self.cosine * y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn noise_has_mean_zero_and_deviation_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let draws: Vec<f32> = (0..20_000).map(|_| noise(&mut rng)).collect();
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn rotations_keep_lengths_and_reach_every_quadrant() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut quadrants = [0; 4];
        for _ in 0..1000 {
            let (x, y) = Rotation::draw(&mut rng).apply(3.0, 4.0);
            assert!((x * x + y * y - 25.0).abs() < 1e-3);
            quadrants[usize::from(x < 0.0) * 2 + usize::from(y < 0.0)] += 1;
        }
        assert!(quadrants.iter().all(|&count| count > 100), "{quadrants:?}");
    }
}
