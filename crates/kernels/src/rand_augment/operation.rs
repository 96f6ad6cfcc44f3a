//! The operations that there are, with their values.

use super::geometry::{Affine, rotation};
use super::planes::Planes;
use super::{enhance, lookup};

/// One change of an image, in Pillow's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// `ImageOps.autocontrast`: each channel is stretched from its darkest to its brightest value over all values.
    AutoContrast,
    /// `ImageEnhance.Brightness` with a factor: towards black.
    Brightness(f64),
    /// `ImageEnhance.Color` with a factor: towards grey.
    Color(f64),
    /// `ImageEnhance.Contrast` with a factor: towards the mean brightness.
    Contrast(f64),
    /// `ImageOps.equalize`: each channel's values become equally frequent.
    Equalize,
    /// Nothing.
    Identity,
    /// `ImageOps.posterize` to so many bits, from 1 to 8.
    Posterize(u32),
    /// `Image.rotate` by degrees, counter-clockwise.
    Rotate(f64),
    /// `ImageEnhance.Sharpness` with a factor: towards a smoothed image.
    Sharpness(f64),
    /// A row is moved by so much of its distance from the top.
    ShearX(f64),
    /// A column is moved by so much of its distance from the left.
    ShearY(f64),
    /// `ImageOps.solarize`: values from a threshold on are inverted.
    Solarize(f64),
    /// The image is moved to the left by so much of its width.
    TranslateX(f64),
    /// The image is moved up by so much of its height.
    TranslateY(f64),
}

/// An operation without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// [`Operation::AutoContrast`].
    AutoContrast,
    /// [`Operation::Brightness`].
    Brightness,
    /// [`Operation::Color`].
    Color,
    /// [`Operation::Contrast`].
    Contrast,
    /// [`Operation::Equalize`].
    Equalize,
    /// [`Operation::Identity`].
    Identity,
    /// [`Operation::Posterize`].
    Posterize,
    /// [`Operation::Rotate`].
    Rotate,
    /// [`Operation::Sharpness`].
    Sharpness,
    /// [`Operation::ShearX`].
    ShearX,
    /// [`Operation::ShearY`].
    ShearY,
    /// [`Operation::Solarize`].
    Solarize,
    /// [`Operation::TranslateX`].
    TranslateX,
    /// [`Operation::TranslateY`].
    TranslateY,
}

impl OperationKind {
    /// Every kind that is drawn, each as often as any other.
    pub const ALL: [Self; 14] = [
        Self::AutoContrast,
        Self::Brightness,
        Self::Color,
        Self::Contrast,
        Self::Equalize,
        Self::Identity,
        Self::Posterize,
        Self::Rotate,
        Self::Sharpness,
        Self::ShearX,
        Self::ShearY,
        Self::Solarize,
        Self::TranslateX,
        Self::TranslateY,
    ];

    /// The operation whose value is `unit`, in [0, 1), of the way through its range: factors from 0.05 to 0.95, 4 to 7 bits, up
    /// to 30 degrees to either side, thresholds from 0 to 256, and up to 0.3 to either side of shears and translations.
    pub fn with(self, unit: f64) -> Operation {
        let between = |low: f64, high: f64| low + (high - low) * unit;
        match self {
            Self::AutoContrast => Operation::AutoContrast,
            Self::Brightness => Operation::Brightness(between(0.05, 0.95)),
            Self::Color => Operation::Color(between(0.05, 0.95)),
            Self::Contrast => Operation::Contrast(between(0.05, 0.95)),
            Self::Equalize => Operation::Equalize,
            Self::Identity => Operation::Identity,
            Self::Posterize => Operation::Posterize((between(4.0, 8.0) as u32).clamp(4, 7)),
            Self::Rotate => Operation::Rotate(between(-30.0, 30.0)),
            Self::Sharpness => Operation::Sharpness(between(0.05, 0.95)),
            Self::ShearX => Operation::ShearX(between(-0.3, 0.3)),
            Self::ShearY => Operation::ShearY(between(-0.3, 0.3)),
            Self::Solarize => Operation::Solarize(between(0.0, 256.0)),
            Self::TranslateX => Operation::TranslateX(between(-0.3, 0.3)),
            Self::TranslateY => Operation::TranslateY(between(-0.3, 0.3)),
        }
    }
}

impl Operation {
    pub(super) fn apply(self, image: &mut Planes<'_>) {
        let (height, width) = (image.height as f64, image.width as f64);
        match self {
            Self::AutoContrast => lookup::by_channel(image, lookup::autocontrast),
            Self::Brightness(factor) => enhance::brightness(image, factor as f32),
            Self::Color(factor) => enhance::color(image, factor as f32),
            Self::Contrast(factor) => enhance::contrast(image, factor as f32),
            Self::Equalize => lookup::by_channel(image, lookup::equalize),
            Self::Identity => {}
            Self::Posterize(bits) => lookup::everywhere(image, lookup::posterize(bits)),
            Self::Rotate(degrees) => rotation(degrees, [height, width]).apply(image),
            Self::Sharpness(factor) => enhance::sharpness(image, factor as f32),
            Self::ShearX(share) => Affine([1.0, share, 0.0, 0.0, 1.0, 0.0]).apply(image),
            Self::ShearY(share) => Affine([1.0, 0.0, 0.0, share, 1.0, 0.0]).apply(image),
            Self::Solarize(threshold) => lookup::everywhere(image, lookup::solarize(threshold)),
            Self::TranslateX(share) => Affine([1.0, 0.0, share * width, 0.0, 1.0, 0.0]).apply(image),
            Self::TranslateY(share) => Affine([1.0, 0.0, 0.0, 0.0, 1.0, share * height]).apply(image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_their_ranges() {
        let ends = |kind: OperationKind| (kind.with(0.0), kind.with(1.0 - f64::EPSILON));
        assert_eq!(OperationKind::Posterize.with(0.25), Operation::Posterize(5));
        assert_eq!(ends(OperationKind::Posterize), (Operation::Posterize(4), Operation::Posterize(7)));
        assert_eq!(OperationKind::Rotate.with(0.5), Operation::Rotate(0.0));
        assert_eq!(OperationKind::Solarize.with(0.5), Operation::Solarize(128.0));
        for kind in OperationKind::ALL {
            let (low, high) = ends(kind);
            let is_plain = matches!(
                kind,
                OperationKind::AutoContrast | OperationKind::Equalize | OperationKind::Identity
            );
            assert_eq!(low == high, is_plain, "{kind:?}");
        }
    }
}
