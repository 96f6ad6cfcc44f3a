//! What was published: `experiments/<name>/expected.toml`.
//!
//! Tables of gains, each row one strategy against its own baseline at one imbalance factor, with the numbers as they
//! are printed, and what the text claims. They are for comparison only: nothing that runs depends on them.

mod claim;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::definition::same_factor;

pub use claim::{Check, Claim, EvaluatedOn, Sampled, SweptQuantity};

/// The published values that an experiment is held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What counts as agreement, in a sentence or two.
    pub agreement: String,
    /// The published tables.
    #[serde(default)]
    pub tables: Vec<ExpectedTable>,
    /// What the text states.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// One published table of gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedTable {
    /// Its name in the paper, such as `table-2`.
    pub id: String,
    /// One line for headings.
    pub title: String,
    /// The publication and the table.
    pub source: String,
    /// What the numbers measure, with their unit.
    pub metric: String,
    /// What a reader must know to compare.
    pub note: String,
    /// The rows, in the order of the paper.
    pub rows: Vec<ExpectedRow>,
}

/// One published row: the gains of a strategy over its baseline, round by round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRow {
    /// The strategy's name in the definition. A strategy that the definition does not have is shown as not run.
    pub strategy: String,
    /// The strategy as the table prints it; absent: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The name of the strategy that the gain is over.
    pub baseline: String,
    /// The imbalance factor.
    pub imbalance_factor: f64,
    /// Gains of rounds 1, 2, …, in percentage points, as printed.
    pub gains: Vec<f64>,
}

impl ExpectedRow {
    /// The name to print.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.strategy)
    }
}

impl Expected {
    /// Reads and checks an `expected.toml`.
    ///
    /// # Errors
    ///
    /// The file is missing, is not TOML of this form (unknown keys included), or a row or a claim is empty, not finite,
    /// out of range or given twice.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Self::parse(&text, path)
    }

    /// Parses the text of an `expected.toml`; `path` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Expected::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let expected: Self = toml::from_str(text)
            .map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })?;
        for table in &expected.tables {
            for (index, row) in table.rows.iter().enumerate() {
                table.check(index, row).map_err(|reason| Error::Definition {
                    path: path.to_owned(),
                    field: format!("tables.{}.rows[{index}]", table.id),
                    reason,
                })?;
            }
        }
        for (index, claim) in expected.claims.iter().enumerate() {
            let first = expected.claims[..index].iter().all(|other| other.id != claim.id);
            let once = if first { Ok(()) } else { Err(format!("`{}` is given twice", claim.id)) };
            once.and_then(|()| claim.check()).map_err(|reason| Error::Definition {
                path: path.to_owned(),
                field: format!("claims[{index}]"),
                reason,
            })?;
        }
        Ok(expected)
    }
}

