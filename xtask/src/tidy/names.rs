//! What the names in a crate's code stand for: as much of the language's rules for paths as telling files apart needs.
//!
//! A path that leads out of the crate, or that begins with something else than a module, an item or an import, is
//! passed over; so is what only types can resolve, such as methods.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, UseTree, Visibility};

use super::sources::{Source, attributes, is_test};

/// What a name in a module may stand for.
enum Meaning {
    /// An item that the module's own file defines.
    Item,
    /// A module inside.
    Module(usize),
    /// What a path stands for, seen from the module.
    Import(Vec<String>),
}

/// A module and its names.
struct Module {
    file: usize,
    parent: Option<usize>,
    names: BTreeMap<String, Vec<Meaning>>,
    /// Paths whose every name is also one of the module's.
    globs: Vec<Vec<String>>,
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Module(usize),
    /// An item of this file.
    Item(usize),
}

/// An item named in a file.
pub(super) struct Named {
    /// The file that names it.
    pub(super) from: usize,
    /// The file that defines it.
    pub(super) to: usize,
    pub(super) line: usize,
    pub(super) path: String,
}

/// The modules of a crate. The first is the root.
pub(super) struct Tree {
    modules: Vec<Module>,
}

impl Tree {
    /// The modules of all sources, of which the first is the root's and every other one comes after its parent.
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut tree = Self { modules: Vec::new() };
        for (file, source) in sources.iter().enumerate() {
            let parent = source.module.split_last().map(|(_, parents)| tree.at(parents));
            let module = tree.add(file, parent);
            if let (Some(parent), Some(name)) = (parent, source.module.last()) {
                tree.name(parent, name, Meaning::Module(module));
            }
            tree.declare(module, &source.items);
        }
        tree
    }

    /// The module of these names, from the root.
    fn at(&self, path: &[String]) -> usize {
        path.iter().fold(0, |module, name| {
            let inner = self.modules[module].names.get(name).into_iter().flatten().find_map(|it| match it {
                Meaning::Module(inner) => Some(*inner),
                _ => None,
            });
            inner.expect("a module comes after its parent")
        })
    }

    fn add(&mut self, file: usize, parent: Option<usize>) -> usize {
        self.modules.push(Module { file, parent, names: BTreeMap::new(), globs: Vec::new() });
        self.modules.len() - 1
    }

    fn name(&mut self, module: usize, name: &str, meaning: Meaning) {
        self.modules[module].names.entry(name.to_owned()).or_default().push(meaning);
    }

    /// The names that these items bring into a module.
    fn declare(&mut self, module: usize, items: &[Item]) {
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            let name = match item {
                Item::Const(it) => &it.ident,
                Item::Enum(it) => &it.ident,
                Item::Fn(it) => &it.sig.ident,
                Item::Static(it) => &it.ident,
                Item::Struct(it) => &it.ident,
                Item::Trait(it) => &it.ident,
                Item::Type(it) => &it.ident,
                Item::Union(it) => &it.ident,
                Item::Macro(it) => match &it.ident {
                    Some(name) => name,
                    None => continue,
                },
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        let inner = self.add(self.modules[module].file, Some(module));
                        self.name(module, &it.ident.to_string(), Meaning::Module(inner));
                        self.declare(inner, items);
                    }
                    continue;
                }
                _ => continue,
            };
            self.name(module, &name.to_string(), Meaning::Item);
        }
        // Imports inside functions count for the whole module, which names more than the language does, never less.
        let mut imports = Imports::default();
        items.iter().filter(|item| !matches!(item, Item::Mod(_))).for_each(|item| imports.visit_item(item));
        for import in imports.found {
            if import.name == "*" {
                self.modules[module].globs.push(import.path);
            } else {
                self.name(module, &import.name, Meaning::Import(import.path));
            }
        }
    }

    /// Where a path leads from a module.
    fn resolve(
        &self,
        module: usize,
        path: &[String],
        seen: &mut BTreeSet<(usize, Vec<String>)>,
    ) -> BTreeSet<Place> {
        let mut places = BTreeSet::new();
        let Some((first, rest)) = path.split_first() else { return places };
        if !seen.insert((module, path.to_vec())) {
            return places;
        }
        let start = match first.as_str() {
            "crate" => Some(0),
            "self" => Some(module),
            "super" => self.modules[module].parent,
            _ => None,
        };
        let firsts = match start {
            Some(start) => BTreeSet::from([Place::Module(start)]),
            None => self.look_up(module, first, seen),
        };
        for place in firsts {
            match place {
                // What comes after an item is associated with it.
                Place::Item(_) => {
                    places.insert(place);
                }
                Place::Module(inner) if rest.is_empty() => {
                    places.insert(Place::Module(inner));
                }
                Place::Module(inner) if rest[0] == "super" => {
                    places.extend(self.resolve(inner, rest, seen));
                }
                Place::Module(inner) => {
                    for place in self.look_up(inner, &rest[0], seen) {
                        match place {
                            Place::Module(deeper) if rest.len() > 1 => {
                                let below: Vec<String> = ["self".to_owned()]
                                    .into_iter()
                                    .chain(rest[1..].iter().cloned())
                                    .collect();
                                places.extend(self.resolve(deeper, &below, seen));
                            }
                            other => {
                                places.insert(other);
                            }
                        }
                    }
                }
            }
        }
        places
    }

    /// What a name stands for in a module: its own names, and those of its globs where it has none of its own.
    fn look_up(
        &self,
        module: usize,
        name: &str,
        seen: &mut BTreeSet<(usize, Vec<String>)>,
    ) -> BTreeSet<Place> {
        let Module { file, names, globs, .. } = &self.modules[module];
        let mut places = BTreeSet::new();
        for meaning in names.get(name).into_iter().flatten() {
            match meaning {
                Meaning::Item => {
                    places.insert(Place::Item(*file));
                }
                Meaning::Module(inner) => {
                    places.insert(Place::Module(*inner));
                }
                Meaning::Import(path) => places.extend(self.resolve(module, path, seen)),
            }
        }
        if places.is_empty() {
            for glob in globs {
                let path: Vec<String> = glob.iter().cloned().chain([name.to_owned()]).collect();
                places.extend(self.resolve(module, &path, seen));
            }
        }
        places
    }

    /// Every item that code names, in the order of the code.
    pub(super) fn named(&self, sources: &[Source]) -> Vec<Named> {
        let mut named = Vec::new();
        for (file, source) in sources.iter().enumerate() {
            self.named_by(file, self.at(&source.module), &source.items, &mut named);
        }
        named
    }

    fn named_by(&self, file: usize, module: usize, items: &[Item], named: &mut Vec<Named>) {
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            if let Item::Mod(inner) = item {
                if let Some((_, items)) = &inner.content {
                    for place in self.look_up(module, &inner.ident.to_string(), &mut BTreeSet::new()) {
                        if let Place::Module(inner) = place {
                            self.named_by(file, inner, items, named);
                        }
                    }
                }
                continue;
            }
            let mut paths = Paths::default();
            paths.visit_item(item);
            for (path, line) in paths.found {
                for place in self.resolve(module, &path, &mut BTreeSet::new()) {
                    if let Place::Item(to) = place {
                        named.push(Named { from: file, to, line, path: path.join("::") });
                    }
                }
            }
        }
    }
}

