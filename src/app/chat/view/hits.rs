//! Where on the screen the words of a search are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::block::BlockRows;

/// The row of a block with its `nth` hit; the last one before it if the block shows fewer.
pub(super) fn row(shown: &BlockRows<'_>, words: &str, nth: usize) -> usize {
    let mut last = 0;
    let mut before = 0;
    for (row, (_, _, line)) in shown.window(0, shown.len()).enumerate() {
        let text: String = line
            .spans
            .iter()
            .map(|span| span.content.as_ref())
            .collect();
        let here = text.to_lowercase().matches(words).count();
        if here == 0 {
            continue;
        }
        last = row;
        before += here;
        if before > nth {
            break;
        }
    }
    last
}

/// Marks the words in all rows of an area; words that a row breaks off are not found.
pub(super) fn mark(words: &str, area: Rect, buf: &mut Buffer, style: Style) {
    for row in area.rows() {
        let mut text = String::new();
        // The column of each byte.
        let mut columns = Vec::new();
        for x in row.left()..row.right() {
            let symbol = buf[(x, row.y)].symbol().to_lowercase();
            columns.resize(columns.len() + symbol.len(), x);
            text.push_str(&symbol);
        }
        for (at, found) in text.match_indices(words) {
            let (Some(first), Some(last)) = (columns.get(at), columns.get(at + found.len() - 1))
            else {
                continue;
            };
            let hit = Rect::new(*first, row.y, last - first + 1, 1);
            buf.set_style(hit, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    #[test]
    fn all_hits_of_a_row_are_marked_whatever_their_case() {
        let area = Rect::new(0, 0, 20, 2);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "Ünder 漢字 ünder", Style::default());
        buf.set_string(0, 1, "nothing here", Style::default());
        let style = Style::default().add_modifier(Modifier::REVERSED);

        mark("ünder", area, &mut buf, style);

        let is_marked = |x: u16, y: u16| buf[(x, y)].modifier.contains(Modifier::REVERSED);
        let marked: Vec<u16> = (0..20).filter(|x| is_marked(*x, 0)).collect();
        assert_eq!(marked, [0, 1, 2, 3, 4, 11, 12, 13, 14, 15]);
        assert!(!(0..20).any(|x| is_marked(x, 1)));
    }
}
