//! What makes a class: a shape, a texture and hues.

use super::shape::Shape;
use super::texture::Texture;

/// What makes a class.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Class {
    pub(super) shape: Shape,
    pub(super) texture: Texture,
    /// The hues that the class may have, on a wheel of length 6 (0 red, 2 green, 4 blue).
    pub(super) hues: (f32, f32),
}

impl Class {
    /// Up to 10 classes: five shapes striped, then the same five checked; the hue says something about the shape, for
    /// the ranges of neighbours overlap by half. Up to 100: ten shapes, each in five textures warm, then in the same
    /// five cool. Each of the 10 classes' second half, which imbalance makes rare, has a neighbour in the first half
    /// that differs in the texture only; of the 100 classes' second half, one that differs in a similar shape.
    pub(super) fn new(label: u32, classes: usize) -> Self {
        let label = label as usize;
        if classes <= 10 {
            let texture = if label < 5 { Texture::Striped } else { Texture::Checked };
            let centre = 1.2 * (label % 5) as f32;
            Self { shape: Shape::ALL[label % 5], texture, hues: (centre - 1.2, centre + 1.2) }
        } else {
            let hues = if label % 10 < 5 { WARM } else { COOL };
            Self { shape: Shape::ALL[label / 10], texture: Texture::ALL[label % 5], hues }
        }
    }

    pub(super) fn name(&self) -> String {
        let hues = match self.hues {
            WARM => "warm_",
            COOL => "cool_",
            _ => "",
        };
        format!("{hues}{}_{}", self.texture.name(), self.shape.name())
    }
}

/// Half the wheel around red, and a twentieth of that more at both ends, where it overlaps with [`COOL`].
const WARM: (f32, f32) = (-1.575, 1.575);

/// Half the wheel around cyan, and a twentieth of that more at both ends.
const COOL: (f32, f32) = (1.425, 4.575);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_consecutive_fine_classes_share_shape_and_hues() {
        for label in 0..100 {
            let (class, first) = (Class::new(label, 100), Class::new(label / 5 * 5, 100));
            assert_eq!((class.shape, class.hues), (first.shape, first.hues));
        }
    }
}
