//! Fewer classes out of many: some survive, and everything else becomes the last one or takes no part.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::stored_images::Keep;

/// The name of the class that takes in everything else.
const REST: &str = "rest";

/// How the classes of a dataset are merged. The merged class, where there is one, is always the last one.
///
/// DIRECT (Nuggehalli et al., arXiv 2312.09196, Table 1) and GALAXY (Zhang et al., ICML 2022) make imbalanced settings
/// out of balanced datasets by merging: every image is kept, and test labels are merged like training labels.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Grouping {
    /// The new label is min(label, `classes` − 1): the first `classes` − 1 classes survive.
    FirstAndRest {
        /// The number of classes afterwards, the merged one included.
        classes: usize,
    },
    /// The class `class` becomes class 0, everything else class 1.
    OneAgainstRest {
        /// The class that survives.
        class: usize,
    },
    /// The first `classes` classes alone: images of the others take no part, in training and in testing.
    First {
        /// The number of classes afterwards.
        classes: usize,
    },
}

impl Grouping {
    /// The number of classes afterwards.
    pub fn classes(&self) -> usize {
        match *self {
            Self::FirstAndRest { classes } | Self::First { classes } => classes,
            Self::OneAgainstRest { .. } => 2,
        }
    }

    /// Whether an image with this label takes part.
    pub fn keeps(&self, label: u32) -> bool {
        match *self {
            Self::FirstAndRest { .. } | Self::OneAgainstRest { .. } => true,
            Self::First { classes } => (label as usize) < classes,
        }
    }

    /// The new label of an image with this label that takes part.
    pub fn map(&self, label: u32) -> u32 {
        match *self {
            Self::FirstAndRest { classes } => (label as usize).min(classes.saturating_sub(1)) as u32,
            Self::OneAgainstRest { class } => u32::from(label as usize != class),
            Self::First { .. } => label,
        }
    }

    /// Whether a dataset of `classes` classes can be grouped in this way.
    ///
    /// # Errors
    /// [`Error::Grouping`] when there would be fewer than two classes, more than the dataset has, or when the surviving
    /// class is none of its classes.
    pub fn check(&self, classes: usize) -> Result<()> {
        let problem = match *self {
            _ if classes < 2 => "there is nothing to merge".to_owned(),
            Self::FirstAndRest { classes: to } | Self::First { classes: to } if to < 2 => {
                format!("{to} classes are fewer than two")
            }
            Self::FirstAndRest { classes: to } | Self::First { classes: to } if to > classes => {
                format!("it would make {to} classes")
            }
            Self::OneAgainstRest { class } if class >= classes => format!("there is no class {class}"),
            _ => return Ok(()),
        };
        Err(Error::Grouping { classes, problem })
    }

    /// The names of the classes afterwards: those that survive, then "rest" (even where another class has that name) for what is
    /// merged.
    ///
    /// # Errors
    /// As [`Grouping::check`].
    pub fn class_names(&self, names: &[String]) -> Result<Vec<String>> {
        self.check(names.len())?;
        let mut kept = match *self {
            Self::FirstAndRest { classes } => names[..classes - 1].to_vec(),
            Self::OneAgainstRest { class } => vec![names[class].clone()],
            Self::First { classes } => return Ok(names[..classes].to_vec()),
        };
        kept.push(REST.to_owned());
        Ok(kept)
    }

    /// The dataset with its training and test labels and its class names replaced, and without the images that take no part: those
    /// that do are counted anew, in their order.
    ///
    /// # Errors
    /// As [`Grouping::check`]; [`Error::Label`] when a label is none of the dataset's classes.
    pub fn apply<I: Keep>(self, mut dataset: Dataset<I>) -> Result<Dataset<I>> {
        let class_names = self.class_names(&dataset.class_names)?;
        let classes = dataset.classes();
        self.merge(classes, &mut dataset.train, &mut dataset.truth.train)?;
        self.merge(classes, &mut dataset.test, &mut dataset.truth.test)?;
        Ok(Dataset { class_names, ..dataset })
    }

