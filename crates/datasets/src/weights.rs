//! Files of pretrained weights: where they come from, and how to tell that they are the right ones.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::files;
use crate::manifest::names::{is_single_component, name_problem};

/// The folder under the data folder that holds the files of all weights.
const FOLDER: &str = "weights";

/// One file of weights, parsed from `weights/<name>.toml`. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsManifest {
    /// The name used everywhere: lower-case letters, digits and hyphens, equal to the stem of the manifest's file.
    pub name: String,
    /// The name for a reader.
    pub title: String,
    /// Under which terms the weights may be used.
    pub terms: String,
    /// The publication to cite.
    pub citation: String,
    /// The official address; none for a file that is only put there by hand.
    pub url: Option<String>,
    /// The name of the file in `weights` of the data folder.
    pub file: String,
    /// Its size, where it is known.
    pub bytes: Option<u64>,
    /// Its SHA-256, whole or the beginning that its publisher put in its name.
    pub checksum: Checksum,
    /// How the file is written.
    pub format: WeightsFormat,
    /// The architecture whose parameters these are, such as `resnet18`.
    pub architecture: String,
}

/// How a file of weights is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightsFormat {
    /// A state dictionary written by `torch.save`: `.pth` or `.pt`.
    Pytorch,
    /// `.safetensors`.
    Safetensors,
}

impl WeightsFormat {
    /// The endings that a file's name may have.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pytorch => &[".pth", ".pt"],
            Self::Safetensors => &[".safetensors"],
        }
    }
}

impl WeightsManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, has an unknown key, or contradicts itself (name, file, checksum).
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let manifest: Self = toml::from_str(&text)
            .map_err(|source| Error::Toml { path: path.into(), source: Box::new(source) })?;
        match manifest.problem(path) {
            Some(problem) => Err(Error::InvalidManifest { path: path.into(), problem }),
            None => Ok(manifest),
        }
    }

    /// Where the file is, or has to be put.
    pub fn path_in(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(FOLDER).join(&self.file)
    }

    /// How to get the file: the command, then where to put it by hand. Reads on after "; ".
    pub(crate) fn help(&self, data_dir: &Path) -> String {
        let path = self.path_in(data_dir);
        let size = self.bytes.map(|bytes| format!("{bytes} bytes, ")).unwrap_or_default();
        let (algorithm, expected) = (self.checksum.algorithm(), self.checksum.expectation());
        let file = format!("({size}{algorithm} {expected}) at {}", path.display());
        match &self.url {
            Some(url) => format!(
                "`cargo xtask fetch {}` gets it from {url}. Without a network, put the file {file}",
                self.name
            ),
            None => format!("its manifest has no address to get it from. Put the file {file}"),
        }
    }

    /// The first contradiction, if there is one.
    fn problem(&self, path: &Path) -> Option<String> {
        if let Some(problem) = name_problem(&self.name, path) {
            return Some(problem);
        }
        let (file, checksum) = (&self.file, self.checksum.hex());
        if !is_single_component(file) {
            return Some(format!("file `{file}` is not one plain name"));
        }
        let endings = self.format.endings();
        if !endings.iter().any(|ending| file.ends_with(ending)) {
            return Some(format!(
                "file `{file}` does not end in {}, as its format does",
                endings.join(" or ")
            ));
        }
        if !matches!(self.checksum, Checksum::Sha256(_) | Checksum::Sha256Prefix(_)) {
            let algorithm = self.checksum.algorithm();
            return Some(format!(
                "checksum `{checksum}` is {algorithm}; weights need sha256 or sha256-prefix"
            ));
        }
        if !self.checksum.is_well_formed() {
            return Some(format!("checksum `{checksum}` is not well-formed"));
        }
        self.architecture.trim().is_empty().then(|| "architecture is empty".to_owned())
    }
}

