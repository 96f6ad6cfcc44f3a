//! The labels on one list, and the nearest places between and beside labels that differ.
//!
//! A *cut* is a pair of neighbouring labels that differ. Heaps hold what can be asked for at each cut. Their entries are
//! checked when they come up: a cut can have gone, and its nearest free position can have moved outwards, never inwards.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use serde::{Deserialize, Serialize};

/// Labels on a list. "Own" are labels of the list's class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cuts {
    count: usize,
    /// Whether the label at a position is of the list's class.
    labels: BTreeMap<usize, bool>,
    /// Runs of positions that cannot be asked for: first to last.
    taken: BTreeMap<usize, usize>,
    /// Cuts by the distance between their labels.
    between: Heap,
    /// Cuts by the distance from the farther label to the nearest free position beside them.
    beside: Heap,
}

/// Smallest first. Entries are (distance, position of the cut's first label, its second, whether above).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Heap(BinaryHeap<Reverse<Entry>>);

type Entry = (usize, usize, usize, bool);

/// What a heap is worth is what comes out of it.
impl PartialEq for Heap {
    fn eq(&self, other: &Self) -> bool {
        self.0.clone().into_sorted_vec() == other.0.clone().into_sorted_vec()
    }
}

/// Two neighbouring labels that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Position of the first.
    pub(crate) low: usize,
    /// Position of the second.
    pub(crate) high: usize,
    /// Whether the first is of the list's class.
    pub(crate) falling: bool,
}

impl Cuts {
    /// A list of `count` positions without labels.
    pub(crate) fn new(count: usize) -> Self {
        Self { count, ..Self::default() }
    }

    /// Notes that a position cannot be asked for any more.
    pub(crate) fn take(&mut self, position: usize) {
        let (mut first, mut last) = (position, position);
        if let Some((&before, &end)) = self.taken.range(..=position).next_back()
            && end + 1 >= position
        {
            (first, last) = (before, last.max(end));
        }
        if let Some(&end) = self.taken.get(&(last + 1)) {
            self.taken.remove(&(last + 1));
            last = end;
        }
        self.taken.insert(first, last);
    }

    /// Notes the label at a position.
    pub(crate) fn label(&mut self, position: usize, own: bool) {
        self.labels.insert(position, own);
        let before = self.labels.range(..position).next_back().map(|(&at, &own)| (at, own));
        let after = self.labels.range(position + 1..).next().map(|(&at, &own)| (at, own));
        if let Some((low, other)) = before
            && other != own
        {
            self.add(low, position);
        }
        if let Some((high, other)) = after
            && other != own
        {
            self.add(position, high);
        }
    }

    /// The cut with the nearest labels that has a free position between them.
    pub(crate) fn nearest_between(&mut self) -> Option<Cut> {
        loop {
            let Reverse((_, low, high, _)) = *self.between.0.peek()?;
            match self.cut(low, high) {
                Some(cut) if self.free_between(cut, (low + high) / 2).is_some() => return Some(cut),
                _ => self.between.0.pop(),
            };
        }
    }

    /// The free position strictly inside a cut that is nearest to `position`, the lower of two.
    pub(crate) fn free_between(&self, cut: Cut, position: usize) -> Option<usize> {
        let below = self.free_at_or_below(position).filter(|&at| at > cut.low);
        let above = self.free_at_or_above(position).filter(|&at| at < cut.high);
        match (below, above) {
            (Some(below), Some(above)) => {
                Some(if position - below <= above - position { below } else { above })
            }
            (below, above) => below.or(above),
        }
    }

