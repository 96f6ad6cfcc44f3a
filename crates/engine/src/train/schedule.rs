//! The learning rate as a pure function of progress; there is no state to resume.

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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: usize) -> Position {
        Position { epoch, step: 0, steps: 1 }
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
        let rates: Vec<f64> =
            (0..8).map(|step| learning_rate(1.0, &schedule, Position { epoch: 0, step, steps: 8 })).collect();
        let expected = [0.25, 0.75, 11.0 / 12.0, 9.0 / 12.0, 7.0 / 12.0, 5.0 / 12.0, 3.0 / 12.0, 1.0 / 12.0];
        for (rate, expected) in rates.iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-12, "{rates:?}");
        }
    }
}
