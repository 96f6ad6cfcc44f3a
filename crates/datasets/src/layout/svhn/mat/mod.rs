//! Arrays of numbers in MATLAB files of level 5, compressed or not, of either byte order.
//!
//! Source: The MathWorks, "MAT-File Format", section "Level 5 MAT-File Format". A file is a header of 128 bytes and a
//! sequence of elements; a variable is an element that holds its flags, dimensions, name and numbers as elements again.
//! MATLAB stores numbers in the smallest type that holds them, whatever their class. Cells, structures, text, sparse and
//! complex arrays are not read; nor are the files of version 7.3, which are HDF5.

mod element;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::ZlibDecoder;

use crate::error::{Error, Result};

pub(crate) use values::Values;

use element::{Endian, Input, Problem, kind};

const HEADER_BYTES: usize = 128;

/// A variable of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Its dimensions, two or more.
    pub(crate) dims: Vec<usize>,
    /// Its numbers; the first dimension varies fastest.
    pub(crate) values: Values,
}

/// Reads the variables with these names, in the order of the file. The others are passed over.
///
/// # Errors
/// [`Error::Mat`] names the file and the byte offset.
pub(crate) fn read(path: &Path, names: &[&str]) -> Result<Vec<Variable>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let file_bytes = file.metadata().map_err(Error::io("read", path))?.len();
    let mut file = BufReader::new(file);
    let problem =
        |offset, problem: Problem| Error::Mat { path: path.into(), offset, problem: problem.to_string() };
    let endian = header(&mut file).map_err(|it| problem(0, it))?;
    let mut variables = Vec::new();
    let mut offset = HEADER_BYTES as u64;
    while offset < file_bytes {
        let mut input = Input::new(&mut file, endian);
        let (kind, bytes) = input.long_tag().map_err(|it| problem(offset, it))?;
        let end = offset + 8 + u64::from(bytes);
        if end > file_bytes {
            let what = format!("the file is truncated at byte {file_bytes}: its element ends at {end}");
            return Err(problem(offset, Problem::new(what)));
        }
        let variable = variable(&mut file, kind, bytes, endian, names);
        variables.extend(variable.map_err(|it| problem(offset, it))?);
        file.seek(SeekFrom::Start(end)).map_err(Error::io("read", path))?;
        offset = end;
    }
    Ok(variables)
}

/// Checks the header, and says in which order bytes are.
fn header(file: &mut impl Read) -> std::result::Result<Endian, Problem> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header).map_err(|error| Problem::new(format!("no header of 128 bytes: {error}")))?;
    let endian = match &header[126..] {
        b"IM" => Endian::Little,
        b"MI" => Endian::Big,
        _ => return Err(Problem::new("it is not a MATLAB file of level 5".to_owned())),
    };
    match endian.u16([header[124], header[125]]) {
        0x0100 => Ok(endian),
        0x0200 => Err(Problem::new("MATLAB files of version 7.3 are not read".to_owned())),
        version => Err(Problem::new(format!("version {version:#06x} is not that of level 5"))),
    }
}

/// The variable in an element of the file, if it is one of `names`. An element in which something follows the variable
/// is wrong; a compressed one is unpacked to its end, which is where its checksum is.
fn variable(
    file: &mut impl Read,
    kind: u32,
    bytes: u32,
    endian: Endian,
    names: &[&str],
) -> std::result::Result<Option<Variable>, Problem> {
    match kind {
        kind::MATRIX => matrix(&mut Input::new(file.take(bytes.into()), endian), names),
        kind::COMPRESSED => {
            let mut input = Input::new(ZlibDecoder::new(file.take(bytes.into())), endian);
            let variable = unpacked(&mut input, names);
            variable.map_err(|it| it.at(format!("byte {} of what it unpacks to", input.position())))
        }
        other => Err(Problem::new(format!("an element of type {other} is not a variable"))),
    }
}

fn unpacked(input: &mut Input<impl Read>, names: &[&str]) -> std::result::Result<Option<Variable>, Problem> {
    match input.long_tag()? {
        (kind::MATRIX, _) => {
            let variable = matrix(input, names)?;
            input.skip_to_end()?;
            Ok(variable)
        }
        (other, _) => Err(Problem::new(format!("a compressed element of type {other} is not a variable"))),
    }
}

/// Takes a variable apart. What comes after its numbers is padding.
fn matrix(input: &mut Input<impl Read>, names: &[&str]) -> std::result::Result<Option<Variable>, Problem> {
    /// Flag of a complex array; the class is the lowest byte.
    const COMPLEX: u32 = 0x0800;
    /// Classes double, single, and the integers of 8 to 64 bits.
    const NUMERIC: std::ops::RangeInclusive<u32> = 6..=15;

    let flags = input.flags()?;
    let dims = input.dimensions()?;
    let name = input.name()?;
    if !names.contains(&name.as_str()) {
        return Ok(None);
    }
    let of_variable = |problem: Problem| problem.at(format!("variable `{name}`"));
    let class = flags & 0xFF;
    if !NUMERIC.contains(&class) || flags & COMPLEX != 0 {
        let what = format!("its class {class} (flags {flags:#06x}) is not one of real numbers");
        return Err(of_variable(Problem::new(what)));
    }
    let values = input.values().map_err(of_variable)?;
    let (found, expected) =
        (values.len(), dims.iter().try_fold(1, |product: usize, dim| product.checked_mul(*dim)));
    if Some(found) != expected {
        return Err(of_variable(Problem::new(format!("it has {found} values and dimensions {dims:?}"))));
    }
    Ok(Some(Variable { name, dims, values }))
}
