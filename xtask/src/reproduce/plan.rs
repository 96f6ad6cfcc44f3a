//! What will run, and what it is expected to take.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tailward_datasets::{DatasetManifest, ImageShape};
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::plan::{
    DatasetSizes, FeaturesPlan, TrainingMemory, Work, WorkRates, features_plan, pixel_bytes, query_memory,
    query_work, run_flop, run_work, training_memory, training_steps,
};
use tailward_experiment::record::{RECORD_FILE, Record};

use crate::experiments;

/// Up to so many images of 32 × 32 a step of ResNet-18 (0.04 billion multiply-adds each at the stock stem) is taken to be short
/// beside the time that its launches take. A rule of thumb: no GPU was at hand to measure it on.
const SMALL_STEP: u64 = 128;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing is recorded.
    New,
    /// This many rounds are recorded.
    Begun(usize),
    /// It came to its end.
    Complete,
    /// The folder holds a run of another definition.
    Other,
    /// The record cannot be read; why.
    Damaged(String),
}

/// One run of a plan.
#[derive(Clone, Debug)]
pub(crate) struct PlannedRun {
    pub(crate) definition: RunDefinition,
    pub(crate) status: Status,
    /// What is left to do.
    pub(crate) work: Work,
}

impl PlannedRun {
    /// How far it is, in words.
    pub(crate) fn status_words(&self) -> String {
        match &self.status {
            Status::New => "to run".to_owned(),
            Status::Begun(rounds) => {
                format!("goes on after {rounds} of {} rounds", self.definition.rounds + 1)
            }
            Status::Complete => "complete".to_owned(),
            Status::Other => "holds a run of another definition: will fail".to_owned(),
            Status::Damaged(reason) => format!("will fail: {reason}"),
        }
    }
}

/// What will run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) runs: Vec<PlannedRun>,
    pub(crate) sizes: DatasetSizes,
    /// The shape of an image.
    pub(crate) image: ImageShape,
    /// The folder of what is computed once, for images that are on the disk.
    pub(crate) pixels_in: Option<PathBuf>,
}

impl Plan {
    /// Looks up how far each run is below `out`; what is computed once goes below `cache_dir`.
    pub(crate) fn new(
        runs: &[RunDefinition],
        manifest: &DatasetManifest,
        cache_dir: &Path,
        out: &Path,
    ) -> Self {
        let sizes = experiments::sizes(manifest);
        let planned = |definition: &RunDefinition| -> PlannedRun {
            let (status, work) = match Record::load(&out.join(definition.folder()).join(RECORD_FILE)) {
                Err(error) => (Status::Damaged(error.to_string()), Work::default()),
                Ok(None) => (Status::New, run_work(definition, sizes, 0)),
                Ok(Some(record)) if record.header.definition_hash != definition.hash() => {
                    (Status::Other, Work::default())
                }
                Ok(Some(record)) if record.is_complete() => (Status::Complete, Work::default()),
                Ok(Some(record)) => {
                    let rounds = record.rounds.len();
                    // A round that is recorded may still have its query to make.
                    let pending = match rounds {
                        0 => Work::default(),
                        _ if record.queries.len() < rounds => query_work(definition, sizes, rounds - 1),
                        _ => Work::default(),
                    };
                    (Status::Begun(rounds), run_work(definition, sizes, rounds) + pending)
                }
            };
            PlannedRun { definition: definition.clone(), status, work }
        };
        let pixels_in = manifest.is_on_disk().then(|| cache_dir.join(&manifest.name));
        Self { runs: runs.iter().map(planned).collect(), sizes, image: manifest.image, pixels_in }
    }

    /// The runs that are not complete.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &RunDefinition> {
        self.runs.iter().filter(|run| run.status != Status::Complete).map(|run| &run.definition)
    }

    /// The plan in words, for a person.
    pub(crate) fn describe(&self, rates: Option<WorkRates>, jobs: usize) -> String {
        let mut text = String::new();
        for run in &self.runs {
            let _ = writeln!(text, "  {:<44} {}", run.definition.label(), run.status_words());
        }
        let pending = self.pending().count();
        let work: Work = self.runs.iter().map(|run| run.work).sum();
        let _ = write!(
            text,
            "{pending} of {} runs to do, {jobs} at a time: {} image passes of training in {} steps, {} of scoring",
            self.runs.len(),
            thousands(work.train_images),
            thousands(self.steps()),
            thousands(work.score_images)
        );
        if work.vaal_images > 0 {
            let _ = write!(text, ", {} of training VAAL's networks", thousands(work.vaal_images));
        }
        text.push_str(&self.arithmetic());
        text.push_str(&self.memory());
        let kept = self.pending().filter_map(|run| query_memory(run, self.sizes));
        if let Some(plan) = kept.max_by_key(|plan| plan.bytes()) {
            let _ = write!(text, "\na query of BAIT keeps {plan}");
        }
        if let Some(plan) = self.features() {
            let time = rates.and_then(|rates| rates.describe_images_per_sec);
            let time = time.map(|rate| format!(", {} on this machine", duration(plan.images as f64 / rate)));
            let _ = write!(
                text,
                "\nbefore the first round {} images are described, once for all runs and unless that is done: {}{}; kept in {} of \
                 the disk and of the memory of each run",
                thousands(plan.images),
                flop(plan.flop),
                time.unwrap_or_default(),
                bytes(plan.bytes)
            );
        }
        if let Some(rates) = rates
            && let Some(secs) = self.secs(&rates, jobs)
        {
            let _ = write!(
                text,
                "\nexpected to take about {} on this machine ({:.0} images/s of training and {:.0} of scoring in each run, measured)",
                duration(secs),
                rates.train_images_per_sec,
                rates.score_images_per_sec
            );
        }
        text
    }
}

