//! How typical rows are of their cluster.

use rayon::prelude::*;

use crate::distances::{Neighbour, Rows};

/// Rows whose products with all others are held at a time by one thread.
const TILE: usize = 64;

/// The rows of a cluster that can still be picked, with their nearest neighbours among them.
///
/// Neighbours are looked for once, somewhat more of them than are needed, and again for rows that have lost too many.
pub(super) struct Candidates {
    /// Rising.
    rows: Vec<usize>,
    /// The nearest first; empty until somebody asks. `[rows]`
    nearest: Vec<Vec<Neighbour>>,
}

impl Candidates {
    /// `rows` are rising.
    pub(super) fn new(rows: Vec<usize>) -> Self {
        Self { nearest: vec![Vec::new(); rows.len()], rows }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes out the most typical row, ties by lowest: it, and its typicality.
    ///
    /// The typicality of a row is the inverse of its mean distance to the nearest others (Hacohen et al., Eq. 4), as many of them as there
    /// are `neighbours`, but no more than half of the rows. Of a row that is alone it is 0, and the largest number where the nearest others
    /// are equal to it.
    ///
    /// # Panics
    ///
    /// If there is no row.
    pub(super) fn take_most_typical(&mut self, all: &Rows, neighbours: usize) -> (usize, f64) {
        let neighbours = neighbours.min(self.rows.len() / 2);
        self.look(all, neighbours);
        let typicality = |nearest: &Vec<Neighbour>| {
            let distances = nearest[..neighbours].iter().map(|neighbour| neighbour.distance);
            let mean = distances.sum::<f64>() / neighbours as f64;
            mean.recip().min(f64::MAX)
        };
        let typical: Vec<f64> = match neighbours {
            0 => vec![0.0; self.rows.len()],
            _ => self.nearest.iter().map(typicality).collect(),
        };
        let best = (1..typical.len()).fold(0, |best, at| if typical[at] > typical[best] { at } else { best });
        let row = self.rows.remove(best);
        self.nearest.remove(best);
        for nearest in &mut self.nearest {
            nearest.retain(|neighbour| neighbour.row != row);
        }
        (row, typical[best])
    }

    /// Looks for the neighbours of rows that know fewer than they need.
    fn look(&mut self, all: &Rows, neighbours: usize) {
        let short: Vec<usize> =
            (0..self.rows.len()).filter(|&at| self.nearest[at].len() < neighbours).collect();
        if short.is_empty() {
            return;
        }
        let members = all.some(&self.rows);
        let found: Vec<Vec<Neighbour>> = short
            .par_chunks(TILE)
            .flat_map_iter(|short| members.nearest_others(short, neighbours + neighbours.div_ceil(2)))
            .collect();
        for (at, mut nearest) in short.into_iter().zip(found) {
            nearest.iter_mut().for_each(|neighbour| neighbour.row = self.rows[neighbour.row]);
            self.nearest[at] = nearest;
        }
    }
}
