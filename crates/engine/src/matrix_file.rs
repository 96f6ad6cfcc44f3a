//! A matrix in a file behind its checksum.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use ndarray::Array2;
use sha2::{Digest, Sha256};
use tailward_datasets::whole_file;

/// The matrix, if the file is there, is whole and has this shape.
pub(crate) fn read(path: &Path, shape: (usize, usize)) -> Option<Array2<f32>> {
    let mut file = File::open(path).ok()?;
    let mut checksum = [0; 32];
    file.read_exact(&mut checksum).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    if Sha256::digest(&bytes)[..] != checksum {
        return None;
    }
    let values = bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
    Array2::from_shape_vec(shape, values).ok()
}

/// Writes the values of a matrix, row by row, whole or not at all.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn write<'a>(path: &Path, values: impl Iterator<Item = &'a f32>) -> io::Result<()> {
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    whole_file::write(path, |writer| {
        writer.write_all(&Sha256::digest(&bytes))?;
        writer.write_all(&bytes)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_matrix_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("matrix.bin");
        assert_eq!(read(&path, (2, 2)), None);
        let matrix = array![[1.0_f32, -2.0], [f32::MIN_POSITIVE, 4.0]];
        write(&path, matrix.iter()).unwrap();
        assert_eq!(read(&path, (2, 2)), Some(matrix));
        assert_eq!(read(&path, (2, 3)), None);
        let whole = std::fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path, (2, 2)), None, "byte {place}");
            std::fs::write(&path, &whole[..place]).unwrap();
            assert_eq!(read(&path, (2, 2)), None, "{place} bytes");
        }
    }
}
