//! Where features are kept: a folder for a network and a dataset, a file for each set of images.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayViewMut2, Axis};
use sha2::{Digest, Sha256};
use tailward_datasets::whole_file;
use tailward_labelling::{Lock, Patience};

use crate::Error;
use crate::matrix_file;
use crate::partial_rows::PartialRows;

/// Rows that are computed at a time: a kill costs so many.
const CHUNK: usize = 1_024;

/// How often is told how far it is.
const TELL: Duration = Duration::from_secs(10);

/// A folder of features.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    dims: usize,
}

/// Computes the features of some rows.
type Compute<'a> = &'a mut dyn FnMut(Range<usize>) -> Result<Array2<f32>, Error>;

impl Store {
    /// The folder below `cache_dir` for what features depend on, of so many numbers. `origin.txt` in it says the same to people.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub(super) fn open(cache_dir: &Path, dataset: &str, origin: &str, dims: usize) -> Result<Self, Error> {
        let name = format!("{dataset}-{}", &hex::encode(Sha256::digest(origin))[..16]);
        let folder = cache_dir.join("features").join(name);
        std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let told = folder.join("origin.txt");
        if !told.exists() {
            whole_file::write(&told, |writer| writer.write_all(origin.as_bytes()))
                .map_err(Error::io(&told))?;
        }
        Ok(Self { folder, dims })
    }

    /// The features of so many rows under a name: read, or computed and kept. What a kill left half done goes on; two processes that want
    /// the same compute it once, and the other waits. A disk that is full keeps nobody from working: then it is computed again the next
    /// time.
    ///
    /// # Errors
    ///
    /// Those of `compute`; a file cannot be opened.
    pub(super) fn matrix(&self, name: &str, rows: usize, compute: Compute<'_>) -> Result<Array2<f32>, Error> {
        let path = self.folder.join(format!("{name}.bin"));
        let read = || matrix_file::read(&path, (rows, self.dims));
        if let Some(matrix) = read() {
            return Ok(matrix);
        }
        let _lock = Lock::file(&path, Patience::Wait)?;
        if let Some(matrix) = read() {
            return Ok(matrix);
        }
        let mut matrix = Array2::zeros((rows, self.dims));
        let partial = path.with_extension("part");
        self.fill(matrix.view_mut(), name, &partial, compute)?;
        let kept = matrix_file::write(&path, matrix.iter()).and_then(|()| std::fs::remove_file(&partial));
        if let Err(error) = kept {
            let path = path.display();
            tracing::warn!("{path} is not kept, and is computed again the next time: {error}");
        }
        Ok(matrix)
    }

    fn fill(
        &self,
        mut matrix: ArrayViewMut2<'_, f32>,
        name: &str,
        partial: &Path,
        compute: Compute<'_>,
    ) -> Result<(), Error> {
        let mut kept = PartialRows::open(partial, self.dims).map_err(Error::io(partial))?;
        let (count, mut told) = (matrix.nrows(), Instant::now());
        for (number, mut into) in matrix.axis_chunks_iter_mut(Axis(0), CHUNK).enumerate() {
            let rows = number * CHUNK..number * CHUNK + into.nrows();
            let found = match kept.next(rows.len()) {
                Some(values) => Array2::from_shape_vec((rows.len(), self.dims), values).expect("whole rows"),
                None => {
                    let found = compute(rows.clone())?;
                    kept.append(found.iter().copied());
                    found
                }
            };
            into.assign(&found);
            if told.elapsed() > TELL {
                tracing::info!("features of {name}: {} of {count} images", rows.end);
                told = Instant::now();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(rows: Range<usize>) -> Array2<f32> {
        Array2::from_shape_fn((rows.len(), 2), |(row, column)| (2 * (rows.start + row) + column) as f32)
    }

    /// The rows that are computed, and what comes of it.
    fn matrix(store: &Store, rows: usize, fails_at: usize) -> (Vec<usize>, Result<Array2<f32>, Error>) {
        let mut computed = Vec::new();
        let result = store.matrix("train", rows, &mut |range| {
            if range.contains(&fails_at) {
                return Err(Error::Mismatch("stopped".to_owned()));
            }
            computed.extend(range.clone());
            Ok(values(range))
        });
        (computed, result)
    }

    #[test]
    fn features_are_computed_once_and_go_on_where_they_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "cats", "network 1", 2).unwrap();
        let rows = 2 * CHUNK + 10;
        let (computed, result) = matrix(&store, rows, CHUNK + 1);
        assert!(result.is_err() && computed.len() == CHUNK);
        let (computed, result) = matrix(&store, rows, usize::MAX);
        assert_eq!((computed, result.unwrap()), ((CHUNK..rows).collect(), values(0..rows)));
        let again = Store::open(folder.path(), "cats", "network 1", 2).unwrap();
        let (computed, result) = matrix(&again, rows, usize::MAX);
        assert_eq!((computed, result.unwrap()), (vec![], values(0..rows)));
        // What is damaged is computed again.
        let path = again.folder.join("train.bin");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(matrix(&again, rows, usize::MAX).0.len(), rows);
        // Another network has another folder.
        let other = Store::open(folder.path(), "cats", "network 2", 2).unwrap();
        assert_eq!(matrix(&other, 3, usize::MAX).0.len(), 3);
        assert_eq!(std::fs::read_to_string(other.folder.join("origin.txt")).unwrap(), "network 2");
    }

    #[test]
    fn two_that_want_the_same_compute_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let counts: Vec<usize> = std::thread::scope(|scope| {
            let one = || {
                let store = Store::open(folder.path(), "cats", "network", 2).unwrap();
                let (computed, result) = matrix(&store, 3 * CHUNK, usize::MAX);
                assert_eq!(result.unwrap(), values(0..3 * CHUNK));
                computed.len()
            };
            let threads = [scope.spawn(one), scope.spawn(one)];
            threads.map(|thread| thread.join().unwrap()).to_vec()
        });
        assert_eq!(counts.iter().sum::<usize>(), 3 * CHUNK, "{counts:?}");
    }
}
