//! What has the lowest keys.

/// Keeps the `count` items with the lowest keys, in no particular order; ties by lowest item.
pub(crate) fn lowest<T: Copy + Ord>(items: &mut Vec<T>, count: usize, key: impl Fn(T) -> f64) {
    if count < items.len() {
        items.select_nth_unstable_by(count, |&i, &j| key(i).total_cmp(&key(j)).then(i.cmp(&j)));
        items.truncate(count);
    }
}
