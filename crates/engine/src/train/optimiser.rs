//! The optimisers that definitions name, as PyTorch defines them.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, ModuleOptimizer, SgdConfig};
use tailward_experiment::definition::{Optimiser, TrainingDefinition};

/// The optimiser as PyTorch defines it: coupled weight decay on every parameter; no dampening of momentum.
pub fn optimiser(training: &TrainingDefinition) -> ModuleOptimizer {
    let decay = (training.weight_decay > 0.0).then(|| WeightDecayConfig::new(training.weight_decay as f32));
    match training.optimiser {
        Optimiser::Adam(adam) => AdamConfig::new()
            .with_beta_1(adam.beta_1 as f32)
            .with_beta_2(adam.beta_2 as f32)
            .with_epsilon(adam.epsilon as f32)
            .with_weight_decay(decay)
            .init(),
        Optimiser::Sgd { momentum, nesterov } => {
            let momentum = (momentum > 0.0).then(|| {
                // Burn's default dampening is 0.1; PyTorch's is 0.
                MomentumConfig::new().with_momentum(momentum).with_dampening(0.0).with_nesterov(nesterov)
            });
            SgdConfig::new().with_momentum(momentum).with_weight_decay(decay).init()
        }
    }
}