impl Plan {
    /// Steps of the optimiser that are left.
    pub(crate) fn steps(&self) -> u64 {
        let left = |run: &PlannedRun| match run.status {
            Status::New => training_steps(&run.definition, self.sizes, 0),
            Status::Begun(rounds) => training_steps(&run.definition, self.sizes, rounds),
            Status::Complete | Status::Other | Status::Damaged(_) => 0,
        };
        self.runs.iter().map(left).sum()
    }

    /// What the largest run takes, in floating-point operations.
    fn arithmetic(&self) -> String {
        let of = |run: &RunDefinition| run_flop(run, self.sizes, self.image);
        let largest =
            self.pending().filter_map(of).max_by(|a, b| f64::total_cmp(&(a[0] + a[1]), &(b[0] + b[1])));
        let Some([training, scoring]) = largest else { return String::new() };
        format!("\na run takes up to {} of training and {} of scoring", flop(training), flop(scoring))
    }

    /// What the largest run keeps.
    fn memory(&self) -> String {
        let mut text = String::new();
        let of = |run: &RunDefinition| training_memory(run, self.sizes, self.image);
        if let Some(TrainingMemory { network, step, images }) =
            self.pending().filter_map(of).max_by_key(|memory| memory.network + memory.step)
        {
            let _ = write!(
                text,
                "\nit keeps {} of the network with its gradients and what the optimiser remembers, and about {} of a step of {images} \
                 images",
                bytes(network),
                bytes(step)
            );
        }
        let pixels = self.pending().map(|run| pixel_bytes(run, self.sizes, self.image)).max();
        if let (Some(pixels), Some(folder)) = (pixels, &self.pixels_in) {
            let _ = write!(
                text,
                "\nimages are no part of that: {} of pixels are made once in {}, and read by position",
                bytes(pixels),
                folder.display()
            );
        }
        text
    }

    /// The most that a run wants described.
    fn features(&self) -> Option<FeaturesPlan> {
        self.pending().filter_map(|run| features_plan(run, self.sizes)).max_by_key(|plan| plan.images)
    }

    /// What one GPU would be used for: the images that each run keeps on it, and whether steps are so small that launches
    /// decide, so that several runs at a time get more done.
    pub(crate) fn on_a_gpu(&self, jobs: usize) -> String {
        let work: Work = self.runs.iter().map(|run| run.work).sum();
        let each = work.train_images / self.steps().max(1);
        let (images, what) = match (self.features(), &self.pixels_in) {
            (Some(features), _) => (features.bytes, "features"),
            (None, Some(_)) => (0, "images"),
            (None, None) => {
                let pixels = self.pending().map(|run| pixel_bytes(run, self.sizes, self.image)).max();
                (pixels.unwrap_or(0), "images")
            }
        };
        let mut text = format!(
            "each of {jobs} runs at a time keeps {} of {what} on the device, beside its network and what a step needs",
            bytes(images)
        );
        if each <= SMALL_STEP && jobs == 1 {
            let _ = write!(
                text,
                "; a step has {each} images: where steps are as small, several runs may share a GPU well (not measured), and \
                 `--jobs N` packs them on it"
            );
        }
        text
    }

    /// The time until the last run ends, each starting as soon as one of `jobs` places is free.
    /// `None` if VAAL's networks are part of it and their rate is not known.
    fn secs(&self, rates: &WorkRates, jobs: usize) -> Option<f64> {
        let mut places = vec![0.0; jobs.max(1)];
        for run in &self.runs {
            let free =
                (0..places.len()).min_by(|&left, &right| f64::total_cmp(&places[left], &places[right]));
            places[free.unwrap_or(0)] += run.work.secs(rates)?;
        }
        Some(places.into_iter().fold(0.0, f64::max))
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in bytes for people: `15.0 GB`, `184 MB`.
fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        size if size >= 1e9 => format!("{:.1} GB", size / 1e9),
        size => format!("{:.0} MB", size / 1e6),
    }
}

/// Floating-point operations for people: `393 PFLOP`, `2.1 TFLOP`.
fn flop(flop: f64) -> String {
    let (size, unit) = match flop {
        flop if flop >= 1e15 => (flop / 1e15, "PFLOP"),
        flop if flop >= 1e12 => (flop / 1e12, "TFLOP"),
        flop => (flop / 1e9, "GFLOP"),
    };
    if size < 10.0 { format!("{size:.1} {unit}") } else { format!("{size:.0} {unit}") }
}

/// A time for people: `40 s`, `12 min`, `3.5 h`.
pub(crate) fn duration(secs: f64) -> String {
    if secs < 90.0 {
        format!("{secs:.0} s")
    } else if secs < 5400.0 {
        format!("{:.0} min", secs / 60.0)
    } else {
        format!("{:.1} h", secs / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(999), "999");
        assert_eq!(duration(42.4), "42 s");
        assert_eq!(duration(600.0), "10 min");
        assert_eq!(duration(9000.0), "2.5 h");
        assert_eq!([bytes(14_963_000_000), bytes(184_320_000)], ["15.0 GB", "184 MB"]);
        assert_eq!([flop(3.93e17), flop(8.8e14), flop(2.14e12)], ["393 PFLOP", "880 TFLOP", "2.1 TFLOP"]);
    }
}
