//! How far the entering variable moves, and which variable it replaces.

use super::Simplex;
use super::basis::{Entering, Leaving, STEP_TOLERANCE, State, Trouble, Variable};

/// A rate of change nearer to zero than this is no pivot.
const PIVOT_TOLERANCE: f64 = 1e-10;

impl Simplex<'_> {
    /// The long-step ratio test: a slack that reaches 0 is passed as long as the objective still falls behind it.
    pub(super) fn ratio_test(&mut self, entering: Entering) -> Result<(f64, Leaving), Trouble> {
        let bland = self.degenerate >= self.degenerate_limit;
        let (block, blocking) = self.first_block(entering, bland);
        self.breakpoints.clear();
        for class in 0..self.instance.classes {
            let rate = self.slack_rates[class];
            if rate * self.sides[class] < -PIVOT_TOLERANCE && self.kernel.place(class).is_none() {
                let step = (self.slacks[class] * self.sides[class]).max(0.0) / rate.abs();
                if step <= block {
                    self.breakpoints.push((step, rate.abs(), class));
                }
            }
        }
        self.breakpoints.sort_unstable_by(|left, right| {
            left.0.total_cmp(&right.0).then(right.1.total_cmp(&left.1)).then(left.2.cmp(&right.2))
        });
        if bland {
            // The textbook test: the first breakpoint; among ties a slack, the lowest.
            let first = self.breakpoints.first().copied();
            if let Some((step, ..)) = first {
                let ties = self.breakpoints.iter().take_while(|tie| tie.0 <= step + STEP_TOLERANCE);
                let class = ties.map(|tie| tie.2).min().expect("the first breakpoint ties with itself");
                return Ok((step, Leaving::Slack(class)));
            }
        }
        let mut slope = -entering.gain;
        for &(step, rate, class) in &self.breakpoints {
            slope += 2.0 * self.instance.lambda * rate;
            if slope >= 0.0 {
                return Ok((step, Leaving::Slack(class)));
            }
            self.sides[class] = -self.sides[class];
        }
        blocking.map(|leaving| (block, leaving)).ok_or(Trouble::Unbounded)
    }

    /// The first bound that a column reaches; among ties the largest rate, or the lowest column under Bland's rule.
    fn first_block(&self, entering: Entering, bland: bool) -> (f64, Option<Leaving>) {
        let (mut block, mut blocking) = match entering.variable {
            Variable::Column(_) => (1.0, Some(Leaving::Flip)),
            Variable::Slack(_) => (f64::INFINITY, None),
        };
        let mut best_rate = if blocking.is_some() { 1.0 } else { 0.0 };
        for (place, (&value, &rate)) in self.values.iter().zip(&self.column_rates).enumerate() {
            if rate.abs() <= PIVOT_TOLERANCE {
                continue;
            }
            let (room, bound) = if rate < 0.0 { (value, State::AtZero) } else { (1.0 - value, State::AtOne) };
            let step = room.max(0.0) / rate.abs();
            let tie = (step - block).abs() <= STEP_TOLERANCE;
            let wins = match blocking {
                Some(Leaving::Column(held, _)) if tie && bland => self.basic[place] < self.basic[held],
                _ if tie => rate.abs() > best_rate,
                _ => step < block,
            };
            if wins {
                (block, blocking, best_rate) = (step, Some(Leaving::Column(place, bound)), rate.abs());
            }
        }
        (block, blocking)
    }
}
