//! Parses Rust sources for the architecture test: which paths and macros a file names, and how many lines of code it
//! has. Tests are left out. Works on the syntax tree, so that words in comments and strings do not count; the bodies
//! of macros are read token by token.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A source file of the library or the binary.
pub(crate) struct SourceFile {
    /// Relative to `src/`, with `/`: `app/chat/mod.rs`.
    pub(crate) path: String,
    /// What it names, in order, with `use` trees expanded, and `self`, `super` and imported names resolved.
    pub(crate) names: Vec<Name>,
    /// The names that its `use` items import, and what they mean.
    pub(crate) imports: BTreeMap<String, String>,
    /// The items that it declares, at any depth, except modules.
    pub(crate) items: BTreeSet<String>,
    /// The structs, enums, traits and aliases among the items.
    pub(crate) types: Vec<String>,
    /// Lines of code, without blank lines, comments and tests.
    pub(crate) code_lines: usize,
    /// Modules for tests only: `tests`, `testing`.
    test_modules: Vec<String>,
}

/// A path (`crate::text::wrap`, `std::env::var`) or a macro (`println!`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) role: Role,
}

/// Where a name occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// In an expression, a type, a pattern, a macro.
    Code,
    /// In one of the file's own `use` items.
    Import,
    /// In a `use` that ends in `*`: everything in the named module.
    ImportAll,
    /// In a `pub use`, of any visibility.
    ReExport,
    /// In a `pub use` that ends in `*`.
    ReExportAll,
}

impl Name {
    /// Whether this is `prefix` or something inside it.
    pub(crate) fn is_in(&self, prefix: &str) -> bool {
        self.text
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// Reads all files below `src`, except those that only tests use.
pub(crate) fn read_all(src: &Path) -> Vec<SourceFile> {
    let mut paths = Vec::new();
    walk(src, &mut paths);
    paths.sort();
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| {
            let relative = path
                .strip_prefix(src)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            SourceFile::read(&relative, &std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let tests: BTreeSet<String> = files.iter().flat_map(SourceFile::test_paths).collect();
    let is_test = |path: &str| {
        tests
            .iter()
            .any(|test| path == format!("{test}.rs") || path.starts_with(&format!("{test}/")))
    };
    files
        .into_iter()
        .filter(|file| !is_test(&file.path))
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

impl SourceFile {
    /// Reads one file; `path` is relative to `src/`.
    pub(crate) fn read(path: &str, source: &str) -> Self {
        let tree = syn::parse_file(source).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader {
            module: module_of(path),
            names: Vec::new(),
            imports: BTreeMap::new(),
            role: Role::Code,
            items: BTreeSet::new(),
            types: Vec::new(),
            test_lines: BTreeSet::new(),
            test_modules: Vec::new(),
        };
        reader.visit_file(&tree);
        reader.resolve_imports();
        let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let code_lines = (1..)
            .zip(source.lines())
            .filter(|(number, line)| is_code(line) && !reader.test_lines.contains(number))
            .count();
        Self {
            path: path.to_owned(),
            names: reader.names,
            imports: reader.imports,
            items: reader.items,
            types: reader.types,
            code_lines,
            test_modules: reader.test_modules,
        }
    }

    /// The first part of the path: `app`, or `main` for a top-level file.
    pub(crate) fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether any name of this file is in `prefix`.
    pub(crate) fn names_any_in(&self, prefix: &str) -> bool {
        self.names.iter().any(|name| name.is_in(prefix))
    }

    /// Paths of the test modules, without `.rs`.
    fn test_paths(&self) -> Vec<String> {
        let folder = module_of(&self.path).join("/");
        let below = |name: &String| {
            if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            }
        };
        self.test_modules.iter().map(below).collect()
    }
}

/// `app/chat/mod.rs` and `app/chat.rs` are the module `app`, `chat`.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path
        .trim_end_matches(".rs")
        .split('/')
        .map(String::from)
        .collect();
    if matches!(
        parts.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        parts.pop();
    }
    parts
}

struct Reader {
    /// The module that is being read.
    module: Vec<String>,
    names: Vec<Name>,
    /// The names that the file's `use` items import, and what they mean.
    imports: BTreeMap<String, String>,
    role: Role,
    items: BTreeSet<String>,
    types: Vec<String>,
    test_lines: BTreeSet<usize>,
    test_modules: Vec<String>,
}

impl Reader {
    fn add(&mut self, segments: &[String], line: usize) {
        let mut segments = segments;
        let mut place = self.module.clone();
        let mut absolute: Vec<String> = Vec::new();
        while let Some((first, rest)) = segments.split_first() {
            match first.as_str() {
                "self" if absolute.is_empty() => {}
                "super" => {
                    place.pop();
                }
                _ => break,
            }
            absolute = vec!["crate".to_owned()];
            segments = rest;
        }
        if !absolute.is_empty() {
            absolute.extend(place);
        }
        absolute.extend(segments.iter().cloned());
        self.names.push(Name {
            text: absolute.join("::"),
            line,
            role: self.role,
        });
    }

    fn add_use(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        let line = tree.span().start().line;
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.add_use(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, prefix);
                }
            }
            syn::UseTree::Glob(_) => {
                let role = self.role;
                self.role = match role {
                    Role::ReExport => Role::ReExportAll,
                    _ => Role::ImportAll,
                };
                self.add(prefix, line);
                self.role = role;
            }
            syn::UseTree::Name(syn::UseName { ident }) => self.add_import(ident, None, prefix),
            syn::UseTree::Rename(syn::UseRename { ident, rename, .. }) => {
                self.add_import(ident, Some(rename), prefix);
            }
        }
    }

