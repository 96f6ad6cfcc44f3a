//! What a run tells while it runs: one type for the run that says it and for whoever shows it, a line of JSON between
//! processes.

use serde::{Deserialize, Serialize};

use crate::record::{Query, Round};

/// What a run is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Progress {
    /// A step of training.
    Training {
        /// The round.
        round: usize,
        /// The size of its labelled set.
        labelled: usize,
        /// The epoch, counted from 1.
        epoch: usize,
        /// Images seen so far, over all epochs.
        images: usize,
        /// The mean loss of the epoch, at its last step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch_loss: Option<f64>,
        /// Images a second since training began.
        images_per_sec: f64,
    },
    /// A model was trained and evaluated.
    Trained(Box<Round>),
    /// Networks that only the query uses (VAAL) are being trained.
    Networks {
        /// The round.
        round: usize,
        /// Iterations done.
        iteration: usize,
        /// Iterations in all.
        iterations: usize,
    },
    /// The next samples were chosen and labelled.
    Queried(Box<Query>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_between_processes_is_read_as_it_was_said() {
        for (said, expected) in [
            (
                Progress::Training {
                    round: 1,
                    labelled: 40,
                    epoch: 2,
                    images: 80,
                    epoch_loss: None,
                    images_per_sec: 25.5,
                },
                r#"{"event":"training","round":1,"labelled":40,"epoch":2,"images":80,"images_per_sec":25.5}"#,
            ),
            (
                Progress::Networks { round: 0, iteration: 50, iterations: 100 },
                r#"{"event":"networks","round":0,"iteration":50,"iterations":100}"#,
            ),
        ] {
            let line = serde_json::to_string(&said).unwrap();
            assert_eq!(line, expected);
            assert_eq!(serde_json::from_str::<Progress>(&line).unwrap(), said);
        }
    }
}
