//! Strategies against other software (see `tests/golden/README.md`).

mod badge;
mod cluster_margin;
mod similar;
mod typiclust;

use ndarray::Array2;

fn array(text: &[Vec<String>]) -> Array2<f32> {
    let shape = (text.len(), text[0].len());
    Array2::from_shape_fn(shape, |(row, column)| text[row][column].parse().expect("a number"))
}
