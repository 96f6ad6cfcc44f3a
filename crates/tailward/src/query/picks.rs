//! Chosen samples as rows of a table or of JSON.

use serde::{Serialize, Serializer};
use tailward_labelling::open_query::Waiting;
use tailward_labelling::table::Samples;

/// One chosen sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PickRow {
    /// 1 for what is queried first.
    pub(crate) rank: usize,
    /// Row of the arrays.
    pub(crate) index: usize,
    /// Higher is queried first.
    pub(crate) score: f64,
    /// Empty where there are no probabilities, as is the next.
    pub(crate) predicted_class: Option<usize>,
    #[serde(serialize_with = "shortest")]
    pub(crate) predicted_probability: Option<f32>,
    /// The sample's id or path, with `--ids`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The name of the predicted class, with `--classes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predicted_name: Option<String>,
}

/// A number as tables have it: the shortest that is read as the same `f32`, and not all the digits of an `f64`.
fn shortest<S: Serializer>(number: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = number.and_then(|number| number.to_string().parse::<f64>().ok());
    number.serialize(serializer)
}

/// What samples and classes are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) samples: &'a Samples,
    pub(crate) classes: Option<&'a [String]>,
}

impl PickRow {
    /// The row of a sample, with the names that there are.
    pub(crate) fn new(waiting: Waiting, names: Names<'_>) -> Self {
        let Waiting { rank, sample, score, predicted } = waiting;
        let class = predicted.map(|(class, _)| class);
        Self {
            rank,
            index: sample,
            score,
            predicted_class: class,
            predicted_probability: predicted.map(|(_, probability)| probability),
            id: names.samples.id(sample).map(str::to_owned),
            predicted_name: names.classes.zip(class).map(|(names, class)| names[class].clone()),
        }
    }
}

/// A table of rows. There is a header where there is no row, too.
///
/// # Errors
///
/// None that a table in memory can have.
pub(crate) fn table(rows: &[PickRow], names: Names<'_>) -> std::io::Result<Vec<u8>> {
    let mut header = vec!["rank", "index", "score", "predicted_class", "predicted_probability"];
    header.extend(names.samples.has_ids().then_some("id"));
    header.extend(names.classes.map(|_| "predicted_name"));
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(&header)?;
    for row in rows {
        let fixed = (row.rank, row.index, row.score, row.predicted_class, row.predicted_probability);
        let mut more: Vec<&str> = Vec::new();
        more.extend(names.samples.has_ids().then_some(row.id.as_deref().unwrap_or_default()));
        more.extend(names.classes.map(|_| row.predicted_name.as_deref().unwrap_or_default()));
        writer.serialize((fixed, more))?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
