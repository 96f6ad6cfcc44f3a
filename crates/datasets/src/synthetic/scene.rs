//! One image: a textured object on a textured ground, with everything that varies within a class.

use rand_chacha::ChaCha8Rng;

use crate::images::ImageShape;

use super::class::Class;
use super::draw::{Rotation, between, chance, noise, pick};
use super::shape::Shape;
use super::texture::{Texture, soft};

/// The shape of every generated image.
pub const IMAGE_SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

/// Red, green and blue in [0, 1].
type Colour = [f32; 3];

/// Objects and their textures lean by up to 30° either way: twice the angle whose tangent this is.
const LEAN: f32 = 0.268;

/// The side of an image in pixels.
const SIDE: f32 = 32.0;

/// Everything about an image except its pixel noise. The ranges below were set by looking at contact sheets and at the
/// learning curve of a small convolutional network; they are part of what the checksums in the manifests pin down.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    ground: Surface,
    clouds: Clouds,
    distractor: Option<Object>,
    object: Object,
    occluder: Option<Strip>,
    gain: Colour,
    light: (f32, f32),
    noise: f32,
}

impl Scene {
    /// Draws a scene of a class.
    pub(super) fn draw(class: &Class, rng: &mut ChaCha8Rng) -> Self {
        let hue = between(rng, class.hues.0, class.hues.1);
        let radius = between(rng, 8.0, 13.0);
        let centre = (between(rng, radius, SIDE - radius), between(rng, radius, SIDE - radius));
        let object = Object::draw(class.shape, class.texture, hue, radius, centre, rng);
        Self {
            ground: ground(rng),
            clouds: Clouds::draw(rng),
            distractor: chance(rng, 0.5).then(|| distractor(rng)),
            object,
            occluder: chance(rng, 0.35).then(|| Strip::draw(centre, radius, rng)),
            gain: [between(rng, 0.85, 1.15), between(rng, 0.85, 1.15), between(rng, 0.85, 1.15)],
            light: (between(rng, -0.012, 0.012), between(rng, -0.012, 0.012)),
            noise: between(rng, 0.02, 0.05),
        }
    }

    /// Appends the image: `[3, 32, 32]`, channel-major.
    pub(super) fn render(&self, rng: &mut ChaCha8Rng, pixels: &mut Vec<u8>) {
        let start = pixels.len();
        let plane = IMAGE_SHAPE.height * IMAGE_SHAPE.width;
        pixels.resize(start + IMAGE_SHAPE.len(), 0);
        for row in 0..IMAGE_SHAPE.height {
            for column in 0..IMAGE_SHAPE.width {
                let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
                let colour = self.colour(x, y);
                let light = 1.0 + self.light.0 * (x - SIDE / 2.0) + self.light.1 * (y - SIDE / 2.0);
                for channel in 0..3 {
                    let value = colour[channel] * self.gain[channel] * light + self.noise * noise(rng);
                    let byte = (value * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
                    pixels[start + channel * plane + row * IMAGE_SHAPE.width + column] = byte;
                }
            }
        }
    }

    /// The colour at a point: the layers from back to front.
    fn colour(&self, x: f32, y: f32) -> Colour {
        let cloud = self.clouds.value(x, y);
        let mut colour = self.ground.colour(x, y).map(|value| value + cloud);
        if let Some(distractor) = &self.distractor {
            colour = mix(colour, distractor.surface.colour(x, y), distractor.coverage(x, y));
        }
        colour = mix(colour, self.object.surface.colour(x, y), self.object.coverage(x, y));
        if let Some(occluder) = &self.occluder {
            colour = mix(colour, occluder.colour, occluder.coverage(x, y));
        }
        colour
    }
}

/// Two colours mixed by a texture in a frame of its own.
#[derive(Clone, Debug)]
struct Surface {
    texture: Texture,
    rotation: Rotation,
    origin: (f32, f32),
    period: f32,
    colours: [Colour; 2],
}

impl Surface {
    fn colour(&self, x: f32, y: f32) -> Colour {
        let (x, y) = self.rotation.apply(x - self.origin.0, y - self.origin.1);
        mix(self.colours[0], self.colours[1], self.texture.value(x, y, self.period))
    }
}

/// A shape with a surface.
#[derive(Clone, Debug)]
struct Object {
    shape: Shape,
    centre: (f32, f32),
    rotation: Rotation,
    /// Radius in pixels along the two axes of the shape.
    radii: (f32, f32),
    surface: Surface,
}

impl Object {
    fn draw(
        shape: Shape,
        texture: Texture,
        hue: f32,
        radius: f32,
        centre: (f32, f32),
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let stretch = between(rng, 0.85, 1.15);
        let main = colour(hue, between(rng, 0.5, 1.0), between(rng, 0.6, 1.0));
        // The second colour is a shade of the first, or a tint of it, towards black or white.
        let towards = if chance(rng, 0.5) { 0.0 } else { 1.0 };
        let second = mix(main, [towards; 3], between(rng, 0.5, 0.85));
        let colours = if chance(rng, 0.5) { [main, second] } else { [second, main] };
        let origin = (centre.0 + between(rng, -2.0, 2.0), centre.1 + between(rng, -2.0, 2.0));
        let surface = Surface {
            texture,
            rotation: Rotation::within(rng, LEAN),
            origin,
            period: between(rng, 4.8, 7.0),
            colours,
        };
        Self {
            shape,
            centre,
            rotation: Rotation::within(rng, LEAN),
            radii: (radius * stretch, radius / stretch),
            surface,
        }
    }

