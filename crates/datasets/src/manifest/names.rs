//! Names that a manifest may have, and those of files that lie in one folder.

use std::path::{Component, Path};

/// Why a name does not name the manifest at `path`, if it does not.
pub(crate) fn name_problem(name: &str, path: &Path) -> Option<String> {
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !is_name {
        return Some(format!("name `{name}` is not lower-case letters, digits and hyphens"));
    }
    path.file_stem()
        .is_none_or(|stem| stem != name)
        .then(|| format!("name `{name}` is not the name of the file"))
}

/// Whether a path is one plain name: no folder, no `..`, not absolute.
pub(crate) fn is_single_component(path: &str) -> bool {
    let mut components = Path::new(path).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(name)), None) if name == path)
}
