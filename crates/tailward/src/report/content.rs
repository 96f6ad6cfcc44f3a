//! What the page says.

use tailward_datasets::SampleId;
use tailward_engine::project::{ClassStanding, Standing, Suspect};
use tailward_experiment::document::{Block, Document, Figure, Picture, Table};
use tailward_experiment::plots::curves::{CurveFigure, Layout, Panel, Point, Series, Ticks};
use tailward_experiment::plots::style;
use tailward_labelling::project::Project;
use tailward_labelling::statistics::Interval;

use super::thumbnails::Thumbnails;
use crate::status::{percent, settling};

/// The most images of a gallery.
const PICTURES: usize = 24;

/// The most images of a class in a gallery.
const OF_A_CLASS: usize = 6;

/// Where a cell has nothing to say.
const NONE: &str = "–";

pub(super) fn document(
    project: &Project,
    standing: &Standing,
    thumbnails: &Thumbnails<'_>,
) -> anyhow::Result<Document> {
    let Standing { spent, budget, audited, .. } = standing;
    let name = project.name();
    let finding = match &standing.accuracy {
        Some(share) => format!("{} of the pool's images are recognised", percent(share)),
        None => {
            "How many images are recognised is not known yet: no image of the audit is labelled".to_owned()
        }
    };
    let network = standing.learned_from.map_or_else(String::new, |trained| {
        format!(", behind a network that was trained on {trained} of them")
    });
    let mut blocks = vec![Block::Paragraph(format!(
        "{spent} of {budget} labels were asked for, and {} images wait for an answer. The head learned from {} labels{network}. Accuracy \
         comes from the audit alone: {audited} images that were drawn at random, labelled without a suggestion and never learned from.",
        standing.waiting, standing.labelled
    ))];
    blocks.extend(curve(standing)?.map(Block::Figure));
    blocks.push(Block::Table(classes(standing)));
    blocks.extend(standing.settling.as_ref().map(|found| Block::Paragraph(sentence(&settling(found)))));
    let points = about_the_labels(standing);
    if !points.is_empty() {
        blocks.push(Block::Heading(2, "The labels themselves".to_owned()));
        blocks.push(Block::List(points));
    }
    blocks.extend(suspects(project, standing, thumbnails));
    blocks.extend(rarest(project, standing, thumbnails));
    blocks.push(Block::Heading(2, "How this was measured".to_owned()));
    blocks.push(Block::List(measured()));
    let banner = format!(
        "{name}: {spent} of {budget} labels, {audited} images in the audit. Written by `tailward report`; intervals are of 95 %."
    );
    Ok(Document { title: name, finding: Some(finding), banner, folded: false, blocks })
}

/// Accuracy by the audit against labels, at the beginning of each round and now; nothing where there is but one of these.
fn curve(standing: &Standing) -> anyhow::Result<Option<Figure>> {
    let begun = standing.rounds.iter().map(|line| (line.labelled, line.accuracy.as_ref()));
    let all = begun.chain([(standing.labelled, standing.accuracy.as_ref())]);
    let mut known: Vec<(usize, &Interval)> =
        all.filter_map(|(labelled, share)| Some((labelled, share?))).collect();
    // Nothing was told since the last round began.
    known.dedup_by_key(|(labelled, _)| *labelled);
    if known.len() < 2 {
        return Ok(None);
    }
    let point = |(labelled, share): &(usize, &Interval)| Point {
        labels: *labelled as f64,
        mean: f64::midpoint(share.low, share.high),
        deviation: Some((share.high - share.low) / 2.0),
    };
    let series = Series {
        label: "accuracy on the audit".to_owned(),
        style: style::assign(&[("audit", None)])[0],
        points: known.iter().map(point).collect(),
    };
    let title = "Accuracy against labels".to_owned();
    let figure = CurveFigure {
        title: title.clone(),
        subtitle: "95 % intervals (Wilson), each by the audit as it was then".to_owned(),
        panels: vec![Panel {
            title: String::new(),
            x_title: "labels learned from",
            y_title: "accuracy",
            series: vec![series],
            references: Vec::new(),
            from_zero: true,
            limit: 1.0,
            x_ticks: Ticks::Round,
            marks: Vec::new(),
            apart: false,
        }],
        layout: Layout::Row,
    };
    let svg = figure.draw("accuracy.svg")?;
    let caption = "Markers are the middles of the intervals. Intervals that overlap do not tell two rounds apart; whoever stops at the \
                   best of many looks sees more than there is."
        .to_owned();
    Ok(Some(Figure { file: "accuracy.svg".to_owned(), title, caption, svg }))
}

