//! What tools say of their calls besides the output.
//!
//! Source: observed on 1.18.33; the OpenAPI document leaves it open. Tools and plugins may put anything there, so
//! each value that does not fit counts as absent.

use serde::Deserialize;

use super::lenient;
use super::session::Todo;

/// The part of a tool's metadata that we show.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ToolMetadata {
    /// `bash`, while it runs: all output so far, limited to the last 30,000 characters.
    #[serde(default, deserialize_with = "lenient::option")]
    pub output: Option<String>,
    /// `bash`: null if the command was stopped.
    #[serde(default, deserialize_with = "lenient::option")]
    pub exit: Option<i32>,
    /// All tools: not all that there was is in the output.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub truncated: bool,
    /// `edit`: a unified diff with an `Index:` header.
    #[serde(default, deserialize_with = "lenient::option")]
    pub diff: Option<String>,
    /// `write`: whether the file was there before.
    #[serde(default, deserialize_with = "lenient::option")]
    pub exists: Option<bool>,
    /// `apply_patch`.
    #[serde(default, deserialize_with = "lenient::list")]
    pub files: Vec<PatchedFile>,
    /// `multiedit` of older servers: what each of its edits did.
    #[serde(default, deserialize_with = "lenient::list")]
    pub results: Vec<EditResult>,
    /// `read`.
    #[serde(default, deserialize_with = "lenient::option")]
    pub display: Option<ReadDisplay>,
    /// `grep`.
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub matches: Option<u64>,
    /// `glob`.
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub count: Option<u64>,
    /// `websearch`.
    #[serde(default, deserialize_with = "lenient::option")]
    pub provider: Option<String>,
    /// `task`: the sub-agent's session.
    #[serde(default, rename = "sessionId", deserialize_with = "lenient::option")]
    pub session_id: Option<String>,
    /// `todowrite`.
    #[serde(default, deserialize_with = "lenient::maybe_list")]
    pub todos: Option<Vec<Todo>>,
    /// `question`: the labels or the user's words, for each question in order.
    #[serde(default, deserialize_with = "lenient::list")]
    pub answers: Vec<Vec<String>>,
}

/// A file that a patch changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct PatchedFile {
    #[serde(default, rename = "filePath", deserialize_with = "lenient::or_default")]
    pub file_path: String,
    /// `add`, `update`, `delete`, `move`.
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: String,
    /// A unified diff.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub patch: String,
    /// The same of older servers.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub diff: String,
    #[serde(default, rename = "movePath", deserialize_with = "lenient::option")]
    pub move_path: Option<String>,
}

/// One of the edits of a `multiedit`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct EditResult {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub diff: String,
}

/// What `read` has read, for the screen: a `file` with lines, or a `directory` with entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ReadDisplay {
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub text: String,
    #[serde(
        default,
        rename = "lineStart",
        deserialize_with = "lenient::maybe_whole"
    )]
    pub line_start: Option<u64>,
    #[serde(default, rename = "lineEnd", deserialize_with = "lenient::maybe_whole")]
    pub line_end: Option<u64>,
    #[serde(
        default,
        rename = "totalLines",
        deserialize_with = "lenient::maybe_whole"
    )]
    pub total_lines: Option<u64>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub entries: Vec<String>,
    #[serde(
        default,
        rename = "totalEntries",
        deserialize_with = "lenient::maybe_whole"
    )]
    pub total_entries: Option<u64>,
}
