//! How what a run tells is shown while it runs.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tailward_experiment::plan::{DatasetSizes, round_work, run_work};
use tailward_experiment::progress::Progress;

use super::plan::PlannedRun;

/// The bar of one run; on anything but a terminal, a line for each round in its place.
#[derive(Debug)]
pub(crate) struct RunBar {
    bar: ProgressBar,
    run: PlannedRun,
    sizes: DatasetSizes,
    loss: Option<f64>,
}

impl RunBar {
    /// A bar among others.
    pub(crate) fn new(bars: &MultiProgress, run: PlannedRun, sizes: DatasetSizes) -> Self {
        let whole = run_work(&run.definition, sizes, 0).units();
        let bar = bars.add(ProgressBar::new(whole));
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3}% {msg}, {eta} left");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_prefix(format!(
            "if {} {} seed {}",
            run.definition.imbalance_factor, run.definition.strategy.name, run.definition.seed
        ));
        bar.set_message("starting");
        bar.set_position(whole - run.work.units().min(whole));
        bar.reset_eta();
        bar.tick();
        Self { bar, run, sizes, loss: None }
    }

    /// Shows one event.
    pub(crate) fn show(&mut self, event: &Progress) {
        let definition = &self.run.definition;
        match event {
            Progress::Training { round, labelled, epoch, images, epoch_loss, images_per_sec } => {
                self.loss = epoch_loss.or(self.loss);
                let loss = self.loss.map_or("-".to_owned(), |loss| format!("{loss:.3}"));
                let epochs = definition.training.as_ref().map_or(*epoch, |training| training.epochs);
                self.bar.set_message(format!(
                    "round {round}/{} ({labelled} labels) epoch {epoch}/{epochs} loss {loss} {images_per_sec:.0} images/s",
                    definition.rounds
                ));
                self.bar.set_position(self.before(*round) + 3 * *images as u64);
            }
            Progress::Trained(round) => {
                self.loss = None;
                self.line(&format!(
                    "{}: round {}/{}, {} labels, accuracy {:.4}, balanced {:.4} ({:.0} images/s)",
                    definition.label(),
                    round.round,
                    definition.rounds,
                    round.labelled,
                    round.evaluation.accuracy,
                    round.evaluation.balanced_accuracy,
                    round.cost.train_images_per_sec
                ));
                if round.round == definition.rounds {
                    self.bar.set_position(self.before(round.round + 1));
                }
            }
            Progress::Networks { round, iteration, iterations } => self.bar.set_message(format!(
                "round {round}/{} networks of the query, iteration {iteration}/{iterations}",
                definition.rounds
            )),
            Progress::Queried(query) => self.bar.set_position(self.before(query.round + 1)),
        }
    }

    /// Takes the bar away and says how it ended.
    pub(crate) fn finish(self, ending: &str) {
        self.line(&format!("{}: {ending}", self.run.definition.label()));
        self.bar.finish_and_clear();
    }

    /// The work of the rounds before this one, in units.
    fn before(&self, round: usize) -> u64 {
        (0..round).map(|earlier| round_work(&self.run.definition, self.sizes, earlier).units()).sum()
    }

    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }
}
