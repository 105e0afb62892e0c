//! A type's name is unique in the crate, so that a search for it finds one thing.
//!
//! A wire type may have the name of the domain type that it is converted to: each folder `wire/` counts for itself.

use std::collections::{BTreeMap, BTreeSet};

use super::sources;
use crate::support::source::SourceFile;

/// Names that more than one type still has, and how many. The numbers may only fall.
const REPEATED: &[(&str, usize)] = &[];

/// Violations by the names of types in `files`, one sentence each.
fn faults(files: &[SourceFile], repeated: &[(&str, usize)]) -> Vec<String> {
    let mut declared: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for file in files {
        for name in &file.types {
            let scope = wire_of(&file.path).unwrap_or_default();
            declared.entry((name, scope)).or_default().push(&file.path);
        }
    }
    let repeated: BTreeMap<&str, usize> = repeated.iter().copied().collect();
    let names: BTreeSet<&str> = declared
        .keys()
        .map(|(name, _)| *name)
        .chain(repeated.keys().copied())
        .collect();
    names
        .into_iter()
        .filter_map(|name| {
            let of_name = declared.iter().filter(|((other, _), _)| *other == name);
            let most = of_name
                .map(|(_, files)| files)
                .max_by_key(|files| files.len());
            let (found, files) =
                most.map_or((0, String::new()), |files| (files.len(), files.join(", ")));
            let allowed = repeated.get(name).copied().unwrap_or(1);
            match (
                found > allowed,
                repeated.contains_key(name) && found < allowed,
            ) {
                (true, _) => Some(format!("{found} types are called {name}: {files}")),
                (_, true) => Some(format!(
                    "{name} is declared {found} times: lower its number"
                )),
                _ => None,
            }
        })
        .collect()
}

/// The folder of wire types that a file is in.
fn wire_of(path: &str) -> Option<&str> {
    path.find("/wire/").map(|end| &path[..end])
}

#[test]
fn every_type_has_a_name_of_its_own() {
    let found = faults(sources(), REPEATED);

    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_second_type_of_a_name_is_seen_and_so_is_an_allowance_that_is_not_needed() {
    let files = [
        SourceFile::read("app/a.rs", "struct Place; enum Kind {}"),
        SourceFile::read("app/b.rs", "pub type Place = u8; trait Other {}"),
        SourceFile::read("e2b/wire/mod.rs", "struct Kind; struct Other;"),
        SourceFile::read("e2b/c.rs", "#[cfg(test)] mod tests { struct Kind; }"),
    ];

    assert_eq!(faults(&files, &[("Place", 2)]), [""; 0]);
    assert_eq!(
        faults(&files, &[]),
        ["2 types are called Place: app/a.rs, app/b.rs"]
    );
    assert_eq!(
        faults(&files, &[("Place", 6), ("Kind", 2)]),
        [
            "Kind is declared 1 times: lower its number",
            "Place is declared 2 times: lower its number"
        ]
    );
}
