//! Both forms against plain transcriptions of their descriptions, which keep whole lists, recompute everything at every
//! step, and know nothing of lines and version spaces.

use ndarray::{Array2, Axis};
use proptest::prelude::*;
use rand::seq::{SliceRandom, index};
use rand::{RngExt, SeedableRng};

use super::*;
use crate::{Answer, Conversation};

/// A pool: class probabilities, true labels, and how many of its first items are labelled.
#[derive(Clone, Debug)]
struct Case {
    probabilities: Array2<f32>,
    truth: Vec<u32>,
    rows: usize,
    budget: usize,
    parallel: usize,
    seed: u64,
}

impl Case {
    fn classes(&self) -> usize {
        self.probabilities.ncols()
    }

    /// What the strategy asks for, ask by ask.
    fn asked(&self, mode: DirectMode) -> Vec<Vec<usize>> {
        let (unlabelled, labelled) = self.probabilities.view().split_at(Axis(0), self.rows);
        let predictions = Predictions { unlabelled, labelled, labels: &self.truth[self.rows..] };
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut conversation = Conversation::direct(
            &predictions,
            Parameters { mode, parallel: self.parallel },
            self.budget,
            &mut rng,
        )
        .unwrap();
        let mut asks = Vec::new();
        while let Some(ask) = conversation.ask() {
            let rows: Vec<usize> = ask.picks.iter().map(|pick| pick.row).collect();
            for &row in &rows {
                conversation.tell(row, Answer::Label(self.truth[row])).unwrap();
            }
            asks.push(rows);
        }
        asks
    }
}

/// The lists, the labels so far and what was asked for: what a transcription works on.
struct Plain<'a> {
    case: &'a Case,
    lists: Vec<Vec<usize>>,
    labels: Vec<Option<u32>>,
    rng: ChaCha8Rng,
    asks: Vec<Vec<usize>>,
}

impl<'a> Plain<'a> {
    /// Lists in the order of falling `key(probabilities, class)`, ties by item.
    fn new(case: &'a Case, key: impl Fn(&[f64], usize) -> f64) -> Self {
        let items = case.truth.len();
        let rows: Vec<Vec<f64>> = case
            .probabilities
            .rows()
            .into_iter()
            .map(|row| row.iter().map(|&p| f64::from(p)).collect())
            .collect();
        let list = |class: usize| {
            let mut list: Vec<usize> = (0..items).collect();
            list.sort_by(|&i, &j| key(&rows[j], class).partial_cmp(&key(&rows[i], class)).unwrap());
            list
        };
        let labels = (0..items).map(|item| (item >= case.rows).then_some(case.truth[item])).collect();
        Self {
            case,
            lists: (0..case.classes()).map(list).collect(),
            labels,
            rng: ChaCha8Rng::seed_from_u64(case.seed),
            asks: Vec::new(),
        }
    }

    fn spent(&self) -> usize {
        self.asks.iter().map(Vec::len).sum()
    }

    fn w(&self, class: usize, position: usize) -> i64 {
        match self.labels[self.lists[class][position]] {
            Some(label) if label as usize == class => 1,
            Some(_) => -1,
            None => 0,
        }
    }

    /// `Σ_{i<h} w_i − Σ_{i≥h} w_i`
    fn acc(&self, class: usize, h: usize) -> i64 {
        let count = self.labels.len();
        (0..h).map(|i| self.w(class, i)).sum::<i64>() - (h..count).map(|i| self.w(class, i)).sum::<i64>()
    }

    fn open(&self, class: usize, positions: std::ops::Range<usize>) -> Vec<usize> {
        positions.filter(|&position| self.labels[self.lists[class][position]].is_none()).collect()
    }

    fn label(&mut self, class: usize, positions: &[usize]) {
        let rows: Vec<usize> = positions.iter().map(|&position| self.lists[class][position]).collect();
        for &row in &rows {
            self.labels[row] = Some(self.case.truth[row]);
        }
        self.asks.push(rows);
    }

    fn draw(&mut self, open: &[usize], count: usize) -> Vec<usize> {
        let drawn = index::sample(&mut self.rng, open.len(), count.min(open.len()));
        drawn.into_iter().map(|at| open[at]).collect()
    }

    fn permutation(&mut self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.case.classes()).collect();
        classes.shuffle(&mut self.rng);
        classes
    }

    /// One position to the left of `h`, one to the right, and so on, until `wanted` are labelled.
    fn annotate(&mut self, class: usize, h: usize, wanted: usize) {
        let count = self.labels.len();
        let mut chosen = Vec::new();
        for step in 0..count {
            let left = h.checked_sub(step + 1);
            let right = Some(h + step).filter(|&position| position < count);
            for position in [left, right].into_iter().flatten() {
                let is_open = self.labels[self.lists[class][position]].is_none();
                if is_open && chosen.len() < wanted {
                    chosen.push(position);
                }
            }
        }
        self.label(class, &chosen);
    }
}

