//! How many images of each class a pool keeps.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::rounding::floor;

/// A construction of imbalance. The factor is the smallest kept share of a class, in (0, 1].
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Imbalance {
    /// Every image is kept.
    None {},
    /// The second half of the class ids keeps ⌊n · factor⌋ of its n images; the first half keeps all. This is what the
    /// code of CBAL (Bengar et al., WACV 2022) does; its paper cites the long tail below instead. With an odd number of
    /// classes the middle one belongs to the second half.
    Step {
        /// The share kept by a class of the second half.
        factor: f64,
    },
    /// Class c keeps ⌊n_max · factor^(c / (C − 1))⌋ images, from all of class 0 to the share `factor` of the last (Cui et
    /// al., Class-Balanced Loss, CVPR 2019).
    LongTail {
        /// The share kept by the last class.
        factor: f64,
    },
}

impl Imbalance {
    /// How many images each class keeps of `available` (by class id). May be 0 for a small class and a small factor.
    ///
    /// A product within 10⁻⁹ below a whole number counts as that number, so that a decimal factor means what it says:
    /// 100 · 0.29 is 29, although it is 28.999… in binary.
    ///
    /// # Errors
    /// [`Error::ImbalanceFactor`] when the factor is not in (0, 1].
    pub fn kept(&self, available: &[usize]) -> Result<Vec<usize>> {
        let classes = available.len();
        match *self {
            Self::None {} => Ok(available.to_vec()),
            Self::Step { factor } => {
                check(factor)?;
                let kept = |(class, &n): (usize, &usize)| {
                    if class < classes / 2 { n } else { floor(n as f64 * factor) }
                };
                Ok(available.iter().enumerate().map(kept).collect())
            }
            Self::LongTail { factor } => {
                check(factor)?;
                let largest = available.iter().copied().max().unwrap_or_default() as f64;
                let last = classes.saturating_sub(1).max(1) as f64;
                let kept =
                    |(class, &n): (usize, &usize)| floor(largest * factor.powf(class as f64 / last)).min(n);
                Ok(available.iter().enumerate().map(kept).collect())
            }
        }
    }

    /// The name of the kind, as written in a definition.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::Step { .. } => "step",
            Self::LongTail { .. } => "long-tail",
        }
    }
}

fn check(factor: f64) -> Result<()> {
    // NaN is not in the range either.
    if factor > 0.0 && factor <= 1.0 { Ok(()) } else { Err(Error::ImbalanceFactor { factor }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn step_keeps_what_cbal_keeps() {
        let kept = |n, factor| Imbalance::Step { factor }.kept(&[n; 10]).unwrap();
        assert_eq!(kept(4500, 0.1), [4500, 4500, 4500, 4500, 4500, 450, 450, 450, 450, 450]);
        assert_eq!(kept(4500, 0.3)[5..], [1350; 5]);
        assert_eq!(kept(450, 0.1)[5..], [45; 5]);
        assert_eq!(kept(450, 0.2)[5..], [90; 5]);
        assert_eq!(kept(450, 0.3)[5..], [135; 5]);
    }

    #[test]
    fn a_decimal_factor_means_what_it_says() {
        assert_eq!(Imbalance::Step { factor: 0.29 }.kept(&[100, 100]).unwrap(), [100, 29]);
    }

    /// 5000 · 0.01^(c/9): the counts of CIFAR-10-LT with factor 100.
    #[test]
    fn long_tail_has_the_published_counts() {
        let kept = Imbalance::LongTail { factor: 0.01 }.kept(&[5000; 10]).unwrap();
        assert_eq!(kept, [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
    }

    #[test]
    fn factors_outside_the_range_are_errors() {
        for factor in [0.0, -0.1, 1.1, f64::NAN] {
            for imbalance in [Imbalance::Step { factor }, Imbalance::LongTail { factor }] {
                assert!(matches!(imbalance.kept(&[5, 5]), Err(Error::ImbalanceFactor { .. })));
            }
        }
    }

    #[test]
    fn unknown_fields_and_missing_factors_are_errors() {
        let parse = toml::from_str::<Imbalance>;
        assert_eq!(parse("kind = \"none\"").unwrap(), Imbalance::None {});
        assert_eq!(parse("kind = \"long-tail\"\nfactor = 1").unwrap(), Imbalance::LongTail { factor: 1.0 });
        assert!(parse("kind = \"none\"\nfactor = 0.1").is_err());
        assert!(parse("kind = \"step\"").is_err());
        assert!(parse("kind = \"step\"\nfactor = 0.1\nhalf = 2").is_err());
    }

    proptest! {
        #[test]
        fn never_more_than_there_is(n in proptest::collection::vec(0_usize..600, 1..120), factor in 0.001_f64..=1.0) {
            for imbalance in [Imbalance::None {}, Imbalance::Step { factor }, Imbalance::LongTail { factor }] {
                let kept = imbalance.kept(&n).unwrap();
                prop_assert!(kept.iter().zip(&n).all(|(kept, n)| kept <= n));
            }
        }

        #[test]
        fn factor_one_keeps_a_balanced_set_whole(n in 1_usize..600, classes in 1_usize..120) {
            for imbalance in [Imbalance::Step { factor: 1.0 }, Imbalance::LongTail { factor: 1.0 }] {
                prop_assert_eq!(imbalance.kept(&vec![n; classes]).unwrap(), vec![n; classes]);
            }
        }

        #[test]
        fn the_long_tail_never_rises(n in 1_usize..6000, classes in 2_usize..120, factor in 0.001_f64..=1.0) {
            let kept = Imbalance::LongTail { factor }.kept(&vec![n; classes]).unwrap();
            prop_assert!(kept.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert_eq!(kept[0], n);
        }
    }
}
