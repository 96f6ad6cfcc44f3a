//! Sums of outer products, of which a gradient of weights is made: of what some pixels' windows see with the gradient of
//! their outputs.

use pulp::Simd;

/// Some pixels.
pub(super) struct Outer<'a> {
    pub(super) input: &'a [f32],
    /// Where the windows of the pixels begin.
    pub(super) inputs: &'a [usize],
    /// From the first pixel's first channel of the block.
    pub(super) gradient: &'a [f32],
    /// Floats from one pixel's gradient to the next.
    pub(super) channels: usize,
    /// Whether these are the first pixels, so that there is nothing to add to.
    pub(super) fresh: bool,
}

impl Outer<'_> {
    /// Adds the products to every row of a sum, `[place in the window][vectors of the gradient]`.
    #[inline(always)]
    pub(super) fn add<S: Simd>(&self, simd: S, vectors: usize, sums: &mut [f32]) {
        // Rows × vectors fill the registers, as the tiles of the other kernels do.
        match (S::F32_LANES, vectors) {
            (16, 1) => self.rows::<S, 12, 1>(simd, sums),
            (16, 2) => self.rows::<S, 12, 2>(simd, sums),
            (16, 3) => self.rows::<S, 8, 3>(simd, sums),
            (16, _) => self.rows::<S, 6, 4>(simd, sums),
            (_, 1) => self.rows::<S, 8, 1>(simd, sums),
            (_, _) => self.rows::<S, 6, 2>(simd, sums),
        }
    }

    /// The same, `R` rows of `V` vectors at a time.
    #[inline(always)]
    fn rows<S: Simd, const R: usize, const V: usize>(&self, simd: S, sums: &mut [f32]) {
        let (rows, _) = S::as_mut_simd_f32s(sums);
        let (rows, _) = rows.as_chunks_mut::<V>();
        let mut at = 0;
        while at + R <= rows.len() {
            self.tile::<S, R, V>(simd, at, &mut rows[at..at + R]);
            at += R;
        }
        while at + 4 <= rows.len() {
            self.tile::<S, 4, V>(simd, at, &mut rows[at..at + 4]);
            at += 4;
        }
        while at + 2 <= rows.len() {
            self.tile::<S, 2, V>(simd, at, &mut rows[at..at + 2]);
            at += 2;
        }
        if at < rows.len() {
            self.tile::<S, 1, V>(simd, at, &mut rows[at..]);
        }
    }

    /// The products of `R` places of the windows with `V` vectors of the gradient, which stay in registers.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(&self, simd: S, at: usize, rows: &mut [[S::f32s; V]]) {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (&window, gradient) in self.inputs.iter().zip(self.gradient.chunks(self.channels)) {
            let values = &self.input[window + at..][..R];
            let (gradient, _) = S::as_simd_f32s(&gradient[..V * S::F32_LANES]);
            for row in 0..R {
                let value = simd.splat_f32s(values[row]);
                for vector in 0..V {
                    sums[row][vector] = simd.mul_add_e_f32s(value, gradient[vector], sums[row][vector]);
                }
            }
        }
        for (row, sums) in rows.iter_mut().zip(sums) {
            for vector in 0..V {
                row[vector] =
                    if self.fresh { sums[vector] } else { simd.add_f32s(row[vector], sums[vector]) };
            }
        }
    }
}
