//! The JSON of a tool call, the largest of a part's kinds; the rules are those of [`crate::store::rows`].

use serde::{Deserialize, Serialize};

use crate::domain::chat::{Todo, ToolCall, ToolStatus};
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
    diff: Option<String>,
    exit: Option<i32>,
    child: Option<String>,
    /// Content and status.
    todos: Vec<(String, String)>,
    started: Option<u64>,
    ended: Option<u64>,
    error: Option<String>,
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
            diff: call.diff,
            exit: call.exit,
            child: call.child.map(|id| id.as_str().to_owned()),
            todos: call
                .todos
                .into_iter()
                .map(|todo| (todo.content, todo.status))
                .collect(),
            started: call.started.map(|at| at.0),
            ended: call.ended.map(|at| at.0),
            error: call.error,
        }
    }
}

impl From<ToolRow> for ToolCall {
    fn from(row: ToolRow) -> Self {
        Self {
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
            diff: row.diff,
            exit: row.exit,
            child: row.child.map(Into::into),
            todos: row
                .todos
                .into_iter()
                .map(|(content, status)| Todo { content, status })
                .collect(),
            started: row.started.map(UnixMillis),
            ended: row.ended.map(UnixMillis),
            error: row.error,
        }
    }
}
