//! What is said on standard error of a choice, and the same as JSON.

use ndarray::ArrayView2;
use serde_json::{Map, Value, json};
use tailward_acquisition::balance::Status;
use tailward_acquisition::{BalanceOutcome, Lambda, Selection, Strategy, imbalance};

use super::picks::PickRow;
use crate::output::say;

/// The account of a choice.
#[derive(Debug)]
pub(super) struct Account<'a> {
    pub(super) strategy: &'a Strategy,
    pub(super) selection: &'a Selection,
    pub(super) rows: &'a [PickRow],
    /// `[unlabelled, classes]`, where there are probabilities.
    pub(super) predicted: Option<ArrayView2<'a, f32>>,
    /// Labels of each class; empty where nothing says what classes there are.
    pub(super) labelled_counts: &'a [usize],
}

impl Account<'_> {
    /// Says what was chosen and why; standard output is for the picks.
    pub(super) fn explain(&self) {
        for row in self.rows.iter().take(5) {
            let prediction = match (row.predicted_class, row.predicted_probability) {
                (Some(class), Some(probability)) => {
                    let name = row.predicted_name.as_ref().map_or(String::new(), |name| format!(" `{name}`"));
                    format!(", predicted class {class}{name} (probability {probability:.3})")
                }
                _ => String::new(),
            };
            let id = row.id.as_ref().map_or(String::new(), |id| format!(" `{id}`"));
            say(format_args!("  {}. sample {}{id}: score {:.4}{prediction}", row.rank, row.index, row.score));
        }
        if self.rows.len() > 5 {
            say(format_args!("  … {} more", self.rows.len() - 5));
        }
        match (&self.selection.balance, self.distances()) {
            (Some(outcome), _) => explain_balance(self.strategy, outcome),
            (None, Some((before, after))) => say(format_args!(
                "distance to balance (l1): {before:.3} before any pick, {after:.3} for these picks"
            )),
            (None, None) => {}
        }
        if let Some(cover) = &self.selection.cover {
            say(format_args!(
                "cover: every sample but {} within {:.6} of a labelled one or a pick; no choice gets below {:.6} (gap {:.1} %)",
                cover.outliers,
                cover.radius,
                cover.bound,
                100.0 * cover.relative_gap
            ));
        }
    }

    /// How far from balance the labelled set is before and after a choice that did not look at it.
    fn distances(&self) -> Option<(f64, f64)> {
        let probabilities = self.predicted?;
        Some(imbalance::before_and_after(probabilities, self.labelled_counts, &self.selection.rows()))
    }

    /// The same as an object: picks, balance, cover and counts.
    ///
    /// # Errors
    ///
    /// None that numbers can have.
    pub(super) fn json(&self, warnings: &[String]) -> serde_json::Result<Map<String, Value>> {
        let mut balance = serde_json::to_value(&self.selection.balance)?;
        if let Some(balance) = balance.as_object_mut() {
            // How long it took is nothing that the same command says twice.
            balance.remove("seconds");
        }
        if balance.is_null()
            && let Some((before, after)) = self.distances()
        {
            balance = json!({ "l1_before": before, "l1": after });
        }
        let mut predicted = vec![0_usize; self.labelled_counts.len()];
        for class in self.rows.iter().filter_map(|row| row.predicted_class) {
            predicted[class] += 1;
        }
        let mut object = Map::new();
        object.insert("strategy".to_owned(), json!(self.strategy.name()));
        object.insert("picks".to_owned(), serde_json::to_value(self.rows)?);
        object.insert("balance".to_owned(), balance);
        object.insert("cover".to_owned(), serde_json::to_value(&self.selection.cover)?);
        object
            .insert("counts".to_owned(), json!({ "labelled": self.labelled_counts, "predicted": predicted }));
        object.insert("warnings".to_owned(), json!(warnings));
        Ok(object)
    }
}

fn explain_balance(strategy: &Strategy, outcome: &BalanceOutcome) {
    if let Some(lambda) = outcome.lambda {
        let found =
            if matches!(strategy.lambda(), Some(Lambda::Rule(_))) { ", found by the rule" } else { "" };
        say(format_args!("lambda {lambda}{found}"));
    }
    let baseline =
        outcome.l1_baseline.map_or(String::new(), |l1| format!(", {l1:.3} for the highest scores alone"));
    say(format_args!(
        "distance to balance (l1): {:.3} before any pick{baseline}, {:.3} for these picks",
        outcome.l1_before, outcome.l1
    ));
    if let Some(certificate) = &outcome.certificate {
        let status = match certificate.status {
            Status::Optimal => "proven optimal".to_owned(),
            Status::Gap => format!("relative gap {:.2e}", certificate.relative_gap),
        };
        say(format_args!(
            "objective {:.6}, lower bound {:.6}, gap {:.2e}: {status}",
            certificate.objective, certificate.bound, certificate.gap
        ));
    }
}
