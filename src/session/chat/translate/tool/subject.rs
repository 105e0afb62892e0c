//! A call in one line.

use super::table;
use crate::opencode::wire::part::Input;
use crate::session::chat::translate::plain::{one_line, relative};

/// The argument that describes a call of a tool in one line; none where the call's list is shown in full.
const SUBJECT_ARGUMENTS: [(&str, &str); 19] = [
    ("bash", "command"),
    ("read", "filePath"),
    ("edit", "filePath"),
    ("write", "filePath"),
    ("multiedit", "filePath"),
    ("lsp", "operation"),
    ("list", "path"),
    ("glob", "pattern"),
    ("grep", "pattern"),
    ("webfetch", "url"),
    ("websearch", "query"),
    ("codesearch", "query"),
    ("task", "description"),
    ("skill", "name"),
    ("invalid", "tool"),
    ("apply_patch", ""),
    ("todowrite", ""),
    ("todoread", ""),
    ("question", ""),
];

/// Describes a call in one line; empty while its arguments are still arriving.
pub(super) fn subject(tool: &str, input: &Input, directory: &str) -> String {
    let known = SUBJECT_ARGUMENTS.iter().find(|(name, _)| *name == tool);
    let name = match known {
        // Their lists are shown in full elsewhere.
        Some((_, "")) => return String::new(),
        Some((_, name)) => name,
        // A tool of a plugin or an MCP server: the first argument says most.
        None => input.0.first().map_or("", |(name, _)| name.as_str()),
    };
    let value = input.value(name).unwrap_or_default();
    if name == "filePath" || name == "path" {
        return one_line(relative(value, directory));
    }
    one_line(&table::text(value.to_owned()))
}
