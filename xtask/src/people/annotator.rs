//! Somebody who labels, and errs.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

use super::pictures::Pictures;

/// What somebody would say of each image, whenever they are asked.
pub(super) fn opinions(pictures: &Pictures, errors: f64, seed: u64) -> BTreeMap<&str, &str> {
    let classes: Vec<&str> = pictures.classes.keys().map(String::as_str).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    pictures
        .truth
        .iter()
        .map(|(path, class)| {
            let errs = rng.random_bool(errors);
            let other = rng.random_range(0..classes.len() - 1);
            let others = classes.iter().filter(|name| *name != class);
            let said = if errs { others.copied().nth(other) } else { None };
            (path.as_str(), said.unwrap_or(class))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_wrong_and_the_same_every_time() {
        let classes = [("a", 600), ("b", 300), ("c", 100)];
        let truth = classes.iter().flat_map(|(class, count)| {
            (0..*count).map(move |place| (format!("{class}/{place}"), (*class).to_owned()))
        });
        let pictures = Pictures {
            folder: "photos".into(),
            truth: truth.collect(),
            classes: classes.map(|(class, count)| (class.to_owned(), count)).into(),
        };
        let said = opinions(&pictures, 0.1, 3);
        let wrong = said.iter().filter(|(path, class)| pictures.truth[**path] != **class).count();
        assert!((70..130).contains(&wrong), "{wrong}");
        assert_eq!(said, opinions(&pictures, 0.1, 3));
        assert!(opinions(&pictures, 0.0, 3).iter().all(|(path, class)| pictures.truth[*path] == *class));
    }
}
