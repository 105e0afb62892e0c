//! The rows of one block of the conversation, and what all kinds of blocks share.
//!
//! The first two columns belong to marks alone, so that what one looks for stands in one column:
//! a block has a [`Mark`] there, and its text begins in the third column.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::chat::transcript::PartEntry;
use crate::app::view::theme::Theme;
use crate::text::{Rendered, TextKey};

/// The columns for the mark of a block and the sign of its selection.
pub(in crate::app::chat) const MARK_COLUMNS: u16 = 2;

/// What a block is, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum Mark {
    /// Of the user; on each row of the block.
    Prompt,
    /// A call that has not begun.
    Pending,
    Running,
    Done,
    Failed,
    /// It waits for the user.
    Waits,
    /// The end of a turn.
    TurnEnd,
    /// The turn did not end well.
    BadEnd,
    Folded,
    Unfolded,
    /// A failed attempt, or what a retry is about.
    Retry,
    /// A message of the program itself.
    Note,
}

impl Mark {
    /// The sign, one column wide.
    pub(in crate::app::chat) fn sign(self, theme: &Theme) -> Span<'static> {
        let (sign, style) = match self {
            Self::Prompt => (theme.pick("▌", "|"), theme.prompt),
            Self::Pending => (theme.pick("○", "o"), theme.dim),
            Self::Running => (theme.pick("●", "*"), theme.accent),
            Self::Done => (theme.pick("✓", "+"), theme.success),
            Self::Failed => (theme.pick("✗", "x"), theme.error),
            Self::Waits => ("!", theme.warning),
            Self::TurnEnd => (theme.pick("◆", "="), theme.dim),
            Self::BadEnd => (theme.pick("◆", "="), theme.error),
            Self::Folded => (fold_sign(false, theme), theme.dim),
            Self::Unfolded => (fold_sign(true, theme), theme.dim),
            Self::Retry => (theme.pick("↻", "?"), theme.dim),
            Self::Note => (theme.pick("↺", "*"), theme.accent),
        };
        Span::styled(sign, style)
    }

    /// The mark of what can be folded.
    pub(in crate::app::chat) fn fold(open: bool) -> Self {
        if open { Self::Unfolded } else { Self::Folded }
    }

    /// Whether it stands on each row of the block, not only on the first.
    pub(in crate::app::chat) fn is_bar(self) -> bool {
        self == Self::Prompt
    }
}

/// A block as rows: lines before the body, a window of rendered lines, lines after it.
#[derive(Default)]
pub(in crate::app::chat) struct BlockRows<'a> {
    pub(in crate::app::chat) mark: Option<Mark>,
    /// At the right end of the first row.
    pub(in crate::app::chat) right: Option<Span<'static>>,
    pub(in crate::app::chat) before: Vec<Line<'static>>,
    pub(in crate::app::chat) body: Option<BlockBody<'a>>,
    pub(in crate::app::chat) after: Vec<Line<'static>>,
}

pub(in crate::app::chat) struct BlockBody<'a> {
    pub(in crate::app::chat) lines: &'a Rendered,
    /// The first line that is shown, and how many are.
    pub(in crate::app::chat) from: usize,
    pub(in crate::app::chat) len: usize,
    pub(in crate::app::chat) indent: u16,
    /// Patched over the style of the lines.
    pub(in crate::app::chat) over: Option<Style>,
}

impl<'a> BlockBody<'a> {
    pub(in crate::app::chat) fn whole(lines: &'a Rendered, indent: u16) -> Self {
        Self {
            from: 0,
            len: lines.len(),
            lines,
            indent,
            over: None,
        }
    }
}

impl BlockRows<'_> {
    pub(in crate::app::chat) fn lines(before: Vec<Line<'static>>) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }

    /// The same with a mark.
    pub(in crate::app::chat) fn marked(mark: Mark, before: Vec<Line<'static>>) -> Self {
        Self {
            mark: Some(mark),
            ..Self::lines(before)
        }
    }

    pub(in crate::app::chat) fn len(&self) -> usize {
        self.before.len() + self.body.as_ref().map_or(0, |body| body.len) + self.after.len()
    }

    /// At most `count` rows from `from` on: indent, style to patch, line. The cost depends on
    /// `count` only.
    pub(in crate::app::chat) fn window(
        &self,
        from: usize,
        count: usize,
    ) -> impl Iterator<Item = (u16, Option<Style>, &Line<'static>)> {
        let head = self.before.len();
        let body = self.body.as_ref();
        let len = body.map_or(0, |body| body.len);
        let skip = from.saturating_sub(head).min(len);
        let until = (from + count).saturating_sub(head).min(len);
        let inside = body.into_iter().flat_map(move |body| {
            let window = body
                .lines
                .window(body.from + skip..body.from + until.max(skip));
            window.map(|line| (body.indent, body.over, line))
        });
        let before = self.before.iter().skip(from).map(|line| (0, None, line));
        let past = from.saturating_sub(head + len);
        let after = self.after.iter().skip(past).map(|line| (0, None, line));
        before.chain(inside).chain(after).take(count)
    }
}

/// The cache key for one rendering of a part.
pub(in crate::app::chat) fn key<'a>(known: &PartEntry, id: &'a str) -> TextKey<'a> {
    TextKey {
        id,
        generation: known.generation,
        revision: known.revision,
    }
}

/// The sign of a folded or unfolded block.
pub(in crate::app::chat) fn fold_sign(open: bool, theme: &Theme) -> &'static str {
    if open {
        theme.pick("▾", "v")
    } else {
        theme.pick("▸", ">")
    }
}
