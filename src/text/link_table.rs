//! The addresses behind link texts on the screen.
//!
//! A cell of the screen has room for a style only. So the colour of the underline encodes the link's number; nothing
//! else sets that colour, and the screen painter turns it back into the address. Only harmless addresses get a number.

use std::collections::HashMap;

use ratatui::style::{Color, Style};

use super::hidden::is_invisible;

/// Of more links than this the table forgets all; the text of a link that is being written is many.
const MOST: usize = 10_000;

/// Addresses by number. Unless it is switched on, no link has a number.
#[derive(Debug, Default)]
pub struct LinkTable {
    is_on: bool,
    urls: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
}

impl LinkTable {
    /// A table that is on.
    pub fn on() -> Self {
        Self {
            is_on: true,
            ..Self::default()
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The style of a link's text, with the number of its address.
    pub(super) fn marked(&mut self, style: Style, url: &str) -> Style {
        match self.number(url) {
            Some(number) => {
                let [_, r, g, b] = number.to_be_bytes();
                style.underline_color(Color::Rgb(r, g, b))
            }
            None => style,
        }
    }

    fn number(&mut self, url: &str) -> Option<u32> {
        if !self.is_on || !is_harmless_link(url) {
            return None;
        }
        if let Some(number) = self.index.get(url) {
            return Some(*number);
        }
        let number = u32::try_from(self.urls.len() + 1).ok()?;
        if number >= 1 << 24 {
            return None;
        }
        self.urls.push(url.into());
        self.index.insert(url.into(), number);
        Some(number)
    }

    /// The number of the link that a colour of an underline stands for; 0 if there is none.
    pub fn number_of(&self, underline: Color) -> u32 {
        match underline {
            Color::Rgb(r, g, b) if self.is_on => u32::from_be_bytes([0, r, g, b]),
            _ => 0,
        }
    }

    /// The address with this number.
    pub fn url(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.urls.get(index).map(|url| &**url)
    }

    /// Whether it should be emptied, together with all lines that were made with it.
    pub(super) fn is_crowded(&self) -> bool {
        self.urls.len() > MOST
    }

    pub(super) fn clear(&mut self) {
        self.urls.clear();
        self.index.clear();
    }
}

/// A longer address is none that a person wants to open, and some programs refuse it.
const LONGEST_LINK: usize = 2000;

/// Whether a link is one to open: a web page or a mail address, in visible characters.
pub fn is_harmless_link(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else {
        return false;
    };
    let is_known = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty()),
        "mailto" => !rest.is_empty(),
        _ => false,
    };
    is_known
        && url.len() <= LONGEST_LINK
        && !url.contains(|c: char| c.is_whitespace() || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn only_harmless_addresses_have_a_number_and_keep_it() {
        let mut table = LinkTable::on();
        let plain = Style::new();
        let one = table.marked(plain, "https://e.org/1");
        let two = table.marked(plain, "https://e.org/2");

        assert_eq!(table.marked(plain, "https://e.org/1"), one);
        for bad in ["file:///x", "javascript:x", "https://e.org/\u{1b}]8;;x"] {
            assert_eq!(table.marked(plain, bad), plain, "{bad:?}");
        }
        let url = |style: Style| table.url(table.number_of(style.underline_color.unwrap()));
        assert_eq!(url(one), Some("https://e.org/1"));
        assert_eq!(url(two), Some("https://e.org/2"));
        assert_eq!(table.url(table.number_of(Color::Red)), None);
        assert_eq!(LinkTable::default().marked(plain, "https://e.org/1"), plain);
    }
}
