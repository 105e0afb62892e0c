//! No two files import each other, over any number of steps, except for the circles in the table below.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, circles, imports};
use super::sources;
use crate::support::source::SourceFile;

/// Files that may import each other.
struct Circle {
    files: &'static [&'static str],
    why: &'static str,
}

/// Permanent exceptions, with their reasons.
const EXCEPTIONS: &[Circle] = &[];

/// Violations by the circles that `files` form, one sentence each.
fn faults(files: &[SourceFile], allowed: &[&Circle]) -> Vec<String> {
    let imports = imports(files);
    let found = circles(&imports);
    let mut faults: Vec<String> = found
        .iter()
        .filter(|circle| !allowed.iter().any(|allowed| allowed.holds(circle)))
        .map(|circle| describe(circle, &imports))
        .collect();
    for allowed in allowed {
        let used: BTreeSet<&String> = found
            .iter()
            .filter(|circle| allowed.holds(circle))
            .flatten()
            .collect();
        let stale = allowed
            .files
            .iter()
            .filter(|file| !used.contains(&(**file).to_owned()));
        faults.extend(stale.map(|file| {
            format!(
                "{file} is in no circle any more: take it out of the exception \"{}\"",
                allowed.why
            )
        }));
    }
    faults
}

impl Circle {
    fn holds(&self, circle: &BTreeSet<String>) -> bool {
        circle
            .iter()
            .all(|file| self.files.contains(&file.as_str()))
    }
}

/// The files of a circle and the imports that form it, each name with its first line.
fn describe(circle: &BTreeSet<String>, imports: &[Import]) -> String {
    let mut edges: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for import in imports {
        if circle.contains(&import.from) && circle.contains(&import.to) {
            let names = edges.entry((&import.from, &import.to)).or_default();
            names.entry(&import.name).or_insert(import.line);
        }
    }
    let edges = edges.iter().map(|((from, to), names)| {
        let names = names
            .iter()
            .map(|(name, line)| format!("\n        {from}:{line}: {name}"));
        format!("\n    {from} imports {to}{}", names.collect::<String>())
    });
    let files: Vec<&str> = circle.iter().map(String::as_str).collect();
    format!(
        "{} files import each other in a circle: {}{}",
        files.len(),
        files.join(", "),
        edges.collect::<String>()
    )
}

/// Violations of `files`, each with its source, if `allowed` may form a circle.
fn faults_of(sources: &[(&str, &str)], allowed: &'static [&'static str]) -> Vec<String> {
    let files: Vec<SourceFile> = sources
        .iter()
        .map(|(path, source)| SourceFile::read(path, source))
        .collect();
    let circle = Circle {
        files: allowed,
        why: "a reason",
    };
    faults(&files, &[&circle])
}

const THREE: &[(&str, &str)] = &[
    ("app/a.rs", "\nuse super::b::B; pub struct A;"),
    ("app/b.rs", "use super::c::C; pub struct B;"),
    ("app/c.rs", "fn f(_: crate::app::a::A) {} pub struct C;"),
    ("app/d.rs", "use super::a::A;"),
];

#[test]
fn a_circle_of_any_length_is_seen_with_the_imports_that_make_it() {
    let found = faults_of(THREE, &[]);

    assert_eq!(
        found,
        [
            "3 files import each other in a circle: app/a.rs, app/b.rs, app/c.rs\
          \n    app/a.rs imports app/b.rs\
          \n        app/a.rs:2: crate::app::b::B\
          \n    app/b.rs imports app/c.rs\
          \n        app/b.rs:1: crate::app::c::C\
          \n    app/c.rs imports app/a.rs\
          \n        app/c.rs:1: crate::app::a::A"
        ]
    );
}

#[test]
fn an_exception_holds_for_its_files_alone_and_only_while_they_are_in_a_circle() {
    let all = faults_of(THREE, &["app/a.rs", "app/b.rs", "app/c.rs"]);
    let grown = faults_of(THREE, &["app/a.rs", "app/b.rs"]);
    let stale = faults_of(THREE, &["app/a.rs", "app/b.rs", "app/c.rs", "app/d.rs"]);

    assert_eq!(all, [""; 0]);
    assert!(
        grown[0].starts_with("3 files import each other"),
        "{grown:?}"
    );
    assert_eq!(
        stale,
        ["app/d.rs is in no circle any more: take it out of the exception \"a reason\""]
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let allowed: Vec<&Circle> = EXCEPTIONS.iter().collect();

    let found = faults(sources(), &allowed);

    assert!(found.is_empty(), "\n{}", found.join("\n\n"));
}
