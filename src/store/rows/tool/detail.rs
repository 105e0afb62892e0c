//! The JSON of what is known of a call by kind of tool.

use serde::{Deserialize, Serialize};

use crate::domain::chat::{
    EditKind, FileEdit, FoundFile, QuestionItem, QuestionOption, ReadCall, SearchCall, ShellCall,
    TaskCall, Todo, ToolDetail,
};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::store) enum DetailRow {
    Shell(ShellRow),
    Read(ReadRow),
    Change(Vec<EditRow>),
    Search(SearchRow),
    Fetch {
        url: String,
        markdown: bool,
    },
    WebSearch {
        query: String,
        provider: String,
    },
    /// Content and status.
    Todos(Vec<(String, String)>),
    Task(TaskRow),
    Question {
        items: Vec<ItemRow>,
        answers: Vec<Vec<String>>,
    },
    Skill {
        name: String,
    },
    Plan,
    Invalid,
    #[default]
    Other,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct ShellRow {
    command: String,
    exit: Option<i32>,
    stopped: Option<String>,
    cut: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct ReadRow {
    path: String,
    is_folder: bool,
    from: Option<u32>,
    count: Option<u32>,
    total: Option<u32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct EditRow {
    path: String,
    kind: EditKindRow,
    to: Option<String>,
    diff: String,
    text: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EditKindRow {
    #[default]
    Edited,
    Written,
    Created,
    Deleted,
    Moved,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct SearchRow {
    pattern: String,
    path: String,
    include: String,
    in_files: bool,
    total: Option<u32>,
    more: bool,
    /// Path and lines with their numbers.
    files: Vec<(String, Vec<(u32, String)>)>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct TaskRow {
    agent: String,
    description: String,
    prompt: String,
    child: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct ItemRow {
    header: String,
    question: String,
    /// Label and description.
    options: Vec<(String, String)>,
    multiple: bool,
    custom: bool,
}

impl From<ToolDetail> for DetailRow {
    fn from(detail: ToolDetail) -> Self {
        match detail {
            ToolDetail::Shell(shell) => Self::Shell(ShellRow {
                command: shell.command,
                exit: shell.exit,
                stopped: shell.stopped,
                cut: shell.cut,
            }),
            ToolDetail::Read(read) => Self::Read(ReadRow {
                path: read.path,
                is_folder: read.is_folder,
                from: read.from,
                count: read.count,
                total: read.total,
            }),
            ToolDetail::Change(files) => Self::Change(files.into_iter().map(Into::into).collect()),
            ToolDetail::Search(search) => Self::Search(search.into()),
            ToolDetail::Fetch { url, markdown } => Self::Fetch { url, markdown },
            ToolDetail::WebSearch { query, provider } => Self::WebSearch { query, provider },
            ToolDetail::Todos(todos) => {
                let rows = todos.into_iter().map(|todo| (todo.content, todo.status));
                Self::Todos(rows.collect())
            }
            ToolDetail::Task(task) => Self::Task(TaskRow {
                agent: task.agent,
                description: task.description,
                prompt: task.prompt,
                child: task.child.map(|id| id.as_str().to_owned()),
            }),
            ToolDetail::Question { items, answers } => Self::Question {
                items: items.into_iter().map(Into::into).collect(),
                answers,
            },
            ToolDetail::Skill { name } => Self::Skill { name },
            ToolDetail::Plan => Self::Plan,
            ToolDetail::Invalid => Self::Invalid,
            ToolDetail::Other => Self::Other,
        }
    }
}

impl From<DetailRow> for ToolDetail {
    fn from(row: DetailRow) -> Self {
        match row {
            DetailRow::Shell(shell) => Self::Shell(ShellCall {
                command: shell.command,
                exit: shell.exit,
                stopped: shell.stopped,
                cut: shell.cut,
            }),
            DetailRow::Read(read) => Self::Read(ReadCall {
                path: read.path,
                is_folder: read.is_folder,
                from: read.from,
                count: read.count,
                total: read.total,
            }),
            DetailRow::Change(files) => Self::Change(files.into_iter().map(Into::into).collect()),
            DetailRow::Search(search) => Self::Search(search.into()),
            DetailRow::Fetch { url, markdown } => Self::Fetch { url, markdown },
            DetailRow::WebSearch { query, provider } => Self::WebSearch { query, provider },
            DetailRow::Todos(todos) => {
                let todo = |(content, status)| Todo { content, status };
                Self::Todos(todos.into_iter().map(todo).collect())
            }
            DetailRow::Task(task) => Self::Task(TaskCall {
                agent: task.agent,
                description: task.description,
                prompt: task.prompt,
                child: task.child.map(Into::into),
            }),
            DetailRow::Question { items, answers } => Self::Question {
                items: items.into_iter().map(Into::into).collect(),
                answers,
            },
            DetailRow::Skill { name } => Self::Skill { name },
            DetailRow::Plan => Self::Plan,
            DetailRow::Invalid => Self::Invalid,
            DetailRow::Other => Self::Other,
        }
    }
}

impl From<FileEdit> for EditRow {
    fn from(edit: FileEdit) -> Self {
        Self {
            path: edit.path,
            kind: match edit.kind {
                EditKind::Edited => EditKindRow::Edited,
                EditKind::Written => EditKindRow::Written,
                EditKind::Created => EditKindRow::Created,
                EditKind::Deleted => EditKindRow::Deleted,
                EditKind::Moved => EditKindRow::Moved,
            },
            to: edit.to,
            diff: edit.diff,
            text: edit.text,
        }
    }
}

impl From<EditRow> for FileEdit {
    fn from(row: EditRow) -> Self {
        let kind = match row.kind {
            EditKindRow::Edited => EditKind::Edited,
            EditKindRow::Written => EditKind::Written,
            EditKindRow::Created => EditKind::Created,
            EditKindRow::Deleted => EditKind::Deleted,
            EditKindRow::Moved => EditKind::Moved,
        };
        Self {
            to: row.to,
            text: row.text,
            ..Self::new(row.path, kind, row.diff)
        }
    }
}

impl From<SearchCall> for SearchRow {
    fn from(search: SearchCall) -> Self {
        let files = search.files.into_iter();
        Self {
            pattern: search.pattern,
            path: search.path,
            include: search.include,
            in_files: search.in_files,
            total: search.total,
            more: search.more,
            files: files.map(|file| (file.path, file.lines)).collect(),
        }
    }
}

impl From<SearchRow> for SearchCall {
    fn from(row: SearchRow) -> Self {
        let file = |(path, lines)| FoundFile { path, lines };
        Self {
            pattern: row.pattern,
            path: row.path,
            include: row.include,
            in_files: row.in_files,
            total: row.total,
            more: row.more,
            files: row.files.into_iter().map(file).collect(),
        }
    }
}

impl From<QuestionItem> for ItemRow {
    fn from(item: QuestionItem) -> Self {
        let options = item.options.into_iter();
        Self {
            header: item.header,
            question: item.question,
            options: options
                .map(|option| (option.label, option.description))
                .collect(),
            multiple: item.multiple,
            custom: item.custom,
        }
    }
}

impl From<ItemRow> for QuestionItem {
    fn from(row: ItemRow) -> Self {
        let option = |(label, description)| QuestionOption { label, description };
        Self {
            header: row.header,
            question: row.question,
            options: row.options.into_iter().map(option).collect(),
            multiple: row.multiple,
            custom: row.custom,
        }
    }
}
