//! Files of numbers: NumPy's, archives of them, and tables.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Dimension, IxDyn};
use ndarray_npy::{ReadNpyError, ReadNpyExt};
use tailward_labelling::table::{Row, Sheet};
use zip::ZipArchive;

use super::numbers::{Number, descriptor, refusal, type_name};
use crate::Error;

/// The numbers of a file.
#[derive(Debug)]
pub(super) struct Source {
    /// The file, as it was named.
    pub(super) path: PathBuf,
    /// The numbers, in the order of their axes.
    pub(super) values: ArrayD<f32>,
    /// What the numbers are in the file, such as `float16`.
    pub(super) kind: String,
}

impl Source {
    /// Reads `.npy`, `.npz` (of one array, or `file.npz:name`), or a table of numbers.
    ///
    /// # Errors
    ///
    /// The file is missing, damaged or holds no numbers; a number is beyond float32.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
        let (file, member) = member(path);
        let bytes = std::fs::read(&file).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        match bytes.as_slice() {
            [] => Err(wrong("it is empty".to_owned())),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => npy(path, &bytes),
            [b'P', b'K', 3 | 5, ..] => npy(path, &extracted(&bytes, member.as_deref()).map_err(wrong)?),
            [0x80, ..] => Err(wrong(
                "it is a pickle; save the array with np.save(path, np.asarray(array, dtype=np.float32))"
                    .to_owned(),
            )),
            [0x89, b'H', b'D', b'F', ..] => Err(wrong("it is HDF5; save the array with np.save".to_owned())),
            _ if file.extension().is_some_and(|extension| extension == "npy" || extension == "npz") => {
                Err(wrong("it is no NumPy file, whatever its name says".to_owned()))
            }
            _ => table(path),
        }
    }

    /// The lengths of the axes, as messages have them.
    pub(super) fn shape(&self) -> String {
        format!("{:?}", self.values.shape())
    }
}

