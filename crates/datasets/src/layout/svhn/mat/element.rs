//! The elements that a MATLAB file is made of: a tag with type and size, the bytes, and padding to eight.

use std::fmt;
use std::io::{self, Read};

use super::values::Values;

/// Types of elements.
pub(super) mod kind {
    pub(in crate::layout::svhn::mat) const INT8: u32 = 1;
    pub(in crate::layout::svhn::mat) const UINT8: u32 = 2;
    pub(in crate::layout::svhn::mat) const INT16: u32 = 3;
    pub(in crate::layout::svhn::mat) const UINT16: u32 = 4;
    pub(in crate::layout::svhn::mat) const INT32: u32 = 5;
    pub(in crate::layout::svhn::mat) const UINT32: u32 = 6;
    pub(in crate::layout::svhn::mat) const SINGLE: u32 = 7;
    pub(in crate::layout::svhn::mat) const DOUBLE: u32 = 9;
    pub(in crate::layout::svhn::mat) const INT64: u32 = 12;
    pub(in crate::layout::svhn::mat) const UINT64: u32 = 13;
    pub(in crate::layout::svhn::mat) const MATRIX: u32 = 14;
    pub(in crate::layout::svhn::mat) const COMPRESSED: u32 = 15;
}

/// Names and dimensions are short; more than this is a damaged size.
const MAX_SHORT_BYTES: u32 = 4096;

/// The order of the bytes of a number.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl Endian {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// What is wrong with a file, and where within an element, from the inside out.
#[derive(Debug)]
pub(super) struct Problem {
    what: String,
    places: Vec<String>,
}

impl Problem {
    pub(super) fn new(what: String) -> Self {
        Self { what, places: Vec::new() }
    }

    /// The same with the place around it.
    pub(super) fn at(mut self, place: String) -> Self {
        self.places.push(place);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.places.iter().rev() {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.what)
    }
}

type Result<T> = std::result::Result<T, Problem>;

