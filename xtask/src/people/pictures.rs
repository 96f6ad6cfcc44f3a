//! Images whose classes are known by their folders.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use image::{ImageBuffer, Rgb};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use tailward_datasets::folder::{path_to_text, walk};
use tailward_datasets::{DatasetManifest, Images};

/// Which images of a dataset are written.
#[derive(Args, Debug)]
pub(crate) struct Drawn {
    /// The first so many classes take part.
    #[arg(long, default_value_t = 20, requires = "dataset")]
    classes: usize,
    /// The last so many of these are rare.
    #[arg(long, default_value_t = 10, requires = "dataset")]
    rare_classes: usize,
    /// Images of each rare class; of the others all.
    #[arg(long, default_value_t = 50, requires = "dataset")]
    rare: usize,
    /// Images of all other classes together, as one more class `rest`.
    #[arg(long, default_value_t = 0, requires = "dataset")]
    rest: usize,
}

impl Drawn {
    /// Writes the images, a folder a class; nothing where they are there.
    pub(super) fn write(&self, manifest: &DatasetManifest, data_dir: &Path, folder: &Path) -> Result<()> {
        let done = folder.with_extension("complete");
        if done.exists() {
            return Ok(());
        }
        let dataset = tailward_datasets::read(manifest, data_dir)?;
        if self.classes > dataset.classes() || self.rare_classes > self.classes {
            bail!(
                "{} has {} classes: --classes and --rare-classes must fit",
                manifest.name,
                dataset.classes()
            );
        }
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for class in 0..self.classes {
            let mut rows: Vec<usize> = rows(&dataset.truth.train, |label| label == class);
            if class >= self.classes - self.rare_classes {
                rows = drawn(&rows, self.rare, &mut rng);
            }
            write(&dataset.train, &rows, &folder.join(&dataset.class_names[class]))?;
        }
        if self.rest > 0 {
            let others = rows(&dataset.truth.train, |label| label >= self.classes);
            write(&dataset.train, &drawn(&others, self.rest, &mut rng), &folder.join("rest"))?;
        }
        std::fs::write(&done, "").with_context(|| format!("failed to write {}", done.display()))
    }
}

fn rows(labels: &[u32], is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    labels.iter().enumerate().filter(|(_, label)| is_wanted(**label as usize)).map(|(row, _)| row).collect()
}

fn drawn(rows: &[usize], count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut places = index::sample(rng, rows.len(), count.min(rows.len())).into_vec();
    places.sort_unstable();
    places.into_iter().map(|place| rows[place]).collect()
}

fn write(images: &Images, rows: &[usize], folder: &Path) -> Result<()> {
    let failed = || format!("failed to write images to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    let plane = images.shape.height * images.shape.width;
    for &row in rows {
        let image = images.image(row);
        let pixel = |x: u32, y: u32| {
            let place = y as usize * images.shape.width + x as usize;
            // Grey images have one channel.
            Rgb([0, 1, 2].map(|channel| image[channel % images.shape.channels * plane + place]))
        };
        ImageBuffer::from_fn(images.shape.width as u32, images.shape.height as u32, pixel)
            .save(folder.join(format!("{row:06}.png")))
            .with_context(failed)?;
    }
    Ok(())
}

/// Images by their paths in a folder, with what they show.
#[derive(Debug)]
pub(super) struct Pictures {
    pub(super) folder: std::path::PathBuf,
    /// The class of each path.
    pub(super) truth: BTreeMap<String, String>,
    /// Images of each class.
    pub(super) classes: BTreeMap<String, usize>,
}

impl Pictures {
    /// Reads what lies in a folder: a folder a class.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let (mut truth, mut classes) = (BTreeMap::new(), BTreeMap::new());
        for file in walk(folder)?.files {
            let path = path_to_text(&file.path);
            let Some((class, _)) = path.split_once('/') else {
                bail!("{path} in {} is in no folder of a class", folder.display());
            };
            *classes.entry(class.to_owned()).or_insert(0) += 1;
            let class = class.to_owned();
            truth.insert(path, class);
        }
        if classes.len() < 2 {
            bail!("{} has fewer than two folders of classes", folder.display());
        }
        Ok(Self { folder: folder.to_owned(), truth, classes })
    }

    /// Whether a class is rare: it has less than half as many images as the largest.
    pub(super) fn is_rare(&self, class: &str) -> bool {
        let most = self.classes.values().max().copied().unwrap_or(0);
        self.classes.get(class).is_some_and(|images| 2 * images < most)
    }

    /// Images of rare classes.
    pub(super) fn rare(&self) -> usize {
        self.classes.iter().filter(|(class, _)| self.is_rare(class)).map(|(_, images)| images).sum()
    }

    pub(super) fn words(&self) -> String {
        let rare = self.classes.keys().filter(|class| self.is_rare(class)).count();
        format!(
            "{}: {} images of {} classes, {} of them of {rare} rare classes (less than half of the largest)",
            self.folder.display(),
            self.truth.len(),
            self.classes.len(),
            self.rare()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_classes_and_small_ones_are_rare() {
        let folder = tempfile::tempdir().unwrap();
        for (class, count) in [("deer", 5), ("lynx", 2), ("wolf", 3)] {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            for number in 0..count {
                std::fs::write(folder.path().join(class).join(format!("{number}.png")), "").unwrap();
            }
        }
        let pictures = Pictures::read(folder.path()).unwrap();
        assert_eq!((pictures.truth.len(), pictures.rare()), (10, 2));
        assert_eq!(pictures.truth["lynx/1.png"], "lynx");
        assert!(pictures.is_rare("lynx") && !pictures.is_rare("wolf"));
        std::fs::write(folder.path().join("stray.png"), "").unwrap();
        assert!(Pictures::read(folder.path()).unwrap_err().to_string().contains("stray.png"));
    }
}
