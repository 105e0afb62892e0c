//! A command: all of it, and what it printed. Folded, the last rows; of a failed command more, and
//! first those that look like the reason.

use ratatui::text::{Line, Span};

use super::rows::ToolLook;
use crate::domain::chat::{ShellCall, ToolCall, ToolStatus};
use crate::text::{ansi, wrap};

/// Rows of output that a folded call shows.
const LAST: usize = 3;
/// The same while it runs, and if it failed.
const LAST_RUNNING: usize = 5;
const LAST_FAILED: usize = 8;
/// Rows of a command that a folded call shows, with the one in the first line.
const COMMAND_ROWS: usize = 6;
/// Only so much of a command is wrapped for its folded rows.
const COMMAND_CHARS: usize = 4_000;
/// Columns of the first line that a command leaves to the facts.
const FACTS: usize = 18;
/// Words of lines that say what went wrong.
const FAILURES: [&str; 9] = [
    "error",
    "fail",
    "panick",
    "assert",
    "exception",
    "traceback",
    "fatal",
    "not found",
    "denied",
];

/// The rows of a command; the first stands in the first line of the call.
pub(super) fn command_rows(
    command: &str,
    columns: usize,
    tool: &str,
    is_open: bool,
) -> Vec<Line<'static>> {
    let taken = wrap::width(tool) + 1 + FACTS.min(columns / 3);
    let room = columns.saturating_sub(taken).max(1);
    let end = command
        .char_indices()
        .nth(COMMAND_CHARS)
        .filter(|_| !is_open);
    let shown = end.map_or(command, |(at, _)| &command[..at]);
    let style = ratatui::style::Style::new();
    wrap::wrap_plain(&ansi::plain(shown.trim()), room, style)
}

pub(super) fn shell(call: &ToolCall, shell: &ShellCall, look: ToolLook<'_>) -> Vec<Line<'static>> {
    let theme = look.theme;
    let command = command_rows(&shell.command, look.columns, &call.tool, look.is_open);
    let most = if look.is_open {
        usize::MAX
    } else {
        COMMAND_ROWS
    };
    let hidden = command.len().saturating_sub(most);
    let shown = command.len() - hidden;
    let indent = " ".repeat((wrap::width(&call.tool) + 1).min(look.columns / 3));
    let rest = command.into_iter().take(shown).skip(1);
    let mut lines: Vec<_> = rest
        .map(|mut row| {
            row.spans.insert(0, Span::raw(indent.clone()));
            row
        })
        .collect();
    look.and_more(&mut lines, hidden);
    if look.is_open {
        lines.extend(super::table::arguments(&call.input, look));
    }
    let output = ansi::last_states(&call.output);
    if look.is_open {
        if shell.cut {
            lines.push(look.one("… the beginning is missing", theme.dim));
        }
        lines.extend(look.ending(&output, theme.dim));
        if let Some(stopped) = &shell.stopped {
            lines.extend(wrap::wrap_plain(stopped, look.columns, theme.error));
        }
        return lines;
    }
    let most = match call.status {
        ToolStatus::Running => LAST_RUNNING,
        _ if call.has_failed() => LAST_FAILED,
        _ => LAST,
    };
    lines.extend(last(&output, most, call.has_failed(), look));
    lines
}

/// The last lines that say something. Of a failed command, lines that look like the reason take
/// the place of some of them.
fn last(output: &str, most: usize, failed: bool, look: ToolLook<'_>) -> Vec<Line<'static>> {
    let all: Vec<&str> = output
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let mut chosen: Vec<usize> = Vec::new();
    if failed {
        let reasons = (0..all.len().saturating_sub(LAST)).filter(|at| {
            let line = all.get(*at).copied().unwrap_or_default();
            is_failure(line)
        });
        chosen.extend(reasons.take(most - LAST));
    }
    let rest = (0..all.len()).rev().filter(|at| !chosen.contains(at));
    let rest: Vec<usize> = rest.take(most - chosen.len()).collect();
    chosen.extend(rest);
    chosen.sort_unstable();
    let mut lines: Vec<_> = chosen
        .iter()
        .filter_map(|at| all.get(*at))
        .map(|line| look.one(line, look.theme.dim))
        .collect();
    look.and_more(&mut lines, all.len() - chosen.len());
    lines
}

fn is_failure(line: &str) -> bool {
    let line: String = line.chars().take(400).collect();
    let line = line.to_ascii_lowercase();
    FAILURES.iter().any(|word| line.contains(word))
}
