//! The width of text in columns.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// Returns how many columns `text` takes on the screen.
pub fn width(text: &str) -> usize {
    if is_printable_ascii(text) {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

pub(super) fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        1
    } else {
        usize::from(grapheme.cell_width())
    }
}

pub(super) fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}
