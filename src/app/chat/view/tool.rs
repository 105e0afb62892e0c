//! Draws a tool call: one line with what it does, and its result below.
//!
//! A folded call shows the last lines of its output while it runs, its error if it failed, and a
//! todo list in full; an unfolded one shows everything.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::block::{BlockBody, BlockRows, Mark, key};
use crate::app::chat::transcript::PartEntry;
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::domain::chat::{Todo, ToolCall, ToolStatus};
use crate::domain::time::UnixMillis;
use crate::text::diff::{self, DiffLook};
use crate::text::highlight::CodeColours;
use crate::text::{ansi, wrap};

/// Rows of output that a folded running call shows.
const TAIL: usize = 5;
/// Only the end of a longer output is drawn.
const OUTPUT_BYTES: usize = 64 * 1024;
/// Rows of an error that a folded call shows.
const ERROR_ROWS: usize = 4;

pub(in crate::app::chat) fn tool<'c>(
    known: &PartEntry,
    call: &ToolCall,
    (open, server_now): (bool, UnixMillis),
    width: u16,
    vx: &'c mut ViewCx<'_>,
) -> BlockRows<'c> {
    let theme = vx.theme;
    let before = vec![head(call, server_now, width, vx)];
    let columns = width.max(1);
    let what = match (open, call.status) {
        (true, _) => ToolDetail::All,
        (false, _) if !call.todos.is_empty() => ToolDetail::Todos,
        (false, ToolStatus::Running) if !call.output.is_empty() => ToolDetail::Tail,
        (false, ToolStatus::Error) => ToolDetail::Error,
        (false, _) => return BlockRows::marked(mark(call), before),
    };
    let id = format!("{}/{}", known.part.id, what.name());
    let lines = vx
        .cache
        .coloured(key(known, &id), columns, &theme.palette, |colours| {
            what.lines(call, columns, theme, colours)
        });
    let all = lines.len();
    let len = match what {
        ToolDetail::Tail => all.min(TAIL),
        ToolDetail::Error => all.min(ERROR_ROWS),
        ToolDetail::All | ToolDetail::Todos => all,
    };
    let from = if what == ToolDetail::Tail {
        all - len
    } else {
        0
    };
    BlockRows {
        mark: Some(mark(call)),
        right: None,
        before,
        body: Some(BlockBody {
            from,
            len,
            ..BlockBody::whole(lines, 0)
        }),
        after: Vec::new(),
    }
}

/// How the call stands.
fn mark(call: &ToolCall) -> Mark {
    match (call.status, call.exit) {
        (ToolStatus::Pending, _) => Mark::Pending,
        (ToolStatus::Running, _) => Mark::Running,
        (ToolStatus::Completed, Some(code)) if code != 0 => Mark::Failed,
        (ToolStatus::Completed, _) => Mark::Done,
        (ToolStatus::Error, _) => Mark::Failed,
    }
}

/// What is shown below the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToolDetail {
    All,
    Todos,
    Tail,
    Error,
}

impl ToolDetail {
    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Todos => "todos",
            Self::Tail => "tail",
            Self::Error => "error",
        }
    }

    fn lines(
        self,
        call: &ToolCall,
        columns: u16,
        theme: &Theme,
        colours: &mut CodeColours,
    ) -> Vec<Line<'static>> {
        match self {
            Self::All => all(call, columns, theme, colours),
            Self::Todos => todos(&call.todos, columns, theme),
            Self::Tail => output(&call.output, columns, theme.dim),
            Self::Error => error(call, columns, theme),
        }
    }
}

fn all(
    call: &ToolCall,
    columns: u16,
    theme: &Theme,
    colours: &mut CodeColours,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(diff) = &call.diff {
        let look = DiffLook {
            width: usize::from(columns),
            names: true,
            most: usize::MAX,
            language: None,
            palette: &theme.palette,
        };
        lines.extend(diff::rows(diff, look, colours).lines);
    } else {
        // The todo list is drawn below; the raw input is one long line of JSON.
        let input = call.input.iter().filter(|_| call.todos.is_empty());
        for (name, value) in input {
            // The header shows it already, unless it was cut off there.
            if *value != call.subject || wrap::width(value) + 24 > usize::from(columns) {
                let value = format!("{name}: {value}");
                lines.extend(ending(&value, columns, theme.text));
            }
        }
    }
    lines.extend(todos(&call.todos, columns, theme));
    if call.todos.is_empty() && call.diff.is_none() {
        lines.extend(output(&call.output, columns, theme.dim));
    }
    lines.extend(error(call, columns, theme));
    if lines.is_empty() {
        lines.push(Line::styled("(no output)", theme.dim));
    }
    lines
}

