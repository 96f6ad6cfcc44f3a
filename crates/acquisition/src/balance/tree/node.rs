//! A part of the selections that has not been searched.

use std::cmp::Ordering;
use std::rc::Rc;

use super::basis::Name;
use super::part::Part;
use super::sifted::Sifted;

/// What a part is, and where its search begins. The greatest is the one with the lowest bound; of equal ones, the last made.
pub(super) struct Node {
    /// No selection of the part is better.
    pub(super) bound: f64,
    /// Order of creation.
    pub(super) number: usize,
    /// Where its relaxation begins; empty at the root.
    pub(super) basis: Vec<Name>,
    pub(super) part: Rc<Part>,
    /// Columns of the part that branching has fixed, with whether they are picked.
    pub(super) fixed: Vec<(u32, bool)>,
    /// How many columns of each group are picked: at least and at most.
    pub(super) groups: Vec<(i32, i32)>,
    /// Duals of classes, groups and budget, which say what is near.
    pub(super) duals: Vec<f64>,
}

impl Node {
    /// Takes a side of a branch on a variable of the relaxation that has this value.
    pub(super) fn branch(&mut self, sifted: &Sifted, variable: usize, value: f64, up: bool) {
        let relaxed = &sifted.relaxed;
        let n = relaxed.width();
        if variable < n {
            self.fixed.push((relaxed.columns[variable], up));
            return;
        }
        let group = variable - n;
        let apart = sifted.apart(group);
        if up {
            self.groups[group].0 = value.ceil() as i32 + apart;
        } else {
            self.groups[group].1 = value.floor() as i32 + apart;
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        other.bound.total_cmp(&self.bound).then(self.number.cmp(&other.number))
    }
}
