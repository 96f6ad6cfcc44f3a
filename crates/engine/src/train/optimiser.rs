//! The optimisers that definitions name, as PyTorch defines them.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use tailward_experiment::definition::TrainingDefinition;

/// The optimiser as PyTorch defines it: coupled weight decay on every parameter; no dampening of momentum.
///
/// # Panics
///
/// The definition names neither Adam nor a momentum: it was not validated.
pub fn optimiser(training: &TrainingDefinition) -> ModuleOptimizer {
    let decay = (training.weight_decay > 0.0).then(|| WeightDecayConfig::new(training.weight_decay as f32));
    if let Some(adam) = training.adam {
        return AdamConfig::new()
            .with_beta_1(adam.beta_1 as f32)
            .with_beta_2(adam.beta_2 as f32)
            .with_epsilon(adam.epsilon as f32)
            .with_weight_decay(decay)
            .init();
    }
    let momentum = training.momentum.expect("a definition that was validated has a momentum");
    let momentum = (momentum > 0.0).then(|| {
        // Burn's default dampening is 0.1; PyTorch's is 0.
        MomentumConfig::new()
            .with_momentum(momentum)
            .with_dampening(0.0)
            .with_nesterov(training.nesterov == Some(true))
    });
    SgdConfig::new().with_momentum(momentum).with_weight_decay(decay).init()
}
