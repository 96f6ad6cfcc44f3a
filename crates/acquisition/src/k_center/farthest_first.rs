//! Farthest first: which remaining row is farthest from all centres, again and again.

use crate::distances::{self, Rows};
use crate::{Embeddings, Error, Pick};

/// Rows that share a winner. About the square root of a pool, so that finding a new winner and comparing the winners
/// cost the same.
const BLOCK: usize = 256;

/// The pool of a farthest-first traversal, with the distance of every remaining row to its nearest centre.
///
/// The labelled rows are the first centres. The distances are lazy: a distance to some of the centres is an upper
/// bound on the distance to all, so that a row is compared with a new centre only when its bound is the highest.
///
/// ```
/// # use ndarray::array;
/// # use tailward_acquisition::k_center::{Embeddings, FarthestFirst};
/// let (pool, labelled) = (array![[1.0_f32], [2.0], [9.0], [8.0]], array![[0.0_f32]]);
/// let embeddings = Embeddings { unlabelled: pool.into(), labelled: labelled.into() };
/// let mut traversal = FarthestFirst::new(&embeddings)?;
/// assert_eq!(traversal.farthest().map(|pick| pick.row), Some(2));
/// traversal.discard(2);
/// assert_eq!(traversal.farthest().map(|pick| pick.row), Some(3));
/// traversal.accept(3);
/// // The nearest centres are now at 0 and 8.
/// assert_eq!(traversal.farthest().map(|pick| (pick.row, pick.score)), Some((1, 2.0)));
/// # Ok::<(), tailward_acquisition::Error>(())
/// ```
pub struct FarthestFirst<'a> {
    rows: Rows<'a>,
    /// The rows accepted, one after the other. `[accepted, dims]`
    accepted: Vec<f32>,
    /// Whether there is a centre at all, labelled or accepted.
    centred: bool,
    /// The row that comes first where there is no centre; absent: the lowest.
    beginning: Option<usize>,
    /// Distance to the nearest of the labelled rows and the first `seen` accepted ones; −∞ for a row that is gone.
    /// `[rows]`
    distances: Vec<f64>,
    /// `[rows]`
    seen: Vec<usize>,
    /// What is taken off a distance before distances are compared. `[rows]`
    penalties: Vec<f64>,
    /// The row of each block with the highest distance less penalty. `[blocks]`
    winners: Vec<usize>,
    remaining: usize,
}

impl<'a> FarthestFirst<'a> {
    /// Measures the distance of every row to its nearest labelled row.
    ///
    /// # Shapes
    ///
    /// Those of [`Embeddings`].
    ///
    /// # Errors
    ///
    /// Those of [`Embeddings::validate`].
    pub fn new(embeddings: &'a Embeddings<'_>) -> Result<Self, Error> {
        let (rows, labelled) = embeddings.rows()?;
        let distances = distances::nearest(&rows, &labelled);
        let count = rows.len();
        let mut traversal = Self {
            accepted: Vec::new(),
            centred: labelled.len() > 0,
            beginning: None,
            distances,
            seen: vec![0; count],
            penalties: vec![0.0; count],
            winners: (0..count).step_by(BLOCK).collect(),
            remaining: count,
            rows,
        };
        traversal.find_winners();
        Ok(traversal)
    }

    /// Rows that were neither accepted nor discarded.
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// The remaining row that is farthest from its nearest centre, ties by lowest row, and that distance as its score;
    /// `None` when no row remains. The row stays where it is until it is accepted or discarded.
    ///
    /// Where there is no centre yet, no row is farther than another: it is the row to [begin with](Self::begin_with), and
    /// its score is its distance to the row farthest from it.
    pub fn farthest(&mut self) -> Option<Pick> {
        if self.remaining == 0 {
            return None;
        }
        if !self.centred {
            return self.first();
        }
        loop {
            let row = self.winner();
            if self.seen[row] == self.count() {
                return Some(Pick { row, score: self.distances[row] });
            }
            self.refresh(row);
            self.find_winner(row / BLOCK);
        }
    }

    /// Names the row that comes first where there is no centre yet; the lowest one does if none is named, or if that row
    /// is gone.
    ///
    /// # Panics
    ///
    /// If the row is not in the pool.
    pub fn begin_with(&mut self, row: usize) {
        assert!(row < self.rows.len(), "row {row} of a pool of {}", self.rows.len());
        self.beginning = Some(row);
    }

    /// Makes a row a centre.
    ///
    /// # Panics
    ///
    /// If the row is not in the pool, or was accepted or discarded before.
    pub fn accept(&mut self, row: usize) {
        self.discard(row);
        self.accepted.extend_from_slice(self.rows.row(row));
        self.centred = true;
    }

    /// Takes a row out of the pool. It is no centre.
    ///
    /// # Panics
    ///
    /// If the row is not in the pool, or was accepted or discarded before.
    pub fn discard(&mut self, row: usize) {
        assert!(row < self.rows.len(), "row {row} of a pool of {}", self.rows.len());
        assert!(self.remains(row), "row {row} is gone");
        self.distances[row] = f64::NEG_INFINITY;
        self.remaining -= 1;
        self.find_winner(row / BLOCK);
    }

    /// Takes `factor · masses` off the distances before they are compared. `masses`: `[rows]`
    pub(super) fn penalise(&mut self, factor: f64, masses: &[f64]) {
        for (penalty, mass) in self.penalties.iter_mut().zip(masses) {
            *penalty = factor * mass;
        }
        self.find_winners();
    }

    /// Compares distances as they are again.
    pub(super) fn pardon(&mut self) {
        self.penalties.fill(0.0);
        self.find_winners();
    }

    /// Whether there is a centre, labelled or accepted.
    pub(super) fn is_centred(&self) -> bool {
        self.centred
    }

    fn remains(&self, row: usize) -> bool {
        self.distances[row] > f64::NEG_INFINITY
    }

    /// Centres that were accepted.
    fn count(&self) -> usize {
        self.accepted.len() / self.rows.dims()
    }

    fn first(&self) -> Option<Pick> {
        let mut rows = self.beginning.into_iter().chain(0..self.rows.len());
        let row = rows.find(|&row| self.remains(row))?;
        let others = (0..self.rows.len()).filter(|&other| self.remains(other));
        let score = others
            .map(|other| distances::distance(self.rows.row(row), self.rows.row(other)))
            .fold(0.0, f64::max);
        Some(Pick { row, score })
    }

    /// Compares a row with the centres that it has not seen.
    fn refresh(&mut self, row: usize) {
        let unseen = &self.accepted[self.seen[row] * self.rows.dims()..];
        let found = distances::nearest_of(self.rows.row(row), unseen);
        self.distances[row] = self.distances[row].min(found);
        self.seen[row] = self.count();
    }

    fn value(&self, row: usize) -> f64 {
        self.distances[row] - self.penalties[row]
    }

    fn find_winners(&mut self) {
        (0..self.winners.len()).for_each(|block| self.find_winner(block));
    }

    fn find_winner(&mut self, block: usize) {
        let start = block * BLOCK;
        let end = (start + BLOCK).min(self.rows.len());
        let mut best = start;
        for row in start + 1..end {
            if self.value(row) > self.value(best) {
                best = row;
            }
        }
        self.winners[block] = best;
    }

    /// The row with the highest distance less penalty, as far as distances are known; ties by lowest row.
    fn winner(&self) -> usize {
        let mut best = self.winners[0];
        for &row in &self.winners[1..] {
            if self.value(row) > self.value(best) {
                best = row;
            }
        }
        best
    }
}
