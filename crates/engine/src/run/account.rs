//! From what happened in a run to what its record says about it.

use std::collections::BTreeMap;

use burn::tensor::Device;
use tailward_acquisition::balance::Status;
use tailward_acquisition::{BalanceOutcome, Conversation, CoverOutcome, Phase, Selection};
use tailward_datasets::PoolManifest;
use tailward_experiment::definition::RunDefinition;
use tailward_experiment::record::{Balancing, Covering, Discriminating, FORMAT, Header, PhaseCount};
use tailward_models::classifier::ClassifierConfig;

use super::state::RunInputs;
use crate::rng::{Stream, stream};
use crate::train::vaal::Account;

/// The first line of a record.
pub(super) fn header(
    definition: &RunDefinition,
    inputs: &RunInputs<'_>,
    pool: &PoolManifest,
    classifier: &ClassifierConfig,
    device: &Device,
) -> Header {
    let setting = &inputs.setting;
    let counted = "a simulated study counts its classes";
    let mut rng = stream(definition.seed, Stream::Init, 0);
    Header {
        format: FORMAT,
        definition: definition.clone(),
        definition_hash: definition.hash(),
        pool_hash: pool.hash.clone(),
        initial_class_counts: pool.class_counts_initial.clone().expect(counted),
        pool_class_counts: pool.class_counts_pool.clone().expect(counted),
        wrong_labels: setting.study.wrong_labels(pool.initial.iter().chain(&pool.pool)),
        class_names: setting.class_names.clone(),
        test_class_counts: setting.study.truth.class_counts_test(setting.class_names.len()),
        parameters: classifier.init(&mut rng, device).trainable_parameters(),
        host: inputs.host.clone(),
        started: tailward_experiment::time::now_rfc3339(),
    }
}

/// How the classes were balanced.
pub(super) fn balancing(outcome: BalanceOutcome) -> Balancing {
    let certificate = outcome.certificate.as_ref();
    Balancing {
        lambda: outcome.lambda,
        l1_baseline: outcome.l1_baseline,
        l1: Some(outcome.l1),
        objective: certificate.map(|certificate| certificate.objective),
        bound: certificate.map(|certificate| certificate.bound),
        relative_gap: certificate.map(|certificate| certificate.relative_gap),
        optimal: certificate.map(|certificate| certificate.status == Status::Optimal),
    }
}

/// How many samples each phase of a query asked for, where there is more than one ask.
pub(super) fn phases(conversation: &Conversation) -> Option<BTreeMap<Phase, PhaseCount>> {
    let mut phases = BTreeMap::new();
    for ask in conversation.asks() {
        let count: &mut PhaseCount = phases.entry(ask.phase?).or_default();
        count.asks += 1;
        count.samples += ask.picks.len();
    }
    Some(phases)
}

/// How closely the pool is covered.
pub(super) fn covering(outcome: CoverOutcome) -> Covering {
    let CoverOutcome { radius, bound, relative_gap, outliers } = outcome;
    Covering { radius, bound, relative_gap, outliers }
}

/// What VAAL's networks learned, beside `drawn`, which is what random sampling would have chosen.
pub(super) fn discriminating(
    unlabelled: usize,
    selection: &Selection,
    drawn: &Selection,
    account: Account,
) -> Discriminating {
    let mut at_random = vec![false; unlabelled];
    for pick in &drawn.picks {
        at_random[pick.row] = true;
    }
    let budget = selection.picks.len() as f64;
    let apart = selection.picks.iter().filter(|pick| !at_random[pick.row]).count() as f64;
    let Account { mean, deviation, latent_deviation, reconstruction_error, divergence } = account;
    Discriminating {
        mean,
        deviation,
        latent_deviation,
        reconstruction_error,
        divergence,
        differs_from_random: apart / budget,
        differs_by_chance: 1.0 - budget / unlabelled as f64,
    }
}
