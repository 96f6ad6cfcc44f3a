//! What a report opens with.

use tailward_experiment::definition::RunDefinition;

use crate::fixture::Shape;
use crate::report::{Report, report, section};

/// The first screen: what was found, the question, one plot, and a table that has the intervals drawn in it.
#[test]
fn a_report_opens_with_an_answer() {
    let shape = Shape::default();
    let Report { markdown, html, .. } = report(&shape, shape.records());
    let found = "Entropy-CB labels more evenly than without balancing, and reaches a higher top-1 test accuracy \
                 (95 % intervals, 3 seeds)";
    assert!(markdown.starts_with(&format!("# {found}\n")), "{}", &markdown[..200]);
    let (opening, folded) = html.split_once("<details>").unwrap();
    for words in [
        &format!("<h1>{found}</h1>"),
        "<p class=\"question\">Does the report say what its data say?</p>",
        "<td class=\"text better\">more even</td>",
    ] {
        assert!(opening.contains(words), "{words}");
    }
    // One plot; an interval for each of the two quantities of three comparisons; a scale above each column.
    assert_eq!(opening.matches("<svg").count(), 1 + 2 * 3 + 2);
    assert!(folded.contains("<summary><h2>Result</h2></summary>"));
    // Rare classes, where models are measured by balanced accuracy.
    let shape = Shape { balanced: true, ..Shape::default() };
    let markdown = report(&shape, shape.records()).markdown;
    assert!(
        markdown.starts_with("# Entropy-CB finds more images of rare classes than without balancing"),
        "{markdown}"
    );
    // Several factors: the one where balancing has most to do.
    let shape = Shape { factors: vec![1.0, 0.1], ..Shape::default() };
    let markdown = report(&shape, shape.records()).markdown;
    let opening = &markdown[..markdown.find("\n## ").unwrap()];
    assert!(
        opening.contains("figures/if-0.1-overview.svg") && !opening.contains("figures/if-1-overview.svg")
    );
    assert!(section(&markdown, "Imbalance factor 1").contains("figures/if-1-overview.svg"));
}

/// Where balancing changes nothing that can be told from noise, the answer is about balancing: another pair of the report, here
/// Entropy and Random, may well differ.
#[test]
fn what_is_not_separable_says_of_what() {
    let shape = Shape { seeds: 2, ..Shape::default() };
    let mut records = shape.records();
    // What Entropy-CB has in one seed, Entropy has in the other.
    let of = |name: &str| {
        let is_it = |run: &RunDefinition| run.seed == 0 && run.strategy.name == name;
        records.iter().position(|record| is_it(&record.header.definition)).unwrap()
    };
    let (plain, balanced) = (of("entropy"), of("entropy-cb"));
    let rounds = std::mem::take(&mut records[plain].rounds);
    records[plain].rounds = std::mem::replace(&mut records[balanced].rounds, rounds);
    let markdown = report(&shape, records).markdown;
    let found = "# Balancing makes no difference in balance that is separable from noise; no difference in top-1 test \
                 accuracy is separable from noise (95 % intervals, 2 seeds)\n";
    assert!(markdown.starts_with(found), "{}", &markdown[..200]);
}
