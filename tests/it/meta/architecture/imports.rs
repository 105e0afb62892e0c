//! Which files of `src/` import which.
//!
//! A file imports the file that *declares* an item which it names: in a `use`, or by a path anywhere in its code or
//! its macros. Names of modules, re-exports and aliases are followed to the declaration, so that
//! `crate::e2b::wire::Sandbox` is an import of the file that contains the struct.
//!
//! Not counted as imports are
//! - the name of a module alone (`mod child;`, `use crate::e2b::wire;`, `pub(in crate::local)`): the items that
//!   are named through it are;
//! - a re-export (`pub use child::Item`, of any visibility): it passes a name on, and the file that uses the name
//!   imports the declaration. Where the re-exporting file uses it too, that is an import;
//! - names in tests: `#[cfg(test)]` items and the files that they declare;
//! - a method, a field or a variant that is reached through a value: no path names its file.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::source::{Name, Role, SourceFile, module_of};

/// One file names an item of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: String,
    pub(super) line: usize,
    pub(super) to: String,
    /// As written in the file, with imported names resolved.
    pub(super) name: String,
}

/// All files of a crate by module.
struct Crate<'a> {
    modules: BTreeMap<Vec<String>, &'a SourceFile>,
}

/// Every import between different files, in the order of files and lines.
pub(super) fn imports(files: &[SourceFile]) -> Vec<Import> {
    let whole = Crate {
        modules: files
            .iter()
            .filter(|file| file.path != "main.rs")
            .map(|file| (module_of(&file.path), file))
            .collect(),
    };
    let mut found: Vec<Import> = files
        .iter()
        .flat_map(|file| file.names.iter().map(move |name| (file, name)))
        .filter(|(_, name)| !matches!(name.role, Role::ReExport | Role::ReExportAll))
        .filter_map(|(file, name)| {
            let to = whole.imported(file, name)?;
            (to != file.path).then(|| Import {
                from: file.path.clone(),
                line: name.line,
                to: to.to_owned(),
                name: name.text.clone(),
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Sets of files that import each other, over any number of steps; each set is sorted.
pub(super) fn circles(imports: &[Import]) -> BTreeSet<BTreeSet<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        next.entry(&import.from).or_default().insert(&import.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|&file| (file, all_reached(file, &next)))
        .collect();
    let is_back = |file: &str, other: &str| reached.get(other).is_some_and(|it| it.contains(file));
    reached
        .iter()
        .map(|(file, others)| {
            let circle = others.iter().filter(|other| is_back(file, other));
            circle.map(ToString::to_string).collect::<BTreeSet<_>>()
        })
        .filter(|circle| circle.len() > 1)
        .collect()
}

fn all_reached<'a>(
    file: &'a str,
    next: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for &other in next.get(file).into_iter().flatten() {
            if reached.insert(other) {
                open.push(other);
            }
        }
    }
    reached
}

impl Crate<'_> {
    /// The file that a name of `file` imports.
    fn imported(&self, file: &SourceFile, name: &Name) -> Option<&str> {
        let path = self.absolute(file, &name.text)?;
        if name.role == Role::ImportAll {
            return Some(&self.modules.get(&path)?.path);
        }
        self.declaring(&path, &mut BTreeSet::new())
    }

    /// The parts of a name after `crate`; none if it is not of this crate.
    fn absolute(&self, file: &SourceFile, name: &str) -> Option<Vec<String>> {
        let parts: Vec<String> = name.split("::").map(ToOwned::to_owned).collect();
        if parts[0] == "crate" {
            return Some(parts[1..].to_vec());
        }
        // A module that the file declares: `child::Item`.
        let mut module = module_of(&file.path);
        module.push(parts[0].clone());
        self.modules.contains_key(&module).then(|| {
            module.extend_from_slice(&parts[1..]);
            module
        })
    }

    /// The file that declares what `path` names; none if it names a module.
    fn declaring(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<&str> {
        if !seen.insert(path.to_vec()) {
            return None;
        }
        let module = (0..=path.len())
            .rev()
            .find(|&end| self.modules.contains_key(&path[..end]))?;
        let file = self.modules.get(&path[..module])?;
        let Some(item) = path.get(module) else {
            // A function may have the name of its module, and be re-exported beside it.
            return self.re_exported(path, seen);
        };
        if file.items.contains(item) {
            return Some(&file.path);
        }
        if let Some(other) = file.imports.get(item) {
            let mut other = self.absolute(file, other)?;
            other.extend_from_slice(&path[module + 1..]);
            return self.declaring(&other, seen);
        }
        self.in_globs(file, &path[module..], seen)
            .or(Some(&file.path))
    }

    fn re_exported(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<&str> {
        let (last, parent) = path.split_last()?;
        let file = self.modules.get(parent)?;
        let other = self.absolute(file, file.imports.get(last)?)?;
        (other != path).then(|| self.declaring(&other, seen))?
    }

    /// Looks for the first part of `rest` in the modules that `file` imports by `*`.
    fn in_globs(
        &self,
        file: &SourceFile,
        rest: &[String],
        seen: &mut BTreeSet<Vec<String>>,
    ) -> Option<&str> {
        file.names
            .iter()
            .filter(|name| matches!(name.role, Role::ImportAll | Role::ReExportAll))
            .filter_map(|name| self.absolute(file, &name.text))
            .filter(|module| {
                let file = self.modules.get(module);
                file.is_some_and(|file| {
                    file.items.contains(&rest[0]) || file.imports.contains_key(&rest[0])
                })
            })
            .find_map(|mut path| {
                path.extend_from_slice(rest);
                self.declaring(&path, seen)
            })
    }
}

/// The imports of a crate with these files, as `from to`.
fn between(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, source)| SourceFile::read(path, source))
        .collect();
    let pairs = imports(&files)
        .into_iter()
        .map(|import| format!("{} {}", import.from, import.to));
    let pairs: BTreeSet<String> = pairs.collect();
    pairs.into_iter().collect()
}

#[test]
fn a_name_is_an_import_of_the_file_that_declares_it_however_it_is_reached() {
    let declaring = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a/mod.rs",
            "mod deep; pub(crate) use deep::{Item, Other as Renamed};",
        ),
        (
            "a/deep.rs",
            "pub struct Item; pub struct Other; pub fn f() {}",
        ),
    ];
    for naming in [
        "use crate::a::Item;",
        "use super::a::Renamed;",
        "use crate::a::deep; fn g() { deep::f(); }",
        "fn g() { crate::a::Item::default(); }",
        "fn g() { vec![crate::a::deep::f()]; }",
        "fn g(x: &dyn Fn(crate::a::Renamed)) {}",
        "use crate::a::deep::*;",
    ] {
        let files = [&declaring[..], &[("b.rs", naming)]].concat();

        assert_eq!(between(&files), ["b.rs a/deep.rs"], "{naming}");
    }
}

