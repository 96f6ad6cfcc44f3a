//! A query that depends on its answers: `cargo run --example direct_conversation`.
//!
//! DIRECT looks for the place where a class ends in the list of samples ordered by how much they look like it. It asks for
//! three labels at a time, and what it asks next depends on what it was told. Between two asks a conversation is plain
//! data: it could lie in a file for a week.

use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tailward_acquisition::{Answer, Arrays, DirectMode, Error, Strategy};

const ROWS: usize = 200;

/// What the annotator sees: the first 30 samples are of class 0, although the model would say so of the first 100.
fn truth(row: usize) -> u32 {
    u32::from(row >= 30)
}

fn main() -> Result<(), Error> {
    let probabilities = Array2::from_shape_fn((ROWS, 2), |(row, class)| {
        let p = (ROWS - row) as f32 / (ROWS + 1) as f32;
        if class == 0 { p } else { 1.0 - p }
    });
    let arrays = Arrays { probabilities: Some(probabilities.into()), ..Arrays::default() };
    let direct = Strategy::Direct { mode: DirectMode::Paper, parallel: 3 };
    let mut conversation = direct.begin(&arrays, 30, &mut ChaCha8Rng::seed_from_u64(4))?;

    println!("Class 0 ends after sample 29, and the model does not know it. DIRECT asks:");
    let mut skipped = false;
    while let Some(ask) = conversation.ask() {
        let mut answers = Vec::new();
        for pick in &ask.picks {
            // An annotator may skip a sample; it is not asked for again.
            let answer = if skipped { Answer::Label(truth(pick.row)) } else { Answer::None };
            skipped = true;
            conversation.tell(pick.row, answer)?;
            answers.push(match answer {
                Answer::Label(class) => format!("{} is {class}", pick.row),
                Answer::None => format!("{} is skipped", pick.row),
            });
        }
        let phase = ask.phase.map_or("query", |phase| phase.name());
        println!("  {phase:<8} {}", answers.join(", "));
    }
    let rows = conversation.selection().rows();
    let near = rows.iter().filter(|&&row| (15..45).contains(&row)).count();
    println!("{near} of {} labels lie within 15 samples of where class 0 ends.", rows.len());
    Ok(())
}
