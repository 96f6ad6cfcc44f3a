//! Random: the baseline of every comparison.

use rand_chacha::ChaCha8Rng;

use crate::{Error, Pick, Selection};

/// Draws `budget` of `pool_len` rows uniformly, without replacement, in the order of the draw. Their score is 0.
///
/// # Errors
///
/// [`Error::BudgetAbovePool`] if `budget > pool_len`.
pub fn query(pool_len: usize, budget: usize, rng: &mut ChaCha8Rng) -> Result<Selection, Error> {
    if budget > pool_len {
        return Err(Error::BudgetAbovePool { budget, pool: pool_len });
    }
    let picks = rand::seq::index::sample(rng, pool_len, budget)
        .into_iter()
        .map(|row| Pick { row, score: 0.0 })
        .collect();
    Ok(Selection::of(picks))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_row_is_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            for pick in query(10, 3, &mut rng).unwrap().picks {
                counts[pick.row] += 1;
            }
        }
        // 3,000 expected, standard deviation 46.
        assert!(counts.iter().all(|&count| (2_770..=3_230).contains(&count)), "{counts:?}");
    }

    #[test]
    fn a_budget_above_the_pool_is_an_error() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let error = query(2, 3, &mut rng).unwrap_err();
        assert_eq!(error.to_string(), "query 3 rows: the pool holds only 2");
    }
}
