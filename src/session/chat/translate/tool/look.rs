//! `read`, and `list` of earlier servers.

use super::markup::{between, without_tags};
use super::source::CallSource;
use crate::domain::chat::{ReadCall, ToolDetail};

pub(super) fn read(source: &mut CallSource<'_>) -> ToolDetail {
    let is_list = source.tool == "list";
    let path = source.take_path(if is_list { "path" } else { "filePath" });
    let from = source.take("offset").trim().parse().ok();
    let number = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
    if let Some(display) = source.metadata.display.take() {
        let is_folder = display.kind == "directory";
        let text = if is_folder {
            display.entries.join("\n")
        } else {
            display.text
        };
        let count = u32::try_from(text.lines().count()).ok();
        source.output = text;
        source.take("limit");
        return ToolDetail::Read(ReadCall {
            path,
            is_folder,
            from: number(display.line_start).or(from).or(Some(1)),
            count,
            total: number(display.total_entries).or_else(|| number(display.total_lines)),
        });
    }
    let output = std::mem::take(&mut source.output);
    let is_folder = is_list || output.contains("<type>directory</type>");
    let mut first = None;
    source.output = if is_folder {
        entries(&output)
    } else {
        numbered(&output, &mut first)
    };
    let has_lines = !source.output.is_empty() && (first.is_some() || is_folder);
    let count = u32::try_from(source.output.lines().count()).ok();
    ToolDetail::Read(ReadCall {
        path,
        is_folder,
        from: first.or(from),
        count: count.filter(|_| has_lines),
        total: None,
    })
}

fn entries(output: &str) -> String {
    let listed = between(output, ("<entries>", "</entries>"));
    let lines = listed.unwrap_or(output).lines();
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('('))
        .collect();
    lines.join("\n")
}

/// The lines of a file without the numbers that the server wrote before them (`12: text`, `00012| text`). What is
/// not numbered, such as "Image read successfully", stays.
fn numbered(output: &str, first: &mut Option<u32>) -> String {
    let content = between(output, ("<content>", "</content>"));
    let content = content.or_else(|| between(output, ("<file>", "</file>")));
    let Some(content) = content else {
        return without_tags(output);
    };
    let mut lines = Vec::new();
    for line in content.lines() {
        let Some((number, text)) = line.split_once(['|', ':']) else {
            continue;
        };
        let Ok(number) = number.trim().parse() else {
            continue;
        };
        first.get_or_insert(number);
        lines.push(text.strip_prefix(' ').unwrap_or(text));
    }
    lines.join("\n")
}