#[test]
fn a_name_that_a_glob_brings_is_an_import_of_its_declaration() {
    let files = [
        (
            "a/mod.rs",
            "mod one; mod two; pub use one::*; pub use two::*;",
        ),
        ("a/one.rs", "pub struct One;"),
        ("a/two.rs", "pub struct Two;"),
        ("b.rs", "use crate::a::Two;"),
    ];

    assert_eq!(between(&files), ["b.rs a/two.rs"]);
}

#[test]
fn a_parent_imports_a_child_only_where_it_uses_it() {
    let child = ("a/child.rs", "pub(super) struct Item;");
    for (parent, expected) in [
        ("mod child;", &[][..]),
        ("mod child; pub use child::Item;", &[]),
        (
            "mod child; pub use child::Item; fn f() -> Item { Item }",
            &["a/mod.rs a/child.rs"],
        ),
        (
            "mod child; fn f() { child::Item; }",
            &["a/mod.rs a/child.rs"],
        ),
    ] {
        assert_eq!(
            between(&[("a/mod.rs", parent), child]),
            expected,
            "{parent}"
        );
    }
}

#[test]
fn a_module_alone_and_what_tests_name_are_no_imports() {
    let files = [
        ("a.rs", "pub struct Item;"),
        (
            "b.rs",
            "use crate::a; pub(in crate::b) struct B; \
             #[cfg(test)] mod tests { use crate::a::Item; use super::*; }",
        ),
    ];

    assert_eq!(between(&files), [""; 0]);
}

#[test]
fn a_function_may_be_called_like_its_module() {
    let files = [
        ("a/mod.rs", "mod kill; pub use kill::kill;"),
        ("a/kill.rs", "pub fn kill() {}"),
        ("b.rs", "use crate::a::kill;"),
    ];

    assert_eq!(between(&files), ["b.rs a/kill.rs"]);
}
