//! Notes for the user on what of a work tree is not copied as it is.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use super::git::Git;
use super::user_repository::UserRepository;
use crate::domain::failure::Failure;

/// Names per note; the rest is counted.
const NAMED: usize = 5;

/// Files that show an operation of git in progress.
const OPERATIONS: &[(&str, &str)] = &[
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisection"),
];

/// The output of the script that fills the index: paths as git quotes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AddReport {
    /// Nested repositories, copied as plain files.
    files: Vec<String>,
    /// Submodules that are not checked out.
    absent: Vec<String>,
    /// Files that could not be read.
    left: Vec<String>,
}

impl AddReport {
    pub(super) fn read(text: &str) -> Self {
        let mut told = Self::default();
        for (word, path) in text.lines().filter_map(|line| line.split_once(' ')) {
            let paths = match word {
                "files" => &mut told.files,
                "absent" => &mut told.absent,
                "left" => &mut told.left,
                _ => continue,
            };
            paths.push(path.to_owned());
        }
        for paths in [&mut told.files, &mut told.absent, &mut told.left] {
            paths.sort();
        }
        told
    }
}

/// One sentence for each kind of thing.
pub(super) async fn notes(source: &UserRepository, index: &Git, told: &AddReport) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut add = |what: &str, paths: &[String]| {
        if !paths.is_empty() {
            notes.push(format!("{what}: {}", listed(paths)));
        }
    };
    add(
        "submodules and nested repositories, copied as plain files without history",
        &told.files,
    );
    add(
        "submodules that are not checked out here, and are empty in the sandbox",
        &told.absent,
    );
    add(
        "unreadable files, left out or copied as last committed",
        &told.left,
    );
    let paths = index.bytes(&["ls-files", "-z"]).await.unwrap_or_default();
    add(
        "left out, because they are not regular files",
        &special(source, &paths).await,
    );
    let pointers = lfs_pointers(index).await.unwrap_or_default();
    add(
        "Git LFS files, copied as pointers; `git lfs pull` in the sandbox fetches their content",
        &pointers,
    );
    for filter in filters(&source.git).await.unwrap_or_default() {
        let of_filter = format!(":(attr:filter={filter})");
        let list = ["ls-files", "-z", "--", &of_filter];
        let files = index.bytes(&list).await.map(|text| split(&text));
        let what = format!("copied as git stores them, because the filter {filter} is missing");
        add(&what, &files.unwrap_or_default());
    }
    if let Some((_, name)) = OPERATIONS
        .iter()
        .find(|(file, _)| source.git_dir.join(file).exists())
    {
        let with = "the files are copied as they are, but not the state of the operation";
        notes.push(format!("a {name} is in progress here: {with}"));
    }
    notes
}

fn listed(paths: &[String]) -> String {
    let named: Vec<&str> = paths.iter().take(NAMED).map(String::as_str).collect();
    let named = named.join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn split(text: &[u8]) -> Vec<String> {
    let names = text
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty());
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// Sockets, pipes and devices beside the indexed files. git does not even list them.
async fn special(source: &UserRepository, paths: &[u8]) -> Vec<String> {
    let mut folders = BTreeSet::from([Path::new("")]);
    for path in paths.split(|&byte| byte == 0) {
        folders.extend(Path::new(OsStr::from_bytes(path)).ancestors().skip(1));
    }
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(source.root.join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let is_special = entry.file_type().is_ok_and(|kind| {
                kind.is_socket()
                    || kind.is_fifo()
                    || kind.is_block_device()
                    || kind.is_char_device()
            });
            if is_special {
                found.extend_from_slice(folder.join(entry.file_name()).as_os_str().as_bytes());
                found.push(0);
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    // Exit code 1: none is ignored.
    let ignored = source
        .git
        .fed(&["check-ignore", "-z", "--stdin"], found.clone())
        .await;
    let ignored = split(&ignored.unwrap_or_default());
    let mut found = split(&found);
    found.retain(|path| !ignored.contains(path));
    found
}

async fn lfs_pointers(index: &Git) -> Result<Vec<String>, Failure> {
    let what = "^version https://git-lfs";
    let of_lfs = ":(attr:filter=lfs)";
    let alone = "--no-recurse-submodules";
    let grep = [
        "grep", "--cached", "-z", "-l", alone, "-e", what, "--", of_lfs,
    ];
    let found = index.bytes(&grep).await?;
    Ok(split(&found))
}

/// The filters in the user's configuration, except Git LFS.
async fn filters(git: &Git) -> Result<BTreeSet<String>, Failure> {
    let what = r"^filter\..*\.(clean|smudge|process)$";
    let get = ["config", "--name-only", "--get-regexp", what];
    let found = git.text(&get).await?;
    let names = found.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("filter.")?.rsplit_once('.')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        (name != "lfs" && name.chars().all(is_plain)).then(|| name.to_owned())
    });
    Ok(names.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The names come from a repository that anybody may have made.
        #[test]
        fn any_output_of_the_script_is_parsed_and_each_note_is_one_sentence(
            text in "((files|absent|left|other) [^\n]{0,6}\n|\\PC|\n){0,20}",
        ) {
            let told = AddReport::read(&text);

            let named = told.files.len() + told.absent.len() + told.left.len();
            prop_assert!(named <= text.lines().count());
            prop_assert!(named >= text.lines().filter(|line| line.starts_with("files ")).count());
            let sentence = listed(&told.files);
            prop_assert_eq!(sentence.contains(" more"), told.files.len() > NAMED || told.files.iter().any(|name| name.contains(" more")));
        }
    }
}
