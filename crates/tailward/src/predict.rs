//! `tailward predict`: what a project says of new images.

use std::path::PathBuf;

use clap::Args;
use ndarray::ArrayView1;
use tailward_datasets::folder::{path_to_text, walk};
use tailward_engine::project::{Describer, Prediction, highest, predict};
use tailward_labelling::project::Project;

use crate::Error;
use crate::ask::{described, fitted};
use crate::output::{self, say};
use crate::progress::bar;

/// Arguments of `tailward predict`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The project's folder.
    project: PathBuf,
    /// The folder of new images; the folders in it are looked through as well.
    images: PathBuf,
    /// Where the predictions go, a row an image: the path, the most probable class with its probability, and the probability of
    /// each class; by default, and for `-`, to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let found = walk(&arguments.images).map_err(tailward_labelling::Error::from).map_err(Error::from)?;
    let project = Project::look(&arguments.project).map_err(Error::from)?;
    let described = described(&project)?;
    let fit = fitted(&project, &described)?;
    let describer = Describer::of(&project, &described)?;
    let names = project.classes.names();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = names.iter().map(|name| format!("p({name})"));
    writer
        .write_record(["path", "predicted", "probability"].map(str::to_owned).into_iter().chain(columns))?;
    let bar = bar(found.files.len(), "looking at images");
    let predictions =
        predict(&project, &describer, &fit.fitted.ridge, &arguments.images, &found.files, &mut |done| {
            bar.inc(done as u64);
        });
    bar.finish_and_clear();
    let predictions = predictions?;
    let (mut count, mut left_out) = (0, Vec::new());
    for Prediction { path, probabilities } in predictions {
        let probabilities = match probabilities {
            Ok(probabilities) => probabilities,
            Err(why) => {
                left_out.push((path, why));
                continue;
            }
        };
        let best = highest(ArrayView1::from(&probabilities));
        let fixed = |probability: &f32| format!("{probability:.6}");
        let first = [path_to_text(&path), names[best].clone(), fixed(&probabilities[best])];
        writer.write_record(first.into_iter().chain(probabilities.iter().map(fixed)))?;
        count += 1;
    }
    output::write(arguments.out.as_deref(), &writer.into_inner()?)?;
    for (path, why) in &left_out {
        say(format_args!("{} {why}", path.display()));
    }
    say(format_args!("{count} images, by a head on {} labels", fit.labelled.len()));
    Ok(())
}
