//! No circle of files inside a crate: what a file names lies in files that do not lead back to it.
//!
//! A file leads to another where its code, tests apart, names an item that is defined there, be it by a path, by an
//! import or through re-exports. Declaring a module or re-exporting an item names nothing: a crate's front page may list
//! its rooms, and rooms may use what their house has on its ground floor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::names::Tree;
use super::sources::parse_crate;

/// An edge's example: a line of the file that names, and what it names there.
type Example = (usize, String);

/// One fault for each circle of the crate that begins at `root` (a `lib.rs` or `main.rs`), with an example of each edge
/// in it.
///
/// # Errors
///
/// A file cannot be read or parsed, or a declared module has no file.
pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let sources = parse_crate(root)?;
    let tree = Tree::of(&sources);
    let mut edges: BTreeMap<(usize, usize), Example> = BTreeMap::new();
    for named in tree.named(&sources) {
        if named.from != named.to {
            edges.entry((named.from, named.to)).or_insert((named.line, named.path));
        }
    }
    let graph: DiGraphMap<usize, ()> = edges.keys().copied().collect();
    let files: Vec<&PathBuf> = sources.iter().map(|source| &source.path).collect();
    let mut faults: Vec<String> = tarjan_scc(&graph)
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .map(|circle| told(root, &files, &edges, &circle.into_iter().collect()))
        .collect();
    faults.sort();
    Ok(faults)
}

/// A circle in words.
fn told(
    root: &Path,
    files: &[&PathBuf],
    edges: &BTreeMap<(usize, usize), Example>,
    circle: &BTreeSet<usize>,
) -> String {
    let folder = root.parent().unwrap_or(root);
    let short = |file: usize| files[file].strip_prefix(folder).unwrap_or(files[file]).display();
    let mut text = format!("{}: {} files in a circle", folder.display(), circle.len());
    for (&(from, to), (line, path)) in edges {
        if circle.contains(&from) && circle.contains(&to) {
            text += &format!("\n           {}:{line} names {path} of {}", short(from), short(to));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of a crate made of these files.
    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        faults(&folder.path().join("lib.rs")).unwrap()
    }

    #[test]
    fn files_that_look_one_way_are_in_order() {
        let none = of(&[
            ("lib.rs", "mod high; mod low; pub use high::High; pub use low::*;"),
            ("high.rs", "use crate::Low; pub struct High(Low);"),
            ("low.rs", "pub struct Low; #[cfg(test)] mod tests { use crate::High; }"),
        ]);
        assert_eq!(none, Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_told_with_a_line_of_each_edge() {
        let [fault] = &of(&[
            ("lib.rs", "mod a; mod b;\npub use b::Word;"),
            ("a.rs", "pub struct Name;\npub fn say() -> crate::Word { crate::b::word() }"),
            ("b.rs", "pub struct Word;\n\npub fn word() -> Word { todo!(super::a::Name::x()) }"),
        ])[..] else {
            panic!("one circle")
        };
        assert!(fault.contains("2 files in a circle"), "{fault}");
        assert!(fault.contains("a.rs:2 names crate::Word of b.rs"), "{fault}");
        assert!(fault.contains("b.rs:3 names super::a::Name::x of a.rs"), "{fault}");
    }

    #[test]
    fn re_exports_are_followed_to_the_file_that_defines() {
        let circle = of(&[
            ("lib.rs", "pub mod house; mod prelude; pub use prelude::*;"),
            ("prelude.rs", "pub use crate::house::Door as Gate;"),
            ("house/mod.rs", "mod door; pub use door::Door; pub fn key() {}"),
            ("house/door.rs", "pub struct Door; impl Door { fn open() { super::key() } }"),
        ]);
        assert_eq!(circle, Vec::<String>::new(), "a house that only re-exports a room does not name it");
        let circle = of(&[
            ("lib.rs", "pub mod house; pub use house::Door as Gate;"),
            ("house/mod.rs", "mod door; pub use door::Door; pub fn key(_: Door) {}"),
            ("house/door.rs", "pub struct Door; impl Door { fn open() { crate::house::key(Self) } }"),
        ]);
        assert_eq!(circle.len(), 1, "{circle:?}");
    }

    #[test]
    fn a_folder_below_its_file_and_modules_written_in_place_are_found() {
        let circle = of(&[
            ("lib.rs", "mod house; mod street { pub mod lamp; pub fn light() { self::lamp::on() } }"),
            ("house.rs", "mod room; use room::Bed; fn f(_: Bed) {}"),
            ("house/room.rs", "pub struct Bed; fn g() { crate::street::light() }"),
            ("street/lamp.rs", "use crate::house; pub fn on() {} fn h() -> house::Missing {}"),
        ]);
        assert_eq!(circle, Vec::<String>::new());
        let circle = of(&[
            ("lib.rs", "mod lamp; pub struct Light; fn f() { use lamp as l; l::on(Light) }"),
            ("lamp.rs", "use super::*; pub fn on(light: Light) {}"),
        ]);
        assert_eq!(circle.len(), 1, "{circle:?}");
    }

    #[test]
    fn a_module_without_a_file_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lib.rs");
        std::fs::write(&root, "mod nowhere;").unwrap();
        assert!(format!("{:#}", faults(&root).unwrap_err()).contains("nowhere"));
    }
}
