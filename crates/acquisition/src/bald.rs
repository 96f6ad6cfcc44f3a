//! BALD: query where the passes of the network disagree the most.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

use crate::{Error, entropy, validate_probabilities};

/// What the passes say about every row.
#[derive(Clone, Debug, PartialEq)]
pub struct Bald {
    /// The mutual information between the class and the weights, in nats. `[rows]`
    pub scores: Vec<f64>,
    /// The probabilities averaged over the passes. `[rows, classes]`
    pub mean_probabilities: Array2<f32>,
}

/// The mutual information of every row, in nats: `H(p̄) − (1/T) Σ_t H(p_t)` with `p̄` the mean over the `T` passes
/// (Gal et al., ICML 2017; Houlsby et al., 2011).
///
/// It is the mean Kullback–Leibler divergence of the passes from their mean, at least 0 and at most `ln T`. CBAL's
/// released code minimises the negative of it.
///
/// # Shapes
///
/// `passes`: `[passes, rows, classes]`; the scores: `[rows]`.
///
/// # Errors
///
/// Those of [`Accumulator::add`] and [`Accumulator::finish`].
pub fn scores(passes: ArrayView3<f32>) -> Result<Vec<f64>, Error> {
    Ok(summarise(passes)?.scores)
}

/// The scores and the mean probabilities of passes that are all in memory.
pub(crate) fn summarise(passes: ArrayView3<f32>) -> Result<Bald, Error> {
    let (_, rows, classes) = passes.dim();
    let mut accumulator = Accumulator::new(rows, classes);
    for pass in passes.axis_iter(Axis(0)) {
        accumulator.add(pass)?;
    }
    accumulator.finish()
}

/// Takes the passes one after the other, so that nobody has to hold them all. [`scores`] goes the same way, so the two
/// agree to the last bit.
#[derive(Clone, Debug)]
pub struct Accumulator {
    passes: usize,
    /// `Σ_t p_t`. `[rows, classes]`
    sum: Array2<f64>,
    /// The mean of `H(p_t)` so far. `[rows]`
    mean_entropies: Vec<f64>,
}

impl Accumulator {
    /// Starts without a pass.
    pub fn new(rows: usize, classes: usize) -> Self {
        Self { passes: 0, sum: Array2::zeros((rows, classes)), mean_entropies: vec![0.0; rows] }
    }

    /// Takes the probabilities of one more pass.
    ///
    /// # Shapes
    ///
    /// `probabilities`: `[rows, classes]`.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if the shape is not that of [`Accumulator::new`]; [`Error::Pass`] with the number of
    /// the pass, counted from 0, around an error of [`validate_probabilities`]. The pass is then not counted.
    pub fn add(&mut self, probabilities: ArrayView2<f32>) -> Result<(), Error> {
        let (rows, classes) = self.sum.dim();
        let found = probabilities.dim();
        for (what, expected, found) in
            [("rows of a pass", rows, found.0), ("classes of a pass", classes, found.1)]
        {
            if expected != found {
                return Err(Error::LengthMismatch { what, expected, found });
            }
        }
        validate_probabilities(probabilities)
            .map_err(|fault| Error::Pass { pass: self.passes, fault: Box::new(fault) })?;
        self.passes += 1;
        let share = 1.0 / self.passes as f64;
        for ((row, mut sum), mean) in
            probabilities.rows().into_iter().zip(self.sum.rows_mut()).zip(&mut self.mean_entropies)
        {
            sum.iter_mut().zip(row).for_each(|(sum, &p)| *sum += f64::from(p));
            // A running mean, unlike a sum that is divided in the end, stays what it is when all terms are equal.
            *mean += (entropy::of(row.iter().map(|&p| f64::from(p))) - *mean) * share;
        }
        Ok(())
    }

    /// The scores and the mean probabilities.
    ///
    /// Passes that agree to the last bit give exactly 0: the sum of equal `f32` values in `f64` is exact, so that the
    /// mean is the value itself. Passes that nearly agree can come out at −1e-16 by rounding; those are 0 as well, since
    /// entropy is concave.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if there were fewer than two passes: one cannot disagree.
    pub fn finish(self) -> Result<Bald, Error> {
        let passes = self.passes as f64;
        if self.passes < 2 {
            return Err(Error::InvalidParameter {
                name: "passes",
                value: passes,
                range: "at least 2".to_owned(),
            });
        }
        let scores = self
            .sum
            .rows()
            .into_iter()
            .zip(&self.mean_entropies)
            .map(|(sum, mean)| (entropy::of(sum.iter().map(|&sum| sum / passes)) - mean).max(0.0))
            .collect();
        Ok(Bald { scores, mean_probabilities: self.sum.mapv(|sum| (sum / passes) as f32) })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(passes: usize, rows: usize, classes: usize, seed: u64) -> Array3<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut p =
            Array3::from_shape_simple_fn((passes, rows, classes), || rng.random_range(0.0_f32..4.0).exp());
        for mut row in p.rows_mut() {
            let sum = row.sum();
            row.mapv_inplace(|value| value / sum);
        }
        p
    }

