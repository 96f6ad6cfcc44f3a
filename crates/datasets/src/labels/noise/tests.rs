//! Noise that is drawn, and noise that is read.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::checksum::sha256_hex;

/// Nothing here reads a file from a data folder.
fn corrupt(noise: &LabelNoise, labels: &[u32], classes: usize) -> Result<Vec<u32>> {
    noise.corrupt(labels, classes, Path::new("/nowhere"))
}

fn uniform(rate: f64, seed: u64) -> LabelNoise {
    LabelNoise::Uniform { rate, seed }
}

fn pair_flip(rate: f64, seed: u64) -> LabelNoise {
    LabelNoise::PairFlip { rate, seed }
}

fn transition(matrix: &[&[f64]]) -> LabelNoise {
    LabelNoise::Transition { matrix: matrix.iter().map(|row| row.to_vec()).collect(), seed: 7 }
}

fn differing(told: &[u32], labels: &[u32]) -> usize {
    told.iter().zip(labels).filter(|(told, label)| told != label).count()
}

/// 600 images of each of `classes` classes, interleaved.
fn labels(classes: u32) -> Vec<u32> {
    (0..600 * classes).map(|row| row % classes).collect()
}

/// What seed 1 gave when this was written: a change of the stream is a change of results.
#[test]
fn a_seed_means_the_same_labels_for_ever() {
    let labels = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
    assert_eq!(corrupt(&uniform(0.5, 1), &labels, 4).unwrap(), UNIFORM_OF_SEED_1);
    assert_eq!(corrupt(&pair_flip(0.4, 1), &labels, 4).unwrap(), PAIR_FLIP_OF_SEED_1);
}

const UNIFORM_OF_SEED_1: [u32; 12] = [0, 1, 3, 0, 1, 1, 2, 3, 1, 1, 0, 1];
const PAIR_FLIP_OF_SEED_1: [u32; 12] = [0, 1, 3, 0, 0, 2, 2, 3, 1, 1, 2, 3];

/// 27,000 wrong labels over 10 · 9 cells are 300 a cell, with a standard deviation of about 17.2; the bound is six of them.
#[test]
fn wrong_labels_are_spread_evenly() {
    let labels: Vec<u32> = (0..90_000).map(|row| row % 10).collect();
    let told = corrupt(&uniform(0.3, 11), &labels, 10).unwrap();
    assert_eq!(differing(&told, &labels), 27_000);
    let mut cells = [[0_i32; 10]; 10];
    for (label, told) in labels.iter().zip(&told) {
        cells[*label as usize][*told as usize] += 1;
    }
    for (class, row) in cells.iter().enumerate() {
        for (told, count) in row.iter().enumerate().filter(|(told, _)| *told != class) {
            assert!((count - 300).abs() < 104, "{class} told as {told}: {count}");
        }
    }
}

#[test]
fn a_decimal_rate_means_what_it_says() {
    let labels = [0; 100];
    assert_eq!(differing(&corrupt(&uniform(0.29, 1), &labels, 2).unwrap(), &labels), 29);
    assert_eq!(differing(&corrupt(&pair_flip(0.29, 1), &labels, 2).unwrap(), &labels), 29);
}

#[test]
fn transitions_follow_their_rows() {
    let labels = labels(3);
    let exact = transition(&[&[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0], &[1.0, 0.0, 0.0]]);
    let told = corrupt(&exact, &labels, 3).unwrap();
    assert!(told.iter().zip(&labels).all(|(told, label)| *told == (label + 1) % 3));

    let told =
        corrupt(&transition(&[&[0.7, 0.3, 0.0], &[0.0, 1.0, 0.0], &[0.5, 0.0, 0.5]]), &labels, 3).unwrap();
    let count = |label, as_class| {
        labels.iter().zip(&told).filter(|(a, b)| (**a, **b) == (label, as_class)).count() as f64
    };
    assert_eq!((count(0, 2), count(1, 1), count(2, 1)), (0.0, 600.0, 0.0));
    // Six standard deviations of a binomial count.
    assert!((count(0, 1) - 180.0).abs() < 68.0 && (count(2, 0) - 300.0).abs() < 74.0);
}

