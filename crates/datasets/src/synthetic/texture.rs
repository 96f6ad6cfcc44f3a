//! The textures: a value in [0, 1] at every point, by which two colours are mixed.

/// A pattern that repeats with a period.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Texture {
    Plain,
    Striped,
    Checked,
    Dotted,
    Ringed,
}

impl Texture {
    pub(super) const ALL: [Self; 5] = [Self::Plain, Self::Striped, Self::Checked, Self::Dotted, Self::Ringed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Striped => "striped",
            Self::Checked => "checked",
            Self::Dotted => "dotted",
            Self::Ringed => "ringed",
        }
    }

    /// The value at (x, y) in pixels, with edges about one pixel soft.
    pub(super) fn value(self, x: f32, y: f32, period: f32) -> f32 {
        match self {
            Self::Plain => 0.0,
            Self::Striped => soft(wave(x, period)),
            Self::Checked => {
                let (across, down) = (soft(wave(x, period)), soft(wave(y, period)));
                across * (1.0 - down) + down * (1.0 - across)
            }
            Self::Dotted => {
                let (across, down) = (centred(x, period), centred(y, period));
                soft(0.36 * period - (across * across + down * down).sqrt())
            }
            Self::Ringed => soft(wave((x * x + y * y).sqrt(), period)),
        }
    }
}

/// A signed distance in pixels to the border between the two halves of a period.
fn wave(x: f32, period: f32) -> f32 {
    0.25 * period - centred(x, period).abs()
}

/// `x` less the nearest multiple of the period: in [−period/2, period/2].
fn centred(x: f32, period: f32) -> f32 {
    x - period * (x / period + 0.5).floor()
}

/// The share of a pixel that is inside, from a signed distance that is positive inside.
pub(super) fn soft(distance: f32) -> f32 {
    (distance + 0.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_repeat_with_the_period_and_stay_in_the_unit_interval() {
        for texture in [Texture::Plain, Texture::Striped, Texture::Checked, Texture::Dotted] {
            for step in 0..400 {
                let (x, y) = ((step % 20) as f32 * 0.7 - 7.0, (step / 20) as f32 * 0.7 - 7.0);
                let value = texture.value(x, y, 5.0);
                assert!((0.0..=1.0).contains(&value));
                assert!((value - texture.value(x + 5.0, y - 10.0, 5.0)).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn stripes_and_checks_differ_only_off_the_axis() {
        assert!(Texture::Striped.value(0.0, 2.5, 5.0) > 0.9);
        assert!(Texture::Checked.value(0.0, 2.5, 5.0) > 0.9);
        assert!(Texture::Striped.value(0.0, 0.0, 5.0) > 0.9);
        assert!(Texture::Checked.value(0.0, 0.0, 5.0) < 0.1);
    }
}
