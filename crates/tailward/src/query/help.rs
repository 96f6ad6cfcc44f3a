//! What `tailward query --help` says of the strategies, from the strategies.

use tailward_acquisition::Strategy;

use super::arrays::options;
use super::strategy::examples;

/// Which arrays and parameters each strategy needs, what λ is usual, and examples.
pub(crate) fn strategies() -> String {
    let mut lines = vec!["What each strategy needs:".to_owned()];
    for (name, strategy, required) in examples() {
        let mut needs: Vec<String> =
            options(&strategy.needs()).into_iter().map(|option| format!("{option} FILE")).collect();
        if needs.is_empty() {
            needs.push("any array, or --ids FILE".to_owned());
        }
        needs.extend(required);
        if matches!(strategy, Strategy::Direct { .. } | Strategy::Galaxy { .. }) {
            needs.push("--state FILE.json".to_owned());
        }
        lines.push(format!("  {name:<39} {}", needs.join(" ")));
    }
    lines.push(LAMBDA.to_owned());
    lines.push(EXAMPLES.to_owned());
    lines.join("\n")
}

const LAMBDA: &str = "
--balance LAMBDA goes with entropy, margin, least-confidence, bald, vaal and k-center-greedy, and needs --probabilities FILE
(with bald, the mean of the passes will do). It is what a sample too many or too few of a class costs in units of the score:
the authors of CBAL use 0.6 for the entropy with 10 classes and 2 with 100, and for k-center-greedy, with --set
balance.scale=per-class, 5 and 50. Where you know nothing, begin with `auto`.";

const EXAMPLES: &str = "
Examples:
  tailward query --strategy entropy --balance auto --probabilities p.npy --labels labels.csv --budget 100
  tailward query --strategy coreset --set outlier_fraction=0.0001 --set tolerance=0.001 --embeddings e.npy --budget 50
  tailward query --strategy direct --parallel 10 --probabilities p.npy --budget 100 --state q.json --out ask.csv
  tailward answer --state q.json --out ask.csv answers.csv";
