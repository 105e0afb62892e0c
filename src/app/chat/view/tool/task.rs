//! Work of a sub-agent.

use ratatui::text::Line;

use super::rows::ToolLook;
use crate::app::chat::sub_agents::task_progress::TaskProgress;
use crate::domain::chat::{TaskCall, ToolCall, ToolStatus};
use crate::text::markdown;

/// Rows of what the sub-agent was told that are shown.
const TOLD: usize = 12;

pub(super) fn task(call: &ToolCall, task: &TaskCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    if look.is_open {
        return told(task, look);
    }
    let last = markdown::last_line(&call.output);
    let last = (!last.is_empty()).then(|| look.one(&last, look.theme.dim));
    last.into_iter().collect()
}

/// What a sub-agent at work does now.
pub(super) fn now(
    call: &ToolCall,
    progress: Option<&TaskProgress>,
    look: ToolLook<'_>,
) -> Vec<Line<'static>> {
    let last = progress
        .filter(|_| call.status == ToolStatus::Running)
        .map(|progress| {
            if progress.is_prose {
                markdown::last_line(&progress.last)
            } else {
                progress.last.clone()
            }
        });
    let last = last.filter(|last| !last.is_empty());
    last.map(|last| look.one(&last, look.theme.dim))
        .into_iter()
        .collect()
}

/// What the sub-agent was told.
pub(super) fn told(task: &TaskCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    let mut lines = look.ending(&task.prompt, look.theme.dim);
    let more = lines.len().saturating_sub(TOLD);
    lines.truncate(TOLD);
    look.and_more(&mut lines, more);
    lines
}
