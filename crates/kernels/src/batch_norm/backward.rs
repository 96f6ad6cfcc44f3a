//! Gradients of batch normalisation in training form.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::rows::Rows;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// What a backward pass starts from; `[pixels, channels]` or `[channels]`.
#[derive(Clone, Copy, Debug)]
pub struct Backward<'a> {
    /// What was normalised.
    pub input: &'a [f32],
    /// What came out after the shortcut and ReLU; none where there was no ReLU.
    pub activated: Option<&'a [f32]>,
    /// The gradient of what came out.
    pub gradient: &'a [f32],
    /// The batch's mean.
    pub mean: &'a [f32],
    /// 1 / √(variance + ε).
    pub inverse_deviation: &'a [f32],
    /// The scale, γ.
    pub scale: &'a [f32],
    /// Whether a shortcut was added.
    pub shortcut: bool,
}

/// What comes of it.
#[derive(Debug, PartialEq)]
pub struct Gradients {
    /// `[pixels, channels]`.
    pub input: Buffer,
    /// `[channels]`.
    pub scale: Vec<f32>,
    /// `[channels]`.
    pub offset: Vec<f32>,
    /// `[pixels, channels]`, where a shortcut was added and ReLU held some of the gradient back; without ReLU it is the
    /// gradient itself.
    pub shortcut: Option<Buffer>,
}

/// With g the gradient where ReLU let pass, x̂ the normalised input and means over all pixels:
/// ∂γ = Σ g x̂, ∂β = Σ g, ∂x = γ/σ · (g − mean(g) − x̂ mean(g x̂)) (Ioffe and Szegedy, Section 3).
///
/// # Panics
///
/// Lengths do not fit.
pub fn backward(lanes: Lanes, of: Backward<'_>) -> Gradients {
    let Backward { input, activated, gradient, mean, inverse_deviation, scale, shortcut } = of;
    let channels = scale.len();
    let rows = Rows::of(input.len(), channels);
    assert!(
        mean.len() == channels && inverse_deviation.len() == channels,
        "statistics of {channels} channels"
    );
    assert!(
        gradient.len() == input.len() && activated.is_none_or(|it| it.len() == input.len()),
        "a gradient and an output for each of {} inputs",
        input.len()
    );
    let (means, deviations) = (rows.spread(mean), rows.spread(inverse_deviation));
    let block = rows.block();
    let part = |index: usize, len: usize| index * block..index * block + len;
    let sums: Vec<[Vec<f32>; 2]> = gradient
        .par_chunks(block)
        .enumerate()
        .map(|(index, gradient)| {
            let at = part(index, gradient.len());
            lanes.dispatch(Sums {
                input: &input[at.clone()],
                activated: activated.map(|it| &it[at]),
                gradient,
                mean: &means,
                inverse_deviation: &deviations,
            })
        })
        .collect();
    let pixels = (input.len() / channels) as f64;
    let (offsets, scales): (Vec<_>, Vec<_>) = sums.into_iter().map(|[offset, scale]| (offset, scale)).unzip();
    let offsets = rows.fold(offsets.into_iter());
    let scales = rows.fold(scales.into_iter());
    // ∂x = factor · g − slope · (x − mean) − level.
    let mut factor = Vec::with_capacity(channels);
    let mut slope = Vec::with_capacity(channels);
    let mut level = Vec::with_capacity(channels);
    for channel in 0..channels {
        let deviation = f64::from(inverse_deviation[channel]);
        let outer = f64::from(scale[channel]) * deviation;
        factor.push(outer as f32);
        slope.push((outer * deviation * scales[channel] / pixels) as f32);
        level.push((outer * offsets[channel] / pixels) as f32);
    }
    let (factor, slope, level) = (rows.spread(&factor), rows.spread(&slope), rows.spread(&level));
    let mut of_input = Buffer::take(input.len());
    let mut of_shortcut = (shortcut && activated.is_some()).then(|| Buffer::take(input.len()));
    let shortcuts: Vec<_> = match &mut of_shortcut {
        None => (0..input.len().div_ceil(block)).map(|_| None).collect(),
        Some(of_shortcut) => of_shortcut.chunks_mut(block).map(Some).collect(),
    };
    of_input.par_chunks_mut(block).zip(shortcuts).enumerate().for_each(|(index, (of_input, of_shortcut))| {
        let at = part(index, of_input.len());
        lanes.dispatch(Inputs {
            input: &input[at.clone()],
            activated: activated.map(|it| &it[at.clone()]),
            gradient: &gradient[at],
            mean: &means,
            factor: &factor,
            slope: &slope,
            level: &level,
            of_input,
            of_shortcut,
        });
    });
    Gradients {
        input: of_input,
        scale: scales.into_iter().map(|it| it as f32).collect(),
        offset: offsets.into_iter().map(|it| it as f32).collect(),
        shortcut: of_shortcut,
    }
}

/// The first pass over a block: Σ g and Σ g x̂.
struct Sums<'a> {
    input: &'a [f32],
    activated: Option<&'a [f32]>,
    gradient: &'a [f32],
    mean: &'a [f32],
    inverse_deviation: &'a [f32],
}

impl WithSimd for Sums<'_> {
    type Output = [Vec<f32>; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [Vec<f32>; 2] {
        if self.activated.is_some() { self.rows::<S, true>(simd) } else { self.rows::<S, false>(simd) }
    }
}

