//! Draws one block of the conversation: a function for each kind of part.
//!
//! Long texts come rendered from the cache and are only windowed here; headers and notes are built
//! for each frame, since they are short and some show the time.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::block::{BlockBody, BlockRows, Mark, key};
use super::tool::{ToolFrame, tool};
use crate::app::chat::notice::ChatNotice;
use crate::app::chat::scroll::Block;
use crate::app::chat::transcript::{MessageEntry, PartEntry, StreamingPart};
use crate::app::chat::{Chat, ChatAction, ChatContext, ChatViewProps};
use crate::app::time::format::{self, took};
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::{PROSE_COLUMNS, Theme};
use crate::domain::chat::{MessageError, PartKind, Role, ToolCall, ToolDetail};
use crate::domain::time::UnixMillis;
use crate::text::wrap;
use crate::text::{Columns, Growth, Rendered, ansi};

/// A longer prompt is cut to this many rows until it is unfolded.
const PROMPT_ROWS: usize = 12;
/// No more of a prompt is ever drawn.
const PROMPT_CHARS: usize = 200_000;
/// An error's text is cut here.
const ERROR_CHARS: usize = 2_000;
/// Below this width a prompt's time is left out.
const TIMED: u16 = 40;
/// The columns for a prompt's time: `14:02` or `12h ago`, and a gap.
const TIME: u16 = 8;

impl Chat {
    /// Builds the rows of a block, `width` columns wide.
    pub(in crate::app::chat) fn show<'c>(
        &self,
        block: Block<'_>,
        width: u16,
        vx: &'c mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> BlockRows<'c> {
        let (entry, known) = match block {
            Block::Part(entry, known) => (entry, known),
            Block::Foot(entry) => {
                return self.turn_end(entry, width, vx.theme);
            }
            Block::Reverted => {
                let mark = Mark::fold(self.folds.reverted_open);
                return BlockRows::marked(mark, self.reverted_lines(width, vx.theme, props));
            }
            Block::Notice => return self.notice(width, vx.theme, props),
        };
        let open = self.folds.is_open(&known.part, entry.message.role);
        match &known.part.kind {
            PartKind::Text { .. } if entry.message.role == Role::User => {
                self.prompt((entry, known), open, width, vx, props)
            }
            PartKind::Text { text, .. } => answer(entry, known, text, width, vx),
            PartKind::Reasoning {
                text,
                started,
                ended,
            } => reasoning(known, text, (open, *started, *ended), width, vx),
            PartKind::Tool(call) => self.call(known, call, width, vx, props),
            PartKind::File { filename, mime } => {
                attached(&format!("[{filename}] {mime}"), width, vx.theme)
            }
            PartKind::Asks { agent, what } => {
                let colon = if what.is_empty() { "" } else { ": " };
                attached(&format!("[agent] {agent}{colon}{what}"), width, vx.theme)
            }
            PartKind::Compaction { auto } => compaction(*auto, width, vx.theme),
            PartKind::Retry { attempt, message } => {
                let text = format!("attempt {attempt} failed: {message}");
                BlockRows {
                    mark: Some(Mark::Retry),
                    ..one_line(&text, vx.theme.dim, width)
                }
            }
            PartKind::Unknown { kind } => one_line(
                &format!("({kind}: not known to this version)"),
                vx.theme.dim,
                width,
            ),
            PartKind::StepStart | PartKind::StepFinish { .. } | PartKind::Patch { .. } => {
                BlockRows::default()
            }
        }
    }

    fn prompt<'c>(
        &self,
        (entry, known): (&MessageEntry, &PartEntry),
        open: bool,
        width: u16,
        vx: &'c mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> BlockRows<'c> {
        let id = &entry.message.id;
        let text = known.part.kind.growing_text().unwrap_or_default();
        let line = self.command_line(entry, known);
        let state = match self.transcript.is_echo(id) {
            // Once it is stored, the prompt survives the end of this program.
            true if self.pending.is_unsaved(id) => Some("saving …"),
            true => Some("sending …"),
            false => None,
        };
        let unfold = props.key(ChatContext::Transcript, ChatAction::Open);
        let time = if state.is_some() || width < TIMED {
            String::new()
        } else {
            let at = self.server_clock.here(entry.message.created);
            format::minutes_or_age(at, vx.wall, props.utc_offset_minutes)
        };
        let time = Span::styled(time, vx.theme.dim);
        BlockRows {
            right: Some(time),
            ..prompt(known, (line, text), (open, state, &unfold), width, vx)
        }
    }

