use std::borrow::Cow;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::{spans_width, truncate, width, wrap_line, wrap_plain};

fn shown(lines: &[Line<'_>]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn width_counts_columns_of_graphemes() {
    for (text, columns) in [
        ("", 0),
        ("abc", 3),
        ("漢字", 4),
        ("e\u{301}", 1),
        ("👩‍👩‍👧‍👦", 2),
        ("❤\u{fe0f}", 2),
        ("🇩🇪", 2),
        ("ｶﾞ", 2),
        ("ﾊﾟ", 2),
        ("か\u{3099}", 2),
        ("ที่", 1),
    ] {
        assert_eq!(width(text), columns, "{text:?}");
        assert_eq!(filled(text), columns, "{text:?}");
    }
}

/// How many columns of a screen row a text fills.
fn filled(text: &str) -> usize {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 500, 1));
    let (end, _) = buffer.set_stringn(0, 0, text, 500, Style::default());
    usize::from(end)
}

#[test]
fn truncation_is_seen_and_fits() {
    assert!(matches!(truncate("short", 5), Cow::Borrowed("short")));
    assert_eq!(truncate("longer", 5), "long…");
    assert_eq!(truncate("漢字漢字", 4), "漢…");
    assert_eq!(truncate("ab", 1), "…");
    assert_eq!(truncate("ab", 0), "");
    assert_eq!(truncate("a\x1b[2Jb\nc", 9), "ab c");
}

#[test]
fn lines_break_at_words_and_keep_their_indentation() {
    let lines = wrap_plain("  one two  three\n\nfour", 9, Style::new());

    assert_eq!(shown(&lines), ["  one two", "three", "", "four"]);
}

#[test]
fn a_word_longer_than_the_line_is_cut() {
    assert_eq!(
        shown(&wrap_plain("ab abcdefgh", 4, Style::new())),
        ["ab", "abcd", "efgh"]
    );
}

#[test]
fn wide_characters_break_anywhere_but_before_closing_punctuation() {
    assert_eq!(
        shown(&wrap_plain("漢字漢字。漢", 8, Style::new())),
        ["漢字漢", "字。漢"]
    );
}

#[test]
fn what_is_wider_than_the_line_is_replaced() {
    assert_eq!(
        shown(&wrap_plain("a漢b", 1, Style::new())),
        ["a", "\u{fffd}", "b"]
    );
}

#[test]
fn a_styled_line_keeps_its_styles_over_the_break() {
    let red = Style::new().fg(Color::Red);

    let lines = wrap_line(
        Line::from(vec![Span::raw("one "), Span::styled("two three", red)]),
        8,
    );

    assert_eq!(
        lines,
        [
            Line::from(vec![Span::raw("one "), Span::styled("two", red)]),
            Line::from(vec![Span::styled("three", red)]),
        ]
    );
}

#[test]
fn scripts_without_spaces_break_between_words() {
    let thai = "ภาษาไทยเขียนติดกันโดยไม่มีช่องว่างระหว่างคำ";
    assert_eq!(
        shown(&wrap_plain(thai, 12, Style::new())),
        ["ภาษาไทยเขียน", "ติดกันโดยไม่มี", "ช่องว่างระหว่าง", "คำ"]
    );
    // A word of two styles is one word; code breaks anywhere.
    let red = Style::new().fg(Color::Red);
    let line = Line::from(vec![Span::raw("ภา"), Span::styled("ษาไทย", red)]);
    assert_eq!(shown(&wrap_line(line, 4)), ["ภาษา", "ไทย"]);
}

proptest! {
    #[test]
    fn text_is_as_wide_as_what_it_fills_of_the_screen(
        text in r"([ -~]|[ｦ-ﾟ]|[가-힣]|[一-龠]|[ก-๛]|[\u{300}-\u{36f}]|[😀-🙏]|\u{200d}|\u{fe0f}){0,40}"
    ) {
        prop_assert_eq!(width(&text), filled(&text));
    }

    #[test]
    fn no_line_is_too_wide_and_no_visible_text_is_lost(text in "(\\PC|[ \n\t漢a👩‍🇩]){0,80}", columns in 1_usize..20) {
        let lines = wrap_plain(&text, columns, Style::new());

        for line in &lines {
            prop_assert!(spans_width(&line.spans) <= columns, "{line:?}");
            prop_assert!(!line.to_string().contains(char::is_control));
        }
        let seen: String = shown(&lines).concat();
        if !seen.contains('\u{fffd}') {
            let strip = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(strip(&seen), strip(&super::ansi::plain(&text)));
        }
    }

    #[test]
    fn truncation_never_exceeds_its_room(text in "\\PC{0,40}", max in 0_usize..20) {
        prop_assert!(width(&truncate(&text, max)) <= max);
    }
}
