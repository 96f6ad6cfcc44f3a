//! How the initial set and the pool of an experiment come about.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::checksum::sha256_hex;
use crate::error::{Error, Result};
use crate::pool::imbalance::Imbalance;
use crate::pool::index_list::read_authors_pair;
use crate::pool::manifest::{PoolManifest, Sets, Streams};
use crate::pool::source::PoolSource;
use crate::pool::split::{class_uniform, uniform};
use crate::pool::training_images::{TrainingImages, TrainingTruth};
use crate::sample::SampleId;

/// Builds the initial set and the pool.
///
/// The initial set is drawn first, from `initial_rng`; imbalance is then applied to what remains, from `imbalance_rng`.
/// A class is shuffled whole whatever it keeps, so the pool of a smaller factor is part of the pool of a larger one with
/// the same streams. (The published pools of CBAL are drawn independently and are not nested.) With
/// [`PoolSource::IndexLists`] neither stream is used, with [`PoolSource::Uniform`] only `initial_rng`.
///
/// [`PoolSource::Drawn`] is a simulated study and needs the truth. The others do not; where there is truth, their classes
/// are counted.
///
/// # Errors
/// When the truth is needed and not there, the initial set cannot be class-uniform or is larger than what there is, the
/// factor is not in (0, 1], a label is not below the number of classes, or a list is wrong.
pub fn construct(
    from: &TrainingImages<'_>,
    source: &PoolSource,
    initial_rng: &mut ChaCha8Rng,
    imbalance_rng: &mut ChaCha8Rng,
) -> Result<PoolManifest> {
    from.check()?;
    let streams = Streams { initial: position(initial_rng), imbalance: position(imbalance_rng) };
    let (initial, mut pool, streams) = match source {
        PoolSource::Drawn { initial, per_class_cap, imbalance } => {
            let TrainingTruth { labels, classes } = from.truth.ok_or(Error::NoTruth { kind: "drawn" })?;
            let split = class_uniform(labels, classes, *initial, *per_class_cap, initial_rng)?;
            let pool = keep(split.remaining, imbalance, imbalance_rng)?;
            (split.initial, pool, Some(streams))
        }
        PoolSource::Uniform { initial, size } => {
            let (initial, pool) = uniform(from.images, *initial, *size, initial_rng)?;
            (initial, pool, Some(streams))
        }
        PoolSource::Replay { .. } => return Err(Error::ReplayWithoutList),
        PoolSource::IndexLists { initial, pool } => {
            let (initial, pool) = read_authors_pair(initial, pool, from.images)?;
            (initial, pool, None)
        }
    };
    pool.sort_unstable();
    PoolManifest::new(from, source, Sets { streams, initial, pool })
}

/// Builds the initial set and the pool of a selection that was made elsewhere: the first `initial` images of `order`, and
/// all other training images.
///
/// # Errors
/// When `order` has an image twice or one that the dataset does not have, `initial` is 0 or longer than the list, or a label
/// is not below the number of classes.
pub fn construct_replay(
    from: &TrainingImages<'_>,
    order: &[SampleId],
    initial: usize,
) -> Result<PoolManifest> {
    from.check()?;
    let mut seen = vec![false; from.images];
    for (position, sample) in order.iter().enumerate() {
        match seen.get_mut(sample.index()) {
            None => {
                return Err(Error::Replay { position, sample: *sample, problem: "is not a training image" });
            }
            Some(true) => return Err(Error::Replay { position, sample: *sample, problem: "is there twice" }),
            Some(place) => *place = true,
        }
    }
    if initial == 0 || initial > order.len() {
        return Err(Error::UniformSize { initial, size: order.len(), images: from.images });
    }
    let source = PoolSource::Replay { initial, sha256: order_sha256(order) };
    let first = order[..initial].to_vec();
    let chosen: BTreeSet<SampleId> = first.iter().copied().collect();
    let pool = (0..from.images).map(SampleId::at).filter(|sample| !chosen.contains(sample)).collect();
    PoolManifest::new(from, &source, Sets { streams: None, initial: first, pool })
}

/// SHA-256 of a list of images, one index a line, in hexadecimal: what names an order that is replayed.
pub fn order_sha256(order: &[SampleId]) -> String {
    let text: String = order.iter().map(|sample| format!("{}\n", sample.0)).collect();
    sha256_hex(text.as_bytes())
}

/// Keeps of each class what the imbalance says, chosen at random.
fn keep(remaining: Vec<Vec<SampleId>>, imbalance: &Imbalance, rng: &mut ChaCha8Rng) -> Result<Vec<SampleId>> {
    let available: Vec<usize> = remaining.iter().map(Vec::len).collect();
    let mut pool = Vec::new();
    for (mut members, kept) in remaining.into_iter().zip(imbalance.kept(&available)?) {
        members.shuffle(rng);
        pool.extend_from_slice(&members[..kept]);
    }
    Ok(pool)
}