fn error(call: &ToolCall, columns: u16, theme: &Theme) -> Vec<Line<'static>> {
    call.error
        .as_deref()
        .map_or_else(Vec::new, |error| output(error, columns, theme.error))
}

/// The end of a program's output, wrapped; redrawn lines appear in their final state.
fn output(text: &str, columns: u16, style: Style) -> Vec<Line<'static>> {
    ending(&ansi::last_states(text), columns, style)
}

/// The end of a text, wrapped.
fn ending(text: &str, columns: u16, style: Style) -> Vec<Line<'static>> {
    let text = text.trim_end();
    if text.is_empty() {
        return Vec::new();
    }
    let start = text.len().saturating_sub(OUTPUT_BYTES);
    let start = (start..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let mut lines = Vec::new();
    if start > 0 {
        lines.push(Line::styled("… only the end is shown", style));
    }
    lines.extend(wrap::wrap_plain(
        &ansi::plain(&text[start..]),
        usize::from(columns),
        style,
    ));
    lines
}

fn todos(todos: &[Todo], columns: u16, theme: &Theme) -> Vec<Line<'static>> {
    todos
        .iter()
        .map(|todo| {
            let (sign, style) = match todo.status.as_str() {
                "completed" => (theme.pick("✓", "x"), theme.dim),
                "in_progress" => (theme.pick("●", "*"), theme.accent),
                "cancelled" => (theme.pick("×", "-"), theme.dim),
                _ => (theme.pick("○", "o"), theme.text),
            };
            let room = usize::from(columns).saturating_sub(2);
            let words = wrap::truncate(&todo.content, room).into_owned();
            Line::styled(format!("{sign} {words}"), style)
        })
        .collect()
}

/// `bash cargo test                6.1s`, exactly `width` columns where there is room.
fn head(call: &ToolCall, server_now: UnixMillis, width: u16, vx: &ViewCx<'_>) -> Line<'static> {
    let theme = vx.theme;
    let facts = facts(call, server_now, theme);
    let tool = wrap::truncate(&call.tool, 20).into_owned();
    let subject = if call.subject.is_empty() {
        call.title.as_deref().unwrap_or_default()
    } else {
        &call.subject
    };
    let used = wrap::width(&tool) + 1 + wrap::width(&facts) + 1;
    let room = usize::from(width).saturating_sub(used);
    let subject = wrap::truncate(subject, room).into_owned();
    let gap = room.saturating_sub(wrap::width(&subject)) + 1;
    Line::from(vec![
        Span::styled(format!("{tool} "), theme.strong),
        Span::styled(subject, theme.text),
        Span::styled(format!("{}{facts}", " ".repeat(gap)), theme.dim),
    ])
}

/// Line counts, exit code and time, as far as the call has them. `server_now` is the server's time,
/// on which the call's times are based.
fn facts(call: &ToolCall, server_now: UnixMillis, theme: &Theme) -> String {
    let mut facts = Vec::new();
    if let Some(diff) = &call.diff {
        let count = |sign: &str, not: &str| {
            diff.lines()
                .filter(|line| line.starts_with(sign) && !line.starts_with(not))
                .count()
        };
        let minus = theme.pick("−", "-");
        facts.push(format!(
            "+{} {minus}{}",
            count("+", "+++"),
            count("-", "---")
        ));
    }
    if let Some(code) = call.exit.filter(|code| *code != 0) {
        facts.push(format!("exit {code}"));
    }
    match (call.started, call.ended) {
        (Some(started), Some(ended)) => facts.push(format::took(started, ended)),
        (Some(started), None) if call.status == ToolStatus::Running => {
            let running = server_now.since(started);
            // An implausible time is not shown.
            if running.as_secs() > 0 && running.as_secs() < 86_400 {
                facts.push(format::running(running));
            }
        }
        _ => {}
    }
    facts.join(" · ")
}