    /// The free position nearest to a cut but not between its labels, and its distance to the farther label. With
    /// `falling`, only cuts count whose first label is (or is not) of the list's class.
    pub(crate) fn nearest_beside(&mut self, falling: Option<bool>) -> Option<(usize, usize)> {
        loop {
            let Reverse((distance, low, high, above)) = self.beside.0.pop()?;
            let Some(cut) = self.cut(low, high) else { continue };
            if falling.is_some_and(|wanted| wanted != cut.falling) {
                continue;
            }
            let free = if above { self.free_at_or_above(high) } else { self.free_at_or_below(low) };
            let Some(free) = free else { continue };
            let now = if above { free - low } else { high - free };
            self.beside.0.push(Reverse((now, low, high, above)));
            if now == distance {
                return Some((free, now));
            }
        }
    }

    fn add(&mut self, low: usize, high: usize) {
        self.between.0.push(Reverse((high - low, low, high, false)));
        for above in [false, true] {
            // Distances only grow: a lower bound is checked when it comes up.
            self.beside.0.push(Reverse((high - low + 1, low, high, above)));
        }
    }

    /// The cut with these labels, if there still is one.
    fn cut(&self, low: usize, high: usize) -> Option<Cut> {
        let falling = *self.labels.get(&low)?;
        let (&next, &own) = self.labels.range(low + 1..).next()?;
        (next == high && own != falling).then_some(Cut { low, high, falling })
    }

    fn free_at_or_below(&self, position: usize) -> Option<usize> {
        match self.taken.range(..=position).next_back() {
            Some((&first, &last)) if last >= position => first.checked_sub(1),
            _ => Some(position),
        }
    }

    fn free_at_or_above(&self, position: usize) -> Option<usize> {
        let free = match self.taken.range(..=position).next_back() {
            Some((_, &last)) if last >= position => last + 1,
            _ => position,
        };
        (free < self.count).then_some(free)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Distances by looking at every position.
    struct Naive<'a> {
        labels: &'a [Option<bool>],
        taken: &'a [bool],
    }

    impl Naive<'_> {
        fn cuts(&self) -> Vec<(usize, usize, bool)> {
            let told: Vec<(usize, bool)> =
                self.labels.iter().enumerate().filter_map(|(at, label)| label.map(|own| (at, own))).collect();
            told.windows(2)
                .filter(|pair| pair[0].1 != pair[1].1)
                .map(|pair| (pair[0].0, pair[1].0, pair[0].1))
                .collect()
        }

        fn between(&self) -> Option<usize> {
            let open = |&(low, high, _): &(usize, usize, bool)| (low..high).any(|at| !self.taken[at]);
            self.cuts().iter().filter(|cut| open(cut)).map(|&(low, high, _)| high - low).min()
        }

        fn beside(&self, falling: Option<bool>) -> Option<usize> {
            let free = |at: &usize| !self.taken[*at];
            self.cuts()
                .iter()
                .filter(|cut| falling.is_none_or(|wanted| wanted == cut.2))
                .flat_map(|&(low, high, _)| {
                    let below = (0..low).rev().find(free).map(|at| high - at);
                    let above = (high..self.taken.len()).find(free).map(|at| at - low);
                    [below, above]
                })
                .flatten()
                .min()
        }
    }

    proptest! {
        #[test]
        fn heaps_find_what_a_scan_finds(events in prop::collection::vec((0_usize..40, 0_u8..3), 1..60), falling in prop::option::of(any::<bool>())) {
            let (mut labels, mut taken) = (vec![None; 40], vec![false; 40]);
            let mut cuts = Cuts::new(40);
            for (position, kind) in events {
                if taken[position] {
                    continue;
                }
                taken[position] = true;
                cuts.take(position);
                if kind < 2 {
                    labels[position] = Some(kind == 0);
                    cuts.label(position, kind == 0);
                }
                let naive = Naive { labels: &labels, taken: &taken };
                prop_assert_eq!(cuts.nearest_between().map(|cut| cut.high - cut.low), naive.between());
                let found = cuts.nearest_beside(falling);
                prop_assert_eq!(found.map(|(_, distance)| distance), naive.beside(falling));
                if let Some((free, _)) = found {
                    prop_assert!(!taken[free]);
                }
            }
        }
    }
}