    /// The share of the pixel at (x, y) that the object covers.
    fn coverage(&self, x: f32, y: f32) -> f32 {
        let (x, y) = self.rotation.apply(x - self.centre.0, y - self.centre.1);
        let scale = self.radii.0.min(self.radii.1);
        soft(-self.shape.distance(x / self.radii.0, y / self.radii.1) * scale)
    }
}

/// A strip across the object.
#[derive(Clone, Debug)]
struct Strip {
    through: (f32, f32),
    rotation: Rotation,
    half_width: f32,
    colour: Colour,
}

impl Strip {
    fn draw(centre: (f32, f32), radius: f32, rng: &mut ChaCha8Rng) -> Self {
        let offset = radius * 0.8;
        Self {
            through: (centre.0 + between(rng, -offset, offset), centre.1 + between(rng, -offset, offset)),
            rotation: Rotation::draw(rng),
            half_width: between(rng, 0.8, 2.2),
            colour: dull_colour(rng),
        }
    }

    fn coverage(&self, x: f32, y: f32) -> f32 {
        let (across, _) = self.rotation.apply(x - self.through.0, y - self.through.1);
        soft(self.half_width - across.abs())
    }
}

/// Cells of the lattice of brightness offsets per side.
const CELLS: usize = 4;

/// Smooth brightness offsets: a lattice of random values, interpolated linearly.
#[derive(Clone, Debug)]
struct Clouds([[f32; CELLS + 1]; CELLS + 1]);

impl Clouds {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let depth = between(rng, 0.0, 0.15);
        let mut lattice = [[0.0; CELLS + 1]; CELLS + 1];
        for value in lattice.iter_mut().flatten() {
            *value = between(rng, -depth, depth);
        }
        Self(lattice)
    }

    fn value(&self, x: f32, y: f32) -> f32 {
        let cell = SIDE / CELLS as f32;
        let (column, row) = ((x / cell) as usize, (y / cell) as usize);
        let (right, down) = (x / cell - column as f32, y / cell - row as f32);
        let upper = self.0[row][column] * (1.0 - right) + self.0[row][column + 1] * right;
        let lower = self.0[row + 1][column] * (1.0 - right) + self.0[row + 1][column + 1] * right;
        upper * (1.0 - down) + lower * down
    }
}

/// The ground has a texture of any kind, fainter than the object's, so that a texture alone does not tell the class.
fn ground(rng: &mut ChaCha8Rng) -> Surface {
    let main = dull_colour(rng);
    let second = mix(main, dull_colour(rng), between(rng, 0.1, 0.6));
    Surface {
        texture: pick(rng, &Texture::ALL),
        rotation: Rotation::draw(rng),
        origin: (between(rng, 0.0, SIDE), between(rng, 0.0, SIDE)),
        period: between(rng, 4.0, 9.0),
        colours: [main, second],
    }
}

/// A small plain object of any shape, anywhere, behind the main one.
fn distractor(rng: &mut ChaCha8Rng) -> Object {
    let shape = pick(rng, &Shape::ALL);
    let hue = between(rng, 0.0, 6.0);
    let radius = between(rng, 2.5, 4.5);
    let centre = (between(rng, 0.0, SIDE), between(rng, 0.0, SIDE));
    Object::draw(shape, Texture::Plain, hue, radius, centre, rng)
}

/// A colour of any hue, less saturated and darker than an object's.
fn dull_colour(rng: &mut ChaCha8Rng) -> Colour {
    let hue = between(rng, 0.0, 6.0);
    let saturation = between(rng, 0.0, 0.5);
    colour(hue, saturation, between(rng, 0.1, 0.7))
}

/// A colour from hue (0 red, 2 green, 4 blue, period 6), saturation and value: each channel is piecewise linear in the hue.
fn colour(hue: f32, saturation: f32, value: f32) -> Colour {
    [0.0, 2.0, 4.0].map(|peak| {
        let turns = (hue - peak) / 6.0;
        let away = (turns - (turns + 0.5).floor()).abs() * 6.0; // distance to the peak on the wheel, 0 to 3
        let strength = (2.0 - away).clamp(0.0, 1.0);
        value * (1.0 - saturation * (1.0 - strength))
    })
}

fn mix(back: Colour, front: Colour, share: f32) -> Colour {
    [0, 1, 2].map(|channel| back[channel] + (front[channel] - back[channel]) * share)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn hues_are_where_they_belong() {
        for (hue, saturation, value, expected) in [
            (0.0, 1.0, 1.0, [1.0, 0.0, 0.0]),
            (1.0, 1.0, 1.0, [1.0, 1.0, 0.0]),
            (3.0, 1.0, 1.0, [0.0, 1.0, 1.0]),
            (-2.0, 1.0, 0.5, [0.0, 0.0, 0.5]),
            (4.0, 0.0, 0.5, [0.5, 0.5, 0.5]),
        ] {
            let found = colour(hue, saturation, value);
            assert!(
                found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6),
                "{found:?}"
            );
        }
    }

    #[test]
    fn mixing_nothing_or_everything_gives_one_of_the_two() {
        assert_eq!(mix([0.25; 3], [0.5; 3], 0.0), [0.25; 3]);
        assert_eq!(mix([0.25; 3], [0.5; 3], 1.0), [0.5; 3]);
    }
}