/// One name that an import brings, or `*`.
struct Import {
    name: String,
    path: Vec<String>,
    line: usize,
}

/// Every import, re-exports too.
#[derive(Default)]
struct Imports {
    found: Vec<Import>,
}

impl Visit<'_> for Imports {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.found.extend(imports(&item.tree));
        }
    }

    fn visit_item_mod(&mut self, _: &syn::ItemMod) {}
}

/// The names that a tree of imports brings.
fn imports(tree: &UseTree) -> Vec<Import> {
    let mut found = Vec::new();
    spread(tree, &mut Vec::new(), &mut found);
    found
}

fn spread(tree: &UseTree, before: &mut Vec<Ident>, found: &mut Vec<Import>) {
    let mut import = |name: String, last: Option<&Ident>| {
        let path = before.iter().chain(last);
        let line = path.clone().last().map_or(0, |last| last.span().start().line);
        found.push(Import { name, path: path.map(Ident::to_string).collect(), line });
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.clone());
            spread(&path.tree, before, found);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| spread(tree, before, found)),
        UseTree::Glob(_) => import("*".to_owned(), None),
        UseTree::Name(name) if name.ident == "self" => {
            let name = before.last().map(Ident::to_string).unwrap_or_default();
            import(name, None);
        }
        UseTree::Name(name) => import(name.ident.to_string(), Some(&name.ident)),
        UseTree::Rename(rename) => import(rename.rename.to_string(), Some(&rename.ident)),
    }
}

/// Every path in an item, with its line: those of types, expressions, patterns, attributes' arguments apart, the private
/// imports, and those in the arguments of macros.
#[derive(Default)]
struct Paths {
    found: Vec<(Vec<String>, usize)>,
}

impl Visit<'_> for Paths {
    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.found.push((names, first.ident.span().start().line));
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if is_test(&item.attrs) || !matches!(item.vis, Visibility::Inherited) {
            return;
        }
        self.found.extend(imports(&item.tree).into_iter().map(|import| (import.path, import.line)));
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.visit_path(&call.path);
        in_tokens(call.tokens.clone(), &mut self.found);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    // Where something may be seen is no use of it.
    fn visit_visibility(&mut self, _: &Visibility) {}

    // Attributes name macros and settings of theirs.
    fn visit_attribute(&mut self, _: &syn::Attribute) {}
}

/// The paths of two names and more in what a macro is given, which need not be code.
fn in_tokens(tokens: TokenStream, found: &mut Vec<(Vec<String>, usize)>) {
    let mut path: Vec<String> = Vec::new();
    let (mut line, mut colons) = (0, 0);
    let mut end = |path: &mut Vec<String>, line: usize| {
        if path.len() > 1 {
            found.push((path.clone(), line));
        }
        path.clear();
    };
    let mut groups = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path, line);
                    line = name.span().start().line;
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            other => {
                end(&mut path, line);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    groups.push(group.stream());
                }
            }
        }
    }
    end(&mut path, line);
    groups.into_iter().for_each(|tokens| in_tokens(tokens, found));
}