/// The file of weights, with its checksum verified, on each call.
///
/// # Errors
/// [`Error::MissingWeights`] says which command fetches the file and where to put it by hand;
/// [`Error::ChecksumMismatch`] has both checksums.
pub fn verify(manifest: &WeightsManifest, data_dir: &Path) -> Result<PathBuf> {
    let path = manifest.path_in(data_dir);
    if !path.exists() {
        let (weights, help) = (manifest.name.clone(), manifest.help(data_dir));
        return Err(Error::MissingWeights { weights, path, help });
    }
    files::verify(&path, &manifest.checksum)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::sha256_hex;

    /// The SHA-256 of "abc" from FIPS 180-4 begins with ba7816bf.
    const MANIFEST: &str = r#"
name = "small"
title = "Small"
terms = "None."
citation = "Nobody, 2000."
url = "http://localhost/small-ba7816bf.pth"
file = "small-ba7816bf.pth"
checksum = { sha256-prefix = "ba7816bf" }
format = "pytorch"
architecture = "resnet18"
"#;

    fn load(changes: &[(&str, &str)]) -> Result<WeightsManifest> {
        let mut text = MANIFEST.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.toml");
        fs::write(&path, text).unwrap();
        WeightsManifest::load(&path)
    }

    /// A data folder with a file of weights in it.
    fn data(manifest: &WeightsManifest, content: &[u8]) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("weights")).unwrap();
        fs::write(manifest.path_in(data.path()), content).unwrap();
        data
    }

    #[test]
    fn a_file_with_the_right_beginning_of_its_checksum_is_found() {
        let manifest = load(&[]).unwrap();
        let data = data(&manifest, b"abc");
        let path = verify(&manifest, data.path()).unwrap();
        assert_eq!(path, data.path().join("weights").join("small-ba7816bf.pth"));
    }

    #[test]
    fn a_file_of_ones_own_has_a_whole_checksum_and_no_address() {
        let whole = format!("{{ sha256 = \"{}\" }}", sha256_hex(b"mine"));
        let manifest = load(&[
            ("url = \"http://localhost/small-ba7816bf.pth\"\n", ""),
            ("small-ba7816bf.pth", "mine.safetensors"),
            ("{ sha256-prefix = \"ba7816bf\" }", &whole),
            ("pytorch", "safetensors"),
        ])
        .unwrap();
        assert_eq!(manifest.format, WeightsFormat::Safetensors);
        let data = data(&manifest, b"mine");
        verify(&manifest, data.path()).unwrap();
        fs::remove_file(manifest.path_in(data.path())).unwrap();
        let message = verify(&manifest, data.path()).unwrap_err().to_string();
        let end = data.path().join("weights").join("mine.safetensors");
        assert!(
            message.contains("its manifest has no address to get it from. Put the file (sha256 "),
            "{message}"
        );
        assert!(message.ends_with(&format!(" at {}", end.display())), "{message}");
    }

    #[test]
    fn a_missing_file_says_how_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = verify(&load(&[]).unwrap(), folder.path()).unwrap_err();
        assert!(matches!(error, Error::MissingWeights { .. }), "{error:?}");
        let path = folder.path().join("weights").join("small-ba7816bf.pth");
        let path = path.display();
        assert_eq!(
            error.to_string(),
            format!(
                "{path} of weights small is missing; `cargo xtask fetch small` gets it from \
                 http://localhost/small-ba7816bf.pth. Without a network, put the file (sha256 ba7816bf… (its first 8 \
                 digits)) at {path}"
            )
        );
    }

    #[test]
    fn another_file_is_refused_on_each_call_with_both_checksums() {
        let manifest = load(&[]).unwrap();
        let data = data(&manifest, b"abc");
        verify(&manifest, data.path()).unwrap();
        fs::write(manifest.path_in(data.path()), b"abd").unwrap();
        let error = verify(&manifest, data.path()).unwrap_err();
        let expected =
            format!("has sha256 {}, expected ba7816bf… (its first 8 digits); ", sha256_hex(b"abd"));
        assert!(matches!(error, Error::ChecksumMismatch { algorithm: "sha256", .. }), "{error:?}");
        assert!(error.to_string().contains(&expected), "{error}");
    }

    #[test]
    fn unknown_keys_and_contradictions_are_errors() {
        for (from, to) in [("title", "colour = 1\ntitle"), ("pytorch", "onnx"), ("sha256-prefix", "crc32")] {
            assert!(matches!(load(&[(from, to)]), Err(Error::Toml { .. })), "{to}");
        }
        let md5 = "{ md5 = \"900150983cd24fb0d6963f7d28e17f72\" }";
        for (from, to, problem) in [
            ("name = \"small\"", "name = \"big\"", "not the name of the file"),
            ("file = \"small", "file = \"../small", "`../small-ba7816bf.pth` is not one plain name"),
            ("pytorch", "safetensors", "does not end in .safetensors, as its format does"),
            (
                "file = \"small-ba7816bf.pth",
                "file = \"small.onnx",
                "does not end in .pth or .pt, as its format does",
            ),
            ("{ sha256-prefix = \"ba7816bf\" }", md5, "is md5; weights need sha256 or sha256-prefix"),
            ("prefix = \"ba7816bf", "prefix = \"ba7816b", "checksum `ba7816b` is not well-formed"),
            ("\"resnet18\"", "\" \"", "architecture is empty"),
        ] {
            let error = load(&[(from, to)]).unwrap_err();
            assert!(matches!(error, Error::InvalidManifest { .. }), "{error:?}");
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
