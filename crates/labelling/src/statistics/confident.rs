//! Labels that are probably wrong, by what a model that did not see them says.

use ndarray::{Array2, ArrayView2};

/// What confident learning counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Confident {
    /// From which probability on an image counts as confidently of a class: the mean of the class's probability over the
    /// images that are labelled so; infinite for a class without labels. `[classes]`
    pub thresholds: Vec<f64>,
    /// How many images of each given label are confidently of each class. `[given, confident]`
    pub joint: Array2<usize>,
    /// The rows that are confidently of another class than they are labelled, those first whose label the model believes
    /// least, ties by lowest row.
    pub suspects: Vec<usize>,
}

/// Confident learning (Northcutt, Jiang and Chuang, *Confident Learning: Estimating Uncertainty in Dataset Labels*, JAIR 2021,
/// Section 3.1): an image counts for the most probable of the classes that it is confidently of.
///
/// # Shapes
///
/// `probabilities`: `[rows, classes]`, of a model that did not learn from the row itself; `labels`: `[rows]`
///
/// # Panics
///
/// When the labels do not belong to the rows, or are none of the classes.
pub fn confident_learning(probabilities: ArrayView2<f32>, labels: &[u32]) -> Confident {
    let classes = probabilities.ncols();
    assert_eq!(probabilities.nrows(), labels.len(), "a label for each row");
    let own = |row: usize| f64::from(probabilities[[row, labels[row] as usize]]);
    let (mut sums, mut counts) = (vec![0.0; classes], vec![0_usize; classes]);
    for (row, &label) in labels.iter().enumerate() {
        sums[label as usize] += own(row);
        counts[label as usize] += 1;
    }
    let mean = |(&sum, &count): (&f64, &usize)| if count > 0 { sum / count as f64 } else { f64::INFINITY };
    let thresholds: Vec<f64> = sums.iter().zip(&counts).map(mean).collect();
    let mut joint = Array2::zeros((classes, classes));
    let mut suspects = Vec::new();
    for (row, &label) in labels.iter().enumerate() {
        let confident =
            (0..classes).filter(|&class| f64::from(probabilities[[row, class]]) >= thresholds[class]).reduce(
                |best, class| {
                    if probabilities[[row, class]] > probabilities[[row, best]] { class } else { best }
                },
            );
        if let Some(class) = confident {
            joint[[label as usize, class]] += 1;
            if class != label as usize {
                suspects.push(row);
            }
        }
    }
    suspects.sort_by(|&one, &other| own(one).total_cmp(&own(other)));
    Confident { thresholds, joint, suspects }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// cleanlab 2.9.0: `compute_confident_joint(calibrate=False)` and `find_label_issues`.
    #[test]
    fn counts_are_those_of_cleanlab() {
        let of_one = [0.1_f32, 0.2, 0.9, 0.3, 0.8, 0.9, 0.05, 0.7, 0.15, 0.95];
        let probabilities =
            Array2::from_shape_fn(
                (10, 2),
                |(row, class)| if class == 1 { of_one[row] } else { 1.0 - of_one[row] },
            );
        let found = confident_learning(probabilities.view(), &[0, 0, 0, 0, 1, 1, 1, 1, 0, 1]);
        assert!((found.thresholds[0] - 0.67).abs() < 1e-6 && (found.thresholds[1] - 0.68).abs() < 1e-6);
        assert_eq!(found.joint, array![[4, 1], [1, 4]]);
        assert_eq!(found.suspects, [6, 2]);
    }

    #[test]
    fn a_class_without_labels_suspects_nobody() {
        let found = confident_learning(array![[0.1_f32, 0.0, 0.9], [0.2, 0.8, 0.0]].view(), &[0, 1]);
        assert!(found.thresholds[2].is_infinite() && found.suspects.is_empty(), "{found:?}");
    }
}
