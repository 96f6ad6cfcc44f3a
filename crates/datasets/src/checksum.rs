//! Checksums as they are published: MD5, SHA-1, SHA-256 or the beginning of one, in lower-case hexadecimal.

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The expected checksum of a file, written `{ sha1 = "…" }` in a manifest.
///
/// MD5 and SHA-1 guard against damaged and mistaken files, which is what they are published for; they are no defence
/// against somebody who forges a file on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// 32 hexadecimal digits.
    Md5(String),
    /// 40 hexadecimal digits.
    Sha1(String),
    /// 64 hexadecimal digits.
    Sha256(String),
    /// The first 8 to 63 hexadecimal digits of a SHA-256, as in the names of PyTorch's weight files. Eight digits find a
    /// damaged file except once in four thousand million times.
    #[serde(rename = "sha256-prefix")]
    Sha256Prefix(String),
}

impl Checksum {
    /// `md5`, `sha1` or `sha256`.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Md5(_) => "md5",
            Self::Sha1(_) => "sha1",
            Self::Sha256(_) | Self::Sha256Prefix(_) => "sha256",
        }
    }

    /// The expected digest, or its beginning, in hexadecimal.
    pub fn hex(&self) -> &str {
        match self {
            Self::Md5(hex) | Self::Sha1(hex) | Self::Sha256(hex) | Self::Sha256Prefix(hex) => hex,
        }
    }

    /// Whether the digest has the length of its algorithm and only lower-case hexadecimal digits.
    pub fn is_well_formed(&self) -> bool {
        let digits = match self {
            Self::Md5(_) => 32..=32,
            Self::Sha1(_) => 40..=40,
            Self::Sha256(_) => 64..=64,
            Self::Sha256Prefix(_) => 8..=63,
        };
        digits.contains(&self.hex().len())
            && self.hex().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Whether a file with this whole digest is the expected one.
    pub(crate) fn accepts(&self, digest: &str) -> bool {
        match self {
            Self::Md5(hex) | Self::Sha1(hex) | Self::Sha256(hex) => digest == hex,
            Self::Sha256Prefix(hex) => digest.starts_with(hex),
        }
    }

    /// The expected digest for a message; a beginning says so.
    pub(crate) fn expectation(&self) -> String {
        match self {
            Self::Md5(hex) | Self::Sha1(hex) | Self::Sha256(hex) => hex.clone(),
            Self::Sha256Prefix(hex) => format!("{hex}… (its first {} digits)", hex.len()),
        }
    }

    pub(crate) fn hasher(&self) -> Hasher {
        match self {
            Self::Md5(_) => Hasher::Md5(Md5::new()),
            Self::Sha1(_) => Hasher::Sha1(Sha1::new()),
            Self::Sha256(_) | Self::Sha256Prefix(_) => Hasher::Sha256(Sha256::new()),
        }
    }
}

/// A running digest, fed while a file is read, so that verifying costs no second pass.
pub(crate) enum Hasher {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn hex(self) -> String {
        match self {
            Self::Md5(hasher) => hex::encode(hasher.finalize()),
            Self::Sha1(hasher) => hex::encode(hasher.finalize()),
            Self::Sha256(hasher) => hex::encode(hasher.finalize()),
        }
    }
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of "abc" from RFC 1321, RFC 3174 and FIPS 180-4.
    #[test]
    fn digests_match_their_standards() {
        for expected in [
            Checksum::Md5("900150983cd24fb0d6963f7d28e17f72".into()),
            Checksum::Sha1("a9993e364706816aba3e25717850c26c9cd0d89d".into()),
            Checksum::Sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into()),
        ] {
            assert!(expected.is_well_formed());
            let mut hasher = expected.hasher();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.hex(), expected.hex());
        }
    }

    #[test]
    fn a_wrong_length_or_upper_case_is_not_well_formed() {
        assert!(!Checksum::Md5("abc".into()).is_well_formed());
        assert!(!Checksum::Md5("900150983CD24FB0D6963F7D28E17F72".into()).is_well_formed());
    }

    #[test]
    fn only_a_prefix_accepts_a_digest_by_its_beginning() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(Checksum::Sha256Prefix("ba7816bf".into()).accepts(abc));
        assert!(!Checksum::Sha256Prefix("ba7816be".into()).accepts(abc));
        assert!(!Checksum::Sha256Prefix("7816bf8f".into()).accepts(abc));
        assert!(Checksum::Sha256(abc.into()).accepts(abc));
        for short in [Checksum::Md5, Checksum::Sha1, Checksum::Sha256].map(|kind| kind("ba7816bf".into())) {
            assert!(!short.accepts(abc) && !short.is_well_formed());
        }
    }

    #[test]
    fn a_prefix_has_8_to_63_digits() {
        for (digits, is_well_formed) in [(0, false), (7, false), (8, true), (63, true), (64, false)] {
            assert_eq!(
                Checksum::Sha256Prefix("a".repeat(digits)).is_well_formed(),
                is_well_formed,
                "{digits}"
            );
        }
        assert!(!Checksum::Sha256Prefix("BA7816BF".into()).is_well_formed());
    }

    #[test]
    fn a_prefix_is_written_with_a_hyphen() {
        let text = r#"{"sha256-prefix":"ba7816bf"}"#;
        let prefix: Checksum = serde_json::from_str(text).unwrap();
        assert_eq!(prefix, Checksum::Sha256Prefix("ba7816bf".into()));
        assert_eq!(serde_json::to_string(&prefix).unwrap(), text);
    }
}
