//! A table as rows of cells with the lines that they begin in.

use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, Trim};

use crate::Error;

/// The cells of a table, nothing made of them yet. Rows without any content are left out.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Where it was read from.
    pub path: PathBuf,
    /// What stands between the cells.
    pub delimiter: char,
    /// The rows, the first line included.
    pub rows: Vec<Row>,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line that it begins in, counted from 1 as an editor counts.
    pub line: usize,
    /// Its cells without the space around them.
    pub cells: Vec<String>,
}

impl Sheet {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    ///
    /// [`Error::Input`]: the file cannot be read, is no text, or a quotation mark is not closed.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
        let bytes = bytes(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let text = text(bytes).map_err(wrong)?;
        let (delimiter, begin) = delimiter(&text);
        let mut sheet = Self { path: path.to_owned(), delimiter, rows: Vec::new() };
        let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(delimiter as u8)
            .from_reader(&text.as_bytes()[begin..]);
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let start = record.position().map_or(0, |position| position.byte() as usize);
            let line = lines.at(begin + start);
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if let Some(cell) = cells.iter().find(|cell| cell.starts_with('"')) {
                let reason = format!("`{cell}` has a space before its quotation mark; remove the space");
                return Err(sheet.fault(line, reason));
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                sheet.rows.push(Row { line, cells });
            }
        }
        sheet.check_last_quote(&text)?;
        Ok(sheet)
    }

    /// The error that something is wrong in a line.
    pub fn fault(&self, line: usize, reason: impl Display) -> Error {
        Error::Input { path: self.path.clone(), reason: format!("line {line}: {reason}") }
    }

    /// The error that something is wrong with the whole table.
    pub fn wrong(&self, reason: impl Display) -> Error {
        Error::Input { path: self.path.clone(), reason: reason.to_string() }
    }

    /// The name of what stands between the cells, as errors say it.
    pub fn delimiter_name(&self) -> &'static str {
        match self.delimiter {
            ';' => "semicolons",
            '\t' => "tabs",
            _ => "commas",
        }
    }

    /// A quotation mark that is not closed takes all that follows into one cell.
    fn check_last_quote(&self, text: &str) -> Result<(), Error> {
        let is_open = text.bytes().filter(|&byte| byte == b'"').count() % 2 == 1;
        match self.rows.last() {
            Some(Row { line, cells }) if is_open && cells.iter().any(|cell| cell.contains('\n')) => {
                Err(self.fault(*line, "a quotation mark that opens here is never closed"))
            }
            _ => Ok(()),
        }
    }
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file, without its byte-order mark.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => text(rest.to_vec()),
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => {
            Err("it is an archive or a spreadsheet, not a table; save it as CSV first".to_owned())
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            Err("it is a NumPy array, not a table; write it as CSV with a header first".to_owned())
        }
        _ => String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count();
            format!("line {line}: it is not UTF-8; save it as CSV in UTF-8")
        }),
    }
}

/// UTF-16, as spreadsheets write "Unicode text".
fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let decoded: Result<String, _> = char::decode_utf16(pairs.iter().map(|&pair| unit(pair))).collect();
    match decoded {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err("its UTF-16 is damaged; save it as CSV in UTF-8".to_owned()),
    }
}

/// What stands between the cells of the header, and where the table begins: behind a line `sep=;`, which Excel writes.
fn delimiter(text: &str) -> (char, usize) {
    let first = text.lines().next().unwrap_or_default();
    let mut named = first.trim_end().strip_prefix("sep=").unwrap_or_default().chars();
    if let (Some(delimiter @ (',' | ';' | '\t')), None) = (named.next(), named.next()) {
        return (delimiter, first.len());
    }
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [(',', 0), (';', 0), ('\t', 0)];
    let mut quoted = false;
    for character in header.chars() {
        quoted ^= character == '"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(!quoted && character == *delimiter);
        }
    }
    // The first of equals: a comma where there is nothing to go by.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    (best.map_or(',', |(delimiter, _)| *delimiter), 0)
}

/// Counts the lines of a text up to places that rise.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the first content at or after a byte: a reader that skips blank lines begins before them.
    fn at(&mut self, byte: usize) -> usize {
        while self.byte < self.text.len()
            && (self.byte < byte || matches!(self.text[self.byte], b'\n' | b'\r'))
        {
            let is_alone = self.text[self.byte] == b'\r' && self.text.get(self.byte + 1) != Some(&b'\n');
            self.line += usize::from(self.text[self.byte] == b'\n' || is_alone);
            self.byte += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(bytes: &[u8]) -> Result<Sheet, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        Sheet::read(&path)
    }

    fn cells(bytes: &[u8]) -> Vec<(usize, Vec<String>)> {
        sheet(bytes).unwrap().rows.into_iter().map(|row| (row.line, row.cells)).collect()
    }

    fn row(line: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn every_way_of_writing_a_table_reads_the_same() {
        let expected = [row(1, &["index", "label"]), row(2, &["0", "cat"]), row(3, &["1", ""])];
        for text in [
            "index,label\n0,cat\n1,\n",
            "index,label\r\n0,cat\r\n1,\r\n",
            "index,label\r0,cat\r1,",
            "\u{feff}index,label\n0,cat\n1,\n",
            "index;label\n0;cat\n1;\n",
            "index\tlabel\n0\tcat\n1\t\n",
            "index , label\n 0,\tcat \n1 , \n",
            "\"index\",\"label\"\n\"0\",\"cat\"\n\"1\",\"\"\n",
        ] {
            assert_eq!(cells(text.as_bytes()), expected, "{text:?}");
        }
        let wide: Vec<u8> =
            "\u{feff}index\tlabel\n0\tcat\n1\t\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(cells(&wide), expected);
        assert_eq!(sheet(b"a;b,c;d\n").unwrap().delimiter_name(), "semicolons");
        assert_eq!(cells(b"sep=;\nindex;label\n"), [row(2, &["index", "label"])]);
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let text = "\n\nindex,label\r\n\r\n0,\"a\nb\"\n,,\n\n1,c\n";
        assert_eq!(
            cells(text.as_bytes()),
            [row(3, &["index", "label"]), row(5, &["0", "a\nb"]), row(9, &["1", "c"])]
        );
    }

    #[test]
    fn what_is_no_table_is_said_to_be_none() {
        for (bytes, words) in [
            (&b"index,label\n0,caf\xe9\n"[..], "line 2: it is not UTF-8"),
            (b"\x93NUMPY\x01\x00", "it is a NumPy array"),
            (b"PK\x03\x04rest", "spreadsheet"),
            (b"\xff\xfea", "UTF-16 is damaged"),
            (b"index,label\n0,\"cat\n1,dog\n", "line 2: a quotation mark that opens here is never closed"),
            (b"index,label\n0, \"cat, black\"\n", "line 2: `\"cat` has a space before its quotation mark"),
        ] {
            let error = sheet(bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(Sheet::read(Path::new("/no/such/t.csv")).unwrap_err().to_string().contains("cannot be read"));
    }
}
