//! The optimisers that definitions name.

use burn::optim::ModuleOptimizer;
use tailward_experiment::definition::{self, Optimiser, TrainingDefinition};
use tailward_models::optimiser::{Adam, Sgd};

/// The optimiser of a definition, as PyTorch defines it.
pub fn optimiser(training: &TrainingDefinition) -> ModuleOptimizer {
    let weight_decay = training.weight_decay;
    let adam = |of: definition::Adam, decoupled| {
        let definition::Adam { beta_1, beta_2, epsilon } = of;
        ModuleOptimizer::from(Adam { beta_1, beta_2, epsilon, weight_decay, decoupled })
    };
    match training.optimiser {
        Optimiser::Adam(of) => adam(of, false),
        Optimiser::AdamW(of) => adam(of, true),
        Optimiser::Sgd { momentum, nesterov } => {
            ModuleOptimizer::from(Sgd { momentum, nesterov, weight_decay })
        }
    }
}
