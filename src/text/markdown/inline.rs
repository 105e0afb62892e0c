//! Collects the inline text of one block: styles, links and hard breaks.

use std::mem;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::text::ansi;

pub(super) struct Inline {
    /// One entry for each line that a hard break ends.
    lines: Vec<Vec<Span<'static>>>,
    /// The open styles, each patched over the one before it. Never empty.
    styles: Vec<Style>,
    /// The open links and images: the URL, and the text shown for it so far.
    links: Vec<(String, String)>,
}

impl Inline {
    pub(super) fn new(base: Style) -> Self {
        Self {
            lines: Vec::new(),
            styles: vec![base],
            links: Vec::new(),
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    pub(super) fn push(&mut self, style: Style) {
        self.styles.push(self.style().patch(style));
    }

    pub(super) fn pop(&mut self) {
        if self.styles.len() > 1 {
            self.styles.pop();
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.styled(text, Style::new());
    }

    /// Adds text in `style` over the open styles. Neighbours of equal style are joined, so that a
    /// grapheme that the parser has split is whole again before it is measured.
    pub(super) fn styled(&mut self, text: &str, style: Style) {
        let safe = ansi::plain(text).replace('\n', " ");
        if safe.is_empty() {
            return;
        }
        for (_, shown) in &mut self.links {
            shown.push_str(&safe);
        }
        let style = self.style().patch(style);
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        if let Some(line) = self.lines.last_mut() {
            match line.last_mut() {
                Some(last) if last.style == style => last.content.to_mut().push_str(&safe),
                _ => line.push(Span::styled(safe, style)),
            }
        }
    }

    pub(super) fn hard_break(&mut self) {
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.lines.push(Vec::new());
    }

    pub(super) fn open_link(&mut self, url: &str, style: Style) {
        self.push(style);
        self.links.push((url.to_owned(), String::new()));
    }

    /// Closes the innermost link; its URL follows in the style of `dim` unless it was the link's text.
    pub(super) fn close_link(&mut self, dim: impl FnOnce(&str) -> Style) {
        self.pop();
        if let Some((url, shown)) = self.links.pop()
            && !url.is_empty()
            && url != shown
            && url.strip_prefix("mailto:") != Some(shown.as_str())
        {
            let dim = dim(&url);
            self.styled(&format!(" ({url})"), dim);
        }
    }

    /// Returns the collected lines and starts again; open styles stay open.
    pub(super) fn take(&mut self) -> Vec<Vec<Span<'static>>> {
        mem::take(&mut self.lines)
    }
}
