//! The learning rate as a pure function of progress; there is no state to resume.

use std::f64::consts::PI;

use tailward_experiment::definition::Schedule;

/// Where training stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// The step over all epochs, counted from 0.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Steps in all if every epoch had the labelled images divided by the batch, unrounded: what [`Schedule::WarmupCosine`] ends at.
    pub nominal_steps: usize,
}

/// The learning rate of one step, given the rate before the schedule.
pub fn learning_rate(base: f64, schedule: &Schedule, position: Position) -> f64 {
    match schedule {
        Schedule::Constant {} => base,
        Schedule::Milestones { epochs, factor } => {
            let passed = epochs.iter().filter(|&&milestone| milestone <= position.epoch).count();
            base * factor.powi(passed as i32)
        }
        Schedule::Triangular { warmup } => {
            // Steps are taken at the middle of their interval, so neither the first nor the last is lost to a rate of 0.
            let progress = (position.step as f64 + 0.5) / position.steps as f64;
            if progress < *warmup {
                base * progress / warmup
            } else {
                base * (1.0 - progress) / (1.0 - warmup)
            }
        }
        &Schedule::WarmRestarts { period, factor } => {
            let (mut since, mut length) = (position.step, period);
            while since >= length {
                since -= length;
                length *= factor;
            }
            half_cosine(base, since as f64 / length as f64)
        }
        &Schedule::WarmupCosine { warmup } => match position.step.checked_sub(warmup) {
            None => base * (position.step + 1) as f64 / warmup as f64,
            Some(since) => {
                // A single step after the rise is at its top.
                let rest = position.nominal_steps.saturating_sub(warmup).max(1);
                half_cosine(base, since as f64 / rest as f64)
            }
        },
    }
}

/// From the base at 0 to 0 at 1.
fn half_cosine(base: f64, progress: f64) -> f64 {
    base / 2.0 * (1.0 + (PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: usize) -> Position {
        Position { epoch, step: 0, steps: 1, nominal_steps: 1 }
    }

    /// CBAL: epochs 1 to 60 at 0.02, 61 to 80 at 0.01, 81 to 100 at 0.005.
    #[test]
    fn milestones_follow_the_protocol() {
        let schedule = Schedule::Milestones { epochs: vec![60, 80], factor: 0.5 };
        for (epoch, expected) in [(1, 0.02), (60, 0.02), (61, 0.01), (80, 0.01), (81, 0.005), (100, 0.005)] {
            let rate = learning_rate(0.02, &schedule, at(epoch - 1));
            assert!((rate - expected).abs() < 1e-15, "epoch {epoch}: {rate}");
        }
    }

    #[test]
    fn the_triangle_rises_and_falls() {
        let schedule = Schedule::Triangular { warmup: 0.25 };
        let position = |step| Position { epoch: 0, step, steps: 8, nominal_steps: 8 };
        let rates: Vec<f64> = (0..8).map(|step| learning_rate(1.0, &schedule, position(step))).collect();
        let expected = [0.25, 0.75, 11.0 / 12.0, 9.0 / 12.0, 7.0 / 12.0, 5.0 / 12.0, 3.0 / 12.0, 1.0 / 12.0];
        for (rate, expected) in rates.iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-12, "{rates:?}");
        }
    }

    fn by_step(schedule: &Schedule, step: usize, nominal_steps: usize) -> f64 {
        let position = Position { epoch: 0, step, steps: nominal_steps, nominal_steps };
        learning_rate(1.0, schedule, position)
    }

    /// LabelBench's rounds of FMoW end after 600, 1,200, … 6,000 steps, with falls of 500, 1,000, 2,000 and 4,000.
    #[test]
    fn warm_restarts_leave_rounds_at_very_different_rates() {
        let schedule = Schedule::WarmRestarts { period: 500, factor: 2 };
        let expected = [0.98, 0.21, 0.95, 0.58, 0.15, 1.00, 0.93, 0.76, 0.54, 0.31];
        for (round, expected) in (1..).zip(expected) {
            let rate = by_step(&schedule, 600 * round - 1, 600 * round);
            assert!((rate - expected).abs() < 0.0051, "round {round}: {rate}, not {expected}");
        }
        for (step, expected) in [(0, 1.0), (250, 0.5), (500, 1.0), (1000, 0.5), (1500, 1.0), (3500, 1.0)] {
            assert!((by_step(&schedule, step, 6000) - expected).abs() < 1e-12, "step {step}");
        }
        // n = ⌊log₂(t/500 + 1)⌋, T = t − 500 (2ⁿ − 1) and a fall of 500 · 2ⁿ: the closed form of the same.
        for step in 0..6000 {
            let n = (step as f64 / 500.0 + 1.0).log2().floor();
            let since = step as f64 - 500.0 * (2_f64.powf(n) - 1.0);
            let closed = 0.5 * (1.0 + (PI * since / (500.0 * 2_f64.powf(n))).cos());
            assert!((by_step(&schedule, step, 6000) - closed).abs() < 1e-12, "step {step}");
        }
    }

    /// LabelBench's supervised rounds of FMoW have 75 steps by count at first: the rate never reaches its top there.
    #[test]
    fn a_cosine_follows_the_rise() {
        let schedule = Schedule::WarmupCosine { warmup: 500 };
        assert!((by_step(&schedule, 74, 75) - 0.15).abs() < 1e-12);
        assert!((by_step(&schedule, 499, 750) - 1.0).abs() < 1e-12);
        assert!((by_step(&schedule, 500, 750) - 1.0).abs() < 1e-12);
        assert!((by_step(&schedule, 625, 750) - 0.5).abs() < 1e-12);
        assert!(by_step(&schedule, 749, 750) < 1e-4);
        assert!((by_step(&schedule, 500, 400) - 1.0).abs() < 1e-12);
    }
}
