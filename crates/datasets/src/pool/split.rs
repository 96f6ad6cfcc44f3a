//! An initial set, and what remains.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::sample::SampleId;

/// The training images after an initial set has been drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The initial set: class 0 first, in random order within a class (the order of the lists that CBAL published).
    pub initial: Vec<SampleId>,
    /// `[classes]`: the other images of each class, in random order. A per-class cap has been applied.
    pub remaining: Vec<Vec<SampleId>>,
}

/// Draws `size` images, the same number of every class; 0 draws none.
///
/// With a `per_class_cap`, only that many images of each class are considered at all, initial set included. Each class
/// is shuffled once, the initial set is its head and the cap cuts its tail; so the initial set of a seed is the same
/// with and without a cap, and a smaller initial set is part of a larger one.
///
/// # Errors
/// When `size` is not a multiple of `classes`, a label is out of range, or a class has too few images.
pub fn class_uniform(
    labels: &[u32],
    classes: usize,
    size: usize,
    per_class_cap: Option<usize>,
    rng: &mut ChaCha8Rng,
) -> Result<Split> {
    if classes == 0 || !size.is_multiple_of(classes) {
        return Err(Error::InitialSize {
            size,
            classes,
            problem: "the size is not a multiple of the number of classes",
        });
    }
    let needed = size / classes;
    let mut split = Split { initial: Vec::with_capacity(size), remaining: Vec::with_capacity(classes) };
    for (class, mut members) in members(labels, classes)?.into_iter().enumerate() {
        members.shuffle(rng);
        members.truncate(per_class_cap.unwrap_or(members.len()));
        if members.len() < needed {
            return Err(Error::ClassTooSmall { class, available: members.len(), needed });
        }
        split.remaining.push(members.split_off(needed));
        split.initial.append(&mut members);
    }
    Ok(split)
}

/// Draws `initial` of `images` images, whatever their classes, then the others of `size` in all (absent: all of them).
///
/// The images are shuffled once: the initial set of a seed is the same whatever the size, and a smaller one is part of a
/// larger one. Both are in the order of the draw.
///
/// # Errors
/// When nothing is left beside the initial set.
pub fn uniform(
    images: usize,
    initial: usize,
    size: Option<usize>,
    rng: &mut ChaCha8Rng,
) -> Result<(Vec<SampleId>, Vec<SampleId>)> {
    let size = size.unwrap_or(images);
    if size <= initial || size > images {
        return Err(Error::UniformSize { initial, size, images });
    }
    let mut drawn: Vec<SampleId> = (0..images).map(SampleId::at).collect();
    drawn.shuffle(rng);
    drawn.truncate(size);
    let rest = drawn.split_off(initial);
    Ok((drawn, rest))
}

/// The images of each class, ascending.
fn members(labels: &[u32], classes: usize) -> Result<Vec<Vec<SampleId>>> {
    let mut members = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        match members.get_mut(label as usize) {
            Some(class) => class.push(SampleId::at(row)),
            None => return Err(Error::Label { row, label, classes }),
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::rand_core::SeedableRng;
    use std::collections::BTreeSet;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn a_size_that_cannot_be_uniform_is_an_error() {
        let labels = [0, 1, 0, 1];
        assert!(matches!(
            class_uniform(&labels, 2, 3, None, &mut rng(0)),
            Err(Error::InitialSize { size: 3, .. })
        ));
        let nothing = class_uniform(&labels, 2, 0, None, &mut rng(0)).unwrap();
        assert_eq!((nothing.initial.len(), nothing.remaining.concat().len()), (0, 4));
        let error = class_uniform(&labels, 2, 6, None, &mut rng(0)).unwrap_err();
        assert!(matches!(error, Error::ClassTooSmall { class: 0, available: 2, needed: 3 }), "{error:?}");
        assert!(matches!(
            class_uniform(&labels, 2, 4, Some(1), &mut rng(0)),
            Err(Error::ClassTooSmall { .. })
        ));
        assert!(matches!(
            class_uniform(&[0, 7], 2, 2, None, &mut rng(0)),
            Err(Error::Label { row: 1, label: 7, .. })
        ));
    }

    /// Pins the draws of a seed: a change of the random number library that changes them must not pass unseen.
    #[test]
    fn the_draws_of_a_seed_do_not_change() {
        let labels: Vec<u32> = (0..40).map(|row| row % 4).collect();
        let split = class_uniform(&labels, 4, 8, None, &mut rng(7)).unwrap();
        let drawn: Vec<u32> = split.initial.iter().map(|sample| sample.0).collect();
        assert_eq!(drawn, [0, 28, 5, 9, 2, 38, 23, 15]);
    }

    #[test]
    fn a_uniform_set_does_not_depend_on_the_size() {
        let (initial, rest) = uniform(100, 10, None, &mut rng(3)).unwrap();
        let (same, fewer) = uniform(100, 10, Some(40), &mut rng(3)).unwrap();
        assert_eq!((initial.len(), rest.len(), fewer.len()), (10, 90, 30));
        assert_eq!(initial, same);
        assert_eq!(rest[..30], fewer);
        let all: BTreeSet<_> = initial.iter().chain(&rest).collect();
        assert_eq!(all.len(), 100);
        assert_eq!(uniform(100, 0, None, &mut rng(3)).unwrap().1[..10], initial);
        for (initial, size) in [(100, None), (10, Some(10)), (10, Some(101))] {
            let error = uniform(100, initial, size, &mut rng(3)).unwrap_err();
            assert!(matches!(error, Error::UniformSize { .. }), "{error}");
        }
    }

    proptest! {
        #[test]
        fn initial_set_is_uniform_disjoint_and_complete(
            labels in proptest::collection::vec(0_u32..5, 30..300), per_class in 1_usize..4, seed: u64,
        ) {
            let counts = crate::truth::class_counts(&labels, 5);
            prop_assume!(counts.iter().all(|&count| count >= per_class));
            let split = class_uniform(&labels, 5, 5 * per_class, None, &mut rng(seed)).unwrap();
            let drawn: Vec<u32> = split.initial.iter().map(|sample| labels[sample.index()]).collect();
            prop_assert_eq!(crate::truth::class_counts(&drawn, 5), vec![per_class; 5]);
            let all: BTreeSet<_> = split.initial.iter().chain(split.remaining.iter().flatten()).collect();
            prop_assert_eq!(all.len(), labels.len());
            for (class, members) in split.remaining.iter().enumerate() {
                prop_assert!(members.iter().all(|sample| labels[sample.index()] as usize == class));
            }
        }

        #[test]
        fn a_cap_cuts_the_rest_and_leaves_the_initial_set(per_class in 1_usize..4, cap in 4_usize..40, seed: u64) {
            let labels: Vec<u32> = (0..100).map(|row| row % 5).collect();
            let whole = class_uniform(&labels, 5, 5 * per_class, None, &mut rng(seed)).unwrap();
            let capped = class_uniform(&labels, 5, 5 * per_class, Some(cap), &mut rng(seed)).unwrap();
            prop_assert_eq!(&whole.initial, &capped.initial);
            for (whole, capped) in whole.remaining.iter().zip(&capped.remaining) {
                prop_assert_eq!(capped.len() + per_class, cap.min(20));
                prop_assert_eq!(&whole[..capped.len()], &capped[..]);
            }
        }
    }
}
