//! `grep` and `glob`.

use super::source::CallSource;
use crate::domain::chat::{FoundFile, SearchCall, ToolDetail};
use crate::session::chat::translate::plain::relative;

pub(super) fn search(source: &mut CallSource<'_>) -> ToolDetail {
    let in_files = source.tool == "grep";
    let output = std::mem::take(&mut source.output);
    let files = if in_files {
        lines_by_file(&output, source.directory)
    } else {
        names(&output, source.directory)
    };
    let said = if in_files {
        source.metadata.matches
    } else {
        source.metadata.count
    };
    let listed = if in_files {
        files.iter().map(|file| file.lines.len()).sum()
    } else {
        files.len()
    };
    let total = said.map_or(listed, |said| usize::try_from(said).unwrap_or(usize::MAX));
    ToolDetail::Search(SearchCall {
        pattern: source.take("pattern"),
        path: source.take_path("path"),
        include: source.take("include"),
        in_files,
        total: u32::try_from(total)
            .ok()
            .filter(|_| said.is_some() || !output.is_empty()),
        more: source.metadata.truncated,
        files,
    })
}

/// `path:` followed by lines `  Line 3: text`.
fn lines_by_file(output: &str, directory: &str) -> Vec<FoundFile> {
    let mut files: Vec<FoundFile> = Vec::new();
    for line in output.lines() {
        if let Some((number, text)) = line
            .trim_start()
            .strip_prefix("Line ")
            .and_then(|rest| rest.split_once(':'))
            && let Ok(number) = number.parse()
            && let Some(file) = files.last_mut()
        {
            let text = text.strip_prefix(' ').unwrap_or(text);
            file.lines.push((number, text.to_owned()));
        } else if let Some(path) = line.strip_suffix(':') {
            let path = relative(path, directory).to_owned();
            files.push(FoundFile {
                path,
                lines: Vec::new(),
            });
        }
    }
    files.retain(|file| !file.lines.is_empty());
    files
}

/// A path on each line; notes are in brackets.
fn names(output: &str, directory: &str) -> Vec<FoundFile> {
    let paths = output
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('(') && *line != "No files found");
    paths
        .map(|path| FoundFile {
            path: relative(path, directory).to_owned(),
            lines: Vec::new(),
        })
        .collect()
}
