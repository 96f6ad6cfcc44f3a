//! Most likely positive: query what looks the most like a rare class.

use ndarray::ArrayView2;

use crate::{Error, validate_logits};

/// The largest logit of every row over all classes but the negative one.
///
/// `negative` is the class that is not looked for; `None` is the last class, which is the common one in the pools on
/// which GALAXY (Zhang et al., ICML 2022) compares itself with this strategy. With two classes it is the greedy search
/// for actives of Warmuth et al., *Active Learning in the Drug Discovery Process*, NeurIPS 2001. Logits are compared as
/// they are.
///
/// # Shapes
///
/// `logits`: `[rows, classes]`; the scores: `[rows]`.
///
/// # Errors
///
/// Those of [`validate_logits`]; [`Error::InvalidParameter`] if `negative` is not a class or if it is the only one. An
/// empty pool with no class has no negative class to speak of and gives no scores.
pub fn scores(logits: ArrayView2<f32>, negative: Option<usize>) -> Result<Vec<f64>, Error> {
    validate_logits(logits)?;
    let (rows, classes) = logits.dim();
    if rows == 0 && classes == 0 {
        return Ok(Vec::new());
    }
    let negative = negative_class(negative, classes)?;
    let largest = |row: ndarray::ArrayView1<f32>| {
        let positive = row.iter().enumerate().filter(|&(class, _)| class != negative);
        positive.fold(f32::NEG_INFINITY, |largest, (_, &z)| largest.max(z))
    };
    Ok(logits.rows().into_iter().map(|row| f64::from(largest(row))).collect())
}

/// The negative class where it may be left open; there has to be another one.
pub(crate) fn negative_class(negative: Option<usize>, classes: usize) -> Result<usize, Error> {
    let found = negative.unwrap_or(classes.saturating_sub(1));
    if classes < 2 || found >= classes {
        let range = format!("one of at least two classes, of which there are {classes}");
        return Err(Error::InvalidParameter { name: "negative", value: found as f64, range });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_negative_class_is_left_out() {
        let z = array![[1.0_f32, 2.0, 9.0], [-3.0, -4.0, 0.0]];
        assert_eq!(scores(z.view(), None).unwrap(), [2.0, -3.0]);
        assert_eq!(scores(z.view(), Some(2)).unwrap(), [2.0, -3.0]);
        assert_eq!(scores(z.view(), Some(1)).unwrap(), [9.0, 0.0]);
        assert!(scores(Array2::zeros((0, 0)).view(), None).unwrap().is_empty());
    }

    #[test]
    fn there_must_be_a_negative_and_a_positive_class() {
        let fault = |logits: Array2<f32>, negative| scores(logits.view(), negative).unwrap_err().to_string();
        assert_eq!(
            fault(array![[1.0, 2.0]], Some(2)),
            "use negative = 2: it must be one of at least two classes, of which there are 2"
        );
        assert!(fault(array![[1.0]], None).starts_with("use negative = 0"));
        assert_eq!(fault(array![[1.0, f32::NAN]], None), "read logits: row 0, column 1 is NaN");
        assert_eq!(fault(Array2::zeros((3, 0)), None), "read logits: there are 3 rows and no class");
    }
}
