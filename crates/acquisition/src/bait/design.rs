//! The state of BAIT: what the picks know of the last layer, and what each row would add.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

use super::dense::{columns, inverse_root, invert, multiply, multiply_in_place, trace};
use super::information::{Known, TILE, apply_factor};

/// Whether the information of a row is added or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Remove,
}

impl Change {
    fn sign(self) -> f64 {
        match self {
            Self::Add => 1.0,
            Self::Remove => -1.0,
        }
    }
}

/// `M`, the information of what is labelled and picked, with what follows from it for every candidate `X`.
pub(super) struct Design<'a> {
    pool: Known<'a>,
    /// What multiplies the factor of a row.
    scale: f64,
    /// Of the whole pool. `[parameters, parameters]`
    fisher: Array2<f64>,
    /// `M⁻¹`. `[parameters, parameters]`
    inverse: Array2<f64>,
    /// The rows that are looked at. `[candidates]`
    candidates: Vec<usize>,
    /// `A = X M⁻¹ Xᵀ` and then `C = X M⁻¹ F M⁻¹ Xᵀ`. `[candidates, 2, classes, classes]`
    blocks: Vec<f64>,
}

impl<'a> Design<'a> {
    /// `start` is `M` before the first pick. `None` if it cannot be inverted.
    pub(super) fn new(pool: Known<'a>, scale: f64, fisher: Array2<f64>, start: Array2<f64>) -> Option<Self> {
        let mut inverse = start;
        invert(&mut inverse)?;
        let candidates: Vec<usize> = (0..pool.len()).collect();
        let classes = pool.probabilities.ncols();
        let blocks = vec![0.0; candidates.len() * 2 * classes * classes];
        let mut design = Self { pool, scale, fisher, inverse, candidates, blocks };
        let mut between = Array2::zeros(design.inverse.dim());
        multiply(1.0, design.inverse.view(), design.fisher.view(), 0.0, &mut between);
        multiply_in_place(&mut between, design.inverse.view());
        let inverse = std::mem::take(&mut design.inverse);
        design.start_blocks(0, inverse.view());
        design.start_blocks(1, between.view());
        design.inverse = inverse;
        Some(design)
    }

    /// How much `tr(M⁻¹F)` falls if a candidate is added, or rises if it is removed. `[candidates]`
    ///
    /// By Woodbury's identity that is `tr(C (I + A)⁻¹)`, and `tr(C (I − A)⁻¹)`. Infinite where removing a row would leave
    /// nothing known in some direction, to working accuracy.
    pub(super) fn changes(&self, change: Change) -> Vec<f64> {
        let classes = self.classes();
        let of = |blocks: &[f64]| {
            let (a, c) = blocks.split_at(classes * classes);
            root(a, change, classes).map_or(f64::INFINITY, |root| trace(&root, c, classes))
        };
        self.blocks.par_chunks_exact(2 * classes * classes).with_min_len(64).map(of).collect()
    }

    /// Adds or removes a candidate. `None` if `M` would no longer be positive definite to working accuracy.
    ///
    /// `M⁻¹` changes by `∓WWᵀ` with `W = M⁻¹Xᵀ Rᵀ` and `RᵀR = (I ± A)⁻¹`; `M⁻¹FM⁻¹` by `∓(WUᵀ + UWᵀ)` with
    /// `U = M⁻¹FW ∓ ½ W WᵀFW`. For a candidate both are looked at through its `X` alone.
    pub(super) fn apply(&mut self, place: usize, change: Change) -> Option<()> {
        let (classes, sign) = (self.classes(), change.sign());
        let size = classes * classes;
        let a = &self.blocks[place * 2 * size..place * 2 * size + size];
        let root = Array2::from_shape_vec((classes, classes), root(a, change, classes)?).expect("a square");
        let w = self.solve(self.candidates[place]).dot(&root.t());
        let mut fisher_w = Array2::zeros(w.dim());
        multiply(1.0, self.fisher.view(), w.view(), 0.0, &mut fisher_w);
        let mut u = Array2::zeros(w.dim());
        multiply(1.0, self.inverse.view(), fisher_w.view(), 0.0, &mut u);
        let middle = w.t().dot(&fisher_w);
        general_mat_mul(-0.5 * sign, &w, &middle, 1.0, &mut u);
        multiply(-sign, w.view(), w.t(), 1.0, &mut self.inverse);
        self.update_blocks(sign, &w, &u);
        Some(())
    }

    /// Looks at some of the candidates only, in the order given.
    pub(super) fn keep(&mut self, places: &[usize]) {
        let size = 2 * self.classes() * self.classes();
        let of = |&place: &usize| self.blocks[place * size..(place + 1) * size].iter().copied();
        self.blocks = places.iter().flat_map(of).collect();
        self.candidates = places.iter().map(|&place| self.candidates[place]).collect();
    }

    /// The rows of the pool that are looked at. `[candidates]`
    pub(super) fn candidates(&self) -> &[usize] {
        &self.candidates
    }

    fn classes(&self) -> usize {
        self.pool.probabilities.ncols()
    }

