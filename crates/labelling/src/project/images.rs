//! Every image file of a project, by a number that it keeps for ever.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tailward_datasets::SampleId;
use tailward_datasets::folder::{path_from_text, path_to_text};

use crate::append_only_table::{AppendOnlyTable, TableRow};
use crate::{Access, Error};

/// What can be done with an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageState {
    /// It takes part.
    Usable,
    /// It shows the same as one before it, pixel for pixel, and takes no part.
    Duplicate,
    /// It cannot be read or decoded.
    Unusable,
}

/// What is known of an image file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRow {
    /// Its number.
    pub id: SampleId,
    /// Its path within the folder of images, as [`path_to_text`] writes it.
    pub path: String,
    /// The size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: Option<String>,
    /// SHA-256 of the decoded pixels.
    pub pixels_sha256: Option<String>,
    /// Columns of pixels, after turning.
    pub width: Option<u32>,
    /// Rows of pixels, after turning.
    pub height: Option<u32>,
    /// The Exif orientation, 1 to 8.
    pub orientation: Option<u8>,
    /// What can be done with it.
    pub state: ImageState,
    /// Of a duplicate the number of the one before it; of an unusable file why.
    pub detail: Option<String>,
}

impl TableRow for ImageRow {
    const HEADER: &'static str = "id,path,bytes,sha256,pixels_sha256,width,height,orientation,state,detail";
}

/// The file `images.csv`. A number is given to a path once; a later row of the same number says what is known of it now.
#[derive(Debug)]
pub struct ImageTable {
    table: AppendOnlyTable<ImageRow>,
    known: Known,
}

impl ImageTable {
    /// The file's name in a project.
    pub const FILE: &'static str = "images.csv";

    /// Opens the table, or begins it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or holds a row that contradicts the rows before it.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let mut known = Known::default();
        let table = AppendOnlyTable::open(path, access, |row: ImageRow| {
            known.check(&row, &[])?;
            known.take(row);
            Ok(())
        })?;
        Ok(Self { table, known })
    }

    /// What is known of each image, by its number.
    pub fn rows(&self) -> &[ImageRow] {
        &self.known.rows
    }

    /// The images that take part, rising.
    pub fn usable(&self) -> impl Iterator<Item = &ImageRow> {
        self.rows().iter().filter(|row| row.state == ImageState::Usable)
    }

    /// The number of the file at a path within the folder of images.
    pub fn find(&self, path: &Path) -> Option<SampleId> {
        self.known.by_path.get(&path_to_text(path)).copied()
    }

    /// The image whose decoded pixels have this SHA-256, the first of those that show the same.
    pub fn showing(&self, pixels_sha256: &str) -> Option<SampleId> {
        self.known.by_pixels.get(pixels_sha256).copied()
    }

    /// The number that the next new file gets.
    pub fn next(&self) -> SampleId {
        SampleId(self.rows().len() as u32)
    }

    /// Adds rows, of new files or of known ones.
    ///
    /// # Errors
    ///
    /// A row contradicts those before it, and none is written; the disk fails.
    pub fn append(&mut self, rows: &[ImageRow]) -> Result<(), Error> {
        for (place, row) in rows.iter().enumerate() {
            let refused = |reason| Error::Ledger { sample: row.id, reason };
            self.known.check(row, &rows[..place]).map_err(refused)?;
        }
        self.table.append(rows)?;
        rows.iter().for_each(|row| self.known.take(row.clone()));
        Ok(())
    }
}

impl ImageRow {
    /// What other programs know the image by: its number and the beginning of its checksum, which a wrong project does not
    /// have.
    pub fn exchange_name(&self) -> String {
        let checksum = self.sha256.as_deref().and_then(|sha256| sha256.get(..4)).unwrap_or("none");
        format!("{:06}-{checksum}", self.id.0)
    }

    /// Its path within the folder of images; nothing where it was changed by hand into something that leads out of it.
    pub fn relative_path(&self) -> Option<PathBuf> {
        path_from_text(&self.path)
    }
}

#[derive(Debug, Default)]
struct Known {
    rows: Vec<ImageRow>,
    by_path: BTreeMap<String, SampleId>,
    by_pixels: BTreeMap<String, SampleId>,
}