impl ExpectedTable {
    fn check(&self, index: usize, row: &ExpectedRow) -> Result<(), String> {
        if row.gains.is_empty() || row.gains.iter().any(|gain| !gain.is_finite()) {
            return Err("gains are missing or not finite".to_owned());
        }
        if !(row.imbalance_factor > 0.0 && row.imbalance_factor <= 1.0) {
            return Err(format!("imbalance factor {} is not in (0, 1]", row.imbalance_factor));
        }
        let same = |other: &&ExpectedRow| {
            other.strategy == row.strategy && same_factor(other.imbalance_factor, row.imbalance_factor)
        };
        match self.rows[..index].iter().find(same) {
            Some(_) => Err(format!("`{}` is given twice", row.strategy)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;

    const TABLE: &str = r#"
agreement = "sign and row mean"
[[tables]]
id = "table-9"
title = "T"
source = "S"
metric = "accuracy gain over baseline, percentage points"
note = "N"
"#;

    fn parse(rows: &str) -> Result<Expected, Error> {
        Expected::parse(&format!("{TABLE}{rows}"), Path::new("expected.toml"))
    }

    fn row(factor: &str, gains: &str) -> String {
        format!(
            "[[tables.rows]]\nstrategy = \"a-cb\"\nbaseline = \"a\"\nimbalance_factor = {factor}\ngains = [{gains}]\n"
        )
    }

    #[test]
    fn rows_are_read_as_printed() {
        let expected = parse(&row("0.1", "1.28, -0.04")).unwrap();
        assert_eq!(expected.tables[0].rows[0].gains, [1.28, -0.04]);
        assert_eq!(expected.tables[0].rows[0].label(), "a-cb");
    }

    #[test]
    fn faults_name_their_row() {
        let faults = [
            (row("0.1", ""), "rows[0]: gains are missing"),
            (row("0.1", "nan"), "rows[0]: gains are missing or not finite"),
            (row("0.0", "1.0"), "rows[0]: imbalance factor 0"),
            (row("0.1", "1.0") + &row("0.1", "2.0"), "rows[1]: `a-cb` is given twice"),
            (row("0.1", "1.0") + "colour = 3\n", "unknown field `colour`"),
        ];
        for (rows, message) in faults {
            let error = parse(&rows).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    /// The committed files hold every row of CBAL's Tables 1 to 3; means over a row were computed apart.
    #[test]
    fn published_tables_are_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let means: [(&str, &[f64]); 3] = [
            ("cifar10", &[0.56, 0.71, 0.92, 0.48, 0.41, 0.46, -0.06, 0.10, 0.63]),
            ("cifar100", &[1.61, 0.98, 1.70, 1.50, 1.07, 2.85, 1.64, 0.80, 0.88]),
            ("tiny-imagenet", &[0.475, 0.175, 0.2525, 0.1725, 0.5675, 0.4825]),
        ];
        for (name, row_means) in means {
            let expected = Expected::load(&root.join(name).join("expected.toml")).unwrap();
            let rows = &expected.tables[0].rows;
            assert_eq!(rows.len(), row_means.len(), "{name}");
            for (row, mean) in rows.iter().zip(row_means) {
                assert_eq!(row.gains.len(), 4);
                let computed = row.gains.iter().sum::<f64>() / 4.0;
                assert!((computed - mean).abs() < 0.0076, "{name} {row:?}: {computed}");
            }
        }
    }
    fn claims(text: &str) -> Result<Expected, Error> {
        Expected::parse(&format!("agreement = \"A\"\n{text}"), Path::new("expected.toml"))
    }

    fn claim(id: &str, check: &str) -> String {
        format!("[[claims]]\nid = {id:?}\nstatement = \"S\"\nsource = \"P\"\ncheck = {{ {check} }}\n")
    }

    const GAIN: &str =
        r#"kind = "gain", strategy = "a-cb", baseline = "a", imbalance_factor = 0.1, at_least = 1.0"#;

    #[test]
    fn claims_are_read_and_their_faults_named() {
        let read = claims(&claim("one", GAIN)).unwrap();
        assert!(read.tables.is_empty());
        assert_eq!(read.claims[0].check.strategies(), ["a-cb", "a"]);
        assert_eq!(read.claims[0].check.imbalance_factor(), Some(0.1));
        let faults = [
            (claim("one", &GAIN.replace("0.1", "1.1")), "claims[0]: imbalance factor 1.1 is not in (0, 1]"),
            (claim("one", &GAIN.replace("1.0", "nan")), "claims[0]: at_least NaN is out of range"),
            (claim("one", &format!("{GAIN}, round = 0")), "claims[0]: round 0 is out of range"),
            (claim("", GAIN), "claims[0]: id, statement or source is empty"),
            (claim("one", GAIN) + &claim("one", GAIN), "claims[1]: `one` is given twice"),
            (claim("one", &format!("{GAIN}, colour = 3")), "unknown field `colour`"),
            (claim("one", "kind = \"colour\""), "unknown variant `colour`"),
        ];
        for (text, message) in faults {
            let error = claims(&text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    /// What is published is about strategies and imbalance factors that the published scale runs, or the largest that there is.
    #[test]
    fn committed_claims_and_rows_are_about_what_is_defined() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let folders = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
        let published: Vec<_> = folders.filter(|folder| folder.join("expected.toml").exists()).collect();
        assert!(published.len() >= 23, "{}", published.len());
        for folder in published {
            let name = folder.display();
            let expected = Expected::load(&folder.join("expected.toml")).unwrap();
            let definition = Definition::load(&folder.join("definition.toml")).unwrap();
            let largest = definition.scales.values().next_back().unwrap();
            assert!(!expected.claims.is_empty(), "{name}");
            let rows = expected.tables.iter().flat_map(|table| &table.rows);
            let of_rows = rows
                .map(|row| (vec![row.strategy.as_str(), row.baseline.as_str()], Some(row.imbalance_factor)));
            let of_claims = expected
                .claims
                .iter()
                .map(|claim| (claim.check.strategies(), claim.check.imbalance_factor()));
            for (strategies, factor) in of_rows.chain(of_claims) {
                for strategy in strategies {
                    assert!(largest.strategies.iter().any(|known| known == strategy), "{name}: {strategy}");
                }
                let known =
                    |factor| largest.imbalance_factors.iter().any(|known| same_factor(*known, factor));
                assert!(factor.is_none_or(known), "{name}: {factor:?}");
            }
        }
    }
}
