//! A tool call of the model: what it was asked to do, and what came of it, by kind of tool.
//!
//! Each tool of OpenCode has a kind of its own; those of MCP servers, plugins and later versions are
//! [`ToolDetail::Other`], with their arguments as a table. `session::chat::translate` knows the
//! wire's names; nothing here contains its markup. All texts may be hostile.

use std::borrow::Cow;

use super::question::QuestionItem;
use crate::domain::id::OpencodeSessionId;
use crate::domain::time::UnixMillis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolStatus {
    Pending,
    Running,
    Completed,
    Error,
}

/// A tool call of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// `bash`, `edit`, `write`, `read`, `task`, …
    pub tool: String,
    pub call_id: String,
    pub status: ToolStatus,
    /// The subject of the call in one line: the command, the path, the pattern.
    pub subject: String,
    /// The server's title for the call, if it gave one.
    pub title: Option<String>,
    /// The arguments that [`Self::detail`] does not contain, as a table: the name of each value
    /// (`filter.state`), and its text.
    pub input: Vec<(String, String)>,
    /// The tool's output as text, as far as [`Self::detail`] does not contain it; of a running call,
    /// the output so far.
    pub output: String,
    pub detail: ToolDetail,
    pub started: Option<UnixMillis>,
    pub ended: Option<UnixMillis>,
    pub error: Option<String>,
}

impl ToolCall {
    /// A unified diff of all that the call changes, for tools that change files.
    pub fn diff(&self) -> Option<Cow<'_, str>> {
        let ToolDetail::Change(files) = &self.detail else {
            return None;
        };
        let mut diffs = files.iter().map(|file| file.diff.as_str());
        let diffs = diffs.by_ref().filter(|diff| !diff.is_empty());
        let diffs: Vec<&str> = diffs.collect();
        match diffs[..] {
            [] => None,
            [diff] => Some(diff.into()),
            _ => Some(diffs.join("\n").into()),
        }
    }

    /// The exit code of a shell command. A completed call may have a non-zero one.
    pub fn exit(&self) -> Option<i32> {
        match &self.detail {
            ToolDetail::Shell(shell) => shell.exit,
            _ => None,
        }
    }

    /// The conversation of a sub-agent.
    pub fn child(&self) -> Option<&OpencodeSessionId> {
        match &self.detail {
            ToolDetail::Task(task) => task.child.as_ref(),
            _ => None,
        }
    }

    /// The todo list that it wrote.
    pub fn todos(&self) -> &[Todo] {
        match &self.detail {
            ToolDetail::Todos(todos) => todos,
            _ => &[],
        }
    }

    /// Whether it is over and has not done what it was to do.
    pub fn has_failed(&self) -> bool {
        match self.status {
            ToolStatus::Error => true,
            ToolStatus::Completed => {
                let is_stopped = |shell: &ShellCall| shell.stopped.is_some();
                self.exit().is_some_and(|code| code != 0)
                    || matches!(&self.detail, ToolDetail::Shell(shell) if is_stopped(shell))
                    || matches!(self.detail, ToolDetail::Invalid)
            }
            ToolStatus::Pending | ToolStatus::Running => false,
        }
    }

    /// What the tool printed, as text.
    pub fn printed(&self) -> Cow<'_, str> {
        match &self.detail {
            ToolDetail::Search(search) if self.output.is_empty() => search.printed().into(),
            _ => self.output.as_str().into(),
        }
    }
}

/// What is known of a call, by kind of tool.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolDetail {
    Shell(ShellCall),
    /// The file's text is the call's output.
    Read(ReadCall),
    /// Files that are written, edited, patched. The call's output is what was found wrong in them.
    Change(Vec<FileEdit>),
    /// A search for names of files, or in files.
    Search(SearchCall),
    /// A page of the web; its text is the call's output, Markdown if `markdown`.
    Fetch {
        url: String,
        markdown: bool,
    },
    /// A search in the web.
    WebSearch {
        query: String,
        provider: String,
    },
    Todos(Vec<Todo>),
    /// Work of a sub-agent; its answer is the call's output.
    Task(TaskCall),
    Question {
        items: Vec<QuestionItem>,
        /// For each item in order; empty until the user has answered.
        answers: Vec<Vec<String>>,
    },
    /// A skill was loaded; its text is the call's output.
    Skill {
        name: String,
    },
    /// The plan is ready, and the agent that carries it out takes over.
    Plan,
    /// The model called a tool that there is not, or with arguments that do not fit.
    Invalid,
    /// A tool of an MCP server or a plugin, or one that this version does not know.
    Other,
}