    /// `M⁻¹Xᵀ`. `[parameters, classes]`
    fn solve(&self, row: usize) -> Array2<f64> {
        let (classes, dims) = (self.classes(), self.pool.embeddings.dims());
        let h: Vec<f64> = self.pool.embeddings.row(row).iter().map(|&h| f64::from(h)).collect();
        let mut solved = Array2::<f64>::zeros((self.inverse.nrows(), classes));
        let entries = self.inverse.as_slice().expect("a matrix that lies in order");
        let out = solved.as_slice_mut().expect("a matrix that lies in order");
        let rows = entries.par_chunks_exact(classes * dims).with_min_len(64);
        rows.zip(out.par_chunks_exact_mut(classes)).for_each(|(entries, out)| {
            for (out, entries) in out.iter_mut().zip(entries.chunks_exact(dims)) {
                *out = dot(entries, &h);
            }
        });
        apply_factor(self.scale, &self.pool.p(row), solved.view_mut().reversed_axes());
        solved
    }

    /// Sets one block of every candidate to `X · inner · Xᵀ`, `inner` being symmetric.
    fn start_blocks(&mut self, which: usize, inner: ArrayView2<f64>) {
        let (classes, dims) = (self.classes(), self.pool.embeddings.dims());
        let size = classes * classes;
        let (pool, scale) = (&self.pool, self.scale);
        let tiles = self.candidates.par_chunks(TILE).zip(self.blocks.par_chunks_mut(TILE * 2 * size));
        tiles.for_each(|(rows, blocks)| {
            let tile = pool.tile(rows);
            for class in 0..classes {
                let inner = inner.slice_axis(Axis(0), Slice::from(class * dims..(class + 1) * dims));
                let products = tile.dot(&columns(inner, class * dims, classes * dims));
                for (place, products) in products.rows().into_iter().enumerate() {
                    let h = tile.row(place);
                    for (offset, other) in (class..classes).enumerate() {
                        let part =
                            products.slice_axis(Axis(0), Slice::from(offset * dims..(offset + 1) * dims));
                        let start = (2 * place + which) * size;
                        let value = part.dot(&h);
                        blocks[start + class * classes + other] = value;
                        blocks[start + other * classes + class] = value;
                    }
                }
            }
            for (&row, blocks) in rows.iter().zip(blocks.chunks_exact_mut(2 * size)) {
                let p = pool.p(row);
                let block = &mut blocks[which * size..(which + 1) * size];
                let mut block = ArrayViewMut2::from_shape((classes, classes), block).expect("a square");
                apply_factor(scale, &p, block.view_mut());
                apply_factor(scale, &p, block.reversed_axes());
            }
        });
    }

    /// `A ∓= vvᵀ` and `C ∓= vzᵀ + zvᵀ` with `v = XW` and `z = XU`, for every candidate.
    fn update_blocks(&mut self, sign: f64, w: &Array2<f64>, u: &Array2<f64>) {
        let (classes, dims) = (self.classes(), self.pool.embeddings.dims());
        let size = classes * classes;
        // Beside each other, so that a row's embedding meets all classes at once. `[dims, classes · 2 · classes]`
        let factors = Array2::from_shape_fn((dims, 2 * size), |(dim, column)| {
            let (class, column) = (column / (2 * classes), column % (2 * classes));
            let row = class * dims + dim;
            if column < classes { w[[row, column]] } else { u[[row, column - classes]] }
        });
        let (pool, scale) = (&self.pool, self.scale);
        let tiles = self.candidates.par_chunks(TILE).zip(self.blocks.par_chunks_mut(TILE * 2 * size));
        tiles.for_each(|(rows, blocks)| {
            let mut products = pool.tile(rows).dot(&factors);
            let blocks = blocks.chunks_exact_mut(2 * size);
            for ((&row, products), blocks) in rows.iter().zip(products.rows_mut()).zip(blocks) {
                let shape = (classes, 2 * classes);
                let mut products = products.into_shape_with_order(shape).expect("a row that lies in order");
                apply_factor(scale, &pool.p(row), products.view_mut());
                let (v, z) = products.view().split_at(Axis(1), classes);
                let (a, c) = blocks.split_at_mut(size);
                subtract(sign, v, z, a, c);
            }
        });
    }
}

/// `a −= sign · vvᵀ` and `c −= sign · (vzᵀ + zvᵀ)`.
fn subtract(sign: f64, v: ArrayView2<f64>, z: ArrayView2<f64>, a: &mut [f64], c: &mut [f64]) {
    let classes = v.nrows();
    for i in 0..classes {
        for j in 0..=i {
            let (mut vv, mut vz) = (0.0, 0.0);
            for k in 0..classes {
                vv += v[[i, k]] * v[[j, k]];
                vz += v[[i, k]] * z[[j, k]] + z[[i, k]] * v[[j, k]];
            }
            for place in if i == j { vec![i * classes + j] } else { vec![i * classes + j, j * classes + i] } {
                a[place] -= sign * vv;
                c[place] -= sign * vz;
            }
        }
    }
}

/// The root of `(I ± A)⁻¹`.
fn root(a: &[f64], change: Change, classes: usize) -> Option<Vec<f64>> {
    let identity = |place: usize| if place.is_multiple_of(classes + 1) { 1.0 } else { 0.0 };
    let entries = a.iter().enumerate().map(|(place, value)| identity(place) + change.sign() * value);
    inverse_root(entries, classes)
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (left_chunks, left_rest) = left.as_chunks::<8>();
    let (right_chunks, right_rest) = right.as_chunks::<8>();
    for (left, right) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..8 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum::<f64>() + left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum::<f64>()
}
