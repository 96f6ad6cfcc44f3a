//! The covering problem at one radius, and what can be said of it without a solver.

use super::distances::Distances;

/// Whether a radius can be had.
pub(super) enum Decision {
    /// With these rows, at most the budget.
    Feasible(Vec<usize>),
    /// Proven not to.
    Infeasible,
    /// Out of time.
    Undecided,
}

/// Rows that must be covered by rows that may be picked, all but `outliers` of them.
///
/// Both sides are kept: which points a centre covers and which centres cover a point.
pub(super) struct Cover {
    /// The row of the pool that each centre is. `[centres]`
    rows: Vec<usize>,
    /// The points that each centre covers. `[centres]`
    covers: Vec<Set>,
    /// How many rows of the pool each point stands for. `[points]`
    weights: Vec<usize>,
    /// The centres that cover each point. `[points]`
    covered_by: Vec<Set>,
    /// Rows of the pool that may stay uncovered.
    outliers: usize,
}

impl Cover {
    /// Every row is a centre; every row that no labelled row covers is a point.
    pub(super) fn new(distances: &Distances, radius: f64, outliers: usize) -> Self {
        let rows: Vec<usize> = (0..distances.rows()).collect();
        let points: Vec<usize> =
            rows.iter().copied().filter(|&row| distances.labelled(row) > radius).collect();
        let covers = rows
            .iter()
            .map(|&row| Set::of(points.iter().map(|&point| distances.between(row, point) <= radius)))
            .collect();
        let weights = vec![1; points.len()];
        Self { rows, covers, weights, covered_by: Vec::new(), outliers }.with_covered_by()
    }

    fn with_covered_by(mut self) -> Self {
        let by = |point| Set::of(self.covers.iter().map(|covers| covers.contains(point)));
        self.covered_by = (0..self.weights.len()).map(by).collect();
        self
    }

    /// The same problem without centres that cover nothing that another does not cover, and without points that are
    /// covered whenever another is; again and again, as the one makes room for the other.
    ///
    /// A point with a harder neighbour must be kept if it may be the harder one that stays uncovered; with outliers,
    /// only points with the same centres become one.
    pub(super) fn reduced(self) -> Self {
        let mut cover = self;
        loop {
            let before = (cover.rows.len(), cover.weights.len());
            cover = cover.without_centres().without_points();
            if (cover.rows.len(), cover.weights.len()) == before {
                return cover;
            }
        }
    }

    fn without_centres(self) -> Self {
        let needless = |centre: usize| {
            let own = &self.covers[centre];
            own.is_empty()
                || self.covers.iter().enumerate().any(|(other, covers)| {
                    other != centre && own.is_within(covers) && (other < centre || !covers.is_within(own))
                })
        };
        let kept: Vec<usize> = (0..self.rows.len()).filter(|&centre| !needless(centre)).collect();
        let rows = kept.iter().map(|&centre| self.rows[centre]).collect();
        let covers = kept.iter().map(|&centre| self.covers[centre].clone()).collect();
        Self { rows, covers, ..self }.with_covered_by()
    }

    fn without_points(mut self) -> Self {
        let mut kept: Vec<usize> = Vec::new();
        let mut weights = self.weights.clone();
        for point in 0..weights.len() {
            let own = &self.covered_by[point];
            let stands_in = |&other: &usize| {
                let by = &self.covered_by[other];
                let easier = self.outliers == 0 || own.is_within(by);
                other != point && by.is_within(own) && easier && (other < point || !own.is_within(by))
            };
            match (0..weights.len()).find(stands_in) {
                Some(other) if self.outliers > 0 => {
                    weights[other] += weights[point];
                    weights[point] = 0;
                }
                Some(_) => {}
                None => kept.push(point),
            }
        }
        self.covers =
            self.covers.iter().map(|covers| Set::of(kept.iter().map(|&it| covers.contains(it)))).collect();
        self.weights = kept.iter().map(|&point| weights[point]).collect();
        self.with_covered_by()
    }

    /// Rows of the pool that cover enough, by taking the one that covers most again and again; `None` if the budget
    /// does not suffice this way.
    pub(super) fn greedy(&self, budget: usize) -> Option<Vec<usize>> {
        let mut open = vec![true; self.weights.len()];
        let mut missing: usize = self.weights.iter().sum();
        let mut picks = Vec::new();
        while missing > self.outliers {
            let gain = |centre: usize| -> usize {
                self.covers[centre].iter().filter(|&point| open[point]).map(|point| self.weights[point]).sum()
            };
            let gains = (0..self.rows.len()).map(|centre| (gain(centre), centre));
            // The lowest of those that cover most.
            let (most, centre) =
                gains.max_by(|left, right| left.0.cmp(&right.0).then(right.1.cmp(&left.1)))?;
            if most == 0 || picks.len() == budget {
                return None;
            }
            self.covers[centre].iter().for_each(|point| open[point] = false);
            missing -= most;
            picks.push(self.rows[centre]);
        }
        Some(picks)
    }

    /// Whether there are so many points without a common centre that the budget cannot cover enough of them.
    pub(super) fn is_packed(&self, budget: usize) -> bool {
        let mut order: Vec<usize> = (0..self.weights.len()).collect();
        order.sort_by_key(|&point| self.covered_by[point].len());
        let mut used = Set::of((0..self.rows.len()).map(|_| false));
        let mut apart = Vec::new();
        for point in order {
            if !used.meets(&self.covered_by[point]) {
                used.join(&self.covered_by[point]);
                apart.push(self.weights[point]);
            }
        }
        apart.sort_unstable();
        let uncovered: usize = apart.iter().take(apart.len().saturating_sub(budget)).sum();
        uncovered > self.outliers
    }

    /// Variables of the programme: one for each centre, and one for each point that may be an outlier.
    pub(super) fn variables(&self) -> usize {
        self.rows.len() + if self.outliers > 0 { self.weights.len() } else { 0 }
    }

    /// Entries of the programme that are not zero: the covering constraints, and the sums of all variables.
    pub(super) fn entries(&self) -> usize {
        let pairs: usize = self.covers.iter().map(Set::len).sum();
        pairs + 2 * self.variables() - self.rows.len()
    }
}

/// What the programme is stated from.
#[cfg(feature = "exact")]
impl Cover {
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    pub(super) fn weights(&self) -> &[usize] {
        &self.weights
    }

    pub(super) fn outliers(&self) -> usize {
        self.outliers
    }

    /// The centres that cover a point.
    pub(super) fn covered_by(&self, point: usize) -> impl Iterator<Item = usize> {
        self.covered_by[point].iter()
    }
}

/// A set of small numbers, one bit each.
#[derive(Clone)]
struct Set {
    words: Vec<u64>,
}

impl Set {
    fn of(members: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut words = vec![0; members.len().div_ceil(64)];
        for (member, present) in members.enumerate() {
            words[member / 64] |= u64::from(present) << (member % 64);
        }
        Self { words }
    }

    fn contains(&self, member: usize) -> bool {
        self.words[member / 64] >> (member % 64) & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, &word)| {
            let mut word = word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(place * 64 + bit)
            })
        })
    }

    fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    fn is_within(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(own, other)| own & !other == 0)
    }

    fn meets(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(own, other)| own & other != 0)
    }

    fn join(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(own, other)| *own |= other);
    }
}
