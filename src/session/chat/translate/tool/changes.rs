//! `edit`, `multiedit`, `write`, `apply_patch`: the files that a call changes.
//!
//! The server sends a unified diff once a file is changed. Until then, and if it fails, the arguments say what the
//! agent wanted; from them comes a diff without line numbers.

use std::fmt::Write as _;

use serde::Deserialize;

use super::markup::without_tags;
use super::source::CallSource;
use crate::domain::chat::{EditKind, FileEdit, ToolDetail};
use crate::opencode::wire::tool_metadata::PatchedFile;
use crate::session::chat::translate::plain::relative;

/// What the tools say when all is well.
const WELL: [&str; 4] = [
    "Edit applied successfully.",
    "Wrote file successfully.",
    "File written successfully.",
    "Success. Updated the following files:",
];

pub(super) fn change(source: &mut CallSource<'_>) -> ToolDetail {
    source.output = problems(&source.output);
    let path = source.take_path("filePath");
    match source.tool {
        "write" => {
            let kind = match source.metadata.exists {
                Some(false) => EditKind::Created,
                _ => EditKind::Written,
            };
            let diff = source.metadata.diff.take().unwrap_or_default();
            ToolDetail::Change(vec![FileEdit {
                text: source.take("content"),
                ..FileEdit::new(path, kind, diff)
            }])
        }
        "apply_patch" | "patch" => patch(source),
        _ => {
            let wanted = wanted(source);
            let diff = source.metadata.diff.take().filter(|diff| !diff.is_empty());
            let results = std::mem::take(&mut source.metadata.results);
            let results: Vec<String> = results.into_iter().map(|result| result.diff).collect();
            let diff = diff.unwrap_or_else(|| results.concat());
            let diff = if diff.is_empty() { wanted } else { diff };
            ToolDetail::Change(vec![FileEdit::new(path, EditKind::Edited, diff)])
        }
    }
}

/// What is wrong with the files now; empty if nothing is.
fn problems(output: &str) -> String {
    let Some(at) = output.find("<diagnostics") else {
        return String::new();
    };
    let begins = output[..at].rfind("\n\n").map_or(at, |at| at + 2);
    let text = without_tags(&output[begins..]);
    let lines = text.lines().filter(|line| !WELL.contains(line));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_suffix(", please fix:").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// One of the edits of a `multiedit`.
#[derive(Deserialize)]
struct WantedEdit {
    #[serde(default, rename = "oldString")]
    old: String,
    #[serde(default, rename = "newString")]
    new: String,
}

/// A diff of what the arguments of an edit ask for.
fn wanted(source: &mut CallSource<'_>) -> String {
    let (old, new) = (source.take("oldString"), source.take("newString"));
    let edits = source.take("edits");
    let mut diff = hunk(&old, &new);
    let edits: Vec<WantedEdit> = serde_json::from_str(&edits).unwrap_or_default();
    for edit in edits {
        diff.push_str(&hunk(&edit.old, &edit.new));
    }
    diff
}

/// A hunk without line numbers.
fn hunk(old: &str, new: &str) -> String {
    if old.is_empty() && new.is_empty() {
        return String::new();
    }
    let mut text = String::from("@@\n");
    for (sign, side) in [('-', old), ('+', new)] {
        for line in side.lines() {
            let _ = writeln!(text, "{sign}{line}");
        }
    }
    text
}

fn patch(source: &mut CallSource<'_>) -> ToolDetail {
    let directory = source.directory;
    let text = source.take("patchText");
    let files = std::mem::take(&mut source.metadata.files);
    let files: Vec<FileEdit> = if files.is_empty() {
        wanted_files(&text, directory)
    } else {
        files
            .into_iter()
            .map(|file| patched(file, directory))
            .collect()
    };
    ToolDetail::Change(files)
}

fn patched(file: PatchedFile, directory: &str) -> FileEdit {
    let kind = match file.kind.as_str() {
        "add" => EditKind::Created,
        "delete" => EditKind::Deleted,
        "move" => EditKind::Moved,
        _ => EditKind::Edited,
    };
    let diff = if file.patch.is_empty() {
        file.diff
    } else {
        file.patch
    };
    let to = file.move_path;
    FileEdit {
        to: to.map(|to| relative(&to, directory).to_owned()),
        ..FileEdit::new(relative(&file.file_path, directory), kind, diff)
    }
}

/// The files of a patch in the form that models write: `*** Update File: path`, `@@`, lines with signs.
fn wanted_files(text: &str, directory: &str) -> Vec<FileEdit> {
    let mut files: Vec<FileEdit> = Vec::new();
    for line in text.lines() {
        let begins = [
            ("*** Add File:", EditKind::Created),
            ("*** Update File:", EditKind::Edited),
            ("*** Delete File:", EditKind::Deleted),
        ];
        let begins = begins
            .iter()
            .find_map(|(words, kind)| Some((line.strip_prefix(words)?.trim(), *kind)));
        if let Some((path, kind)) = begins {
            files.push(FileEdit::new(relative(path, directory), kind, ""));
            continue;
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        if let Some(to) = line.strip_prefix("*** Move to:") {
            file.kind = EditKind::Moved;
            file.to = Some(relative(to.trim(), directory).to_owned());
        } else if let Some(section) = line.strip_prefix("@@") {
            let _ = writeln!(file.diff, "@@{section}");
        } else if line.starts_with(['+', '-', ' ']) {
            if file.diff.is_empty() {
                file.diff.push_str("@@\n");
            }
            let _ = writeln!(file.diff, "{line}");
        }
    }
    let counted = files.into_iter().map(|file| FileEdit {
        to: file.to,
        ..FileEdit::new(file.path, file.kind, file.diff)
    });
    counted.collect()
}