/// Where a stream stands: key, stream and word position, which together determine everything it will yield.
fn position(rng: &ChaCha8Rng) -> String {
    format!("{}:{}:{}", hex::encode(rng.get_seed()), rng.get_stream(), rng.get_word_pos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::rand_core::SeedableRng;
    use std::collections::BTreeSet;

    fn labels() -> Vec<u32> {
        (0..600).map(|row| row % 6).collect()
    }

    fn six(labels: &[u32]) -> TrainingImages<'_> {
        let truth = Some(TrainingTruth { labels, classes: 6 });
        TrainingImages { dataset: "six", images: labels.len(), truth }
    }

    fn drawn(initial: usize, per_class_cap: Option<usize>, imbalance: Imbalance) -> PoolSource {
        PoolSource::Drawn { initial, per_class_cap, imbalance }
    }

    fn build(source: &PoolSource, seed: u64) -> PoolManifest {
        let mut initial_rng = ChaCha8Rng::seed_from_u64(seed);
        let mut imbalance_rng = ChaCha8Rng::seed_from_u64(seed + 1000);
        construct(&six(&labels()), source, &mut initial_rng, &mut imbalance_rng).unwrap()
    }

    #[test]
    fn step_is_applied_to_what_remains() {
        let pool = build(&drawn(60, None, Imbalance::Step { factor: 0.1 }), 1);
        assert_eq!(pool.class_counts_initial.unwrap(), [10; 6]);
        assert_eq!(pool.class_counts_pool.unwrap(), [90, 90, 90, 9, 9, 9]);
        assert!(pool.pool.is_sorted());
    }

    #[test]
    fn a_replay_begins_with_its_list() {
        let order: Vec<SampleId> = [5, 3, 599, 0].map(SampleId).to_vec();
        let pool = construct_replay(&six(&labels()), &order, 2).unwrap();
        assert_eq!(pool.initial, order[..2]);
        assert_eq!(pool.pool.len(), 598);
        assert!(pool.pool.contains(&SampleId(599)));
        let other = construct_replay(&six(&labels()), &[5, 3, 0, 599].map(SampleId), 2).unwrap();
        assert_ne!(pool.hash, other.hash, "the whole order names it");
        let fault = |order: &[u32], initial| {
            let order: Vec<SampleId> = order.iter().copied().map(SampleId).collect();
            construct_replay(&six(&labels()), &order, initial).unwrap_err().to_string()
        };
        assert!(fault(&[5, 3, 5], 1).contains("position 2"), "{}", fault(&[5, 3, 5], 1));
        assert!(fault(&[5, 600], 1).contains("is not a training image"));
        assert!(fault(&[5], 2).contains("could not draw 2"));
    }

    #[test]
    fn the_initial_set_depends_on_neither_the_imbalance_nor_its_stream() {
        let balanced = build(&drawn(60, None, Imbalance::None {}), 1);
        let tailed = build(&drawn(60, None, Imbalance::LongTail { factor: 0.01 }), 1);
        assert_eq!(balanced.initial, tailed.initial);
        let (mut initial_rng, mut other) = (ChaCha8Rng::seed_from_u64(1), ChaCha8Rng::seed_from_u64(5));
        let source = drawn(60, None, Imbalance::Step { factor: 0.5 });
        let pool = construct(&six(&labels()), &source, &mut initial_rng, &mut other).unwrap();
        assert_eq!(balanced.initial, pool.initial);
    }

    #[test]
    fn a_cap_limits_initial_set_and_pool_together() {
        let pool = build(&drawn(12, Some(20), Imbalance::Step { factor: 0.5 }), 1);
        assert_eq!(pool.class_counts_initial.unwrap(), [2; 6]);
        assert_eq!(pool.class_counts_pool.unwrap(), [18, 18, 18, 9, 9, 9]);
    }

    #[test]
    fn what_needs_no_truth_is_the_same_without_it_and_not_counted() {
        let unknown = TrainingImages { dataset: "six", images: 600, truth: None };
        let source = PoolSource::Uniform { initial: 60, size: Some(300) };
        let known = build(&source, 1);
        let (mut one, mut two) = (ChaCha8Rng::seed_from_u64(1), ChaCha8Rng::seed_from_u64(1001));
        let pool = construct(&unknown, &source, &mut one, &mut two).unwrap();
        assert_eq!((&pool.initial, &pool.pool), (&known.initial, &known.pool));
        assert_eq!((&pool.class_counts_initial, &pool.class_counts_pool), (&None, &None));
        assert_eq!(known.class_counts_initial.unwrap().iter().sum::<usize>(), 60);
        let order = [5, 3, 599].map(SampleId);
        assert!(construct_replay(&unknown, &order, 2).unwrap().class_counts_pool.is_none());
        let source = drawn(60, None, Imbalance::None {});
        let error = construct(&unknown, &source, &mut one, &mut two).unwrap_err().to_string();
        assert!(error.contains("kind `drawn` without the true labels"), "{error}");
    }

    #[test]
    fn truth_that_does_not_fit_the_images_is_refused() {
        let labels = labels();
        let source = PoolSource::Uniform { initial: 60, size: None };
        let error_of = |from: TrainingImages<'_>| {
            let (mut one, mut two) = (ChaCha8Rng::seed_from_u64(1), ChaCha8Rng::seed_from_u64(2));
            construct(&from, &source, &mut one, &mut two).unwrap_err()
        };
        let error = error_of(TrainingImages { images: 601, ..six(&labels) });
        assert!(matches!(error, Error::LabelCount { images: 601, labels: 600 }), "{error:?}");
        let truth = Some(TrainingTruth { labels: &labels, classes: 5 });
        let error = error_of(TrainingImages { truth, ..six(&labels) });
        assert!(matches!(error, Error::Label { row: 5, label: 5, classes: 5 }), "{error:?}");
    }

    /// Records name pools by their hashes.
    #[test]
    fn hashes_of_known_pools_do_not_change() {
        let order = [5, 3, 599, 0].map(SampleId);
        for (pool, hash) in [
            (
                build(&drawn(60, Some(50), Imbalance::Step { factor: 0.1 }), 1),
                "9d0d889d4fc5524a0203b80f3bdf3afa8098fcb61ab51792c8c4c1cb73382223",
            ),
            (
                build(&PoolSource::Uniform { initial: 60, size: Some(300) }, 1),
                "1ffcae57a1b32316d1cdd27ae3a3351c24cdceae1e35d8d5b4098225a3fcde41",
            ),
            (
                construct_replay(&six(&labels()), &order, 2).unwrap(),
                "00affd538e658fbd88a8ebc5c776b741b6e699b88f14aba5c9336f2d26a577fa",
            ),
        ] {
            assert_eq!(pool.hash, hash);
        }
    }

    #[test]
    fn a_definition_reads_as_expected() {
        let source: PoolSource =
            toml::from_str("kind = \"drawn\"\ninitial = 500\nimbalance = { kind = \"step\", factor = 0.1 }")
                .unwrap();
        assert_eq!(source, drawn(500, None, Imbalance::Step { factor: 0.1 }));
        let lists: PoolSource =
            toml::from_str("kind = \"index-lists\"\ninitial = \"a.txt\"\npool = \"b.txt\"").unwrap();
        assert!(matches!(lists, PoolSource::IndexLists { .. }));
        assert!(
            toml::from_str::<PoolSource>("kind = \"index-lists\"\ninitial = \"a\"\npool = \"b\"\nx = 1")
                .is_err()
        );
    }

    fn any_source() -> impl Strategy<Value = PoolSource> {
        let factor = 1_u32..=1000;
        let imbalance = (0..3, factor).prop_map(|(kind, factor)| match (kind, f64::from(factor) / 1000.0) {
            (0, _) => Imbalance::None {},
            (1, factor) => Imbalance::Step { factor },
            (_, factor) => Imbalance::LongTail { factor },
        });
        let cap = proptest::option::of(30_usize..200);
        (1_usize..6, cap, imbalance).prop_map(|(each, cap, imbalance)| drawn(each * 6, cap, imbalance))
    }

    proptest! {
        #[test]
        fn initial_set_and_pool_are_disjoint_and_counted(source in any_source(), seed in 0_u64..100) {
            let pool = build(&source, seed);
            let distinct: BTreeSet<_> = pool.initial.iter().chain(&pool.pool).collect();
            prop_assert_eq!(distinct.len(), pool.initial.len() + pool.pool.len());
            prop_assert_eq!(pool.class_counts_pool.unwrap().iter().sum::<usize>(), pool.pool.len());
        }

        #[test]
        fn different_constructions_share_neither_hash_nor_file_name(
            one in any_source(), other in any_source(), seeds in (0_u64..3, 0_u64..3),
        ) {
            let same = one == other && seeds.0 == seeds.1;
            let (one, other) = (build(&one, seeds.0), build(&other, seeds.1));
            prop_assert_eq!(one.hash == other.hash, same);
            prop_assert_eq!(one.file_name() == other.file_name(), same);
        }

        #[test]
        fn a_smaller_factor_gives_a_part_of_the_pool(low in 0.01_f64..1.0, more in 0.0_f64..1.0, seed in 0_u64..100) {
            let high = low + (1.0 - low) * more;
            let small = build(&drawn(6, None, Imbalance::Step { factor: low }), seed);
            let large: BTreeSet<_> = build(&drawn(6, None, Imbalance::Step { factor: high }), seed).pool.into_iter().collect();
            prop_assert!(small.pool.iter().all(|sample| large.contains(sample)));
        }
    }
}