#[test]
fn models_that_cannot_be_are_errors() {
    for rate in [-0.1, 1.1, f64::NAN] {
        for noise in [uniform(rate, 0), pair_flip(rate, 0)] {
            assert!(matches!(corrupt(&noise, &[0, 1], 2), Err(Error::NoiseRate { .. })), "{rate}");
        }
    }
    for (noise, problem) in [
        (transition(&[&[1.0, 0.0]]), "1 rows of transitions for 2 classes"),
        (transition(&[&[1.0, 0.0], &[0.0, 0.5, 0.5]]), "row 1: 3 probabilities for 2 classes"),
        (transition(&[&[1.0, 0.0], &[-0.5, 1.5]]), "row 1: probability -0.5"),
        (transition(&[&[f64::NAN, 0.0], &[0.0, 1.0]]), "row 0: probability NaN"),
        (transition(&[&[0.9, 0.100_002], &[0.0, 1.0]]), "row 0: the probabilities sum to 1.0"),
    ] {
        let error = corrupt(&noise, &[0, 1], 2).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(corrupt(&transition(&[&[0.9, 0.100_000_5], &[0.0, 1.0]]), &[0, 1], 2).is_ok());
    assert!(matches!(corrupt(&uniform(0.1, 0), &[0], 1), Err(Error::InvalidNoise { .. })));
    let error = corrupt(&uniform(0.1, 0), &[0, 2], 2).unwrap_err();
    assert!(matches!(error, Error::Label { row: 1, label: 2, classes: 2 }), "{error:?}");
}

#[test]
fn is_written_with_its_kind() {
    let file = "kind = \"labels\"\nfile = \"n/people.csv\"\nclean = \"truth\"\nnoisy = \"told\"\nchecksum = { sha256 = \"00\" }";
    for text in [
        "kind = \"uniform\"\nrate = 0.1\nseed = 3",
        "kind = \"pair-flip\"\nrate = 0.1\nseed = 3",
        "kind = \"transition\"\nmatrix = [[1.0, 0.0], [0.5, 0.5]]\nseed = 3",
        file,
    ] {
        let noise: LabelNoise = toml::from_str(text).unwrap();
        assert!(text.contains(noise.kind()));
        assert_eq!(toml::from_str::<LabelNoise>(&toml::to_string(&noise).unwrap()).unwrap(), noise);
        assert_eq!(
            serde_json::from_str::<LabelNoise>(&serde_json::to_string(&noise).unwrap()).unwrap(),
            noise
        );
        assert!(toml::from_str::<LabelNoise>(&format!("{text}\ncolour = 1")).is_err());
        assert!(toml::from_str::<LabelNoise>(text.split_once('\n').unwrap().0).is_err());
    }
    let error = corrupt(&toml::from_str(file).unwrap(), &[0, 1], 2).unwrap_err();
    assert!(error.to_string().contains("checksum `00` is not well-formed"), "{error}");
}

proptest! {
    #[test]
    fn uniform_noise_has_its_number_and_never_the_truth(
        (classes, labels) in (2_usize..30)
            .prop_flat_map(|classes| (Just(classes), proptest::collection::vec(0..classes as u32, 0..300))),
        percent in 0_usize..=100,
        seed: u64,
    ) {
        let noise = uniform(percent as f64 / 100.0, seed);
        let told = corrupt(&noise, &labels, classes).unwrap();
        prop_assert_eq!(differing(&told, &labels), labels.len() * percent / 100);
        prop_assert!(told.iter().all(|told| (*told as usize) < classes));
        prop_assert_eq!(corrupt(&noise, &labels, classes).unwrap(), told);
    }

    #[test]
    fn pair_flips_have_their_number_in_every_class(
        (classes, labels) in (2_usize..12)
            .prop_flat_map(|classes| (Just(classes), proptest::collection::vec(0..classes as u32, 0..300))),
        percent in 0_usize..=100,
        seed: u64,
    ) {
        let told = corrupt(&pair_flip(percent as f64 / 100.0, seed), &labels, classes).unwrap();
        for class in 0..classes as u32 {
            let of_class: Vec<u32> =
                labels.iter().zip(&told).filter(|(label, _)| **label == class).map(|(_, told)| *told).collect();
            let flipped = of_class.iter().filter(|told| **told == (class + 1) % classes as u32).count();
            prop_assert_eq!(flipped, of_class.len() * percent / 100);
            prop_assert_eq!(flipped + of_class.iter().filter(|told| **told == class).count(), of_class.len());
        }
    }

    /// A larger rate keeps every wrong label of a smaller one.
    #[test]
    fn rates_of_one_seed_are_nested(few in 0_usize..=100, many in 0_usize..=100, seed: u64) {
        prop_assume!(few <= many);
        let labels = labels(3);
        for noise in [uniform, pair_flip] {
            let told = |percent| corrupt(&noise(percent as f64 / 100.0, seed), &labels, 3).unwrap();
            let (few, many) = (told(few), told(many));
            prop_assert!((0..labels.len()).all(|row| few[row] == labels[row] || few[row] == many[row]));
        }
    }

    /// Two seeds corrupt different images: 900 of 1,800 drawn twice have about 450 in common, and never all.
    #[test]
    fn seeds_are_independent(one: u64, two: u64) {
        prop_assume!(one != two);
        let labels = labels(3);
        let rows = |seed| {
            let told = corrupt(&uniform(0.5, seed), &labels, 3).unwrap();
            told.iter().zip(&labels).map(|(told, label)| told != label).collect::<Vec<_>>()
        };
        let common = rows(one).iter().zip(&rows(two)).filter(|(one, two)| **one && **two).count();
        prop_assert!((300..600).contains(&common), "{}", common);
    }
}

/// A data folder with a file of told labels, and the noise that reads it.
fn people(content: &str) -> (tempfile::TempDir, LabelNoise) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("people.csv"), content).unwrap();
    let noise = LabelNoise::Labels {
        file: "people.csv".into(),
        checksum: Checksum::Sha256(sha256_hex(content.as_bytes())),
        clean: "truth".to_owned(),
        noisy: "told".to_owned(),
        images: None,
    };
    (folder, noise)
}

