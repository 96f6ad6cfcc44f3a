//! Files written by SciPy, files made here, and files that are damaged.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// `tests/golden/mat.json`; `mat.py` beside it says how it was made.
#[derive(Deserialize)]
pub(crate) struct Golden {
    /// `[4, 3 · 3 · 5]`: channel-major images.
    pub(crate) images: Vec<Vec<u8>>,
    /// As stored, 1 to 10.
    pub(crate) labels: Vec<f64>,
    steps_by_column: Vec<f64>,
    small: Vec<f64>,
    plain: String,
    compressed: String,
}

impl Golden {
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("../../../../tests/golden/mat.json")).unwrap()
    }

    /// The bytes of the plain and of the compressed file.
    pub(crate) fn files(&self) -> [Vec<u8>; 2] {
        [&self.plain, &self.compressed].map(|digits| hex::decode(digits).unwrap())
    }
}

/// An array for [`encode`].
pub(crate) struct Stored<'a> {
    pub(crate) name: &'a str,
    pub(crate) dims: &'a [u32],
    pub(crate) class: u32,
    pub(crate) kind: u32,
    pub(crate) width: usize,
    /// Numbers of `width` bytes each, the lowest first.
    pub(crate) bytes: Vec<u8>,
}

/// An array of class double that is stored in bytes, as MATLAB does with small numbers.
pub(crate) fn bytes<'a>(name: &'a str, dims: &'a [u32], bytes: &[u8]) -> Stored<'a> {
    Stored { name, dims, class: 6, kind: 2, width: 1, bytes: bytes.to_vec() }
}

fn element(kind: u32, data: &[u8], big: bool) -> Vec<u8> {
    let number = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let small = (1..=4).contains(&data.len());
    let mut element = match small {
        true => number((data.len() as u32) << 16 | kind).to_vec(),
        false => [number(kind), number(data.len() as u32)].concat(),
    };
    element.extend(data);
    element.resize(element.len().next_multiple_of(8), 0);
    element
}

pub(crate) fn encode(variables: &[Stored<'_>], big: bool, compressed: bool) -> Vec<u8> {
    let number = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file = vec![b' '; 124];
    file.extend(if big { *b"\x01\x00MI" } else { *b"\x00\x01IM" });
    for variable in variables {
        let turned = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<_>>();
        let numbers = variable.bytes.chunks(variable.width);
        let numbers: Vec<u8> = numbers.flat_map(|it| if big { turned(it) } else { it.to_vec() }).collect();
        let inner = [
            element(6, &[number(variable.class), number(0)].concat(), big),
            element(5, &variable.dims.iter().flat_map(|dim| number(*dim)).collect::<Vec<_>>(), big),
            element(1, variable.name.as_bytes(), big),
            element(variable.kind, &numbers, big),
        ]
        .concat();
        let whole = element(14, &inner, big);
        if compressed {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&whole).unwrap();
            let packed = encoder.finish().unwrap();
            file.extend([number(15), number(packed.len() as u32)].concat());
            file.extend(packed);
        } else {
            file.extend(whole);
        }
    }
    file
}

fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.mat");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn read_bytes(bytes: &[u8], names: &[&str]) -> Result<Vec<Variable>> {
    read(&written(bytes).1, names)
}

#[test]
fn files_of_scipy_are_read() {
    let golden = Golden::load();
    for file in golden.files() {
        let variables = read_bytes(&file, &["small", "steps", "X", "y"]).unwrap();
        let names: Vec<&str> = variables.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["X", "y", "steps", "small"]);
        let [pixels, labels, steps, small] = &variables[..] else { panic!("{names:?}") };
        assert_eq!(pixels.dims, [3, 5, 3, 4]);
        let Values::Bytes(bytes) = &pixels.values else { panic!("{:?}", pixels.values) };
        for (index, image) in golden.images.iter().enumerate() {
            for (place, value) in image.iter().enumerate() {
                let (channel, row, column) = (place / 15, place / 5 % 3, place % 5);
                assert_eq!(bytes[row + 3 * (column + 5 * (channel + 3 * index))], *value);
            }
        }
        assert_eq!(
            (&labels.dims[..], &labels.values),
            (&[4, 1][..], &Values::Numbers(golden.labels.clone()))
        );
        assert_eq!(
            (&steps.dims[..], &steps.values),
            (&[3, 2][..], &Values::Numbers(golden.steps_by_column.clone()))
        );
        assert_eq!((&small.dims[..], &small.values), (&[1, 2][..], &Values::Numbers(golden.small.clone())));
        assert!(read_bytes(&file, &["Y"]).unwrap().is_empty());
        let error = read_bytes(&file, &["note"]).unwrap_err().to_string();
        assert!(error.contains("variable `note`: its class 4 "), "{error}");
    }
}