    fn call<'c>(
        &self,
        known: &PartEntry,
        call: &ToolCall,
        width: u16,
        vx: &'c mut ViewCx<'_>,
        props: &ChatViewProps<'_>,
    ) -> BlockRows<'c> {
        let progress = match &call.detail {
            ToolDetail::Task(task) => self.task_progress(task),
            _ => None,
        };
        let frame = ToolFrame {
            fold: self.folds.of_tool(&known.part),
            server_now: self.server_clock.at(vx.wall),
            unfold: &props.key(ChatContext::Transcript, ChatAction::Open),
            progress: progress.as_ref(),
        };
        let mut rows = tool(known, call, frame, width, vx);
        if self.requests.asks_for(&call.call_id) {
            rows.mark = Some(Mark::Waits);
        }
        rows
    }

    /// Says what is undone, how it comes back, and what will happen to it.
    fn reverted_lines(
        &self,
        width: u16,
        theme: &Theme,
        props: &ChatViewProps<'_>,
    ) -> Vec<Line<'static>> {
        let (what, them) = match self.transcript.reverted_prompts() {
            // Only part of an answer, or messages that are not loaded.
            0 => ("the rest of this turn".to_owned(), "it"),
            1 => ("1 turn".to_owned(), "it"),
            turns => (format!("{turns} turns"), "them"),
        };
        let redo = match props.key(self.context(), ChatAction::Redo) {
            key if key.is_empty() => String::new(),
            key => format!(" · {key} to redo"),
        };
        let words = format!("{what} undone{redo} · your next prompt removes {them}");
        wrapped(&words, width, theme.dim)
    }

    fn notice(&self, width: u16, theme: &Theme, props: &ChatViewProps<'_>) -> BlockRows<'static> {
        match self.notices.shown() {
            None => BlockRows::default(),
            Some(ChatNotice::Ours(words)) => {
                BlockRows::marked(Mark::Note, wrapped(words, width, theme.accent))
            }
            Some(ChatNotice::Turn(error)) => {
                let lines = if error.is_abort() {
                    vec![Line::styled("stopped by you", theme.error)]
                } else {
                    error_lines(error, width, theme.error)
                };
                BlockRows::marked(Mark::Failed, lines)
            }
            Some(ChatNotice::Command(failure)) => {
                let mut lines = wrapped(&failure.summary, width, theme.error);
                lines.extend(wrapped(&failure.detail, width, theme.dim));
                lines.extend(wrapped(&props.advice.words(failure), width, theme.text));
                BlockRows::marked(Mark::Failed, lines)
            }
        }
    }
}

/// What goes with a prompt, in one row.
fn attached(words: &str, width: u16, theme: &Theme) -> BlockRows<'static> {
    BlockRows {
        mark: Some(Mark::Prompt),
        ..one_line(words, theme.dim, width)
    }
}

fn prompt<'c>(
    known: &PartEntry,
    (line, text): (Option<&str>, &str),
    (open, state, unfold): (bool, Option<&str>, &str),
    width: u16,
    vx: &'c mut ViewCx<'_>,
) -> BlockRows<'c> {
    let theme = vx.theme;
    let id = format!("{}/prompt{}", known.part.id, if open { "+" } else { "" });
    let style = theme.strong;
    let columns = if width < TIMED { width } else { width - TIME };
    let columns = columns.min(theme.prose_columns);
    let rows = if open { usize::MAX } else { PROMPT_ROWS };
    let before = line.map_or_else(Vec::new, |line| {
        let mut before = prompt_lines((line, unfold), rows, columns, style);
        if !open {
            before.push(Line::styled(expanded(text, unfold), theme.dim));
        }
        before
    });
    let body = (open || line.is_none()).then(|| {
        let lines = vx.cache.cached(key(known, &id), width, || {
            prompt_lines((text, unfold), rows, columns, style)
        });
        BlockBody {
            over: line.map(|_| theme.dim),
            ..BlockBody::whole(lines, 0)
        }
    });
    let after = state.map(|state| Line::styled(state.to_owned(), theme.dim));
    BlockRows {
        mark: Some(Mark::Prompt),
        right: None,
        before,
        body,
        after: after.into_iter().collect(),
    }
}

/// How much the server made of a command that was typed.
fn expanded(text: &str, unfold: &str) -> String {
    let lines = match text.trim_end().lines().count() {
        1 => "1 line".to_owned(),
        lines => format!("{lines} lines"),
    };
    match unfold {
        "" => format!("… expands to {lines}"),
        key => format!("… expands to {lines} ({key} unfolds)"),
    }
}

