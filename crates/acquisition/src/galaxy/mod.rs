//! GALAXY: graph-based active learning at the extreme (Zhang, Katz-Samuels & Nowak, ICML 2022, arXiv 2202.01402).
//!
//! Each class has a list of all rows, ordered by the margin of the class; neighbours in it are joined. Rows are asked for
//! one at a time, in the middle of the shortest path between a label of the class and another label, so that bisection
//! finds every place where labels change, and then next to those places. [`GalaxyMode`] names three forms.

mod cuts;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::ask::{Answer, Ask, Phase};
use crate::rankings::{Order, Rankings};
use crate::told::Told;
use crate::{Error, Pick, Predictions};

use cuts::{Cut, Cuts};

/// The forms of GALAXY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GalaxyMode {
    /// Shortest paths in a graph for each class, which take turns; steps grow longer where no path is left (the paper
    /// and its code).
    Graph,
    /// Shortest unlabelled runs in a list drawn at random, then rows next to where a class ends (LabelBench, with the
    /// direction of its search put right).
    Labelbench,
    /// As LabelBench has it: once no run is left, only places count where labels change *against* the order of the list.
    LabelbenchReleased,
}

/// GALAXY between two asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Galaxy {
    mode: GalaxyMode,
    lists: Vec<List>,
    rng: ChaCha8Rng,
    /// Rows asked for in this query.
    asked: usize,
    /// Positions at most this far apart are joined.
    reach: usize,
}

/// One class's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    class: u32,
    /// The item at each position.
    order: Vec<u32>,
    /// The position of each unlabelled row.
    places: Vec<u32>,
    cuts: Cuts,
}

/// Begins a query: what was told before, and where GALAXY stands.
///
/// # Shapes
///
/// See [`Predictions`].
///
/// # Errors
///
/// As those of [`Conversation::galaxy`](crate::Conversation::galaxy).
pub(crate) fn begin(
    predictions: &Predictions<'_>,
    mode: GalaxyMode,
    budget: usize,
    rng: &mut ChaCha8Rng,
) -> Result<(Told, Galaxy), Error> {
    let told = predictions.check(budget)?;
    let classes = predictions.unlabelled.ncols();
    let listed: Vec<usize> = match mode {
        // Two classes have one list between them in LabelBench, that of class 0.
        GalaxyMode::Labelbench | GalaxyMode::LabelbenchReleased if classes == 2 => vec![0],
        _ => (0..classes).collect(),
    };
    let rankings =
        Rankings::new([predictions.unlabelled, predictions.labelled], &listed, Order::ReleasedMargin);
    let orders = rankings.into_lists().into_iter();
    let lists =
        listed.iter().zip(orders).map(|(&class, order)| List::new(class as u32, order, &told)).collect();
    let galaxy = Galaxy { mode, lists, rng: rng.clone(), asked: 0, reach: 1 };
    Ok((told, galaxy))
}

impl Galaxy {
    /// The next row.
    pub(crate) fn next(&mut self, told: &Told) -> Ask {
        let (row, phase) = match self.mode {
            GalaxyMode::Graph => self.next_by_graph(),
            GalaxyMode::Labelbench => self.next_by_runs(true),
            GalaxyMode::LabelbenchReleased => self.next_by_runs(false),
        }
        .unwrap_or_else(|| (told.any_free(&mut self.rng), Phase::Explore));
        self.asked += 1;
        for list in &mut self.lists {
            list.cuts.take(list.places[row] as usize);
        }
        Ask { picks: vec![Pick { row, score: 0.0 }], phase: Some(phase) }
    }

    /// Takes the answer for a row.
    pub(crate) fn tell(&mut self, row: usize, answer: Answer) {
        let Answer::Label(label) = answer else { return };
        for list in &mut self.lists {
            list.cuts.label(list.places[row] as usize, label == list.class);
        }
    }

    /// The graphs take turns. One without a path has positions joined that are one farther apart, and is tried again.
    fn next_by_graph(&mut self) -> Option<(usize, Phase)> {
        let list = self.asked % self.lists.len();
        let found = self.lists[list].middle_of_shortest_path(self.reach);
        found.or_else(|| {
            self.reach += 1;
            self.lists[list].middle_of_shortest_path(self.reach)
        })
    }

    /// A list at random: the middle of its shortest unlabelled run between labels that differ, else the row nearest to
    /// neighbouring labels that differ. `natural`: those whose first label is of the list's class, which is where a class
    /// ends; the released code, which turned the lists round and not the test, looks for the others.
    fn next_by_runs(&mut self, natural: bool) -> Option<(usize, Phase)> {
        let list = self.rng.random_range(0..self.lists.len());
        let List { order, cuts, .. } = &mut self.lists[list];
        if let Some(cut) = cuts.nearest_between() {
            let middle = cuts.free_between(cut, (cut.low + cut.high) / 2);
            return middle.map(|position| (order[position] as usize, Phase::Bisect));
        }
        let (position, _) = cuts.nearest_beside(Some(natural))?;
        Some((order[position] as usize, Phase::Extend))
    }
}

impl List {
    fn new(class: u32, order: Vec<u32>, told: &Told) -> Self {
        let mut places = vec![0; told.rows()];
        let mut cuts = Cuts::new(order.len());
        for (position, &item) in order.iter().enumerate() {
            match told.label(item) {
                None => places[item as usize] = position as u32,
                Some(label) => {
                    cuts.take(position);
                    cuts.label(position, label == class);
                }
            }
        }
        Self { class, order, places, cuts }
    }

    /// The middle of a shortest path from a label of the class to another label, where positions at most `reach` apart are
    /// joined, except labels that differ.
    ///
    /// A path of two steps goes through one row within reach of both labels: between them, or beside them. Where there
    /// is none, the shortest path is the one between the two nearest labels that differ, in steps of at most `reach`.
    /// Of paths of the same length the released code takes one by the order of a hash table; here, of two steps the one
    /// with the shorter longest step, between labels before beside them, and of more steps the one between the nearer
    /// labels.
    fn middle_of_shortest_path(&mut self, reach: usize) -> Option<(usize, Phase)> {
        let between = self.cuts.nearest_between();
        let beside = self.cuts.nearest_beside(None).filter(|&(_, distance)| distance <= reach);
        let step = between.map(|cut| (cut.high - cut.low).div_ceil(2));
        let (position, phase) = match (between, beside) {
            (Some(cut), None) => (self.middle(cut, reach)?, Phase::Bisect),
            (Some(cut), Some((_, distance))) if step <= Some(distance) => {
                (self.middle(cut, reach)?, Phase::Bisect)
            }
            (_, Some((position, _))) => (position, Phase::Extend),
            (None, None) => return None,
        };
        Some((self.order[position] as usize, phase))
    }

    /// The middle of the path across a cut: of its nodes, counted from the label that is not of the class, number
    /// ⌊nodes / 2⌋.
    fn middle(&self, cut: Cut, reach: usize) -> Option<usize> {
        let distance = cut.high - cut.low;
        let steps = distance.div_ceil(reach).max(2);
        let along = steps.div_ceil(2) * distance / steps;
        let position = if cut.falling { cut.high - along } else { cut.low + along };
        self.cuts.free_between(cut, position)
    }
}

#[cfg(test)]
mod tests;
