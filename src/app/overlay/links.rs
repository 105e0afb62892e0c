//! The links of the conversation: numbered, to open or to copy one.
//!
//! The rows are collected when the list is opened. `App` opens and copies them.

/// A link that is harmless to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkRow {
    /// What the conversation shows for it; not safe for a screen.
    pub(super) text: String,
    /// In visible characters only.
    pub(super) url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct LinkList {
    /// Never empty; the newest first.
    pub(super) links: Vec<LinkRow>,
    pub(super) selected: usize,
    /// The digits typed so far.
    number: String,
}

impl LinkList {
    /// `None` if there are no links.
    pub(in crate::app) fn new(links: Vec<(String, String)>) -> Option<Self> {
        let links = links.into_iter().map(|(text, url)| LinkRow { text, url });
        let links: Vec<LinkRow> = links.collect();
        (!links.is_empty()).then_some(Self {
            links,
            selected: 0,
            number: String::new(),
        })
    }

    /// Moves the selection by so many rows; negative is up.
    pub(super) fn go(&mut self, rows: i16) {
        self.number.clear();
        let last = self.links.len() - 1;
        self.selected = self.selected.saturating_add_signed(rows.into()).min(last);
    }

    /// Selects by number: a digit follows those before it, or begins another number.
    pub(super) fn digit(&mut self, digit: char) {
        self.number.push(digit);
        if self.numbered().is_none() {
            self.number = digit.to_string();
        }
        match self.numbered() {
            Some(at) => self.selected = at,
            None => self.number.clear(),
        }
    }

    fn numbered(&self) -> Option<usize> {
        let number: usize = self.number.parse().ok()?;
        let at = number.checked_sub(1)?;
        (at < self.links.len()).then_some(at)
    }

    /// The address of the selected link.
    pub(in crate::app) fn url(&self) -> Option<&str> {
        let link = self.links.get(self.selected)?;
        Some(&link.url)
    }
}