/// The paper's two algorithms, with intervals of thresholds, all windows and all losses.
fn paper(case: &Case) -> Vec<Vec<usize>> {
    // The highest margin first, and of equal margins the more probable: as one key, which f64 holds.
    let mut plain = Plain::new(case, |p, class| p[class] - p.iter().copied().fold(0.0, f64::max));
    for (class, list) in plain.lists.iter_mut().enumerate() {
        let p = |item: usize, class: usize| f64::from(case.probabilities[[item, class]]);
        let q = |item: usize| {
            (0..case.classes()).map(|other| p(item, other)).fold(0.0, f64::max) - p(item, class)
        };
        list.sort_by(|&i, &j| (q(i), -p(i, class), i).partial_cmp(&(q(j), -p(j, class), j)).unwrap());
    }
    let (count, classes) = (case.truth.len(), case.classes());
    let budget = case.budget / (2 * classes);
    let batches = budget.div_ceil(case.parallel);
    for class in plain.permutation() {
        let labelled: Vec<(usize, i64)> =
            (0..count).map(|i| (i, plain.w(class, i))).filter(|&(_, w)| w != 0).collect();
        let own_first = labelled.iter().take_while(|&&(_, w)| w > 0).last();
        let other_last = labelled.iter().rev().take_while(|&&(_, w)| w < 0).last();
        let mut low = own_first.map_or(0, |&(at, _)| at + 1);
        let mut high = other_last.map_or(count, |&(at, _)| at);
        let (initial, mut left) = ((high - low) as f64, budget);
        for done in 0.. {
            if done > 0 && left > 0 {
                let length = initial.powf(1.0 - done as f64 / batches as f64).round() as usize;
                let length = length.min(high - low);
                // acc = L − 2 loss
                let cost = |h: usize| -plain.acc(class, h);
                let worth = |start: usize| {
                    let worse = cost(start).max(cost(start + length));
                    (worse, (start..=start + length).map(cost).sum::<i64>())
                };
                let best = (low..=high - length).map(worth).min().unwrap();
                let tied: Vec<usize> = (low..=high - length).filter(|&start| worth(start) == best).collect();
                low = tied[(tied.len() - 1) / 2];
                high = low + length;
            }
            let open = plain.open(class, low..high);
            let positions = plain.draw(&open, case.parallel.min(left));
            if positions.is_empty() {
                break;
            }
            left -= positions.len();
            plain.label(class, &positions);
        }
    }
    let rest = case.budget - plain.spent();
    for (turn, class) in plain.permutation().into_iter().enumerate() {
        let wanted = rest * (turn + 1) / classes - rest * turn / classes;
        let best = (0..=count).map(|h| plain.acc(class, h)).max().unwrap();
        let tied = (0..=count).filter(|&h| plain.acc(class, h) == best);
        let h = tied.min_by_key(|&h| ((2 * h).abs_diff(count), h)).unwrap();
        if wanted > 0 {
            plain.annotate(class, h, wanted);
        }
    }
    plain.asks
}

/// The released code as it is described, with its margins, its budget test and its moving pointers.
fn labelbench(case: &Case, min_budget: usize) -> Vec<Vec<usize>> {
    let (count, classes) = (case.truth.len(), case.classes());
    let mut plain = Plain::new(case, |p, class| {
        let max = p.iter().copied().fold(0.0, f64::max);
        p[class] - max + 1e-8 * if classes == 2 { p[0] } else { max }
    });
    let equal = case.budget / classes / 2;
    let (effective, mut b) =
        if equal < min_budget { (classes, equal) } else { (case.budget / (2 * min_budget), min_budget) };
    let known =
        |class: usize| case.truth[case.rows..].iter().filter(|&&label| label as usize == class).count();
    let mut rarest: Vec<usize> = (0..classes).collect();
    rarest.sort_by_key(|&class| -(known(class) as i64));
    for class in rarest.split_off(classes.saturating_sub(effective)) {
        let is = |w: i64| move |&(_, found): &(usize, i64)| found == w;
        let signs: Vec<(usize, i64)> = (0..count).map(|i| (i, plain.w(class, i))).collect();
        let first_other = signs.iter().find(|pair| is(-1)(pair)).map_or(count, |pair| pair.0);
        let mut low = signs[..first_other].iter().rev().find(|pair| is(1)(pair)).map_or(0, |pair| pair.0);
        let after_own = signs.iter().rev().find(|pair| is(1)(pair)).map_or(0, |pair| pair.0 + 1);
        let mut high = signs[after_own..].iter().find(|pair| is(-1)(pair)).map_or(count - 1, |pair| pair.0);
        b = b.min(plain.labels.iter().filter(|label| label.is_none()).count());
        let mut left = b;
        while left > 0 {
            let open = plain.open(class, low..high + 1);
            let positions = plain.draw(&open, case.parallel.min(left));
            if positions.is_empty() {
                break;
            }
            plain.label(class, &positions);
            let unlabelled = plain.open(class, low..high + 1).len();
            let m = left / case.parallel;
            let c = if m <= 1 { 1.0 } else { (unlabelled as f64).powf(1.0 / m as f64) };
            // The last request of the budget is followed by nothing that looks at the interval.
            if plain.spent() < case.budget && unlabelled > 0 {
                let target = (unlabelled as f64 / c).ceil() as usize;
                while plain.open(class, low..high + 1).len() > target {
                    let (at_low, at_high) = (plain.acc(class, low), plain.acc(class, high));
                    if at_low < at_high || (at_low == at_high && plain.rng.random_bool(0.5)) {
                        low += 1;
                    } else {
                        high -= 1;
                    }
                }
            }
            left -= case.parallel.min(left);
        }
    }
    let rest = case.budget - plain.spent();
    for (turn, class) in plain.permutation().into_iter().enumerate() {
        let wanted = rest * (turn + 1) / classes - rest * turn / classes;
        let best = (0..=count).map(|h| plain.acc(class, h)).max().unwrap();
        let h = (0..=count).find(|&h| plain.acc(class, h) == best).unwrap();
        if wanted > 0 {
            plain.annotate(class, h, wanted);
        }
    }
    plain.asks
}