/// A command in a shell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellCall {
    pub command: String,
    /// The exit code; `None` until it ended, and if it was stopped.
    pub exit: Option<i32>,
    /// Why it was stopped, if it was.
    pub stopped: Option<String>,
    /// The beginning of a long output is missing.
    pub cut: bool,
}

/// A look at a file or a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadCall {
    /// Relative to the session's directory where it lies below it.
    pub path: String,
    pub is_folder: bool,
    /// The number of the first line that was read.
    pub from: Option<u32>,
    /// How many lines or entries were read.
    pub count: Option<u32>,
    /// How many there are.
    pub total: Option<u32>,
}

/// How a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditKind {
    /// Its text is replaced, or it is new: it is not known which.
    Written,
    Created,
    Edited,
    Deleted,
    Moved,
}

/// A file that a call changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// Relative to the session's directory where it lies below it.
    pub path: String,
    pub kind: EditKind,
    /// Where it is moved to.
    pub to: Option<String>,
    /// A unified diff; empty if only the new text is known.
    pub diff: String,
    /// All of the new text, if there is no diff.
    pub text: String,
    /// The lines that [`Self::diff`] adds and removes.
    pub added: usize,
    pub removed: usize,
}

impl FileEdit {
    pub fn new(path: impl Into<String>, kind: EditKind, diff: impl Into<String>) -> Self {
        let diff = diff.into();
        let (added, removed) = counts(&diff);
        Self {
            path: path.into(),
            kind,
            to: None,
            diff,
            text: String::new(),
            added,
            removed,
        }
    }
}

/// The lines that a unified diff adds and removes.
fn counts(diff: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    let mut in_hunk = false;
    for line in diff.lines() {
        match line.as_bytes().first() {
            Some(b'@') => in_hunk = true,
            Some(b'+') if in_hunk => counts.0 += 1,
            Some(b'-') if in_hunk => counts.1 += 1,
            Some(b' ' | b'\\' | b'+' | b'-') | None => {}
            // The next file of several.
            Some(_) => in_hunk = false,
        }
    }
    counts
}

/// A search for files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchCall {
    pub pattern: String,
    /// Where, and in which files; empty for the session's directory and all files.
    pub path: String,
    pub include: String,
    /// It searched in files, not for their names.
    pub in_files: bool,
    /// Matches in all, as the tool says; `None` until it ended.
    pub total: Option<u32>,
    /// There are more than the tool lists.
    pub more: bool,
    pub files: Vec<FoundFile>,
}

impl SearchCall {
    /// As `grep` prints it.
    fn printed(&self) -> String {
        let mut lines = Vec::new();
        for file in &self.files {
            if file.lines.is_empty() {
                lines.push(file.path.clone());
            }
            let path = &file.path;
            let found = file.lines.iter();
            lines.extend(found.map(|(number, line)| format!("{path}:{number}: {line}")));
        }
        lines.join("\n")
    }
}

/// A file that a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundFile {
    pub path: String,
    /// The lines that match, with their numbers.
    pub lines: Vec<(u32, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub content: String,
    /// `pending`, `in_progress`, `completed`, `cancelled`.
    pub status: String,
}

/// Work for a sub-agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskCall {
    /// `general`, `explore`, …
    pub agent: String,
    /// In a few words.
    pub description: String,
    /// What the sub-agent was told.
    pub prompt: String,
    /// Its conversation, once it has begun.
    pub child: Option<OpencodeSessionId>,
}
