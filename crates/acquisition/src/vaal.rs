//! VAAL: query what the discriminator takes for unlabelled.

use crate::Error;

/// Minus the discriminator's estimate that an image is labelled: the lowest estimate is queried first (Sinha et al.,
/// ICCV 2019, Algorithm 2).
///
/// With [`balance::query`](crate::balance::query) this is VAAL-CB, since `u` of CBAL Eq. 9 is the estimate itself.
///
/// # Shapes
///
/// `estimates`: `[rows]`; the scores: `[rows]`.
///
/// # Errors
///
/// [`Error::EstimateOutOfRange`] with the first row whose estimate is not in [0, 1], NaN included.
pub fn scores(estimates: &[f32]) -> Result<Vec<f64>, Error> {
    let fault = estimates.iter().enumerate().find(|(_, estimate)| !(0.0..=1.0).contains(*estimate));
    if let Some((row, &value)) = fault {
        return Err(Error::EstimateOutOfRange { row, value });
    }
    Ok(estimates.iter().map(|&estimate| -f64::from(estimate)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select;

    #[test]
    fn the_lowest_estimate_comes_first() {
        let scores = scores(&[0.5, 0.0, 1.0, 0.25, 0.25]).unwrap();
        let picks = select::top(&scores, 4).unwrap().picks;
        assert_eq!(picks.iter().map(|pick| pick.row).collect::<Vec<_>>(), [1, 3, 4, 0]);
    }

    #[test]
    fn what_is_not_an_estimate_is_refused_by_row() {
        let error = |value| scores(&[0.5, value, f32::NAN]).unwrap_err().to_string();
        assert_eq!(error(1.5), "read the discriminator's estimates: row 1 is 1.5, not in [0, 1]");
        assert_eq!(error(-0.001), "read the discriminator's estimates: row 1 is -0.001, not in [0, 1]");
        assert_eq!(error(f32::NAN), "read the discriminator's estimates: row 1 is NaN, not in [0, 1]");
        assert_eq!(error(0.5), "read the discriminator's estimates: row 2 is NaN, not in [0, 1]");
    }
}
