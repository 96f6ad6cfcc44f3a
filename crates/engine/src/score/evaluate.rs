//! Accuracy of a classifier on labelled images.

use ndarray::Array2;
use tailward_acquisition::Needs;
use tailward_experiment::definition::ScoringDefinition;
use tailward_experiment::record::Evaluation;
use tailward_models::classifier::Classifier;

use super::{first_not_finite, score};
use crate::inputs::Inputs;

/// Evaluates a classifier in evaluation form on un-augmented images.
///
/// # Errors
///
/// The first image whose output is not finite.
pub fn evaluate(
    model: &Classifier,
    inputs: &Inputs,
    labels: &[u32],
    scoring: &ScoringDefinition,
) -> Result<Evaluation, usize> {
    let rows: Vec<usize> = (0..labels.len()).collect();
    let needs = Needs { logits: true, ..Needs::default() };
    let scores = score(model, inputs, &rows, needs, scoring, None);
    let logits = scores.logits.unwrap_or_default();
    match first_not_finite(&logits) {
        Some(row) => Err(row),
        None => Ok(evaluate_logits(&logits, labels)),
    }
}

/// Evaluates finite logits `[images, classes]` against labels. Of equal logits the lowest class counts as the answer.
pub fn evaluate_logits(logits: &Array2<f32>, labels: &[u32]) -> Evaluation {
    let classes = logits.ncols();
    let mut right = vec![0_usize; classes];
    let mut seen = vec![0_usize; classes];
    let mut loss = 0.0;
    for (row, &label) in logits.rows().into_iter().zip(labels) {
        let label = label as usize;
        let (mut best, mut highest) = (0, f32::NEG_INFINITY);
        for (class, &value) in row.iter().enumerate() {
            if value > highest {
                (best, highest) = (class, value);
            }
        }
        let sum: f64 = row.iter().map(|&value| f64::from(value - highest).exp()).sum();
        loss += sum.ln() - f64::from(row[label] - highest);
        seen[label] += 1;
        right[label] += usize::from(best == label);
    }
    let per_class_accuracy: Vec<Option<f64>> = right
        .iter()
        .zip(&seen)
        .map(|(&right, &seen)| (seen > 0).then(|| right as f64 / seen as f64))
        .collect();
    let present: Vec<f64> = per_class_accuracy.iter().flatten().copied().collect();
    Evaluation {
        accuracy: right.iter().sum::<usize>() as f64 / labels.len() as f64,
        balanced_accuracy: present.iter().sum::<f64>() / present.len() as f64,
        loss: loss / labels.len() as f64,
        per_class_accuracy,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn accuracies_and_loss_by_hand() {
        // Two images of class 0 (one right), one of class 2 (right); class 1 is absent.
        let logits = array![[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]];
        let result = evaluate_logits(&logits, &[0, 0, 2]);
        assert!((result.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(result.per_class_accuracy, [Some(0.5), None, Some(1.0)]);
        assert!((result.balanced_accuracy - 0.75).abs() < 1e-12);
        let loss =
            ((2_f64.exp() + 2.0).ln() - 2.0) + (1_f64.exp() + 2.0).ln() + ((3_f64.exp() + 2.0).ln() - 3.0);
        assert!((result.loss - loss / 3.0).abs() < 1e-7);
    }
}