/// Reads elements one after the other and counts bytes.
pub(super) struct Input<R> {
    reader: R,
    endian: Endian,
    position: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R, endian: Endian) -> Self {
        Self { reader, endian, position: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Type and size of an element that is not a small one.
    pub(super) fn long_tag(&mut self) -> Result<(u32, u32)> {
        Ok((self.u32("a type")?, self.u32("a size")?))
    }

    /// The flags of a variable: its class and what else it is.
    pub(super) fn flags(&mut self) -> Result<u32> {
        match self.long_tag()? {
            (kind::UINT32, 8) => {
                let flags = self.u32("flags")?;
                self.u32("flags")?;
                Ok(flags)
            }
            (kind, bytes) => Err(wrong("the flags of a variable", kind, bytes)),
        }
    }

    /// The dimensions of a variable.
    pub(super) fn dimensions(&mut self) -> Result<Vec<usize>> {
        let (kind, bytes) = self.short_element("dimensions")?;
        if kind != kind::INT32 || bytes.len() < 8 || !bytes.len().is_multiple_of(4) {
            return Err(wrong("the dimensions of a variable", kind, bytes.len()));
        }
        let dims = bytes.as_chunks::<4>().0.iter().map(|bytes| self.endian.u32(*bytes));
        Ok(dims.map(|dim| dim as usize).collect())
    }

    /// The name of a variable.
    pub(super) fn name(&mut self) -> Result<String> {
        match self.short_element("a name")? {
            (kind::INT8, bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            (kind, bytes) => Err(wrong("the name of a variable", kind, bytes.len())),
        }
    }

    /// The numbers of a variable. Padding behind them is left.
    pub(super) fn values(&mut self) -> Result<Values> {
        let (kind, bytes) = match self.tag()? {
            Tag::Small(kind, data, bytes) => (kind, data[..bytes].to_vec()),
            Tag::Long(kind, bytes) => (kind, self.bytes(bytes, "values")?),
        };
        let big = self.endian == Endian::Big;
        Ok(Values::Numbers(match kind {
            kind::UINT8 => return Ok(Values::Bytes(bytes)),
            kind::INT8 => numbers(&bytes, big, |it: [u8; 1]| i8::from_le_bytes(it).into())?,
            kind::INT16 => numbers(&bytes, big, |it: [u8; 2]| i16::from_le_bytes(it).into())?,
            kind::UINT16 => numbers(&bytes, big, |it: [u8; 2]| u16::from_le_bytes(it).into())?,
            kind::INT32 => numbers(&bytes, big, |it: [u8; 4]| i32::from_le_bytes(it).into())?,
            kind::UINT32 => numbers(&bytes, big, |it: [u8; 4]| u32::from_le_bytes(it).into())?,
            kind::SINGLE => numbers(&bytes, big, |it: [u8; 4]| f32::from_le_bytes(it).into())?,
            kind::DOUBLE => numbers(&bytes, big, f64::from_le_bytes)?,
            kind::INT64 => numbers(&bytes, big, |it: [u8; 8]| i64::from_le_bytes(it) as f64)?,
            kind::UINT64 => numbers(&bytes, big, |it: [u8; 8]| u64::from_le_bytes(it) as f64)?,
            other => return Err(wrong("numbers", other, bytes.len())),
        }))
    }

    /// Reads to the end, past padding.
    pub(super) fn skip_to_end(&mut self) -> Result<()> {
        match io::copy(&mut self.reader, &mut io::sink()) {
            Ok(bytes) => {
                self.position += bytes;
                Ok(())
            }
            Err(error) => Err(Problem::new(format!("it does not unpack: {error}"))),
        }
    }

    /// Type and bytes of an element of few bytes, with the padding behind it read.
    fn short_element(&mut self, what: &str) -> Result<(u32, Vec<u8>)> {
        match self.tag()? {
            Tag::Small(kind, data, bytes) => Ok((kind, data[..bytes].to_vec())),
            Tag::Long(kind, bytes) if bytes > MAX_SHORT_BYTES => Err(wrong(what, kind, bytes)),
            Tag::Long(kind, bytes) => {
                let data = self.bytes(bytes, what)?;
                self.bytes(bytes.next_multiple_of(8) - bytes, what)?;
                Ok((kind, data))
            }
        }
    }

    /// A tag, with the data of a small element: one whose size is in the upper half of the first number.
    fn tag(&mut self) -> Result<Tag> {
        let first = self.u32("a type")?;
        let bytes = (first >> 16) as usize;
        match bytes {
            0 => Ok(Tag::Long(first, self.u32("a size")?)),
            1..=4 => Ok(Tag::Small(first & 0xFFFF, self.array("a small element")?, bytes)),
            _ => Err(wrong("a small element", first & 0xFFFF, bytes)),
        }
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        let bytes = self.array(what)?;
        Ok(self.endian.u32(bytes))
    }

    fn array(&mut self, what: &str) -> Result<[u8; 4]> {
        let mut bytes = [0; 4];
        let read = self.reader.read_exact(&mut bytes);
        read.map_err(|error| Problem::new(format!("there is no room for {what}: {error}")))?;
        self.position += 4;
        Ok(bytes)
    }

    /// As many bytes as asked for. A damaged size reserves no memory.
    fn bytes(&mut self, count: u32, what: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(count.into()).read_to_end(&mut bytes);
        self.position += bytes.len() as u64;
        match read {
            Ok(found) if found as u64 == u64::from(count) => Ok(bytes),
            Ok(found) => Err(Problem::new(format!("{what} of {count} bytes end after {found}"))),
            Err(error) => Err(Problem::new(format!("{what} of {count} bytes end early: {error}"))),
        }
    }
}

enum Tag {
    /// Type, data, and how many bytes of them there are.
    Small(u32, [u8; 4], usize),
    /// Type and size.
    Long(u32, u32),
}

/// The numbers of `N` bytes each, whose bytes are turned around first where the largest comes first.
fn numbers<const N: usize>(bytes: &[u8], big: bool, number: impl Fn([u8; N]) -> f64) -> Result<Vec<f64>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(Problem::new(format!("{} bytes are no whole numbers of {N}", bytes.len())));
    }
    let value = |chunk: &[u8; N]| {
        let mut chunk = *chunk;
        if big {
            chunk.reverse();
        }
        number(chunk)
    };
    Ok(chunks.iter().map(value).collect())
}

fn wrong(what: &str, kind: u32, bytes: impl fmt::Display) -> Problem {
    Problem::new(format!("{what} cannot be an element of type {kind} and {bytes} bytes"))
}
