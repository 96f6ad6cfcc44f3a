//! The blind sample that accuracy is measured on: drawn once, before anybody chooses, with its probabilities written down.

use std::path::Path;

use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tailward_datasets::SampleId;

use crate::append_only_table::{AppendOnlyTable, TableRow};
use crate::{Access, Error};

/// An image of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// The image.
    pub id: SampleId,
    /// How many images it was drawn from, at random and without replacement.
    pub population: usize,
    /// How many of them were drawn: `size / population` is the probability of each.
    pub size: usize,
}

impl TableRow for AuditRow {
    const HEADER: &'static str = "id,population,size";
}

/// The file `audit.csv`: the images of the audit in the order in which they are asked for.
#[derive(Debug)]
pub struct AuditTable {
    table: AppendOnlyTable<AuditRow>,
    rows: Vec<AuditRow>,
}

impl AuditTable {
    /// The file's name in a project.
    pub const FILE: &'static str = "audit.csv";

    /// Opens the table, or begins it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, an image is in it twice, or a size is none of its population.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let mut rows: Vec<AuditRow> = Vec::new();
        let table = AppendOnlyTable::open(path, access, |row: AuditRow| {
            if row.size == 0 || row.size > row.population {
                return Err(format!("{} of {} cannot be drawn", row.size, row.population));
            }
            if rows.iter().any(|before| before.id == row.id) {
                return Err(format!("image {} is in the audit twice", row.id));
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(Self { table, rows })
    }

    /// Its images, in the order in which they are asked for.
    pub fn rows(&self) -> &[AuditRow] {
        &self.rows
    }

    /// Draws so many of some images, or all there are, and writes them down.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn draw(&mut self, from: &[SampleId], size: usize, rng: &mut ChaCha8Rng) -> Result<(), Error> {
        let size = size.min(from.len());
        let drawn = index::sample(rng, from.len(), size);
        let row = |place: usize| AuditRow { id: from[place], population: from.len(), size };
        let rows: Vec<AuditRow> = drawn.iter().map(row).collect();
        self.table.append(&rows)?;
        self.rows.extend(rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn what_was_drawn_is_read_back_with_its_probabilities() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(AuditTable::FILE);
        let from: Vec<SampleId> = (10..30).map(SampleId).collect();
        let mut audit = AuditTable::open(&path, Access::Append).unwrap();
        audit.draw(&from, 5, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let again = AuditTable::open(&path, Access::Append).unwrap();
        assert_eq!(again.rows(), audit.rows());
        assert_eq!((again.rows().len(), again.rows()[0].population, again.rows()[0].size), (5, 20, 5));
        std::fs::write(&path, "id,population,size\n3,5,6\n").unwrap();
        assert!(
            AuditTable::open(&path, Access::Append)
                .unwrap_err()
                .to_string()
                .contains("6 of 5 cannot be drawn")
        );
    }
}