/// `file.npz:name` taken apart, unless there is a file of that very name.
fn member(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.rsplit_once(".npz:") {
        Some((file, member)) if !path.exists() => {
            (PathBuf::from(format!("{file}.npz")), Some(member.to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

/// The bytes of an array in an archive.
fn extracted(bytes: &[u8], member: Option<&str>) -> Result<Vec<u8>, String> {
    let damaged = |error: zip::result::ZipError| format!("it is a damaged archive: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut names = Vec::new();
    for name in archive.file_names() {
        names.push(name.map_err(damaged)?.into_owned());
    }
    let arrays: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".npy")).collect();
    let chosen = match (member, arrays.as_slice()) {
        (_, []) => {
            return Err("it is an archive without NumPy arrays; save the array with np.save".to_owned());
        }
        (Some(member), arrays) if arrays.contains(&member) => member,
        (None, [only]) => only,
        (Some(member), arrays) => {
            return Err(format!("it has no array `{member}`; it has {}", arrays.join(", ")));
        }
        (None, [first, ..]) => {
            return Err(format!(
                "it has {} arrays ({}); name one of them, as in file.npz:{first}",
                arrays.len(),
                arrays.join(", ")
            ));
        }
    };
    let mut content = Vec::new();
    let mut file = archive.by_name(&format!("{chosen}.npy")).map_err(damaged)?;
    file.read_to_end(&mut content).map_err(|error| format!("it is a damaged archive: {error}"))?;
    Ok(content)
}

fn npy(path: &Path, bytes: &[u8]) -> Result<Source, Error> {
    let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
    let unread = |error: ReadNpyError| match &error {
        ReadNpyError::WrongDescriptor(_) => wrong(refusal(&descriptor(bytes).unwrap_or_default())),
        ReadNpyError::MissingData => wrong("it is cut short: it holds fewer numbers than it says".to_owned()),
        ReadNpyError::ExtraBytes(extra) => wrong(format!("it has {extra} bytes more than it says")),
        _ => wrong(format!("it is a damaged NumPy file: {error}")),
    };
    let kind = descriptor(bytes).map_or("numbers".to_owned(), |descriptor| type_name(&descriptor));
    let values = match ArrayD::<f32>::read_npy(bytes) {
        Err(ReadNpyError::WrongDescriptor(_)) => {
            let numbers = ArrayD::<Number>::read_npy(bytes).map_err(unread)?;
            narrowed(path, numbers.map(|number| number.0))?
        }
        values => values.map_err(unread)?.as_standard_layout().into_owned(),
    };
    Ok(Source { path: path.to_owned(), values, kind })
}

/// The same in float32.
fn narrowed(path: &Path, numbers: ArrayD<f64>) -> Result<ArrayD<f32>, Error> {
    let beyond =
        numbers.indexed_iter().find(|(_, number)| number.is_finite() && !(**number as f32).is_finite());
    if let Some((place, number)) = beyond {
        let reason = format!(
            "{} is {number:e}, which is beyond float32 (3.4e38), in which everything is computed",
            super::place(place.slice())
        );
        return Err(Error::Input { path: path.to_owned(), reason });
    }
    Ok(numbers.mapv(|number| number as f32).as_standard_layout().into_owned())
}

/// A table of numbers, one sample a row, with or without a header and a column that counts the rows.
fn table(path: &Path) -> Result<Source, Error> {
    let sheet = Sheet::read(path)?;
    let number = |text: &str| {
        // Where `;` stands between cells, a comma stands in numbers.
        let text = if sheet.delimiter == ';' { text.replace(',', ".") } else { text.to_owned() };
        text.parse::<f64>().ok()
    };
    let header = sheet.rows.first().filter(|row| row.cells.iter().any(|cell| number(cell).is_none()));
    let rows = &sheet.rows[usize::from(header.is_some())..];
    let Some(first) = rows.first() else {
        return Err(sheet
            .wrong("it holds no numbers; expected NumPy's .npy or .npz, or a table of numbers")
            .into());
    };
    let counts = |cell: &String| cell.is_empty() || ["index", "id", "sample"].contains(&cell.as_str());
    let skipped =
        usize::from(first.cells.len() > 1 && header.is_some_and(|row| row.cells.first().is_some_and(counts)));
    let columns = first.cells.len() - skipped;
    let mut numbers = Vec::with_capacity(rows.len() * columns);
    for Row { line, cells } in rows {
        if cells.len() != columns + skipped {
            let expected = columns + skipped;
            return Err(sheet.fault(*line, format!("it has {} cells, not {expected}", cells.len())).into());
        }
        for (column, cell) in cells.iter().enumerate().skip(skipped) {
            let value = number(cell);
            let value = value
                .ok_or_else(|| sheet.fault(*line, format!("`{cell}` in column {column} is no number")))?;
            numbers.push(value);
        }
    }
    let shape = Array2::from_shape_vec((rows.len(), columns), numbers);
    let numbers = shape.map_err(|error| sheet.wrong(error))?;
    let values = narrowed(path, numbers.into_dimensionality::<IxDyn>().map_err(|error| sheet.wrong(error))?)?;
    let without = if skipped > 0 { ", its first column left out" } else { "" };
    Ok(Source { path: path.to_owned(), values, kind: format!("{}{without}", sheet.delimiter_name()) })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ndarray::array;
    use ndarray_npy::WriteNpyExt;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn read(name: &str, bytes: &[u8], member: &str) -> Result<Source, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        Source::read(&folder.path().join(format!("{name}{member}")))
    }

    fn npy_bytes() -> Vec<u8> {
        let mut bytes = Vec::new();
        array![[0.25_f32, 0.75], [1.0, 0.0]].write_npy(&mut bytes).unwrap();
        bytes
    }

    fn npz_bytes(names: &[&str]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(&npy_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn archives_and_tables_hold_arrays_as_files_do() {
        let expected = array![[0.25_f32, 0.75], [1.0, 0.0]].into_dyn();
        let one = npz_bytes(&["p.npy"]);
        let two = npz_bytes(&["p.npy", "q.npy"]);
        let cases: [(&str, &[u8], &str); 8] = [
            ("p.npy", &npy_bytes(), ""),
            ("p.npz", &one, ""),
            ("p.npz", &two, ":q"),
            ("p.csv", b"0.25,0.75\n1,0\n", ""),
            ("p.csv", b"\xef\xbb\xbfcat;dog\r\n0,25;0,75\r\n1;0\r\n", ""),
            ("p.csv", b",0,1\n0,0.25,0.75\n1,1.0,0.0\n", ""),
            ("p.tsv", b"0.25\t7.5e-1\n\n1\t0\n", ""),
            ("p.txt", b"index,a,b\n5,.25,.75\n6,1,0\n", ""),
        ];
        for (name, bytes, member) in cases {
            assert_eq!(read(name, bytes, member).unwrap().values, expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_array_is_named() {
        let two = npz_bytes(&["p.npy", "q.npy"]);
        let none = npz_bytes(&["data.pkl"]);
        let short = &npy_bytes()[..130];
        let cases: [(&str, &[u8], &str, &str); 10] = [
            ("p.npy", b"", "", "it is empty"),
            ("p.npy", b"text", "", "no NumPy file"),
            ("p.npy", short, "", "cut short"),
            ("p.npz", &two, "", "it has 2 arrays (p, q); name one of them, as in file.npz:p"),
            ("p.npz", &two, ":r", "no array `r`; it has p, q"),
            ("p.pt", &none, "", "without NumPy arrays"),
            ("p.pkl", b"\x80\x04", "", "pickle"),
            ("p.csv", b"a,b\n", "", "it holds no numbers"),
            ("p.csv", b"1,2\n\n1,x\n", "", "line 3: `x` in column 1 is no number"),
            ("p.csv", b"1,2\n1e39,2\n", "", "row 1, column 0 is 1e39, which is beyond float32"),
        ];
        for (name, bytes, member, words) in cases {
            let error = read(name, bytes, member).unwrap_err().to_string();
            assert!(error.contains(words), "{name}: {error}");
        }
        assert!(
            read("p.csv", b"1,2\n1,2,3\n", "").unwrap_err().to_string().contains("line 2: it has 3 cells")
        );
    }
}
