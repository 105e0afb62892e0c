//! Files and folders: a file that no `mod` names is never compiled, and its tests never run; a folder with too many
//! entries is a list that nobody reads.

use std::collections::BTreeSet;
use std::path::Path;

/// The modules that `source` declares, except those with a `path` attribute.
fn declared(source: &str) -> BTreeSet<String> {
    let file = syn::parse_file(source).unwrap();
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if !has_own_path(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn has_own_path(module: &syn::ItemMod) -> bool {
    let mut attributes = module.attrs.iter();
    attributes.any(|attribute| attribute.path().is_ident("path"))
}

/// The modules that are in `folder`, as files or folders.
fn present(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "rs"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "main" && name != "mod" && name != "snapshots")
        .collect()
}

#[test]
fn every_test_file_is_compiled() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");

    let main = std::fs::read_to_string(tests.join("it/main.rs")).unwrap();
    let groups = declared(&main);
    assert_eq!(groups, present(&tests.join("it")), "it/main.rs");
    let folders = groups.iter().map(|group| format!("it/{group}"));
    for folder in folders.chain(["support".to_owned()]) {
        let source = std::fs::read_to_string(tests.join(&folder).join("mod.rs")).unwrap();

        assert_eq!(
            declared(&source),
            present(&tests.join(&folder)),
            "{folder}/mod.rs"
        );
    }
}

#[test]
fn a_file_that_is_not_declared_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["main.rs", "known.rs", "forgotten.rs"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }

    assert_ne!(declared("mod known;"), present(folder.path()));
    assert_eq!(
        declared("mod known;\nmod forgotten;"),
        present(folder.path())
    );
}

/// More entries than this are a list to search, not a folder to read.
const FOLDER_LIMIT: usize = 16;

/// Folders that may have more entries, with the most that they may have, and why.
const LARGE_FOLDERS: [(&str, usize); 2] = [
    ("src", 18),     // a folder for each part of the program
    ("src/app", 18), // the root of the model, and a folder for each of its parts
];

/// All folders below `folder` and itself, as paths from the package, with the number of their entries. Snapshots are
/// not source code.
fn folder_sizes(package: &Path, folder: &Path, sizes: &mut Vec<(String, usize)>) {
    let entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name != "snapshots"))
        .collect();
    let name = folder.strip_prefix(package).unwrap().to_string_lossy();
    sizes.push((name.into_owned(), entries.len()));
    for child in entries.iter().filter(|path| path.is_dir()) {
        folder_sizes(package, child, sizes);
    }
}

#[test]
fn no_folder_has_too_many_entries() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sizes = Vec::new();
    folder_sizes(package, &package.join("src"), &mut sizes);

    let limit = |name: &str| {
        let mut large = LARGE_FOLDERS.iter();
        large
            .find(|(folder, _)| *folder == name)
            .map_or(FOLDER_LIMIT, |(_, most)| *most)
    };
    sizes.retain(|(name, entries)| *entries > limit(name));

    assert!(sizes.is_empty(), "too many entries: {sizes:?}");
}
