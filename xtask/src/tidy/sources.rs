//! The files of a crate, parsed, and which of their items belong to tests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, Token};

/// One file of a crate.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// The modules from the crate's root to the one that the file holds.
    pub(super) module: Vec<String>,
    pub(super) items: Vec<Item>,
}

/// Every file that the crate's root leads to by declared modules, those of tests apart.
///
/// # Errors
///
/// A file cannot be read or parsed, or a declared module has no file.
pub(super) fn parse_crate(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let folder = root.parent().unwrap_or(Path::new("")).to_path_buf();
    add(root.to_path_buf(), &folder, Vec::new(), &mut sources)?;
    Ok(sources)
}

/// Adds a file and the files of the modules that it declares, which lie in `folder`.
fn add(path: PathBuf, folder: &Path, module: Vec<String>, sources: &mut Vec<Source>) -> Result<()> {
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let file = syn::parse_file(&text).with_context(|| format!("failed to parse {}", path.display()))?;
    let mut declared = Vec::new();
    declarations(&file.items, folder, &module, &mut declared);
    sources.push(Source { path, module, items: file.items });
    for (folder, module) in declared {
        // A keyword as a name is written raw; its file is not.
        let name = module.last().map_or("", |name| name.trim_start_matches("r#")).to_owned();
        let own = folder.join(&name);
        let candidates = [folder.join(format!("{name}.rs")), own.join("mod.rs")];
        let path = candidates
            .iter()
            .find(|path| path.is_file())
            .with_context(|| format!("found no file of the module {}", module.join("::")))?;
        add(path.clone(), &own, module, sources)?;
    }
    Ok(())
}

/// The modules without a body, each with the folder that its file is looked for in.
fn declarations(
    items: &[Item],
    folder: &Path,
    module: &[String],
    declared: &mut Vec<(PathBuf, Vec<String>)>,
) {
    for item in items {
        let Item::Mod(inner) = item else { continue };
        if is_test(&inner.attrs) {
            continue;
        }
        let name = inner.ident.to_string();
        let path: Vec<String> = module.iter().cloned().chain([name.clone()]).collect();
        match &inner.content {
            None => declared.push((folder.to_path_buf(), path)),
            Some((_, items)) => declarations(items, &folder.join(name), &path, declared),
        }
    }
}

/// Whether an item exists in tests alone.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<Meta>().is_ok_and(|predicate| needs_test(&predicate)))
    })
}

fn needs_test(predicate: &Meta) -> bool {
    let inner = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default()
    };
    match predicate {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => inner(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => inner(list).iter().all(needs_test),
        _ => false,
    }
}

/// The attributes of an item.
pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}
