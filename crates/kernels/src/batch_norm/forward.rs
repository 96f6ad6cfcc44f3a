//! Statistics of a batch, and what is done with them.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::rows::Rows;
use crate::buffers::Buffer;
use crate::lanes::Lanes;

/// Mean and biased variance of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// `[channels]`.
    pub mean: Vec<f32>,
    /// `[channels]`, divided by the number of pixels.
    pub variance: Vec<f32>,
}

/// Statistics of `[pixels, channels]`, where a pixel is one of any image.
///
/// Sums are of differences from the first pixel, so that a mean far from zero does not swallow the variance.
///
/// # Panics
///
/// There is no pixel, or the slice is not made of whole ones.
pub fn statistics(lanes: Lanes, input: &[f32], channels: usize) -> Statistics {
    let rows = Rows::of(input.len(), channels);
    assert!(!input.is_empty(), "statistics of no pixel");
    let shift = &input[..channels];
    let spread = rows.spread(shift);
    let blocks: Vec<[Vec<f32>; 2]> = input
        .par_chunks(rows.block())
        .map(|block| lanes.dispatch(Moments { block, shift: &spread }))
        .collect();
    let pixels = (input.len() / channels) as f64;
    let (sums, squares): (Vec<_>, Vec<_>) = blocks.into_iter().map(|[sums, squares]| (sums, squares)).unzip();
    let sums = rows.fold(sums.into_iter());
    let squares = rows.fold(squares.into_iter());
    let means: Vec<f64> = sums.iter().map(|sum| sum / pixels).collect();
    Statistics {
        mean: means.iter().zip(shift).map(|(mean, &shift)| (mean + f64::from(shift)) as f32).collect(),
        variance: means
            .iter()
            .zip(squares)
            // Rounding may leave less than nothing where all values are equal; what is no number stays none.
            .map(|(mean, square)| {
                let variance = square / pixels - mean * mean;
                if variance < 0.0 { 0.0 } else { variance as f32 }
            })
            .collect(),
    }
}

/// Sums of a block's differences from `shift`, and of their squares.
struct Moments<'a> {
    block: &'a [f32],
    shift: &'a [f32],
}

impl WithSimd for Moments<'_> {
    type Output = [Vec<f32>; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [Vec<f32>; 2] {
        let wide = self.shift.len();
        let (mut sums, mut squares) = (vec![0.0; wide], vec![0.0; wide]);
        let (shifts, shifts_rest) = S::as_simd_f32s(self.shift);
        for row in self.block.chunks_exact(wide) {
            let (row, row_rest) = S::as_simd_f32s(row);
            let (sum, sum_rest) = S::as_mut_simd_f32s(&mut sums);
            let (square, square_rest) = S::as_mut_simd_f32s(&mut squares);
            for (((&value, &shift), sum), square) in row.iter().zip(shifts).zip(sum).zip(square) {
                let difference = simd.sub_f32s(value, shift);
                *sum = simd.add_f32s(*sum, difference);
                *square = simd.mul_add_e_f32s(difference, difference, *square);
            }
            let rest = row_rest.iter().zip(shifts_rest).zip(sum_rest).zip(square_rest);
            for (((&value, &shift), sum), square) in rest {
                let difference = value - shift;
                *sum += difference;
                *square += difference * difference;
            }
        }
        [sums, squares]
    }
}

/// `input · scale + offset` of each channel, then the shortcut, then ReLU.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a> {
    /// `[channels]`.
    pub scale: &'a [f32],
    /// `[channels]`.
    pub offset: &'a [f32],
    /// As long as the input.
    pub shortcut: Option<&'a [f32]>,
    /// Whether what is below zero becomes zero.
    pub relu: bool,
}

/// Applies it to `[pixels, channels]`.
///
/// # Panics
///
/// Lengths do not fit.
pub fn apply(lanes: Lanes, input: &[f32], affine: Affine<'_>) -> Buffer {
    let rows = Rows::of(input.len(), affine.scale.len());
    assert_eq!(affine.scale.len(), affine.offset.len(), "a scale and an offset for each channel");
    assert!(affine.shortcut.is_none_or(|it| it.len() == input.len()), "a shortcut as long as the input");
    let (scale, offset) = (rows.spread(affine.scale), rows.spread(affine.offset));
    let mut output = Buffer::take(input.len());
    let block = rows.block();
    output.par_chunks_mut(block).enumerate().for_each(|(index, output)| {
        let part = index * block..index * block + output.len();
        lanes.dispatch(Apply {
            input: &input[part.clone()],
            scale: &scale,
            offset: &offset,
            shortcut: affine.shortcut.map(|it| &it[part]),
            relu: affine.relu,
            output,
        });
    });
    output
}

/// A block.
struct Apply<'a> {
    input: &'a [f32],
    scale: &'a [f32],
    offset: &'a [f32],
    shortcut: Option<&'a [f32]>,
    relu: bool,
    output: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.shortcut, self.relu) {
            (None, false) => self.rows::<S, false, false>(simd),
            (None, true) => self.rows::<S, false, true>(simd),
            (Some(_), false) => self.rows::<S, true, false>(simd),
            (Some(_), true) => self.rows::<S, true, true>(simd),
        }
    }
}

impl Apply<'_> {
    #[inline(always)]
    fn rows<S: Simd, const SHORTCUT: bool, const RELU: bool>(self, simd: S) {
        let wide = self.scale.len();
        let zero = simd.splat_f32s(0.0);
        let (scale, scale_rest) = S::as_simd_f32s(self.scale);
        let (offset, offset_rest) = S::as_simd_f32s(self.offset);
        // Without a shortcut this is not read.
        let shortcut = self.shortcut.unwrap_or(self.input);
        let rows = self.input.chunks_exact(wide).zip(shortcut.chunks_exact(wide));
        for ((input, shortcut), output) in rows.zip(self.output.chunks_exact_mut(wide)) {
            let (input, input_rest) = S::as_simd_f32s(input);
            let (shortcut, shortcut_rest) = S::as_simd_f32s(shortcut);
            let (output, output_rest) = S::as_mut_simd_f32s(output);
            let all = input.iter().zip(scale).zip(offset).zip(shortcut).zip(output);
            for ((((&input, &scale), &offset), &shortcut), output) in all {
                let mut value = simd.mul_add_e_f32s(input, scale, offset);
                if SHORTCUT {
                    value = simd.add_f32s(value, shortcut);
                }
                if RELU {
                    // Not the larger of both: what is no number has to stay none.
                    value = simd.select_f32s(simd.less_than_f32s(value, zero), zero, value);
                }
                *output = value;
            }
            let rest = input_rest.iter().zip(scale_rest).zip(offset_rest).zip(shortcut_rest).zip(output_rest);
            for ((((&input, &scale), &offset), &shortcut), output) in rest {
                let mut value = input * scale + offset;
                if SHORTCUT {
                    value += shortcut;
                }
                *output = if RELU && value < 0.0 { 0.0 } else { value };
            }
        }
    }
}
