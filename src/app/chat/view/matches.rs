//! The row of a block in which a match of the search is.

use unicode_segmentation::UnicodeSegmentation;

use super::block::BlockRows;
use crate::app::view::search_marks::RowsText;
use crate::domain::chat::search::SearchWords;

/// The row of a block with its `nth` match; the last one before it if the block shows fewer.
pub(super) fn row(shown: &BlockRows<'_>, words: &SearchWords, nth: usize) -> usize {
    let mut text = RowsText::new(words);
    for (row, (_, _, line)) in shown.window(0, shown.len()).enumerate() {
        let Ok(row) = u16::try_from(row) else { break };
        let spans = line.spans.iter();
        let symbols = spans.flat_map(|span| span.content.graphemes(true));
        text.add(row, symbols.map(|symbol| (0, symbol)));
    }
    text.row_of(nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_a_match_is_where_it_begins() {
        let lines = ["one two", "three", "one two three"];
        let shown = BlockRows::lines(lines.map(Into::into).into());
        let row = |nth| row(&shown, &SearchWords::new("two three"), nth);
        assert_eq!([row(0), row(1), row(9)], [0, 2, 2]);
    }
}
