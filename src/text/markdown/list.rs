//! The prefixes of a block's lines: the bars of quotes, the markers and indentation of lists.

use ratatui::style::Style;
use ratatui::text::Span;

use super::MarkdownWriter;
use super::container::Container;
use crate::text::wrap;

/// A container gets no prefix if its text would have fewer columns than this.
const MIN_ROOM: usize = 8;

impl MarkdownWriter<'_> {
    /// The columns for code and tables inside all open containers; at least 1.
    pub(super) fn room(&self) -> usize {
        self.inside(self.columns.full())
    }

    /// The columns for prose inside all open containers; at least 1.
    pub(super) fn prose_room(&self) -> usize {
        self.inside(self.columns.prose())
    }

    fn inside(&self, columns: usize) -> usize {
        let used: usize = self
            .containers
            .iter()
            .map(|container| container.width)
            .sum();
        columns.saturating_sub(used).max(1)
    }

    pub(super) fn open_quote(&mut self) {
        let bar = if self.has_room_for(2) { "│ " } else { "" };
        self.containers.push(Container {
            marker: None,
            rest: Span::styled(bar, self.palette.quote),
            width: wrap::width(bar),
        });
    }

    pub(super) fn open_item(&mut self) {
        let marker = match self.lists.last_mut().and_then(|list| list.next.as_mut()) {
            Some(next) => {
                let number = *next;
                *next = next.saturating_add(1);
                format!("{number}. ")
            }
            None => "• ".to_owned(),
        };
        self.open_marked(&marker, self.palette.text);
    }

    /// Opens a block whose first line begins with `marker`, and whose others are indented by it.
    pub(super) fn open_marked(&mut self, marker: &str, style: Style) {
        let marker = wrap::truncate(marker, usize::MAX).into_owned();
        let width = wrap::width(&marker);
        if self.has_room_for(width) {
            self.containers.push(Container {
                marker: Some(Span::styled(marker, style)),
                rest: Span::raw(" ".repeat(width)),
                width,
            });
        } else {
            // Without hanging indentation, the marker still shows that this is an item.
            self.inline.text(&marker);
            self.containers.push(Container {
                marker: None,
                rest: Span::raw(""),
                width: 0,
            });
        }
    }

    pub(super) fn close_item(&mut self) {
        self.flush();
        if self
            .containers
            .last()
            .is_some_and(|container| container.marker.is_some())
        {
            self.emit(Vec::new());
        }
        self.containers.pop();
        self.gap = self.lists.last().is_some_and(|list| list.loose);
    }

    fn has_room_for(&self, width: usize) -> bool {
        self.prose_room() >= width + MIN_ROOM
    }

    /// The prefix of the next line; consumes markers.
    pub(super) fn take_prefix(&mut self) -> Vec<Span<'static>> {
        self.containers
            .iter_mut()
            .map(|container| {
                container
                    .marker
                    .take()
                    .unwrap_or_else(|| container.rest.clone())
            })
            .filter(|span| !span.content.is_empty())
            .collect()
    }

    /// The prefix of a blank line, without blanks at its end.
    pub(super) fn blank_prefix(&self) -> Vec<Span<'static>> {
        let mut spans: Vec<Span<'static>> = self
            .containers
            .iter()
            .map(|container| container.rest.clone())
            .collect();
        while let Some(last) = spans.last_mut() {
            let kept = last.content.trim_end().len();
            if kept > 0 {
                last.content.to_mut().truncate(kept);
                break;
            }
            spans.pop();
        }
        spans
    }
}