fn classes(standing: &Standing) -> Table {
    let columns = [
        "class",
        "labels",
        "asked for one more",
        "share of the pool (audit)",
        "share, corrected predictions",
        "recall",
    ];
    let caption = "Each class. One more label of a class costs about as many as were asked for in the last two rounds for each that came \
                   of it. A recall needs five images of the class in the audit; its interval minds those that nobody has found."
        .to_owned();
    let mut table = Table::new(caption, 1, columns.map(str::to_owned).to_vec());
    table.rows = standing.classes.iter().map(|class| row(class, standing.audited)).collect();
    table
}

fn row(class: &ClassStanding, audited: usize) -> Vec<String> {
    let or_none = |cell: Option<String>| cell.unwrap_or_else(|| NONE.to_owned());
    let recall = match &class.recall {
        Some(recall) => percent(recall),
        None if audited > 0 => format!("not enough: {} found", class.audited),
        None => NONE.to_owned(),
    };
    vec![
        class.name.clone(),
        class.labels.to_string(),
        or_none(class.cost.map(|cost| format!("{cost:.0}"))),
        or_none(class.share.as_ref().map(percent)),
        or_none(class.corrected_share.as_ref().map(percent)),
        recall,
    ]
}

/// What is known of the labels' own errors.
fn about_the_labels(standing: &Standing) -> Vec<String> {
    let mut points = Vec::new();
    if let (twice @ 1.., differ) = standing.audited_twice {
        points.push(format!(
            "Of {twice} images of the audit two people gave labels; they differ about {differ}. The audit's own labels err, too: accuracy is \
             agreement with them."
        ));
    }
    if let Some(agreement) = standing.agreement {
        points.push(format!(
            "Annotators agree to Krippendorff's alpha {agreement:.2}; about {} images they differ and nobody has settled what holds.",
            standing.disputed
        ));
    }
    if let Some(unseen) = &standing.unseen {
        points.push(format!(
            "A random image is of a class that the audit does not have with a probability of {:.1} % (Good-Turing); no such class has more \
             than {:.1} % of the pool.",
            100.0 * unseen.probability,
            100.0 * unseen.largest_share
        ));
    }
    points
}

/// The labels that may be wrong, the least believed first.
fn suspects(project: &Project, standing: &Standing, thumbnails: &Thumbnails<'_>) -> Vec<Block> {
    let suspects = &standing.suspects;
    let names = project.classes.names();
    let picture = |suspect: &Suspect| {
        let (class, probability) = suspect.suggested;
        let caption = format!(
            "labelled {}; the head says {} ({:.0} %)",
            names[suspect.label as usize],
            names[class as usize],
            100.0 * probability
        );
        thumbnails.picture(suspect.sample, caption)
    };
    let pictures: Vec<Picture> = suspects.iter().filter_map(picture).take(PICTURES).collect();
    if pictures.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading(2, format!("{} labels that may be wrong", suspects.len())),
        Block::Paragraph(format!(
            "By confident learning: a head that did not learn from the image is sure of another class. Those that it believes least come \
             first. The head gets {:.0} % of the labels right when each is left out: the weaker it is, the more of these labels are right \
             all the same. The key r on the page of `tailward label` settles them.",
            100.0 * standing.left_out.unwrap_or(0.0)
        )),
        Block::Gallery(pictures),
    ]
}

/// Images of the classes with the fewest labels.
fn rarest(project: &Project, standing: &Standing, thumbnails: &Thumbnails<'_>) -> Vec<Block> {
    let labels = project.labels();
    let mut order: Vec<usize> = (0..standing.classes.len()).collect();
    order.sort_by_key(|&class| standing.classes[class].labels);
    let of_class = |class: usize| {
        let samples = labels.iter().filter(move |(_, label)| **label as usize == class);
        samples.map(|(sample, _)| *sample).take(OF_A_CLASS).collect::<Vec<SampleId>>()
    };
    let pictures = order.into_iter().flat_map(|class| {
        let name = standing.classes[class].name.clone();
        of_class(class).into_iter().filter_map(move |sample| thumbnails.picture(sample, name.clone()))
    });
    let pictures: Vec<Picture> = pictures.take(PICTURES).collect();
    if pictures.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(2, "The rarest classes so far".to_owned()), Block::Gallery(pictures)]
}

fn measured() -> Vec<String> {
    [
        "Accuracy: the share of the audit that a head on all other labels gets right, with Wilson's interval.",
        "Share of the pool: the audit's own share, with the exact interval of Clopper and Pearson; corrected predictions: what the head \
         predicts for all images, set right by how it errs on the audit (black-box shift estimation, Lipton, Wang and Smola, 2018), where \
         its interval over resampled audits is narrower than that.",
        "Recall: of images predicted as the class and of all others apart, each with an exact interval; the ends are the worst and the best \
         of both.",
        "Nothing is estimated from the images that a strategy chose: they are the hard ones.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What is said after a colon, as a sentence of its own.
fn sentence(words: &str) -> String {
    let mut signs = words.chars();
    let first = signs.next().map(|sign| sign.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", signs.as_str())
}
