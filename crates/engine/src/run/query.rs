//! A round's query: the strategy asks, the oracle answers, until the budget is spent.

use std::collections::BTreeSet;
use std::time::Instant;

use tailward_acquisition::query::{self, Inputs};
use tailward_acquisition::{Answer, Lambda, LambdaRule, Phase, Selection, Strategy, random};
use tailward_datasets::SampleId;
use tailward_experiment::progress::Progress;
use tailward_experiment::record::{Discriminating, Query, QueryCost};

use super::account;
use super::begun::Begun;
use super::state::State;
use crate::Error;
use crate::pool::Unlabelled;
use crate::rng::{Stream, stream};
use crate::score::outputs::Cache;
use crate::train::vaal;

impl State<'_> {
    /// Has the samples of the next round chosen with the model of this one, and labelled: the query asks, the oracle
    /// answers, until the budget is spent.
    pub(super) fn query_and_label(
        &mut self,
        round: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Error> {
        if self.record.queries.len() > round {
            return Ok(());
        }
        let audited = self.audit_of(round).len();
        let budget = self.definition.budget - audited;
        // What was asked for before a crash is not offered again, but it was on offer when it was chosen.
        let unlabelled = Unlabelled::as_of(&self.pool, &self.ledger, round).without(&self.audit);
        if unlabelled.len() < budget {
            return Err(Error::BudgetAbovePool { round, budget, unlabelled: unlabelled.len() });
        }
        self.label_audit(round)?;
        let Begun { mut conversation, discriminator, mut cost, .. } = match self.query_file.read(round)? {
            Some(begun) => begun,
            None => {
                let begun = self.begin(round, &unlabelled, budget, progress)?;
                self.fence.check()?;
                self.query_file.write(&begun)?;
                begun
            }
        };
        let mut asked = audited;
        loop {
            let started = Instant::now();
            let Some(ask) = conversation.ask() else { break };
            cost.select_secs += started.elapsed().as_secs_f64();
            let samples: Vec<SampleId> = ask.picks.iter().map(|pick| unlabelled.sample(pick.row)).collect();
            let end = asked + samples.len();
            if asked == self.ledger.requested(round + 1).len() {
                self.ledger.request(round + 1, &samples, ask.phase.map(Phase::name))?;
            } else if self.ledger.requested(round + 1).get(asked..end) != Some(samples.as_slice()) {
                let reason =
                    format!("the ledger's requests of round {} are not what the query chooses", round + 1);
                return Err(Error::Inconsistent { path: self.folder.to_owned(), reason });
            }
            asked = end;
            self.answer(round + 1)?;
            for (pick, sample) in ask.picks.iter().zip(samples) {
                let label = self.ledger.label(sample).expect("every request is answered");
                conversation.tell(pick.row, Answer::Label(label))?;
            }
        }
        let selection = conversation.selection();
        let line = Query {
            round,
            budget,
            unlabelled: unlabelled.len(),
            class_counts: self.count(&self.ledger.answers(round + 1)),
            picks: Some(self.ledger.requested(round + 1)[audited..].to_vec()),
            phases: account::phases(&conversation),
            balance: selection.balance.map(account::balancing),
            cover: selection.cover.map(account::covering),
            discriminator,
            cost,
        };
        self.recorded(round, line, progress)
    }

    /// Lets the strategy look at the pool.
    fn begin(
        &mut self,
        round: usize,
        unlabelled: &Unlabelled,
        budget: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Begun, Error> {
        let started = Instant::now();
        let strategy = self.strategy(round)?;
        let (labelled, labels): (Vec<SampleId>, Vec<u32>) = self.ledger.labelled(round).into_iter().unzip();
        let mut tell = |vaal::Progress { iteration, iterations }| {
            progress(Progress::Networks { round, iteration, iterations });
        };
        let scores = self.scores.take();
        let mut outputs = self.outputs(round, unlabelled, &labelled, strategy.needs(), &mut tell);
        outputs.cache.everything = scores;
        let inputs = Inputs {
            rows: unlabelled.len(),
            labelled_counts: &self.count(&labels),
            labels: &labels,
            budget,
            rng: &mut stream(self.definition.seed, Stream::Query, round),
        };
        let (classes, dims) = (inputs.labelled_counts.len(), self.definition.classifier().embedding());
        if let Some(plan) = strategy.memory_plan(inputs.rows, classes, dims, inputs.budget) {
            tracing::info!("{} keeps {plan}", strategy.name());
        }
        let conversation = query::begin(&strategy, inputs, &mut outputs)?;
        let Cache { score_secs, train_secs, account, .. } = outputs.cache;
        let select_secs = started.elapsed().as_secs_f64() - score_secs - train_secs.unwrap_or(0.0);
        let discriminator = match account {
            Some(account) => {
                Some(self.discriminating(round, unlabelled.len(), &conversation.selection(), account)?)
            }
            None => None,
        };
        Ok(Begun {
            round,
            conversation,
            discriminator,
            cost: QueryCost { score_secs, select_secs, train_secs },
        })
    }

    /// The strategy of a round. A weight that a rule found in the strategy's first query is kept (CBAL, Section 4.1).
    pub(super) fn strategy(&self, round: usize) -> Result<Strategy, Error> {
        let labels: BTreeSet<u32> = self.ledger.labelled(round).into_iter().map(|(_, label)| label).collect();
        let strategy = self.definition.strategy_for(labels.len());
        if round == 0 || strategy.lambda() != Some(Lambda::Rule(LambdaRule::Auto)) {
            return Ok(strategy.clone());
        }
        let found = self.record.queries.iter().find_map(|query| query.balance.as_ref()?.lambda);
        match found {
            Some(lambda) => Ok(strategy.with_lambda(lambda)),
            // Another strategy may have chosen as long as nothing was known of the classes.
            None if self.definition.first.is_some() => Ok(strategy.clone()),
            None => Err(Error::Inconsistent {
                path: self.folder.to_owned(),
                reason: "the record's first query does not say which lambda its rule found".to_owned(),
            }),
        }
    }

    /// What VAAL's networks learned, with how far the choice is from what random sampling would have chosen.
    fn discriminating(
        &self,
        round: usize,
        unlabelled: usize,
        selection: &Selection,
        account: vaal::Account,
    ) -> Result<Discriminating, Error> {
        let mut rng = stream(self.definition.seed, Stream::Query, round);
        let drawn = random::query(unlabelled, selection.picks.len(), &mut rng)?;
        Ok(account::discriminating(unlabelled, selection, &drawn, account))
    }
}