#[test]
fn labels_are_read_by_index_and_column() {
    let (folder, noise) = people("told,index,other,truth\n2,1,x,1\n0,0,x,0\n2,2,x,2\n");
    assert_eq!(noise.corrupt(&[0, 1, 2], 3, folder.path()).unwrap(), [0, 2, 2]);
}

#[test]
fn a_wrong_line_is_named() {
    for (content, problem) in [
        ("index,truth\n0,0\n1,1\n", "line 1: there is no column `told`"),
        ("number,truth,told\n0,0,0\n", "line 1: there is no column `index`"),
        ("index,truth,told\n0,0,0\n1,2,1\n", "line 3: the true label is 2, but image 1 of the dataset has 1"),
        ("index,truth,told\n0,0,0\n1,1,3\n", "line 3: told label 3 is not below 3"),
        ("index,truth,told\n0,0,0\n2,1,1\n", "line 3: index 2 is not below 2"),
        ("index,truth,told\n0,0,0\n0,0,0\n", "line 3: index 0 is there twice"),
        ("index,truth,told\n1,1,1\n", "people.csv has no line for index 0"),
        ("index,truth,told\n0,0,cat\n", "line 2: `cat` is not a label"),
        ("index,truth,told\n-1,0,0\n", "line 2: `-1` is not an index"),
    ] {
        let (folder, noise) = people(content);
        let error = noise.corrupt(&[0, 1], 3, folder.path()).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
        assert!(error.to_string().contains("people.csv"), "{error}");
    }
    let (folder, noise) = people("index,truth,told\n0,0,0\n1,1\n");
    let error = noise.corrupt(&[0, 1], 3, folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::Csv { source, .. } if source.to_string().contains("line: 3")),
        "{error:?}"
    );
}

/// A file of more images than take part: the first of them do.
#[test]
fn lines_of_images_that_take_no_part_are_checked_and_left() {
    let of = |content: &str, images: usize| {
        let (folder, mut noise) = people(content);
        let LabelNoise::Labels { images: said, .. } = &mut noise else { unreachable!("people gave labels") };
        *said = Some(images);
        noise.corrupt(&[0, 1], 3, folder.path())
    };
    let content = "index,truth,told\n3,0,2\n1,1,2\n0,0,0\n2,1,1\n";
    assert_eq!(of(content, 4).unwrap(), [0, 2]);
    for (content, images, problem) in [
        (content, 3, "line 2: index 3 is not below 3"),
        (content, 5, "people.csv has no line for index 4"),
        (content, 1, "`images = 1`, and the dataset has 2 training images"),
        ("index,truth,told\n0,0,0\n1,1,1\n2,0,3\n", 3, "line 4: told label 3 is not below 3"),
        ("index,truth,told\n0,0,0\n1,1,1\n2,0,1\n2,0,1\n", 3, "line 5: index 2 is there twice"),
        ("index,truth,told\n0,1,0\n1,1,1\n2,0,1\n", 3, "line 2: the true label is 1"),
    ] {
        let error = of(content, images).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn another_or_no_file_is_an_error() {
    let (folder, noise) = people("index,truth,told\n0,0,0\n");
    fs::write(folder.path().join("people.csv"), "index,truth,told\n0,0,1\n").unwrap();
    let error = noise.corrupt(&[0], 2, folder.path()).unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { algorithm: "sha256", .. }), "{error:?}");
    fs::remove_file(folder.path().join("people.csv")).unwrap();
    let error = noise.corrupt(&[0], 2, folder.path()).unwrap_err();
    assert!(matches!(error, Error::Io { action: "read", .. }), "{error:?}");
}

#[test]
fn labels_from_a_file_are_grouped_and_grouped_labels_are_drawn() {
    let grouping = Grouping::FirstAndRest { classes: 2 };
    let (folder, noise) = people("index,truth,told\n0,0,2\n1,1,2\n2,2,0\n3,3,3\n");
    let original = [0, 1, 2, 3];
    let told = noisy_labels(&noise, &original, Some(&grouping), 4, folder.path()).unwrap();
    assert_eq!(told, [1, 1, 0, 1]);
    assert_eq!(noisy_labels(&noise, &original, None, 4, folder.path()).unwrap(), [2, 2, 0, 3]);

    let told = noisy_labels(&uniform(0.5, 3), &original, Some(&grouping), 4, folder.path()).unwrap();
    assert_eq!(told, corrupt(&uniform(0.5, 3), &[0, 1, 1, 1], 2).unwrap());
    assert_eq!(differing(&told, &[0, 1, 1, 1]), 2);
    let too_many = Grouping::FirstAndRest { classes: 5 };
    let error = noisy_labels(&uniform(0.5, 3), &original, Some(&too_many), 4, folder.path()).unwrap_err();
    assert!(matches!(error, Error::Grouping { .. }), "{error:?}");
}
