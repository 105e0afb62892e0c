use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::text::wrap::spans_width;

fn shown(text: &str, width: usize) -> Vec<String> {
    lines(text, width, VisibleStyles::default())
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn warnings(text: &str) -> Vec<String> {
    let mut findings = Findings::default();
    findings.look_at(text);
    findings.words()
}

#[test]
fn what_a_shell_runs_is_seen_whole() {
    for (text, seen) in [
        ("rm -f a.tmp", "rm -f a.tmp"),
        ("echo \x1b]0;rm -rf ~\x07 ok", "echo ␛]0;rm -rf ~␇ ok"),
        ("a\u{200b}b\u{202e}c\u{feff}", "a⟨U+200B⟩b⟨U+202E⟩c⟨U+FEFF⟩"),
        ("a\u{9b}2J\x7f\r", "a⟨U+009B⟩2J␡␍"),
        ("a\tb", "a␉  b"),
        ("tail  ", "tail␠␠"),
        ("a\nb", "a␊b"),
        // The notation itself, and other spaces.
        ("␛⟨U+200B⟩", "⟨U+241B⟩⟨U+27E8⟩U+200B⟨U+27E9⟩"),
        ("a\u{a0}b\u{3000}c\u{3164}", "a⟨U+00A0⟩b⟨U+3000⟩c⟨U+3164⟩"),
        // Tags, private use, noncharacters, marks that make other letters.
        (
            "a\u{e0041}\u{e000}\u{10ffff}",
            "a⟨U+E0041⟩⟨U+E000⟩⟨U+10FFFF⟩",
        ),
        ("e\u{301} \u{212a}", "e⟨U+0301⟩ ⟨U+212A⟩"),
        // Letters that look like others.
        ("p\u{430}ypal \u{ff1b}", "p⟨U+0430⟩ypal ；"),
        (
            "curl https://\u{430}\u{440}\u{440}.com",
            "curl https://⟨U+0430⟩⟨U+0440⟩⟨U+0440⟩.com",
        ),
        ("a\u{2215}b\u{37e}", "a⟨U+2215⟩b⟨U+037E⟩"),
        // Ordinary text stays.
        (
            "größe “x” – don’t … 漢字 ノート ที่ हिन्दी привет",
            "größe “x” – don’t … 漢字 ノート ที่ हिन्दी привет",
        ),
    ] {
        assert_eq!(one_line(text), seen, "{text:?}");
    }
}

#[test]
fn what_misleads_is_said_in_words() {
    assert_eq!(warnings("plain\n\ttext, größe, 漢字"), Vec::<String>::new());
    assert_eq!(
        warnings("a\x1b[8m\u{200b}\x1b"),
        ["hidden or misleading characters, shown: ␛ ⟨U+200B⟩"]
    );
    assert_eq!(
        warnings("\u{441}\u{43e}\u{440}\u{443} file"),
        ["“сору” is not “copy”: its letters are not Latin"]
    );
    assert_eq!(
        warnings("rm \u{5d0}"),
        ["right-to-left letters: their order may differ on this screen"]
    );
}

#[test]
fn rows_that_go_on_are_told_from_lines() {
    assert_eq!(shown("abcdefghijkl\nm\n", 10), ["abcdefghij", "↪ kl", "m␊"]);
    assert_eq!(shown("↪ x", 20), ["⟨U+21AA⟩ x"]);
    assert_eq!(shown("", 10), [""]);
    assert_eq!(shown("a\n\nb", 10), ["a", "", "b"]);
}

#[test]
fn a_name_cannot_be_taken_for_the_words_around_it() {
    assert_eq!(name("fix-login"), "fix-login");
    assert_eq!(name("a? All is kept.\n"), "“a? All is kept.␊”");
    assert_eq!(name("a”, “b"), "“a⟨”⟩, ⟨”⟩b”");
    assert_eq!(name(""), "“”");
}

/// Decodes the notation.
fn read(visible: &str) -> String {
    let mut text = String::new();
    let mut rest = visible;
    let mut columns = 0;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        let sign = match c {
            '⟨' => {
                let end = rest.find('⟩').unwrap();
                used = end + '⟩'.len_utf8();
                let code = u32::from_str_radix(&rest["⟨U+".len()..end], 16).unwrap();
                char::from_u32(code).unwrap()
            }
            '␠' => ' ',
            '␡' => '\x7f',
            '\u{2400}'..='\u{241f}' => char::from_u32(u32::from(c) - 0x2400).unwrap(),
            c => c,
        };
        columns += wrap::width(&rest[..used]);
        if c == '␉' {
            let fill = (TAB - columns % TAB) % TAB;
            used += fill;
            columns += fill;
        }
        text.push(sign);
        rest = &rest[used..];
    }
    text
}

const HOSTILE: &str = "(\\PC|[\\x00-\\x1f\u{7f}-\u{9f}\u{200b}-\u{200f}\u{202e}\u{2066}\u{fe0f}\u{e0041}\u{301}\u{2400}-\u{2421}⟨⟩↪ \t\n\u{430}\u{43e}ae.]|\x1b\\[[0-9;:]{0,6}[a-zA-Z]|\\p{any}){0,40}";

proptest! {
    #[test]
    fn nothing_is_lost_so_two_texts_never_look_the_same(text in HOSTILE) {
        prop_assert_eq!(read(&one_line(&text)), text);
    }

    #[test]
    fn no_character_is_hidden_obeyed_or_reordering(text in HOSTILE, width in 1_usize..40) {
        for line in lines(&text, width, VisibleStyles::default()) {
            prop_assert!(spans_width(&line.spans) <= width, "{line:?}");
            for c in line.to_string().chars() {
                prop_assert!(!c.is_control() && !character::is_misleading(c, false) || "⟨⟩↪".contains(c) || ('\u{2400}'..='\u{2421}').contains(&c), "{c:?}");
            }
        }
    }

    #[test]
    fn what_is_wrapped_is_what_stands_in_one_line(text in "(\\PC|[\x1b \t\u{200b}]){0,40}", width in 9_usize..30) {
        let rows = shown(&text, width);
        let rows: Vec<&str> = rows.iter().enumerate().map(|(at, row)| {
            if at == 0 { row } else { row.strip_prefix(GOES_ON).unwrap() }
        }).collect();
        prop_assert_eq!(rows.concat(), one_line(&text).into_owned());
    }

    #[test]
    fn a_look_at_any_text_ends(text in "\\PC{0,80}") {
        let _ = warnings(&text);
    }
}
