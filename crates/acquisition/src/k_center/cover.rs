//! What plain and balanced choices share: how they begin, and what is said of them at the end.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::farthest_first::FarthestFirst;
use crate::select::validate_budget;
use crate::{CoverOutcome, Embeddings, Error, Pick};

/// A traversal before its first pick. Where nothing is labelled no row is farther than another, and the first is drawn;
/// where something is, no random number is.
pub(super) fn traversal<'a>(
    embeddings: &'a Embeddings<'_>,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<FarthestFirst<'a>, Error> {
    validate_budget(budget, embeddings.unlabelled.nrows())?;
    let mut traversal = FarthestFirst::new(embeddings)?;
    if budget > 0 && !traversal.is_centred() {
        traversal.begin_with(rng.random_range(0..traversal.remaining()));
    }
    Ok(traversal)
}

/// How closely labelled rows and picks cover what remains, and how closely as many picks could at best.
///
/// Every pick was at least its score away from all centres before it, and the farthest row is at least the radius away
/// from all: whatever the picks, points with the least of these distances between them bound the radius from below.
pub(super) fn cover(traversal: &mut FarthestFirst, picks: &[Pick], centred: bool) -> Option<CoverOutcome> {
    if !traversal.is_centred() && traversal.remaining() > 0 {
        return None;
    }
    let radius = traversal.farthest().map_or(0.0, |pick| pick.score);
    // The first of all centres was picked for no distance.
    let picked_for = &picks[usize::from(!centred).min(picks.len())..];
    let separation = picked_for.iter().map(|pick| pick.score).fold(radius, f64::min);
    let bound = if picks.is_empty() { radius } else { separation / 2.0 };
    Some(CoverOutcome::new(radius, bound, 0))
}
