//! A round's labels from a list that somebody else made, in place of a query.

use tailward_datasets::SampleId;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{Query, QueryCost};

use super::state::State;
use crate::Error;
use crate::pool::Unlabelled;

impl State<'_> {
    /// Has the next samples of a list labelled.
    pub(super) fn replay(
        &mut self,
        round: usize,
        order: &[SampleId],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        if self.record.queries.len() > round {
            return Ok(());
        }
        if !self.audit.is_empty() {
            let reason =
                "a list that is replayed is labelled as it is, and has no room for `audit`".to_owned();
            return Err(Error::Mismatch(reason));
        }
        let budget = self.definition.budget;
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round).len();
        let start = self.pool.initial.len() + round * budget;
        let samples = &order[start..start + budget];
        if self.ledger.requested(round + 1).is_empty() {
            self.ledger.request(round + 1, samples, None)?;
        }
        self.answer(round + 1)?;
        let line = Query {
            round,
            budget,
            unlabelled,
            class_counts: self.count(&self.ledger.answers(round + 1)),
            picks: Some(samples.to_vec()),
            phases: None,
            balance: None,
            cover: None,
            discriminator: None,
            cost: QueryCost::default(),
        };
        self.recorded(round, line, progress)
    }
}
