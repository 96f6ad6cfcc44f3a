//! The same model with and without class balancing: `cargo run --example balanced`.
//!
//! The labelled set has 90 common and 10 rare samples. Entropy alone asks for what is uncertain; with the class-balancing
//! term of CBAL it asks for what is uncertain *and* brings rare classes.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{Arrays, Balance, Error, Labelled, Lambda, SolverMode, Strategy};

const ROWS: usize = 1_000;
const BUDGET: usize = 100;

fn main() -> Result<(), Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    // One sample in ten is of the rare class, and the model is right about most of them.
    let rare: Vec<bool> = (0..ROWS).map(|_| rng.random_bool(0.1)).collect();
    let mut belief = |is_rare: bool| -> f32 {
        let towards = rng.random_range(0.0..0.6);
        if is_rare { 1.0 - towards } else { towards }
    };
    let of_rare: Vec<f32> = rare.iter().map(|&is_rare| belief(is_rare)).collect();
    let probabilities =
        Array2::from_shape_fn(
            (ROWS, 2),
            |(row, class)| {
                if class == 1 { of_rare[row] } else { 1.0 - of_rare[row] }
            },
        );

    let labels = (0..100).map(|sample| u32::from(sample >= 90)).collect();
    let labelled = Labelled { labels, ..Labelled::default() };
    let arrays = Arrays { probabilities: Some(probabilities.into()), labelled, ..Arrays::default() };

    println!("100 labels so far, 10 of them of the rare class; 100 more to ask for among {ROWS} samples.");
    let balance = Balance { lambda: Lambda::Fixed(2.0), solver: SolverMode::Auto, prediction: None };
    for (name, balance) in [("entropy", None), ("entropy, balanced", Some(balance))] {
        let selection = Strategy::Entropy { balance }.query(&arrays, BUDGET, &mut rng)?;
        let found = selection.picks.iter().filter(|pick| rare[pick.row]).count();
        println!("  {name:<18} asks for {found:>3} rare and {:>3} common samples", BUDGET - found);
        if let Some(certificate) = selection.balance.and_then(|outcome| outcome.certificate) {
            let gap = 100.0 * certificate.relative_gap;
            println!("  {:<18} and no choice is better by more than {gap:.4} % of the objective", "");
        }
    }
    Ok(())
}
