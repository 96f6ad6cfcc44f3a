//! What a folder of images says of their classes by where they lie.

use std::collections::BTreeMap;
use std::path::Path;

/// Folders of images that have no label, by the names that programs give them (FiftyOne: `_unlabeled`).
const UNLABELLED: [&str; 5] = ["_unlabeled", "_unlabelled", "unlabeled", "unlabelled", "unsorted"];

/// Folders that divide a dataset and name no class (Hugging Face, Roboflow, Ultralytics).
const PARTS: [&str; 5] = ["train", "valid", "val", "validation", "test"];

/// What is said of images by the folders that they lie in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// The classes, by name, with how many images lie in each.
    pub classes: BTreeMap<String, usize>,
    /// Images that lie in no folder of a class.
    pub unlabelled: usize,
}

/// Whether folders name classes: every image lies directly in one, or beside them, but for the parts of a dataset (`train`,
/// `valid`, `test`) above. Deeper folders are most often dates or cameras and name nothing.
pub fn understood<'a>(paths: impl Iterator<Item = &'a Path> + Clone) -> Option<Understood> {
    let mut found = Understood::default();
    for path in paths {
        match class_of(path) {
            Place::Class(class) => *found.classes.entry(class).or_default() += 1,
            Place::Unlabelled => found.unlabelled += 1,
            Place::Deeper => return None,
        }
    }
    (!found.classes.is_empty()).then_some(found)
}

/// The class that the folder of an image names, if folders name classes.
pub fn class_by_folder(path: &Path) -> Option<String> {
    match class_of(path) {
        Place::Class(class) => Some(class),
        Place::Unlabelled | Place::Deeper => None,
    }
}

enum Place {
    Class(String),
    Unlabelled,
    Deeper,
}

fn class_of(path: &Path) -> Place {
    let folders: Vec<String> = path
        .parent()
        .map(|folder| folder.iter().map(|part| part.to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    let below = match folders.split_first() {
        Some((part, below)) if PARTS.contains(&part.to_lowercase().as_str()) => below,
        _ => &folders,
    };
    match below {
        [] => Place::Unlabelled,
        [class] if UNLABELLED.contains(&class.to_lowercase().as_str()) => Place::Unlabelled,
        [class] => Place::Class(class.clone()),
        _ => Place::Deeper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Option<Understood> {
        understood(paths.iter().map(Path::new))
    }

    #[test]
    fn folders_name_classes() {
        let found = of(&["lynx/1.jpg", "lynx/2.jpg", "wolf/1.jpg", "_unlabeled/3.jpg", "4.jpg"]).unwrap();
        assert_eq!(found.classes, BTreeMap::from([("lynx".to_owned(), 2), ("wolf".to_owned(), 1)]));
        assert_eq!(found.unlabelled, 2);
        let parts = of(&["train/lynx/1.jpg", "valid/lynx/2.jpg", "test/wolf/3.jpg"]).unwrap();
        assert_eq!(parts.classes.len(), 2);
        assert_eq!(class_by_folder(Path::new("train/lynx/1.jpg")).as_deref(), Some("lynx"));
    }

    #[test]
    fn dates_and_flat_folders_name_none() {
        assert_eq!(of(&["2024/05/1.jpg", "2024/06/2.jpg"]), None);
        assert_eq!(of(&["1.jpg", "2.jpg"]), None);
        assert_eq!(of(&["train/1.jpg", "test/2.jpg"]), None);
    }
}
