//! `cargo xtask report --splice`: figures, tables and findings between the markers of README.md and RESULTS.md, written from
//! the committed records.
//!
//! A marker is `<!-- splice: <experiment>/<scale>/<what> -->`; what stands between it and `<!-- end splice -->` is replaced.
//! `<what>` is `finding`, `table`, or a figure by the name of its file without `.svg`; `*/<scale>/findings` is a line for each
//! experiment that has committed records. `<!-- splice: claims -->` is every published claim with its verdicts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tailward_datasets::whole_file;
use tailward_experiment::definition::Scale;
use tailward_experiment::document::{Block, Document, Figure, Table, markdown};
use tailward_experiment::format;
use tailward_experiment::report::document;

use crate::{claims, experiments, report, workspace};

/// The documents that hold markers.
const DOCUMENTS: [&str; 2] = ["README.md", "RESULTS.md"];
/// The marker of the published claims.
const CLAIMS: &str = "claims";
const BEGIN: &str = "<!-- splice: ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end splice -->";

/// Writes what stands between markers, or with `check` refuses documents that are not up to date.
pub(crate) fn run(check: bool) -> Result<()> {
    workspace::enter()?;
    let mut reports = Reports::default();
    let mut stale = Vec::new();
    for name in DOCUMENTS {
        let text = std::fs::read_to_string(name).with_context(|| format!("failed to read {name}"))?;
        let spliced = splice(&text, |marker| reports.piece(marker))
            .with_context(|| format!("failed to splice {name}"))?;
        if spliced == text {
            continue;
        }
        if check {
            stale.push(name);
        } else {
            write(Path::new(name), &spliced)?;
            println!("{name}");
        }
    }
    if !stale.is_empty() {
        bail!("not as the committed records are: {} (run `cargo xtask report --splice`)", stale.join(", "));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    whole_file::write_bytes(path, text.as_bytes())
        .with_context(|| format!("failed to write {}", path.display()))
}

/// The text with every spliced part made anew.
fn splice(text: &str, mut piece: impl FnMut(&str) -> Result<String>) -> Result<String> {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(BEGIN) {
        let begun = &rest[from..];
        let (marker, after) = begun[BEGIN.len()..]
            .split_once(CLOSE)
            .with_context(|| format!("a marker is not closed: {}", begun.lines().next().unwrap_or(begun)))?;
        let (_, after) = after
            .split_once(END)
            .with_context(|| format!("the marker `{marker}` has no `{END}` after it"))?;
        made.push_str(&rest[..from]);
        made.push_str(&format!("{BEGIN}{marker}{CLOSE}\n{}\n{END}", piece(marker)?.trim_end()));
        rest = after;
    }
    made.push_str(rest);
    Ok(made)
}

/// The reports that markers name, each made once.
#[derive(Default)]
struct Reports {
    made: BTreeMap<(String, Scale), Made>,
}

struct Made {
    title: String,
    document: Document,
    /// The folder of the committed report.
    folder: PathBuf,
}

impl Reports {
    fn piece(&mut self, marker: &str) -> Result<String> {
        if marker == CLAIMS {
            return claims::tables();
        }
        let parts: Vec<&str> = marker.split('/').collect();
        let [experiment, scale, what] = parts[..] else {
            bail!("the marker `{marker}` is neither `{CLAIMS}` nor of the form <experiment>/<scale>/<what>");
        };
        let scale: Scale = scale.parse()?;
        if (experiment, what) == ("*", "findings") {
            let mut lines = String::new();
            for name in experiments::names()? {
                if experiments::records_folder(&name, scale).is_some() {
                    lines.push_str(&self.report(&name, scale)?.line());
                }
            }
            return Ok(lines);
        }
        let made = self.report(experiment, scale)?;
        match what {
            "finding" => Ok(markdown::escape(&made.finding())),
            "table" => made.table().map(markdown::render_table).context("the report opens with no table"),
            figure => made.figure(figure),
        }
    }

    fn report(&mut self, experiment: &str, scale: Scale) -> Result<&Made> {
        let key = (experiment.to_owned(), scale);
        if !self.made.contains_key(&key) {
            let records = experiments::records_folder(experiment, scale)
                .with_context(|| format!("{experiment} has no committed records at {scale} scale"))?;
            let definition = experiments::load(experiment)?;
            let document = report::with_input(&definition, scale, &records, String::new(), |input| {
                Ok(document(input)?)
            })?;
            let folder = report::default_folder(&records, &definition, scale);
            self.made.insert(key.clone(), Made { title: definition.title.clone(), document, folder });
        }
        self.made.get(&key).context("a report that was just made is there")
    }
}

impl Made {
    fn finding(&self) -> String {
        self.document.finding.clone().unwrap_or_else(|| "No run is complete".to_owned())
    }

    fn table(&self) -> Option<&Table> {
        self.document.blocks.iter().find_map(|block| match block {
            Block::Overview(overview) => Some(&overview.table),
            _ => None,
        })
    }

    /// A point of a list: what was asked, with its report, and what was found.
    fn line(&self) -> String {
        let title = markdown::escape(&self.title);
        let report = self.folder.join("report.md");
        let finding = markdown::escape(&self.finding());
        format!("- [{title}]({}): **{finding}.**\n", report.display())
    }

    /// A figure of the committed report, which must be the one that the records give.
    fn figure(&self, name: &str) -> Result<String> {
        let file = format!("{name}.svg");
        let figures: Vec<&Figure> = self.document.figures().collect();
        let figure = figures.iter().find(|figure| figure.file == file).with_context(|| {
            let known: Vec<&str> =
                figures.iter().map(|figure| figure.file.trim_end_matches(".svg")).collect();
            format!("the report has no figure `{name}` (it has: {})", known.join(", "))
        })?;
        let path = self.folder.join("figures").join(&file);
        let committed =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        if committed != figure.svg {
            bail!("{} is not the figure that the records give: make the report anew", path.display());
        }
        let words = format::capitalised(&figure.title);
        Ok(format!("![{}]({})", markdown::escape(&words), path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn what_stands_between_markers_is_replaced() {
        let text = "a\n<!-- splice: x/quick/table -->\nold\n<!-- end splice -->\nb\n";
        let made = splice(text, |marker| Ok(format!("new {marker}\n"))).unwrap();
        assert_eq!(made, "a\n<!-- splice: x/quick/table -->\nnew x/quick/table\n<!-- end splice -->\nb\n");
        assert_eq!(splice(&made, |marker| Ok(format!("new {marker}\n"))).unwrap(), made);
        let open = splice("<!-- splice: x -->\n", |_| Ok(String::new())).unwrap_err();
        assert!(open.to_string().contains("has no `<!-- end splice -->`"), "{open}");
    }
}
