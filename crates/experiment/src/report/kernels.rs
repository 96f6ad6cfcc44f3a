//! Which kernels the compared runs were computed with: those of one seed with the same.
//!
//! Kernels sum in orders of their own. The last digits differ, training amplifies them, and two runs of one seed no longer share
//! their first model: differences between runs of different kernels would be of seeds that are not paired.

use std::collections::BTreeMap;

use crate::definition::same_factor;
use crate::record::{Host, Record};

/// Why `record` is left out for its kernels: strategies are compared at one imbalance factor, seed by seed, and most of the sound runs of its
/// seed there were computed with others. Of names with as many runs, the one that was started last counts.
pub(super) fn fault(sound: &[&Record], record: &Record) -> Option<String> {
    let run = &record.header.definition;
    let own = record.header.host.kernels();
    if let Some(other) = record.hosts().map(Host::kernels).find(|kernels| *kernels != own) {
        return Some(format!("begun with the kernels `{own}` and gone on with `{other}`"));
    }
    let mut names: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let is_beside = |other: &&&Record| {
        let other = &other.header.definition;
        other.seed == run.seed && same_factor(other.imbalance_factor, run.imbalance_factor)
    };
    for other in sound.iter().filter(is_beside) {
        let (runs, last) = names.entry(other.header.host.kernels()).or_default();
        *runs += 1;
        *last = (*last).max(other.header.started.as_str());
    }
    let (most, (runs, _)) = names.into_iter().max_by_key(|(_, count)| *count)?;
    (most != own).then(|| {
        format!("computed with the kernels `{own}`; of its seed the runs that are compared, {runs}, were with `{most}`")
    })
}
