//! The optimisers that definitions name.

use burn::optim::ModuleOptimizer;
use tailward_experiment::definition::{Optimiser, TrainingDefinition};
use tailward_models::optimiser::{Adam, AdamW, Sgd};

/// The optimiser of a definition, as PyTorch defines it.
pub fn optimiser(training: &TrainingDefinition) -> ModuleOptimizer {
    let weight_decay = training.weight_decay;
    match training.optimiser {
        Optimiser::Adam(adam) => ModuleOptimizer::from(Adam {
            beta_1: adam.beta_1,
            beta_2: adam.beta_2,
            epsilon: adam.epsilon,
            weight_decay,
        }),
        Optimiser::AdamW(adam) => ModuleOptimizer::from(AdamW {
            beta_1: adam.beta_1,
            beta_2: adam.beta_2,
            epsilon: adam.epsilon,
            weight_decay,
        }),
        Optimiser::Sgd { momentum, nesterov } => {
            ModuleOptimizer::from(Sgd { momentum, nesterov, weight_decay })
        }
    }
}