impl Sums<'_> {
    #[inline(always)]
    fn rows<S: Simd, const RELU: bool>(self, simd: S) -> [Vec<f32>; 2] {
        let wide = self.mean.len();
        let zero = simd.splat_f32s(0.0);
        let (mut offsets, mut scales) = (vec![0.0; wide], vec![0.0; wide]);
        let (means, means_rest) = S::as_simd_f32s(self.mean);
        // Without ReLU this is not read.
        let activated = self.activated.unwrap_or(self.input);
        let rows = self.input.chunks_exact(wide).zip(activated.chunks_exact(wide));
        for ((input, activated), gradient) in rows.zip(self.gradient.chunks_exact(wide)) {
            let (input, input_rest) = S::as_simd_f32s(input);
            let (activated, activated_rest) = S::as_simd_f32s(activated);
            let (gradient, gradient_rest) = S::as_simd_f32s(gradient);
            let (offset, offset_rest) = S::as_mut_simd_f32s(&mut offsets);
            let (scale, scale_rest) = S::as_mut_simd_f32s(&mut scales);
            let all = input.iter().zip(activated).zip(gradient).zip(means).zip(offset).zip(scale);
            for (((((&input, &activated), &gradient), &mean), offset), scale) in all {
                let mut passed = gradient;
                if RELU {
                    passed = simd.select_f32s(simd.less_than_f32s(zero, activated), gradient, zero);
                }
                *offset = simd.add_f32s(*offset, passed);
                *scale = simd.mul_add_e_f32s(passed, simd.sub_f32s(input, mean), *scale);
            }
            let all = input_rest.iter().zip(activated_rest).zip(gradient_rest).zip(means_rest);
            for ((((&input, &activated), &gradient), &mean), (offset, scale)) in
                all.zip(offset_rest.iter_mut().zip(scale_rest))
            {
                let passed = if RELU && activated <= 0.0 { 0.0 } else { gradient };
                *offset += passed;
                *scale += passed * (input - mean);
            }
        }
        for (scale, &deviation) in scales.iter_mut().zip(self.inverse_deviation) {
            *scale *= deviation;
        }
        [offsets, scales]
    }
}

/// The second pass over a block.
struct Inputs<'a> {
    input: &'a [f32],
    activated: Option<&'a [f32]>,
    gradient: &'a [f32],
    mean: &'a [f32],
    factor: &'a [f32],
    slope: &'a [f32],
    level: &'a [f32],
    of_input: &'a mut [f32],
    of_shortcut: Option<&'a mut [f32]>,
}

impl WithSimd for Inputs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.activated.is_some(), self.of_shortcut.is_some()) {
            (false, _) => self.rows::<S, false, false>(simd),
            (true, false) => self.rows::<S, true, false>(simd),
            (true, true) => self.rows::<S, true, true>(simd),
        }
    }
}

impl Inputs<'_> {
    #[inline(always)]
    fn rows<S: Simd, const RELU: bool, const SHORTCUT: bool>(self, simd: S) {
        let wide = self.mean.len();
        let zero = simd.splat_f32s(0.0);
        let (means, means_rest) = S::as_simd_f32s(self.mean);
        let (factors, factors_rest) = S::as_simd_f32s(self.factor);
        let (slopes, slopes_rest) = S::as_simd_f32s(self.slope);
        let (levels, levels_rest) = S::as_simd_f32s(self.level);
        // Without ReLU the first, without a shortcut the second is not touched.
        let activated = self.activated.unwrap_or(self.input);
        let of_shortcut = self.of_shortcut.unwrap_or_default();
        let rows = self.of_input.chunks_exact_mut(wide).enumerate();
        for (index, of_input) in rows {
            let at = index * wide..(index + 1) * wide;
            let (input, input_rest) = S::as_simd_f32s(&self.input[at.clone()]);
            let (activated, activated_rest) = S::as_simd_f32s(&activated[at.clone()]);
            let (gradient, gradient_rest) = S::as_simd_f32s(&self.gradient[at.clone()]);
            let (of_input, of_input_rest) = S::as_mut_simd_f32s(of_input);
            let to = if SHORTCUT { &mut of_shortcut[at] } else { &mut [] };
            let (of_shortcut, of_shortcut_rest) = S::as_mut_simd_f32s(to);
            for place in 0..of_input.len() {
                let mut passed = gradient[place];
                if RELU {
                    passed = simd.select_f32s(simd.less_than_f32s(zero, activated[place]), passed, zero);
                }
                if SHORTCUT {
                    of_shortcut[place] = passed;
                }
                let away = simd.sub_f32s(input[place], means[place]);
                let rest = simd.mul_add_e_f32s(slopes[place], away, levels[place]);
                of_input[place] = simd.sub_f32s(simd.mul_f32s(factors[place], passed), rest);
            }
            for place in 0..of_input_rest.len() {
                let passed = if RELU && activated_rest[place] <= 0.0 { 0.0 } else { gradient_rest[place] };
                if SHORTCUT {
                    of_shortcut_rest[place] = passed;
                }
                let rest = slopes_rest[place] * (input_rest[place] - means_rest[place]) + levels_rest[place];
                of_input_rest[place] = factors_rest[place] * passed - rest;
            }
        }
    }
}
