//! Index lists as text: one sample per line.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::sample::SampleId;

/// Reads a list of distinct samples, in the order of the lines.
///
/// # Errors
/// [`Error::IndexList`] names path and line of what is not a number, not below `images`, or there twice.
pub fn read_index_list(path: &Path, images: usize) -> Result<Vec<SampleId>> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let mut line_of = vec![0_usize; images]; // 0: not seen yet; lines count from 1
    let mut samples = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let wrong = |problem: String| Error::IndexList { path: path.into(), line, problem };
        let index: u32 =
            content.trim().parse().map_err(|error| wrong(format!("`{content}` is not an index: {error}")))?;
        match line_of.get_mut(index as usize) {
            None => {
                return Err(wrong(format!("index {index} is out of range, expected below {images}")));
            }
            Some(0) => line_of[index as usize] = line,
            Some(first) => {
                return Err(wrong(format!("index {index} is there twice, first on line {first}")));
            }
        }
        samples.push(SampleId(index));
    }
    Ok(samples)
}

/// Reads a pair of lists as the authors of CBAL published them: the initial set, and a long list whose first lines are
/// the pool and whose last lines are the initial set again, in the same order. Returns the initial set and the pool,
/// both in the order of the files.
///
/// # Errors
/// As [`read_index_list`], and when the long list does not end in the initial set.
pub fn read_authors_pair(
    initial: &Path,
    pool: &Path,
    images: usize,
) -> Result<(Vec<SampleId>, Vec<SampleId>)> {
    let initial_set = read_index_list(initial, images)?;
    if initial_set.is_empty() {
        let problem = "the initial set is empty".to_owned();
        return Err(Error::IndexList { path: initial.into(), line: 1, problem });
    }
    let mut samples = read_index_list(pool, images)?;
    if samples.len() < initial_set.len() {
        let problem = format!("the list ends before the {} samples of the initial set", initial_set.len());
        return Err(Error::IndexList { path: pool.into(), line: samples.len(), problem });
    }
    let tail = samples.split_off(samples.len() - initial_set.len());
    for (position, (found, expected)) in tail.iter().zip(&initial_set).enumerate() {
        if found != expected {
            let line = samples.len() + position + 1;
            let problem =
                format!("sample {found}, but the initial set has {expected} there ({})", initial.display());
            return Err(Error::IndexList { path: pool.into(), line, problem });
        }
    }
    Ok((initial_set, samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome of reading `initial` and `pool` as a pair over ten images.
    fn pair(initial: &str, pool: &str) -> Result<(Vec<SampleId>, Vec<SampleId>)> {
        let folder = tempfile::tempdir().unwrap();
        let (initial_path, pool_path) = (folder.path().join("initial.txt"), folder.path().join("pool.txt"));
        fs::write(&initial_path, initial).unwrap();
        fs::write(&pool_path, pool).unwrap();
        read_authors_pair(&initial_path, &pool_path, 10)
    }

    #[test]
    fn a_pair_is_taken_apart() {
        let (initial, pool) = pair("7\n3\n", "0\n1\n9\n7\n3\n").unwrap();
        assert_eq!(initial, [SampleId(7), SampleId(3)]);
        assert_eq!(pool, [SampleId(0), SampleId(1), SampleId(9)]);
    }

    #[test]
    fn wrong_lines_are_named() {
        for (initial, pool, line, problem) in [
            ("", "0\n1\n", 1, "the initial set is empty"),
            ("7\nx\n", "", 2, "`x` is not an index"),
            ("7\n\n", "", 2, "`` is not an index"),
            ("-1\n", "", 1, "not an index"),
            ("7\n10\n", "", 2, "index 10 is out of range, expected below 10"),
            ("7\n3\n7\n", "", 3, "index 7 is there twice, first on line 1"),
            ("7\n3\n", "0\n1\n3\n7\n", 3, "sample 3, but the initial set has 7"),
            ("7\n3\n", "7\n", 1, "the list ends before the 2 samples"),
        ] {
            let error = pair(initial, pool).unwrap_err();
            assert!(matches!(&error, Error::IndexList { line: found, .. } if *found == line), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