fn prompt_lines(
    (text, unfold): (&str, &str),
    rows: usize,
    columns: u16,
    style: Style,
) -> Vec<Line<'static>> {
    let text = text.trim_end();
    // A folded prompt needs its first rows only, however long it is.
    let most = rows
        .saturating_mul(usize::from(columns) * 2)
        .min(PROMPT_CHARS);
    let end = text
        .char_indices()
        .nth(most)
        .map_or(text.len(), |(at, _)| at);
    let mut lines = wrap::wrap_plain(&text[..end], usize::from(columns), style);
    let cut = end < text.len() || lines.len() > rows;
    lines.truncate(rows);
    if cut {
        let total = text.lines().count();
        let words = match unfold {
            "" => format!("… of {total} lines"),
            key => format!("… of {total} lines ({key} unfolds)"),
        };
        lines.push(Line::styled(words, style));
    }
    lines
}

fn answer<'c>(
    entry: &MessageEntry,
    known: &PartEntry,
    text: &str,
    width: u16,
    vx: &'c mut ViewCx<'_>,
) -> BlockRows<'c> {
    let theme = vx.theme;
    let before = if entry.message.summary {
        vec![Line::styled(
            "summary of the conversation so far",
            theme.dim,
        )]
    } else {
        Vec::new()
    };
    let after = gap_note(known, theme);
    let lines = markdown(known, text, width, vx);
    BlockRows {
        before,
        body: Some(BlockBody::whole(lines, 0)),
        after,
        ..BlockRows::default()
    }
}

fn markdown<'c>(known: &PartEntry, text: &str, width: u16, vx: &'c mut ViewCx<'_>) -> &'c Rendered {
    let growth = if known.part.kind.is_growing() {
        Growth::Growing
    } else {
        Growth::Whole
    };
    let id = known.part.id.as_str();
    let columns = Columns::new(width, vx.theme.prose_columns);
    vx.cache
        .markdown(key(known, id), text, columns, growth, &vx.theme.palette)
}

fn reasoning<'c>(
    known: &PartEntry,
    text: &str,
    (open, started, ended): (bool, Option<UnixMillis>, Option<UnixMillis>),
    width: u16,
    vx: &'c mut ViewCx<'_>,
) -> BlockRows<'c> {
    let theme = vx.theme;
    let words = match (started, ended) {
        (Some(started), Some(ended)) => format!("thought {}", took(started, ended)),
        (None, Some(_)) => "thought".to_owned(),
        (_, None) => "thinking".to_owned(),
    };
    let before = vec![Line::styled(words, theme.dim)];
    let after = gap_note(known, theme);
    let body = open.then(|| BlockBody {
        over: Some(theme.dim),
        ..BlockBody::whole(markdown(known, text, width, vx), 0)
    });
    BlockRows {
        mark: Some(Mark::fold(open)),
        right: None,
        before,
        body,
        after,
    }
}

fn gap_note(known: &PartEntry, theme: &Theme) -> Vec<Line<'static>> {
    if known.gap {
        vec![Line::styled("(some of this text is missing)", theme.dim)]
    } else {
        Vec::new()
    }
}

fn compaction(auto: bool, width: u16, theme: &Theme) -> BlockRows<'static> {
    let words = if auto {
        " the conversation was getting long and was summarized "
    } else {
        " the conversation was summarized "
    };
    let words = wrap::truncate(words, usize::from(width)).into_owned();
    let room = usize::from(width).saturating_sub(wrap::width(&words));
    let rule = |columns: usize| theme.pick("─", "-").repeat(columns);
    let text = format!("{}{words}{}", rule(room / 2), rule(room - room / 2));
    BlockRows::lines(vec![Line::styled(text, theme.dim)])
}

/// An error in full, as far as it is of a sane length.
pub(in crate::app::chat) fn error_lines(
    error: &MessageError,
    width: u16,
    style: Style,
) -> Vec<Line<'static>> {
    let message = &error.message;
    let end = message
        .char_indices()
        .nth(ERROR_CHARS)
        .map_or(message.len(), |(at, _)| at);
    let text = format!("{}: {}", error.name, &message[..end]);
    wrapped(&text, width.min(PROSE_COLUMNS), style)
}

/// Wraps a short text of our own or the server's; returns no lines for an empty one.
pub(in crate::app::chat) fn wrapped(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    wrap::wrap_plain(&ansi::plain(text), usize::from(width), style)
}

fn one_line(text: &str, style: Style, width: u16) -> BlockRows<'static> {
    let text = wrap::truncate(text, usize::from(width)).into_owned();
    BlockRows::lines(vec![Line::styled(text, style)])
}
