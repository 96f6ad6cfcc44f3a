//! The samples that a model is least sure of: `cargo run --example entropy`.

use ndarray::{Array2, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{Arrays, Error, Strategy};

fn main() -> Result<(), Error> {
    let classes = ["cat", "dog", "fox"];
    let probabilities: Array2<f32> = array![
        [0.97, 0.02, 0.01],
        [0.40, 0.35, 0.25],
        [0.10, 0.85, 0.05],
        [0.34, 0.33, 0.33],
        [0.05, 0.15, 0.80]
    ];

    let arrays = Arrays { probabilities: Some(probabilities.view().into()), ..Arrays::default() };
    let selection =
        Strategy::Entropy { balance: None }.query(&arrays, 2, &mut ChaCha8Rng::seed_from_u64(0))?;

    println!("Of {} images, label these two first:", probabilities.nrows());
    for pick in selection.picks {
        let beliefs: Vec<String> = classes
            .iter()
            .zip(probabilities.row(pick.row))
            .map(|(class, p)| format!("{class} {:.0} %", 100.0 * p))
            .collect();
        println!("  image {}: {} (entropy {:.2} nats)", pick.row, beliefs.join(", "), pick.score);
    }
    Ok(())
}