    /// Replaces the labels of images, `[images]` of so many classes, and takes away the images that take no part; for images that no
    /// [`Dataset`] has, such as those for validation.
    ///
    /// # Errors
    /// As [`Grouping::apply`]; then nothing has changed.
    pub fn merge<I: Keep>(self, classes: usize, images: &mut I, labels: &mut Vec<u32>) -> Result<()> {
        self.check(classes)?;
        if let Some((row, &label)) = labels.iter().enumerate().find(|(_, label)| **label as usize >= classes)
        {
            return Err(Error::Label { row, label, classes });
        }
        if !labels.iter().all(|&label| self.keeps(label)) {
            let kept: Vec<usize> = (0..labels.len()).filter(|&row| self.keeps(labels[row])).collect();
            images.keep(&kept);
            labels.retain(|&label| self.keeps(label));
        }
        labels.iter_mut().for_each(|label| *label = self.map(*label));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{ImageShape, Images};
    use crate::labelled_images::LabelledImages;
    use proptest::prelude::*;

    /// Training images by digit.
    const SVHN: [usize; 10] = [4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659];
    /// Training images by class id.
    const PATHMNIST: [usize; 9] = [9366, 9509, 10360, 10401, 8006, 12182, 7886, 9401, 12885];

    fn first(classes: usize) -> Grouping {
        Grouping::FirstAndRest { classes }
    }

    fn grouped_counts(grouping: Grouping, counts: &[usize]) -> Vec<usize> {
        let mut grouped = vec![0; grouping.classes()];
        for (class, count) in counts.iter().enumerate() {
            grouped[grouping.map(class as u32) as usize] += count;
        }
        grouped
    }

    /// The imbalance factor, smallest over largest class, to the four digits of the paper.
    fn gamma(counts: &[usize]) -> String {
        let (smallest, largest) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        format!("{:.4}", *smallest as f64 / *largest as f64)
    }

    #[test]
    fn images_of_classes_that_take_no_part_are_left_out() {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let images = |labels: &[u32], from: u8| LabelledImages {
            images: Images { shape, pixels: (from..).take(labels.len()).collect() },
            labels: labels.to_vec(),
        };
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let (train, test) = (images(&[2, 0, 1, 2, 1], 10), images(&[1, 2], 20));
        let dataset = Dataset::new("three".to_owned(), names, train, test);
        let two = Grouping::First { classes: 2 }.apply(dataset).unwrap();
        assert_eq!((two.class_names, two.truth.train), (vec!["a".to_owned(), "b".to_owned()], vec![0, 1, 1]));
        assert_eq!(
            (two.train.pixels, two.test.pixels, two.truth.test),
            (vec![11, 12, 14], vec![20], vec![1])
        );
        let error = Grouping::First { classes: 4 }.check(3).unwrap_err().to_string();
        assert!(error.contains("it would make 4 classes"), "{error}");
    }

    /// Table 1 of DIRECT: every row that a grouping makes but SVHN with three classes, which has a test of its own. (FMoW and
    /// iWildCam keep their classes, of which the table has no counts.)
    #[test]
    fn table_1_of_direct() {
        let one = Grouping::OneAgainstRest { class: 7 };
        let expected: [(Grouping, &[usize], &[usize], &str); 7] = [
            (first(2), &[5000; 10], &[5000, 45_000], "0.1111"),
            (first(3), &[5000; 10], &[5000, 5000, 40_000], "0.1250"),
            (first(2), &[500; 100], &[500, 49_500], "0.0101"),
            (first(3), &[500; 100], &[500, 500, 49_000], "0.0102"),
            (first(10), &[500; 100], &[500, 500, 500, 500, 500, 500, 500, 500, 500, 45_500], "0.0110"),
            (first(2), &SVHN, &[4948, 68_309], "0.0724"),
            (one, &PATHMNIST, &[9401, 80_595], "0.1166"),
        ];
        for (grouping, counts, grouped, factor) in expected {
            assert_eq!(grouped_counts(grouping, counts), grouped, "{grouping:?}");
            assert_eq!(gamma(grouped), factor, "{grouping:?}");
        }
    }

    /// The paper prints N = 54,448 and γ = .2546 for SVHN with three classes. 54,448 is its largest class and not the
    /// number of images, and .2546 = 13,861 / 54,448 takes digit 1 for the smallest class; digit 0 is, with 4,948.
    #[test]
    fn table_1_of_direct_is_wrong_about_svhn_with_three_classes() {
        let counts = grouped_counts(first(3), &SVHN);
        assert_eq!(counts, [4948, 13_861, 54_448]);
        assert_eq!((counts.iter().sum::<usize>(), gamma(&counts)), (73_257, "0.0909".to_owned()));
        assert_eq!(format!("{:.4}", counts[1] as f64 / counts[2] as f64), "0.2546");
    }

    fn dataset() -> Dataset {
        let shape = ImageShape { channels: 1, height: 1, width: 1 };
        let images = |labels: &[u32]| LabelledImages {
            images: Images { shape, pixels: (0..labels.len() as u8).collect() },
            labels: labels.to_vec(),
        };
        let class_names = ["cat", "rest", "dog", "owl"].map(str::to_owned).to_vec();
        Dataset::new("little".to_owned(), class_names, images(&[3, 0, 1, 2]), images(&[2, 1]))
    }

    #[test]
    fn training_and_test_labels_and_names_are_grouped() {
        let grouped = first(3).apply(dataset()).unwrap();
        assert_eq!((grouped.truth.train, grouped.truth.test), (vec![2, 0, 1, 2], vec![2, 1]));
        assert_eq!(grouped.class_names, ["cat", "rest", "rest"]);
        assert_eq!(grouped.train.pixels, dataset().train.pixels);
        let grouped = Grouping::OneAgainstRest { class: 2 }.apply(dataset()).unwrap();
        assert_eq!((grouped.truth.train, grouped.truth.test), (vec![1, 1, 1, 0], vec![0, 1]));
        assert_eq!(grouped.class_names, ["dog", "rest"]);
        assert_eq!(first(4).apply(dataset()).unwrap().truth.train, dataset().truth.train);
    }

    #[test]
    fn groupings_that_cannot_be_are_errors() {
        for (grouping, problem) in [
            (first(0), "0 classes are fewer than two"),
            (first(1), "1 classes are fewer than two"),
            (first(5), "4 classes cannot be grouped: it would make 5 classes"),
            (Grouping::OneAgainstRest { class: 4 }, "there is no class 4"),
        ] {
            let error = grouping.apply(dataset()).unwrap_err();
            assert!(matches!(error, Error::Grouping { classes: 4, .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
        assert!(first(2).check(1).is_err());
        let mut broken = dataset();
        broken.truth.test[1] = 4;
        assert!(matches!(first(2).apply(broken), Err(Error::Label { row: 1, label: 4, classes: 4 })));
    }

    #[test]
    fn is_written_with_its_kind() {
        let parse = toml::from_str::<Grouping>;
        assert_eq!(parse("kind = \"first-and-rest\"\nclasses = 3").unwrap(), first(3));
        assert_eq!(
            parse("kind = \"one-against-rest\"\nclass = 7").unwrap(),
            Grouping::OneAgainstRest { class: 7 }
        );
        assert!(parse("kind = \"first-and-rest\"").is_err());
        assert!(parse("kind = \"first-and-rest\"\nclasses = 3\nclass = 1").is_err());
    }

    proptest! {
        #[test]
        fn labels_stay_in_range_and_in_order(classes in 2_usize..120, to in 2_usize..120, label in 0_u32..120) {
            prop_assume!(to <= classes && (label as usize) < classes);
            prop_assert_eq!(first(to).map(label) as usize, (label as usize).min(to - 1));
            let one = Grouping::OneAgainstRest { class: to - 1 };
            prop_assert_eq!(one.map(label) == 0, label as usize == to - 1);
            prop_assert!(one.check(classes).is_ok() && first(to).check(classes).is_ok());
        }
    }
}
