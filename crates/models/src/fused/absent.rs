//! The operations of a build without the kernels: [`available`](super::available) says no there, so nothing calls them.

use burn::tensor::Tensor;

use super::operands::{AdamStep, BatchNormalised, Folded, SgdStep, Then, Window};
use crate::images::{Bytes, View};

fn absent() -> ! {
    panic!("a kernel was called in a build without the feature `flex`")
}

pub(crate) fn conv(_input: Tensor<4>, _weights: Tensor<4>, _window: Window) -> Tensor<4> {
    absent()
}

pub(crate) fn conv_folded(_: Tensor<4>, _weights: Tensor<4>, _: Window, _: Folded) -> Tensor<4> {
    absent()
}

pub(crate) fn conv_transpose(_input: Tensor<4>, _weights: Tensor<4>, _: Window) -> Tensor<4> {
    absent()
}

pub(crate) fn batch_norm(
    _input: Tensor<4>,
    _scale: Tensor<1>,
    _offset: Tensor<1>,
    _epsilon: f64,
    _then: Then,
) -> BatchNormalised {
    absent()
}

pub(crate) fn affine(_input: Tensor<4>, _scale: Tensor<1>, _offset: Tensor<1>, _then: Then) -> Tensor<4> {
    absent()
}

pub(crate) fn max_pool(_input: Tensor<4>, _window: Window) -> Tensor<4> {
    absent()
}

pub(crate) fn sgd_step<const D: usize>(
    _sgd: SgdStep,
    _parameter: Tensor<D>,
    _gradient: Tensor<D>,
    _velocity: Option<Tensor<D>>,
) -> (Tensor<D>, Tensor<D>) {
    absent()
}

pub(crate) fn adam_step<const D: usize>(
    _adam: AdamStep,
    _parameter: Tensor<D>,
    _gradient: Tensor<D>,
    _means: Option<[Tensor<D>; 2]>,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    absent()
}

pub(crate) fn views(_images: &Bytes, _views: &[View]) -> Tensor<4> {
    absent()
}