impl Known {
    /// Whether a row can follow, after some others that are to be taken before it.
    ///
    /// # Errors
    ///
    /// Why not, to be read on after its number or its line.
    fn check(&self, row: &ImageRow, before: &[ImageRow]) -> Result<(), String> {
        if row.relative_path().is_none() {
            return Err(format!("has the path `{}`, which leads to no file within the folder", row.path));
        }
        let next = before.iter().map(|row| row.id.index() + 1).max().unwrap_or(0).max(self.rows.len());
        if row.id.index() > next {
            return Err(format!("has the number {}, and the next is {next}", row.id));
        }
        let other = before.iter().rev().find(|other| other.path == row.path).map(|other| other.id);
        match other.or_else(|| self.by_path.get(&row.path).copied()) {
            Some(other) if other != row.id => Err(format!("has the path `{}` of number {other}", row.path)),
            _ => Ok(()),
        }
    }

    /// Takes a row in that has been checked.
    fn take(&mut self, row: ImageRow) {
        if let Some(before) = self.rows.get(row.id.index()) {
            self.by_path.remove(&before.path);
        }
        self.by_path.insert(row.path.clone(), row.id);
        if let (ImageState::Usable, Some(pixels)) = (row.state, &row.pixels_sha256) {
            self.by_pixels.entry(pixels.clone()).or_insert(row.id);
        }
        match self.rows.get_mut(row.id.index()) {
            Some(place) => *place = row,
            None => self.rows.push(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u32, path: &str, pixels: &str, state: ImageState) -> ImageRow {
        ImageRow {
            id: SampleId(id),
            path: path.to_owned(),
            bytes: 10,
            sha256: Some(format!("f{pixels}")),
            pixels_sha256: Some(pixels.to_owned()),
            width: Some(4),
            height: Some(3),
            orientation: Some(1),
            state,
            detail: None,
        }
    }

    fn begun(folder: &Path) -> ImageTable {
        let mut images = ImageTable::open(&folder.join(ImageTable::FILE), Access::Append).unwrap();
        let rows = [
            row(0, "a b/é.jpg", "aa", ImageState::Usable),
            row(1, "two%0Alines.png", "bb", ImageState::Usable),
            row(2, "copy.jpg", "aa", ImageState::Duplicate),
        ];
        images.append(&rows).unwrap();
        images
    }

    #[test]
    fn numbers_stay_and_the_last_row_of_a_number_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut images = begun(folder.path());
        assert_eq!(images.find(Path::new("two\nlines.png")), Some(SampleId(1)));
        assert_eq!(images.showing("aa"), Some(SampleId(0)));
        assert_eq!(images.next(), SampleId(3));
        images.append(&[row(1, "moved.png", "bb", ImageState::Usable)]).unwrap();
        let again = ImageTable::open(&folder.path().join(ImageTable::FILE), Access::Append).unwrap();
        assert_eq!(again.rows(), images.rows());
        assert_eq!(again.find(Path::new("moved.png")), Some(SampleId(1)));
        assert_eq!(again.find(Path::new("two\nlines.png")), None);
        let usable: Vec<u32> = again.usable().map(|row| row.id.0).collect();
        assert_eq!(usable, [0, 1]);
    }

    #[test]
    fn what_contradicts_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut images = begun(folder.path());
        let before = std::fs::read(folder.path().join(ImageTable::FILE)).unwrap();
        for (row, words) in [
            (row(5, "x.jpg", "cc", ImageState::Usable), "has the number 5, and the next is 3"),
            (row(3, "copy.jpg", "cc", ImageState::Usable), "has the path `copy.jpg` of number 2"),
            (row(3, "../x.jpg", "cc", ImageState::Usable), "leads to no file within the folder"),
        ] {
            let good = self::row(3, "good.jpg", "dd", ImageState::Usable);
            let rows = if row.id == SampleId(3) { vec![row] } else { vec![good, row] };
            let error = images.append(&rows).unwrap_err().to_string();
            assert!(error.contains(words) || error.contains("the next is 4"), "{error}");
            assert_eq!(images.rows().len(), 3);
        }
        assert_eq!(std::fs::read(folder.path().join(ImageTable::FILE)).unwrap(), before);
    }
}