    fn add_import(&mut self, ident: &syn::Ident, rename: Option<&syn::Ident>, prefix: &[String]) {
        // `use a::{self}` names `a`.
        let leaf = ident.to_string();
        let is_self = leaf == "self" && !prefix.is_empty();
        let mut whole = prefix.to_vec();
        whole.extend((!is_self).then_some(leaf));
        self.add(&whole, ident.span().start().line);
        let own = rename.map(ToString::to_string);
        if let (Some(own), Some(name)) = (own.or(whole.pop()), self.names.last()) {
            self.imports.insert(own, name.text.clone());
        }
    }

    /// `use std::io;` makes `io::stdout` another name of `std::io::stdout`.
    fn resolve_imports(&mut self) {
        for name in &mut self.names {
            let (first, rest) = name.text.split_once("::").unwrap_or((&name.text, ""));
            if let Some(whole) = self.imports.get(first).filter(|whole| *whole != first) {
                let between = if rest.is_empty() { "" } else { "::" };
                name.text = format!("{whole}{between}{rest}");
            }
        }
    }

    /// Finds `a::b::c` and `name!` among tokens.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_path(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) if punct.as_char() == '!' && path.len() == 1 => {
                    self.names.push(Name {
                        text: format!("{}!", path[0]),
                        line,
                        role: Role::Code,
                    });
                    path.clear();
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path, line);
                    colons = 0;
                    self.add_tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.end_path(&mut path, line);
                    colons = 0;
                }
            }
        }
        self.end_path(&mut path, line);
    }

    fn end_path(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.add(path, line);
        }
        path.clear();
    }

    fn declare(&mut self, item: &syn::Item) {
        let ident = match item {
            syn::Item::Enum(syn::ItemEnum { ident, .. })
            | syn::Item::Struct(syn::ItemStruct { ident, .. })
            | syn::Item::Trait(syn::ItemTrait { ident, .. })
            | syn::Item::Type(syn::ItemType { ident, .. }) => {
                self.types.push(ident.to_string());
                ident
            }
            syn::Item::Const(item) => &item.ident,
            syn::Item::Static(item) => &item.ident,
            syn::Item::Fn(item) => &item.sig.ident,
            _ => return,
        };
        self.items.insert(ident.to_string());
    }

    /// Records the lines of test-only items; returns whether it is one.
    fn skips(&mut self, attributes: &[syn::Attribute], whole: proc_macro2::Span) -> bool {
        let skips = attributes.iter().any(is_cfg_test);
        if skips {
            self.test_lines
                .extend(whole.start().line..=whole.end().line);
        }
        skips
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|path| path.is_ident("test"))
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Macro(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Trait(item) => &item.attrs,
            syn::Item::Type(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !self.skips(attributes, item.span()) {
            self.declare(item);
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(module) = item {
            self.test_modules.push(module.ident.to_string());
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !self.skips(&function.attrs, function.span()) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.role = match item.vis {
            syn::Visibility::Inherited => Role::Import,
            _ => Role::ReExport,
        };
        self.add_use(&item.tree, &mut Vec::new());
        self.role = Role::Code;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.add(&segments, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.names.push(Name {
                text: format!("{}!", name.ident),
                line: call.path.span().start().line,
                role: Role::Code,
            });
        }
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}
