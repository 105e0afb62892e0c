//! Emphasis beside scripts that put no spaces between words.
//!
//! `CommonMark` decides by the neighbours of `**` whether it opens or closes: behind `。` and before a letter it can
//! only open, so that `**重要。**后文` keeps its asterisks, as would `中文**“引用”**中文`. Whoever writes so means
//! emphasis. Here an invisible space goes to such a place: the parser then decides as it does between words. The space
//! is a control character (U+0085), which no source has any more and no text keeps.
//!
//! Input: a source without control characters. Output: the source for the parser.

use std::borrow::Cow;

/// White space to the parser; `ansi::plain` removes it from all that is shown.
const SPACE: char = '\u{85}';

/// Makes emphasis that is meant, as far as its neighbours tell, emphasis for the parser.
pub(super) fn with_spaces(source: &str) -> Cow<'_, str> {
    if source.is_ascii() || !source.contains('*') {
        return Cow::Borrowed(source);
    }
    let mut places: Vec<usize> = Vec::new();
    // The lengths of the runs that are open in this paragraph.
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find(['*', '`', '\n', '\\']) {
        let start = at + found;
        let rest = &source[start..];
        let mark = rest.chars().next().unwrap_or_default();
        let length = rest.len() - rest.trim_start_matches(mark).len();
        at = start + length;
        match mark {
            '\n' if length > 1 => open.clear(),
            '\n' => {}
            // The next character is text.
            '\\' => at = start + 1 + source[start + 1..].chars().next().map_or(0, char::len_utf8),
            '`' => at = code_end(source, at, length).unwrap_or(at),
            _ => {
                let before = source[..start].chars().next_back();
                let after = source[at..].chars().next();
                let run = Run { before, after };
                if let Some(index) = open.iter().rposition(|opened| *opened == length) {
                    open.truncate(index);
                    places.extend(run.fails_to_close().then_some(at));
                } else if after.is_some_and(|c| !c.is_whitespace()) {
                    open.push(length);
                    places.extend(run.fails_to_open().then_some(start));
                }
            }
        }
    }
    if places.is_empty() {
        return Cow::Borrowed(source);
    }
    let mut spaced = String::with_capacity(source.len() + 2 * places.len());
    let mut from = 0;
    for place in places {
        spaced.push_str(&source[from..place]);
        spaced.push(SPACE);
        from = place;
    }
    spaced.push_str(&source[from..]);
    Cow::Owned(spaced)
}

/// Behind the run of as many backticks that ends the code; none: they are text.
fn code_end(source: &str, mut at: usize, length: usize) -> Option<usize> {
    while let Some(found) = source[at..].find('`') {
        let start = at + found;
        let rest = &source[start..];
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        at = start + ticks;
        if ticks == length {
            return Some(at);
        }
    }
    None
}

/// The neighbours of a run of asterisks.
#[derive(Debug, Clone, Copy)]
struct Run {
    before: Option<char>,
    after: Option<char>,
}

impl Run {
    fn fails_to_close(self) -> bool {
        self.is_unspaced() && self.before.is_some_and(is_mark) && self.after.is_some_and(is_letter)
    }

    fn fails_to_open(self) -> bool {
        self.is_unspaced() && self.after.is_some_and(is_mark) && self.before.is_some_and(is_letter)
    }

    fn is_unspaced(self) -> bool {
        [self.before, self.after].into_iter().flatten().any(is_cjk)
    }
}

fn is_letter(c: char) -> bool {
    !c.is_whitespace() && !is_mark(c)
}

/// Punctuation and symbols.
fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() || (!c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace())
}

/// Letters and marks of Chinese, Japanese and Korean, and the full-width forms.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}'
        | '“' | '”' | '‘' | '’' | '…' | '—')
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::text::highlight::CodeColours;
    use crate::text::link_table::LinkTable;
    use crate::text::{Columns, Palette};

    /// The text with its strong parts in brackets and its emphasis in braces.
    fn shown(source: &str) -> String {
        let palette = Palette {
            strong: ratatui::style::Style::new().bold(),
            emphasis: ratatui::style::Style::new().italic(),
            ..Palette::default()
        };
        let columns = Columns::from(200);
        let lines = super::super::render(
            source,
            columns,
            &palette,
            (&mut CodeColours::default(), &mut LinkTable::default()),
        );
        let mut out = String::new();
        for line in lines {
            for span in line.spans {
                use ratatui::style::Modifier;
                let (open, close) = match span.style.add_modifier {
                    with if with.contains(Modifier::BOLD) => ("[", "]"),
                    with if with.contains(Modifier::ITALIC) => ("{", "}"),
                    _ => ("", ""),
                };
                out.extend([open, &span.content, close]);
            }
        }
        out
    }

    #[test]
    fn emphasis_beside_cjk_is_emphasis() {
        for (source, wanted) in [
            ("**强调**后文", "[强调]后文"),
            ("**重要。**后文", "[重要。]后文"),
            ("**版本：**2.0", "[版本：]2.0"),
            ("中文**“引用”**中文", "中文[“引用”]中文"),
            ("你好。**强调**。", "你好。[强调]。"),
            ("これは**「重要」**です", "これは[「重要」]です"),
            ("*（注）*文字", "{（注）}文字"),
            ("한국어**(강조)**입니다", "한국어[(강조)]입니다"),
        ] {
            assert_eq!(shown(source), wanted, "{source}");
        }
    }

    #[test]
    fn what_is_no_emphasis_stays_as_it_is() {
        for source in [
            "2 * 3 * 4",
            "`**重要。**后文`",
            "\\*\\*重要。\\*\\*后文",
            "**open。后文",
            "a**b.**c",
            "- * 。",
        ] {
            assert_eq!(with_spaces(source), source, "{source}");
        }
        assert_eq!(shown("`**重要。**后文`"), "**重要。**后文");
    }

    proptest! {
        #[test]
        fn only_the_space_is_added(source in "[a*`\\\\\n 。，文字“”（）!]{0,40}") {
            let spaced = with_spaces(&source);
            prop_assert_eq!(spaced.replace(SPACE, ""), source.clone());
            prop_assert!(!shown(&source).contains(SPACE));
        }
    }
}
