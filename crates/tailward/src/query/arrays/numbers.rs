//! The numbers of a NumPy file, of whatever type.

use std::io::Read;

use ndarray_npy::{ReadDataError, ReadableElement};
use py_literal::Value;

/// A number of any type that NumPy writes and an array of ours may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

/// How a number is written: what it is, its bytes, and whether the highest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    letter: u8,
    size: usize,
    is_big_endian: bool,
}

impl Kind {
    /// From a type descriptor such as `<f4`.
    fn of(descriptor: &str) -> Option<Self> {
        let [order, letter, size] = *descriptor.as_bytes() else { return None };
        let size = usize::from(size.checked_sub(b'0')?);
        let known = matches!((letter, size), (b'f', 2 | 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1));
        known.then_some(Self { letter, size, is_big_endian: order == b'>' })
    }

    fn number(self, bytes: &[u8]) -> f64 {
        let shifted = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
        let bits = if self.is_big_endian {
            bytes.iter().fold(0, shifted)
        } else {
            bytes.iter().rev().fold(0, shifted)
        };
        match (self.letter, self.size) {
            (b'f', 2) => half::f16::from_bits(bits as u16).to_f64(),
            (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
            (b'f', _) => f64::from_bits(bits),
            (b'i', size) => {
                // The sign is the highest bit of the number, not of the 64.
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            _ => bits as f64,
        }
    }
}

impl ReadableElement for Number {
    fn read_to_end_exact_vec<R: Read>(
        mut reader: R,
        descriptor: &Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        let kind = descriptor.as_string().and_then(|descriptor| Kind::of(descriptor));
        let kind = kind.ok_or_else(|| ReadDataError::WrongDescriptor(descriptor.clone()))?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(ReadDataError::Io)?;
        let expected = len.checked_mul(kind.size).ok_or(ReadDataError::MissingData)?;
        match bytes.len().checked_sub(expected) {
            None => Err(ReadDataError::MissingData),
            Some(0) => Ok(bytes.chunks_exact(kind.size).map(|bytes| Self(kind.number(bytes))).collect()),
            Some(extra) => Err(ReadDataError::ExtraBytes(extra)),
        }
    }
}

/// The type descriptor in the header of a NumPy file, if it is a simple one.
pub(super) fn descriptor(bytes: &[u8]) -> Option<String> {
    // Version 1 has headers of up to 65,535 bytes; ours is at the beginning of them in every file that NumPy writes.
    let header = String::from_utf8_lossy(&bytes[..bytes.len().min(1_024)]);
    let rest = header.split_once("'descr':")?.1.trim_start().strip_prefix('\'')?;
    rest.split_once('\'').map(|(descriptor, _)| descriptor.to_owned())
}

/// What a type is called.
pub(super) fn type_name(descriptor: &str) -> String {
    match Kind::of(descriptor) {
        Some(Kind { letter: b'b', .. }) => "bool".to_owned(),
        Some(Kind { letter, size, .. }) => {
            let word = match letter {
                b'f' => "float",
                b'i' => "int",
                _ => "uint",
            };
            format!("{word}{}", 8 * size)
        }
        None => format!("`{descriptor}`"),
    }
}

/// Why numbers of a type are not taken, and what to do.
pub(super) fn refusal(descriptor: &str) -> String {
    let cure = "save it with np.save(path, array.astype(np.float32))";
    match descriptor.trim_start_matches(['<', '>', '|', '=']) {
        "V2" => format!(
            "it holds numbers of two bytes of an unknown type (`V2`), as bfloat16 is saved; NumPy cannot say which, so {cure}"
        ),
        other if other.starts_with('O') => {
            format!("it holds Python objects, perhaps rows of different lengths; {cure}")
        }
        other if other.starts_with('c') => format!("it holds complex numbers; {cure} of what is real"),
        other if other.starts_with(['U', 'S']) => format!("it holds text; {cure}"),
        _ => format!("its numbers are of the type `{descriptor}`, which is not read; {cure}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_and_order_are_what_they_are() {
        let number = |descriptor: &str, bytes: &[u8]| Kind::of(descriptor).unwrap().number(bytes);
        let cases: [(&str, &[u8], f64); 11] = [
            ("<f2", &[0x00, 0x3c], 1.0),
            (">f2", &[0x3c, 0x00], 1.0),
            ("<f4", &(-0.5_f32).to_le_bytes(), -0.5),
            (">f8", &0.1_f64.to_be_bytes(), 0.1),
            ("<i2", &(-3_i16).to_le_bytes(), -3.0),
            (">i4", &7_i32.to_be_bytes(), 7.0),
            ("|i1", &[0xff], -1.0),
            ("|u1", &[0xff], 255.0),
            ("<i8", &(-1_i64).to_le_bytes(), -1.0),
            ("|b1", &[1], 1.0),
            ("<u8", &9_u64.to_le_bytes(), 9.0),
        ];
        for (descriptor, bytes, expected) in cases {
            assert!((number(descriptor, bytes) - expected).abs() < 1e-12, "{descriptor}");
        }
        for descriptor in ["|V2", "<c8", "|O", "<U5", "<f16", ""] {
            assert_eq!(Kind::of(descriptor), None, "{descriptor}");
        }
        assert_eq!(type_name("<f2"), "float16");
        assert!(refusal("|V2").contains("bfloat16"));
    }
}