#[test]
fn every_type_is_read_in_either_order_of_bytes() {
    let stored =
        |kind, width, bytes: Vec<u8>| Stored { name: "a", dims: &[1, 2], class: 6, kind, width, bytes };
    let of = |it: &[&[u8]]| it.concat();
    let arrays = [
        (stored(1, 1, vec![0xFE, 3]), [-2.0, 3.0]),
        (stored(3, 2, of(&[&(-300_i16).to_le_bytes(), &7_i16.to_le_bytes()])), [-300.0, 7.0]),
        (stored(4, 2, of(&[&60_000_u16.to_le_bytes(), &7_u16.to_le_bytes()])), [60_000.0, 7.0]),
        (stored(5, 4, of(&[&(-70_000_i32).to_le_bytes(), &7_i32.to_le_bytes()])), [-70_000.0, 7.0]),
        (stored(6, 4, of(&[&4_000_000_000_u32.to_le_bytes(), &7_u32.to_le_bytes()])), [4e9, 7.0]),
        (stored(7, 4, of(&[&0.5_f32.to_le_bytes(), &7_f32.to_le_bytes()])), [0.5, 7.0]),
        (stored(9, 8, of(&[&0.1_f64.to_le_bytes(), &7_f64.to_le_bytes()])), [0.1, 7.0]),
        (stored(12, 8, of(&[&(-1_i64).to_le_bytes(), &7_i64.to_le_bytes()])), [-1.0, 7.0]),
        (
            stored(13, 8, of(&[&(1_u64 << 40).to_le_bytes(), &7_u64.to_le_bytes()])),
            [1_099_511_627_776.0, 7.0],
        ),
    ];
    for (array, expected) in &arrays {
        for (big, compressed) in [(false, false), (false, true), (true, false), (true, true)] {
            let variables =
                read_bytes(&encode(std::slice::from_ref(array), big, compressed), &["a"]).unwrap();
            assert_eq!(variables[0].values, Values::Numbers(expected.to_vec()), "type {}", array.kind);
        }
    }
}

#[test]
fn what_is_wrong_has_its_place() {
    let good =
        encode(&[bytes("note", &[1, 1], &[1]), bytes("y", &[2, 3], &[1, 2, 3, 4, 5, 6])], false, false);
    assert_eq!(read_bytes(&good, &["y"]).unwrap()[0].values, Values::Bytes(vec![1, 2, 3, 4, 5, 6]));
    // The second variable starts after the header and a variable of 56 bytes.
    let second = 128 + 56;
    assert_eq!(good[second..second + 4], [14, 0, 0, 0]);
    let changed = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        file
    };
    for (file, offset, problem) in [
        (good[..100].to_vec(), 0, "no header of 128 bytes"),
        (changed(126, b'X'), 0, "it is not a MATLAB file of level 5"),
        (changed(125, 2), 0, "MATLAB files of version 7.3 are not read"),
        (good[..good.len() - 1].to_vec(), second, "the file is truncated at byte "),
        (good[..second + 5].to_vec(), second, "there is no room for a size"),
        (changed(second, 9), second, "an element of type 9 is not a variable"),
        (
            changed(second + 8, 5),
            second,
            "the flags of a variable cannot be an element of type 5 and 8 bytes",
        ),
        (changed(second + 16, 3), second, "variable `y`: its class 3 (flags 0x0003)"),
        (changed(second + 17, 8), second, "variable `y`: its class 6 (flags 0x0806)"),
        (changed(second + 32, 7), second, "variable `y`: it has 6 values and dimensions [7, 3]"),
        (changed(second + 48, 8), second, "variable `y`: numbers cannot be an element of type 8"),
    ] {
        let error = read_bytes(&file, &["y"]).unwrap_err();
        assert!(matches!(&error, Error::Mat { offset: found, .. } if *found == offset as u64), "{error:?}");
        assert!(error.to_string().contains(problem), "{error}");
        assert!(error.to_string().contains(&format!("data.mat, byte {offset}: ")), "{error}");
    }
}

#[test]
fn a_damaged_compressed_variable_is_an_error() {
    let file = encode(&[bytes("y", &[20, 30], &[7; 600])], false, true);
    assert_eq!(read_bytes(&file, &["y"]).unwrap()[0].dims, [20, 30]);
    let mut flipped = file.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1; // the checksum of the unpacked bytes
    let error = read_bytes(&flipped, &["y"]).unwrap_err().to_string();
    // Where it is noticed is the inflater's business, and which inflater it is that of the whole build.
    assert!(error.contains("data.mat, byte 128: byte "), "{error}");
    assert!(error.contains(" of what it unpacks to: "), "{error}");
    let mut cut = file[..file.len() - 9].to_vec();
    let bytes = (cut.len() - 136) as u8;
    cut[132] = bytes;
    let error = read_bytes(&cut, &["y"]).unwrap_err().to_string();
    assert!(error.contains("byte 128: byte "), "{error}");
}

proptest! {
    /// Whatever byte is changed, the answer is variables or an error.
    #[test]
    fn damage_never_panics(at in 0_usize..2000, byte: u8, compressed: bool) {
        let mut file = Golden::load().files()[usize::from(compressed)].clone();
        let at = at % file.len();
        file[at] = byte;
        let _ = read_bytes(&file, &["X", "y", "steps", "small", "note"]);
    }
}