    #[test]
    fn closed_forms() {
        // Certain and opposed: ln 2. One certain pass, one uniform: H(3/4, 1/4) − ln(2)/2. Agreed: nothing.
        let passes = array![[[1.0_f32, 0.0], [1.0, 0.0], [0.3, 0.7]], [[0.0, 1.0], [0.5, 0.5], [0.3, 0.7]]];
        let scores = scores(passes.view()).unwrap();
        let mixed = -(0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln()) - 2.0_f64.ln() / 2.0;
        for (score, expected) in scores.iter().zip([2.0_f64.ln(), mixed, 0.0]) {
            assert!((score - expected).abs() < 1e-15, "{score} is not {expected}");
        }
    }

    #[test]
    fn it_is_the_mean_divergence_from_the_consensus() {
        // `scipy.special.rel_entr(p, p.mean(0)).sum(-1).mean(0)` and `scipy.stats.entropy` (SciPy 1.17.1, NumPy 2.4.6)
        // give these to 1e-15 by both routes; `f32` does not hold the inputs exactly.
        let passes = array![[[0.3_f32, 0.7], [0.4, 0.6]], [[0.2, 0.8], [0.5, 0.5]]];
        let scores = scores(passes.view()).unwrap();
        for (score, expected) in scores.iter().zip([0.006_701_781_822_267_64, 0.005_059_389_928_987_596]) {
            assert!((score - expected).abs() < 1e-8, "{score} is not {expected}");
        }
    }

    #[test]
    fn scipy_agrees() {
        // Multiples of 1/16, which `f32` holds exactly; made as above.
        let sixteenths = array![
            [[4.0_f32, 4.0, 4.0, 4.0], [12.0, 2.0, 1.0, 1.0], [0.0, 16.0, 0.0, 0.0]],
            [[1.0, 2.0, 5.0, 8.0], [11.0, 3.0, 1.0, 1.0], [0.0, 0.0, 16.0, 0.0]],
            [[8.0, 0.0, 0.0, 8.0], [10.0, 2.0, 2.0, 2.0], [8.0, 8.0, 0.0, 0.0]],
        ];
        let bald = summarise((sixteenths / 16.0).view()).unwrap();
        for (score, expected) in bald.scores.iter().zip(SCIPY) {
            assert!((score - expected).abs() < 1e-14, "{score} is not {expected}");
        }
        assert_eq!(bald.mean_probabilities.row(2), array![1.0_f32 / 6.0, 0.5, 1.0 / 3.0, 0.0]);
    }

    /// `rel_entr(p, p.mean(0)).sum(-1).mean(0)`; the difference of entropies is within 4e-16 of it.
    const SCIPY: [f64; 3] = [0.218_116_988_085_830_58, 0.014_573_071_541_490_153, 0.780_355_204_520_703_3];

    #[test]
    fn passes_that_agree_carry_no_information() {
        for count in 2..12 {
            let one = random(1, 40, 7, 5);
            let same = Array3::from_shape_fn((count, 40, 7), |(_, row, class)| one[[0, row, class]]);
            let bald = summarise(same.view()).unwrap();
            assert!(bald.scores.iter().all(|&score| score == 0.0), "{count} passes: {:?}", bald.scores);
            assert_eq!(bald.mean_probabilities, one.index_axis(Axis(0), 0));
        }
    }

    #[test]
    fn it_lies_between_zero_and_the_logarithm_of_the_passes() {
        let scores = scores(random(3, 500, 10, 6).view()).unwrap();
        assert!(scores.iter().all(|&score| score > 0.0 && score < 3.0_f64.ln()), "{scores:?}");
    }

    #[test]
    fn one_by_one_in_any_memory_order_and_in_chunks_it_is_the_same() {
        let passes = random(5, 30, 4, 7);
        let whole: Vec<u64> = scores(passes.view()).unwrap().into_iter().map(f64::to_bits).collect();
        let mut accumulator = Accumulator::new(30, 4);
        for pass in passes.axis_iter(Axis(0)) {
            // Column-major.
            accumulator.add(pass.t().as_standard_layout().t()).unwrap();
        }
        let streamed: Vec<u64> = accumulator.finish().unwrap().scores.into_iter().map(f64::to_bits).collect();
        assert_eq!(streamed, whole);
        let chunks: Vec<u64> = passes
            .axis_chunks_iter(Axis(1), 7)
            .flat_map(|chunk| scores(chunk).unwrap())
            .map(f64::to_bits)
            .collect();
        assert_eq!(chunks, whole);
    }

    #[test]
    fn faults_name_their_pass_row_and_column() {
        let mut passes = random(4, 6, 3, 8);
        passes[[2, 5, 1]] = f32::NAN;
        let error = scores(passes.view()).unwrap_err();
        assert_eq!(error.to_string(), "read pass 2: read probabilities: row 5, column 1 is NaN");

        let mut accumulator = Accumulator::new(6, 3);
        let error = accumulator.add(Array2::zeros((5, 3)).view()).unwrap_err();
        assert_eq!(error.to_string(), "match the rows of a pass: expected 6, found 5");
        let error = accumulator.add(Array2::zeros((6, 4)).view()).unwrap_err();
        assert_eq!(error.to_string(), "match the classes of a pass: expected 3, found 4");
    }

    #[test]
    fn fewer_than_two_passes_are_refused() {
        for count in [0, 1] {
            let error = scores(random(count, 6, 3, 9).view()).unwrap_err();
            assert_eq!(error.to_string(), format!("use passes = {count}: it must be at least 2"));
        }
    }
}
