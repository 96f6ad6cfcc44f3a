//! The transforms of F(2 × 2, 3 × 3) and their transposes, each on vectors of channels.

use pulp::Simd;

use super::PLACES;
use crate::both_sides::both_sides;

/// A square of vectors, row by row.
type Square<S, const N: usize> = [<S as Simd>::f32s; N];

/// `Bᵀ d B`: a tile's inputs.
#[inline(always)]
pub(super) fn of_inputs<S: Simd>(simd: S, d: Square<S, 16>) -> Square<S, PLACES> {
    both_sides!(simd, |place| d[place], 4 to 4, b_t)
}

/// `Aᵀ m A`: a tile's outputs.
#[inline(always)]
pub(super) fn of_products<S: Simd>(simd: S, m: Square<S, PLACES>) -> Square<S, 4> {
    both_sides!(simd, |place| m[place], 4 to 2, a_t)
}

/// `A y Aᵀ`: the gradient of a tile's products from that of its outputs.
#[inline(always)]
pub(super) fn of_outputs<S: Simd>(simd: S, y: Square<S, 4>) -> Square<S, PLACES> {
    both_sides!(simd, |place| y[place], 2 to 4, a)
}

/// `G g Gᵀ`: a pair's weights.
#[inline(always)]
pub(super) fn of_weights<S: Simd>(simd: S, weights: Square<S, 9>) -> Square<S, PLACES> {
    both_sides!(simd, |place| weights[place], 3 to 4, g)
}

/// `Gᵀ u G`: the gradient of a pair's weights from that of what [`of_weights`] makes of them.
#[inline(always)]
pub(super) fn of_transformed_weights<S: Simd>(simd: S, u: Square<S, PLACES>) -> Square<S, 9> {
    both_sides!(simd, |place| u[place], 4 to 3, g_t)
}

/// `Bᵀ` times a column.
#[inline(always)]
fn b_t<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
    [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
}

/// `Aᵀ` times a column.
#[inline(always)]
fn a_t<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
    [simd.add_f32s(simd.add_f32s(a, b), c), simd.sub_f32s(simd.sub_f32s(b, c), d)]
}

/// `A` times a column.
#[inline(always)]
fn a<S: Simd>(simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 4] {
    [a, simd.add_f32s(a, b), simd.sub_f32s(a, b), simd.neg_f32s(b)]
}

/// `G` times a column.
#[inline(always)]
fn g<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 4] {
    let half = simd.splat_f32s(0.5);
    let outer = simd.add_f32s(a, c);
    let (plus, minus) = (simd.add_f32s(outer, b), simd.sub_f32s(outer, b));
    [a, simd.mul_f32s(half, plus), simd.mul_f32s(half, minus), c]
}

/// `Gᵀ` times a column.
#[inline(always)]
fn g_t<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 3] {
    let half = simd.splat_f32s(0.5);
    let outer = simd.mul_f32s(half, simd.add_f32s(b, c));
    let middle = simd.mul_f32s(half, simd.sub_f32s(b, c));
    [simd.add_f32s(a, outer), middle, simd.add_f32s(outer, d)]
}