/// Pools of two to five classes, the first ones rare, of which a share of the labels is wrong; probabilities on a coarse grid,
/// so that margins tie; with no labels at all, some, or all but one.
fn cases() -> impl Strategy<Value = Case> {
    (2_usize..6, 2_usize..70, 0_usize..30, 1_usize..7, 0.0_f64..0.25, any::<u64>(), 0.0_f64..=1.0).prop_map(
        |(classes, rows, labelled, parallel, noise, seed, share)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let truth: Vec<u32> = (0..rows + labelled)
                .map(|_| if rng.random_bool(0.6) { classes - 1 } else { rng.random_range(0..classes) } as u32)
                .collect();
            let mut probabilities = Array2::from_shape_fn((rows + labelled, classes), |(item, class)| {
                let liked = if truth[item] as usize == class { 3 } else { 0 };
                (1 + liked + rng.random_range(0..4)) as f32
            });
            for mut row in probabilities.rows_mut() {
                let sum = row.sum();
                row.mapv_inplace(|p| p / sum);
            }
            let wrong = |&label: &u32| {
                if rng.random_bool(noise) { (label + 1) % classes as u32 } else { label }
            };
            let truth = truth.iter().map(wrong).collect();
            let budget = (rows as f64 * share) as usize;
            Case { probabilities, truth, rows, budget, parallel, seed }
        },
    )
}

proptest! {
    #[test]
    fn the_papers_form_is_that_of_its_description(case in cases()) {
        prop_assert_eq!(case.asked(DirectMode::Paper), paper(&case));
    }

    #[test]
    fn the_released_form_is_that_of_its_description(case in cases(), min_budget_per_class in 1_usize..12) {
        let asked = case.asked(DirectMode::Labelbench { min_budget_per_class });
        prop_assert_eq!(asked, labelbench(&case, min_budget_per_class));
    }
}

/// FMoW: 3,000 labels for 62 classes are 24 for each, 1,488 in the first phase; iWildCam: 60 for each of 14.
#[test]
fn the_published_settings_have_the_published_budgets() {
    for (classes, budget, per_class, phase) in [(62, 3_000, 24, 1_488), (14, 3_000, 60, 840)] {
        let told = Told::new(10_000, &[]);
        let mut form = Labelbench::new(&told, classes, budget, 60);
        assert_eq!(form.first_phase(), (classes, per_class));
        assert_eq!(classes * per_class, phase);
        form = Labelbench::new(&told, classes, 100, 60);
        assert_eq!(form.first_phase(), (classes, 100 / classes / 2));
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let none = Array2::<f32>::zeros((0, 0));
    let predictions = Predictions { unlabelled: none.view(), labelled: none.view(), labels: &[] };
    let released = |min_budget_per_class| DirectMode::Labelbench { min_budget_per_class };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut begun =
        |mode, parallel| Conversation::direct(&predictions, Parameters { mode, parallel }, 0, &mut rng);
    for (mode, parallel) in [(DirectMode::Paper, 0), (released(60), 0), (released(0), 1)] {
        assert!(matches!(begun(mode, parallel), Err(Error::InvalidParameter { .. })), "{mode:?} {parallel}");
    }
    for mode in [DirectMode::Paper, released(60)] {
        assert_eq!(begun(mode, 1).unwrap().ask(), None, "nothing to choose from: {mode:?}");
    }
}
