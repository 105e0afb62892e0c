//! Draws a tool call: one line with what it does, and its result below.
//!
//! Folded does not mean hidden: the part of the result that matters stands below the first line.
//! Unfolded, everything is shown. Each family of tools has a file: what its first line says is in
//! `head`, for all; `rows` is what they share. No view knows OpenCode's markup or JSON: the
//! translation has taken both apart.

mod change;
mod head;
mod question;
mod read;
mod rows;
mod search;
mod shell;
mod table;
mod task;
mod todo;
mod web;

use ratatui::text::Line;

use self::head::head;
pub(in crate::app::chat) use self::rows::ToolFrame;
use self::rows::ToolLook;
use super::block::{BlockBody, BlockRows, Mark, key};
use crate::app::chat::transcript::PartEntry;
use crate::app::chat::transcript::folds::ToolFold;
use crate::app::view::cx::ViewCx;
use crate::domain::chat::{ToolCall, ToolDetail, ToolStatus};
use crate::text::highlight::CodeColours;
use crate::text::{Columns, Growth};

pub(in crate::app::chat) fn tool<'c>(
    known: &PartEntry,
    call: &ToolCall,
    frame: ToolFrame<'_>,
    width: u16,
    vx: &'c mut ViewCx<'_>,
) -> BlockRows<'c> {
    let theme = vx.theme;
    let columns = width.max(1);
    let mut before = vec![head(call, frame, columns, theme)];
    let look = ToolLook {
        columns: usize::from(columns),
        is_open: frame.fold == ToolFold::Open,
        unfold: frame.unfold,
        theme,
    };
    if frame.fold == ToolFold::Line {
        return BlockRows::marked(mark(call), before);
    }
    let id = format!("{}/{}", known.part.id, frame.fold.name());
    let lines = match prose(call).filter(|_| look.is_open) {
        Some(text) => {
            before.extend(above_prose(call, look));
            let columns = Columns::new(columns, theme.prose_columns);
            vx.cache.markdown(
                key(known, &id),
                text,
                columns,
                Growth::Whole,
                &theme.palette,
            )
        }
        None => vx
            .cache
            .coloured(key(known, &id), columns, &theme.palette, |colours| {
                lines(call, look, colours)
            }),
    };
    BlockRows {
        mark: Some(mark(call)),
        right: None,
        before,
        body: Some(BlockBody::whole(lines, 0)),
        after: task::now(call, frame.progress, look),
    }
}

/// How the call stands.
fn mark(call: &ToolCall) -> Mark {
    match call.status {
        _ if call.has_failed() => Mark::Failed,
        ToolStatus::Pending => Mark::Pending,
        ToolStatus::Running => Mark::Running,
        ToolStatus::Completed | ToolStatus::Error => Mark::Done,
    }
}

/// The result, if it is a text in Markdown.
fn prose(call: &ToolCall) -> Option<&str> {
    let is_prose = match &call.detail {
        ToolDetail::Fetch { markdown, .. } => *markdown,
        ToolDetail::Task(_) | ToolDetail::Skill { .. } | ToolDetail::WebSearch { .. } => true,
        _ => false,
    };
    let text = call.output.as_str();
    (is_prose && !text.is_empty() && call.error.is_none()).then_some(text)
}

fn above_prose(call: &ToolCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    match &call.detail {
        ToolDetail::Task(task) => task::told(task, look),
        _ => table::arguments(&call.input, look),
    }
}

fn lines(call: &ToolCall, look: ToolLook<'_>, colours: &mut CodeColours) -> Vec<Line<'static>> {
    let mut lines = match &call.detail {
        ToolDetail::Shell(shell) => shell::shell(call, shell, look),
        ToolDetail::Read(read) => read::read(call, read, look, colours),
        ToolDetail::Change(files) => change::change(call, files, look, colours),
        ToolDetail::Search(search) => search::search(search, look),
        ToolDetail::Fetch { .. } => web::fetch(call, look),
        ToolDetail::WebSearch { .. } => web::search(call, look),
        ToolDetail::Todos(todos) => todo::todos(todos, look),
        ToolDetail::Task(task) => task::task(call, task, look),
        ToolDetail::Question { items, answers } => question::question(items, answers, look),
        ToolDetail::Skill { .. } | ToolDetail::Plan => Vec::new(),
        ToolDetail::Invalid | ToolDetail::Other => table::other(call, look),
    };
    lines.extend(rows::error(call, look));
    if look.is_open && lines.is_empty() && call.status == ToolStatus::Completed {
        lines.push(Line::styled("(no output)", look.theme.dim));
    }
    lines
}
