//! When training ends before its epochs do.

/// What the losses on validation images say, epoch by epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    patience: usize,
    worse: usize,
    /// The loss after each epoch.
    losses: Vec<f64>,
    /// The first epoch with the lowest loss, from 1, and that loss; nothing before the first.
    best: Option<(usize, f64)>,
}

/// What an epoch was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// Better than all before.
    Best,
    /// No better, and training goes on.
    Other,
    /// The last: worse than the best for the last time that patience allows.
    Last,
}

impl EarlyStopping {
    /// Before the first epoch.
    pub fn new(patience: usize) -> Self {
        Self { patience, worse: 0, losses: Vec::new(), best: None }
    }

    /// Takes the loss of an epoch. A loss as low as the lowest neither counts as worse nor as the best, as in LabelBench.
    pub fn tell(&mut self, loss: f64) -> Epoch {
        self.losses.push(loss);
        match self.best {
            Some((_, lowest)) if loss > lowest => {
                self.worse += 1;
                if self.worse >= self.patience { Epoch::Last } else { Epoch::Other }
            }
            Some((_, lowest)) if loss >= lowest => Epoch::Other,
            _ => {
                self.best = Some((self.losses.len(), loss));
                self.worse = 0;
                Epoch::Best
            }
        }
    }

    /// The best epoch so far, from 1; nothing before the first.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(epoch, _)| epoch)
    }

    /// The loss after each epoch.
    pub fn into_losses(self) -> Vec<f64> {
        self.losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The epochs that are seen of a run of losses, and the best of them.
    fn seen(patience: usize, losses: &[f64]) -> (usize, Option<usize>) {
        let mut stopping = EarlyStopping::new(patience);
        let last = losses.iter().position(|&loss| stopping.tell(loss) == Epoch::Last);
        (last.map_or(losses.len(), |last| last + 1), stopping.best_epoch())
    }

    #[test]
    fn three_worse_epochs_end_training_and_the_best_one_is_known() {
        assert_eq!(seen(3, &[1.0, 0.5, 0.6, 0.7, 0.8, 0.1]), (5, Some(2)));
        assert_eq!(seen(3, &[1.0, 0.5, 0.6, 0.7, 0.4, 0.6, 0.5]), (7, Some(5)));
        assert_eq!(seen(1, &[1.0, 1.1]), (2, Some(1)));
        assert_eq!(seen(2, &[]), (0, None));
    }

    /// An equal loss is neither worse nor better: the first of them is kept.
    #[test]
    fn a_tie_counts_for_nothing() {
        assert_eq!(seen(2, &[0.5, 0.5, 0.5, 0.5]), (4, Some(1)));
        assert_eq!(seen(2, &[0.5, 0.6, 0.5, 0.6, 0.1]), (4, Some(1)));
    }
}
