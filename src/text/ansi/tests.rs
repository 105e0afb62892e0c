use std::borrow::Cow;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::{log_line, plain};
use crate::text::hidden::is_obeyed;
use crate::text::wrap::width;

#[test]
fn clean_text_is_borrowed() {
    for text in ["", "hello\nworld", "größe 漢字 👩‍👩‍👧 e\u{301}"] {
        assert!(
            matches!(plain(text), Cow::Borrowed(same) if same == text),
            "{text:?}"
        );
    }
}

#[test]
fn escape_sequences_leave_nothing_behind() {
    for (hostile, safe) in [
        ("a\x1b[31mb\x1b[0mc", "abc"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;aGk=\x1b\\b", "ab"),
        ("a\x1bP1$r\x1b\\b", "ab"),
        ("a\x1b[?1049lb", "ab"),
        ("a\x1bcb", "ab"),
        ("a\u{9b}31mb", "a31mb"),
        ("a\x08\x07\x7fb", "ab"),
    ] {
        assert_eq!(plain(hostile), safe, "{hostile:?}");
    }
}

#[test]
fn an_unfinished_sequence_ends_with_its_line() {
    assert_eq!(plain("a\x1b]0;never ended\nb"), "a\nb");
}

#[test]
fn what_reorders_or_hides_text_is_removed() {
    assert_eq!(
        plain("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{e0041}"),
        "abcde"
    );
}

#[test]
fn line_ends_are_unified_and_tabs_reach_their_stops() {
    assert_eq!(plain("a\tb\r\n漢\tc\rd"), "a   b\n漢  c d");
}

#[test]
fn a_log_line_keeps_its_colours_and_nothing_else() {
    let base = Style::new().fg(Color::Gray);

    let line = log_line(
        "\x1b[1;31mERR\x1b[0m \x1b[38;5;208mx\x1b[38;2;1;2;3my\x1b[2Jz\x1b[39m!",
        base,
        true,
    );

    assert_eq!(
        line,
        Line::from(vec![
            Span::styled("ERR", base.fg(Color::Red).add_modifier(Modifier::BOLD)),
            Span::styled(" ", base),
            Span::styled("x", base.fg(Color::Indexed(208))),
            Span::styled("yz", base.fg(Color::Rgb(1, 2, 3))),
            Span::styled("!", base),
        ])
    );
}

#[test]
fn a_log_line_without_colour_is_one_run() {
    let line = log_line("a\x1b[31mb\tc\r\n", Style::new(), false);

    assert_eq!(
        line,
        Line::from(vec![Span::styled("ab      c", Style::new())])
    );
}

proptest! {
    #[test]
    fn a_tab_ends_at_a_stop_whatever_is_before_it(
        text in r"([ -~]|[ｦ-ﾟ]|[가-힣]|[一-龠]|[ก-๛]|[א-ת]|[\u{300}-\u{36f}]|[😀-🙏]|\u{200d}|\u{fe0f}){0,20}"
    ) {
        let safe = plain(&format!("{text}\t|")).into_owned();
        let before = width(safe.strip_suffix('|').unwrap());
        let alone = width(&plain(&text));
        prop_assert!(before.is_multiple_of(4) && before > alone && before <= alone + 4, "{safe:?}");
    }

    #[test]
    fn no_control_character_survives(text in "(\\PC|[\\x00-\\x1f\u{7f}-\u{9f}\u{200b}\u{202e}]|\x1b\\[[0-9;:]{0,6}[a-zA-Z]){0,60}") {
        let safe = plain(&text);
        prop_assert!(safe.chars().all(|c| c == '\n' || !is_obeyed(c)), "{safe:?}");
        prop_assert_eq!(plain(&safe), safe.clone());
        for colour in [true, false] {
            let line = log_line(&text, Style::new(), colour);
            prop_assert!(line.spans.iter().flat_map(|s| s.content.chars()).all(|c| !is_obeyed(c)));
        }
    }
}
