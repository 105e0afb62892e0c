//! The JSON of a tool call, the largest of a part's kinds; the rules are those of [`crate::store::rows`].

mod detail;

use serde::{Deserialize, Serialize};

use self::detail::DetailRow;
use crate::domain::chat::{
    EditKind, FileEdit, ShellCall, TaskCall, Todo, ToolCall, ToolDetail, ToolStatus,
};
use crate::domain::time::UnixMillis;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct ToolRow {
    tool: String,
    call_id: String,
    status: StatusRow,
    subject: String,
    title: Option<String>,
    input: Vec<(String, String)>,
    output: String,
    detail: Option<DetailRow>,
    started: Option<u64>,
    ended: Option<u64>,
    error: Option<String>,
    // What versions before `detail` have stored; only read.
    #[serde(skip_serializing)]
    diff: Option<String>,
    #[serde(skip_serializing)]
    exit: Option<i32>,
    #[serde(skip_serializing)]
    child: Option<String>,
    /// Content and status.
    #[serde(skip_serializing)]
    todos: Vec<(String, String)>,
}

impl ToolRow {
    /// What is known of a call that an earlier version has stored.
    fn old_detail(&mut self) -> ToolDetail {
        let subject = self.subject.as_str();
        if let Some(diff) = self.diff.take() {
            ToolDetail::Change(vec![FileEdit::new(subject, EditKind::Edited, diff)])
        } else if !self.todos.is_empty() {
            let todo = |(content, status)| Todo { content, status };
            ToolDetail::Todos(self.todos.drain(..).map(todo).collect())
        } else if self.child.is_some() {
            ToolDetail::Task(TaskCall {
                description: subject.to_owned(),
                child: self.child.take().map(Into::into),
                ..TaskCall::default()
            })
        } else if self.tool == "bash" {
            ToolDetail::Shell(ShellCall {
                command: subject.to_owned(),
                exit: self.exit,
                ..ShellCall::default()
            })
        } else {
            ToolDetail::Other
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StatusRow {
    #[default]
    Pending,
    Running,
    Completed,
    Error,
}

impl From<ToolCall> for ToolRow {
    fn from(call: ToolCall) -> Self {
        Self {
            tool: call.tool,
            call_id: call.call_id,
            status: match call.status {
                ToolStatus::Pending => StatusRow::Pending,
                ToolStatus::Running => StatusRow::Running,
                ToolStatus::Completed => StatusRow::Completed,
                ToolStatus::Error => StatusRow::Error,
            },
            subject: call.subject,
            title: call.title,
            input: call.input,
            output: call.output,
            detail: Some(call.detail.into()),
            started: call.started.map(|at| at.0),
            ended: call.ended.map(|at| at.0),
            error: call.error,
            ..Self::default()
        }
    }
}

impl From<ToolRow> for ToolCall {
    fn from(mut row: ToolRow) -> Self {
        let detail = match row.detail.take() {
            Some(detail) => detail.into(),
            None => row.old_detail(),
        };
        Self {
            detail,
            tool: row.tool,
            call_id: row.call_id,
            status: match row.status {
                StatusRow::Pending => ToolStatus::Pending,
                StatusRow::Running => ToolStatus::Running,
                StatusRow::Completed => ToolStatus::Completed,
                StatusRow::Error => ToolStatus::Error,
            },
            subject: row.subject,
            title: row.title,
            input: row.input,
            output: row.output,
            started: row.started.map(UnixMillis),
            ended: row.ended.map(UnixMillis),
            error: row.error,
        }
    }
}
