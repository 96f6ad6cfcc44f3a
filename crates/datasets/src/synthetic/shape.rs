//! The shapes: each the set of points with a negative distance.

/// A shape of radius about 1 around the origin. The second five resemble the first five, one by one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Disk,
    Square,
    Triangle,
    Cross,
    Bar,
    Ring,
    Frame,
    Star,
    Ell,
    Crescent,
}

/// Unit vectors at 90°, 162°, 234°, 306° and 18°: the normals of a regular pentagon's sides.
const PENTAGON: [(f32, f32); 5] = [
    (0.0, 1.0),
    (-0.951_056_5, 0.309_017),
    (-0.587_785_25, -0.809_017),
    (0.587_785_25, -0.809_017),
    (0.951_056_5, 0.309_017),
];

impl Shape {
    pub(super) const ALL: [Self; 10] = [
        Self::Disk,
        Self::Square,
        Self::Triangle,
        Self::Cross,
        Self::Bar,
        Self::Ring,
        Self::Frame,
        Self::Star,
        Self::Ell,
        Self::Crescent,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Square => "square",
            Self::Triangle => "triangle",
            Self::Cross => "cross",
            Self::Bar => "bar",
            Self::Ring => "ring",
            Self::Frame => "frame",
            Self::Star => "star",
            Self::Ell => "ell",
            Self::Crescent => "crescent",
        }
    }

    /// A signed distance (exact or a lower bound on its size): negative inside.
    pub(super) fn distance(self, x: f32, y: f32) -> f32 {
        match self {
            Self::Disk => length(x, y) - 0.95,
            Self::Square => rectangle(x, y, 0.82, 0.82),
            // Three sides at distance 0.55 from the centre; normals at 270°, 30° and 150°.
            Self::Triangle => (-y).max(0.866_025_4 * x + 0.5 * y).max(-0.866_025_4 * x + 0.5 * y) - 0.58,
            Self::Cross => rectangle(x, y, 1.0, 0.34).min(rectangle(x, y, 0.34, 1.0)),
            Self::Bar => rectangle(x, y, 1.05, 0.45),
            Self::Ring => (length(x, y) - 0.7).abs() - 0.26,
            Self::Frame => rectangle(x, y, 0.88, 0.88).max(-rectangle(x, y, 0.42, 0.42)),
            Self::Star => star(x, y) - 0.42,
            Self::Ell => rectangle(x + 0.45, y, 0.36, 0.95).min(rectangle(x, y - 0.6, 0.81, 0.36)),
            Self::Crescent => (length(x, y) - 0.98).max(0.72 - length(x - 0.48, y)),
        }
    }
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

fn rectangle(x: f32, y: f32, half_width: f32, half_height: f32) -> f32 {
    (x.abs() - half_width).max(y.abs() - half_height)
}

/// The pentagram: the points inside at least four of a pentagon's five sides, so the second largest of five distances.
fn star(x: f32, y: f32) -> f32 {
    let (mut first, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for (normal_x, normal_y) in PENTAGON {
        let distance = normal_x * x + normal_y * y;
        second = second.max(distance.min(first));
        first = first.max(distance);
    }
    second
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the square [-1.5, 1.5]² inside a shape.
    fn area(shape: Shape) -> f32 {
        let steps = 150;
        let at = |step: i32| (step as f32 + 0.5) / steps as f32 * 3.0 - 1.5;
        let inside = (0..steps * steps)
            .filter(|cell| shape.distance(at(cell % steps), at(cell / steps)) < 0.0)
            .count();
        inside as f32 * 9.0 / (steps * steps) as f32
    }

    #[test]
    fn areas_are_comparable_and_right_where_a_formula_is_at_hand() {
        for shape in Shape::ALL {
            assert!((0.9..3.2).contains(&area(shape)), "{shape:?} {}", area(shape));
        }
        assert!((area(Shape::Disk) - std::f32::consts::PI * 0.95 * 0.95).abs() < 0.05);
        assert!((area(Shape::Square) - 1.64 * 1.64).abs() < 0.05);
        assert!((area(Shape::Bar) - 2.1 * 0.9).abs() < 0.05);
    }
}
