mod completion;
mod edits;
mod sending;
mod stash;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::app::chat::composer::Composer;

fn press(composer: &mut Composer, keys: &[Key]) {
    for key in keys {
        if *key == Key::ctrl('_') {
            composer.undo_edit();
        } else {
            composer.key(*key);
        }
    }
}

fn typed(text: &str) -> Composer {
    let mut composer = Composer::default();
    composer.paste(text);
    composer
}

fn rows(composer: &Composer, width: u16) -> Vec<String> {
    composer
        .layout(width)
        .rows
        .into_iter()
        .map(|row| row.text)
        .collect()
}

const LEFT: Key = Key::plain(KeyCode::Left);
const BACKSPACE: Key = Key::plain(KeyCode::Backspace);

#[test]
fn readline_keys_edit_as_in_a_shell() {
    let mut composer = typed("one two three");

    press(&mut composer, &[Key::ctrl('w')]);
    let word = composer.text();
    press(
        &mut composer,
        &[Key::ctrl('y'), Key::ctrl('a'), Key::char('>')],
    );
    let yanked = composer.text();
    press(&mut composer, &[Key::ctrl('k')]);
    let cut = composer.text();
    press(
        &mut composer,
        &[Key::ctrl('_'), Key::ctrl('e'), Key::ctrl('u')],
    );

    assert_eq!(
        [word, yanked, cut, composer.text()],
        ["one two ", ">one two three", ">", ""]
    );
}

#[test]
fn words_are_those_of_the_script() {
    let ctrl_w = Key::ctrl('w');
    let mut mixed = typed("Hello你好World 日本語abc");
    let mut left = Vec::new();
    for _ in 0..5 {
        press(&mut mixed, &[ctrl_w]);
        left.push(mixed.text());
    }
    assert_eq!(
        left,
        [
            "Hello你好World 日本語",
            "Hello你好World ",
            "Hello你好",
            "Hello",
            ""
        ]
    );

    let mut chinese = typed("你好世界");
    let alt = |c| Key {
        alt: true,
        ..Key::char(c)
    };
    press(&mut chinese, &[alt('b')]);
    assert_eq!(chinese.cursor(), (0, 2));
    press(&mut chinese, &[alt('b'), alt('f')]);
    assert_eq!(chinese.cursor(), (0, 2));
    press(&mut chinese, &[alt('d')]);
    assert_eq!(chinese.text(), "你好");
    press(&mut chinese, &[Key::ctrl('y')]);
    assert_eq!(chinese.text(), "你好世界");
}

#[test]
fn words_are_found_across_line_ends() {
    let mut composer = typed("one\n  two");

    press(&mut composer, &[Key::ctrl('w'), Key::ctrl('w')]);
    let joined = composer.text();
    press(&mut composer, &[Key::ctrl('w')]);

    assert_eq!([joined, composer.text()], ["one\n", "one"]);
}

#[test]
fn a_backspace_deletes_a_typed_mark_or_a_whole_emoji_and_undo_restores_it() {
    for (text, left) in [
        ("ท\u{e35}\u{e48}", "ท\u{e35}"),
        ("क\u{94d}ष\u{93f}", "क\u{94d}ष"),
        ("a👩\u{200d}👩\u{200d}👧", "a"),
        ("🇩🇪🇫🇷", "🇩🇪"),
        ("xe\u{301}", "x"),
    ] {
        let mut composer = typed(text);
        press(&mut composer, &[BACKSPACE]);
        assert_eq!(composer.text(), left, "{text:?}");
        press(&mut composer, &[Key::ctrl('_')]);
        assert_eq!(composer.text(), text, "one undo");
    }
}

#[test]
fn delete_removes_one_grapheme() {
    for text in ["ท\u{e35}\u{e48}b", "👩\u{200d}👩\u{200d}👧b", "🇩🇪b"] {
        let mut composer = typed(text);
        press(
            &mut composer,
            &[Key::ctrl('a'), Key::plain(KeyCode::Delete)],
        );
        assert_eq!(composer.text(), "b", "{text:?}");
    }
}

#[test]
fn wide_characters_fill_their_rows_and_closing_ones_begin_none() {
    let composer = typed("see 你好世界你好。世界");

    // 16 columns, which six wide characters and the word fill.
    assert_eq!(rows(&composer, 17), ["see 你好世界你", "好。世界"]);
}

#[test]
fn long_pastes_become_chips_that_expand_when_sent() {
    let long = "line\n".repeat(212);
    let mut composer = typed("look: ");

    composer.paste(&long);
    composer.paste("!");

    assert_eq!(rows(&composer, 60), ["look: [paste 1: 212 lines]!"]);
    assert_eq!(composer.take(), format!("look: {long}!"));
    assert!(composer.is_empty());
}

#[test]
fn a_chip_is_deleted_as_one_and_comes_back_by_undo() {
    let long = "x".repeat(5000);
    let mut composer = typed("a");
    composer.paste(&long);

    press(&mut composer, &[BACKSPACE]);
    let without = composer.text();
    press(&mut composer, &[Key::ctrl('_')]);

    assert_eq!(without, "a");
    assert_eq!(composer.text(), format!("a{long}"));
}

#[test]
fn a_megabyte_is_one_chip_and_nothing_of_it_is_lost() {
    let huge = "0123456789abcde\n".repeat(65_536);
    let mut composer = Composer::default();

    composer.paste(&huge);

    assert_eq!(composer.layout(80).rows.len(), 1);
    assert!(composer.text() == huge, "the text changed");
}

/// Pastes a text as a terminal does that types it: the first piece, then the others.
fn in_pieces(composer: &mut Composer, text: &str, size: usize) {
    let chars: Vec<char> = text.chars().collect();
    for (number, piece) in chars.chunks(size).enumerate() {
        let piece: String = piece.iter().collect();
        match number {
            0 => composer.paste(&piece),
            _ => composer.paste_more(&piece),
        }
    }
}

#[test]
fn the_pieces_of_a_long_paste_are_one_chip_and_one_undo() {
    let long = "0123456789abcde\n".repeat(100);
    let mut composer = typed("look: ");

    in_pieces(&mut composer, &long, 50);
    let shown = rows(&composer, 60);
    let text = composer.text();
    press(&mut composer, &[Key::char('!'), BACKSPACE, BACKSPACE]);

    assert_eq!(shown, ["look: [paste 1: 100 lines]"]);
    assert_eq!(text, format!("look: {long}"));
    assert_eq!(composer.text(), "look: ");
}

#[test]
fn the_pieces_of_a_short_paste_are_one_text_and_one_undo() {
    let mut composer = typed("say: ");

    in_pieces(&mut composer, "one\ntwo\nthree", 3);
    let text = composer.text();
    press(&mut composer, &[Key::ctrl('_')]);

    assert_eq!(text, "say: one\ntwo\nthree");
    assert_eq!(composer.text(), "say: ");
}

#[test]
fn what_is_edited_between_two_pieces_stays_where_it_was_edited() {
    let long = "x".repeat(2000);
    let mut composer = Composer::default();

    composer.paste(&long);
    press(&mut composer, &[Key::char('-')]);
    composer.paste_more("after");
    press(&mut composer, &[LEFT]);
    composer.paste_more("|");

    assert_eq!(composer.text(), format!("{long}-afte|r"));
}

#[test]
fn two_pastes_are_two_chips() {
    let mut composer = typed(&"x".repeat(2000));

    composer.paste(&"y\n".repeat(20));

    let shown = rows(&composer, 60);
    assert_eq!(shown, ["[paste 1: 2000 chars][paste 2: 20 lines]"]);
}

#[test]
fn a_character_is_moved_over_and_deleted_whole() {
    let mut composer = typed("a👨‍👩‍👧e\u{301}中");

    press(&mut composer, &[LEFT, LEFT]);
    let at = composer.cursor();
    press(&mut composer, &[BACKSPACE]);

    assert_eq!(at, (0, 6));
    assert_eq!(composer.text(), "ae\u{301}中");
}

#[test]
fn wide_characters_wrap_by_their_width_and_place_the_cursor() {
    let composer = typed("中文字符宽");

    let layout = composer.layout(7);

    assert_eq!(rows(&composer, 7), ["中文字", "符宽"]);
    assert_eq!(layout.cursor, (1, 4));
}

#[test]
fn words_wrap_whole_where_they_fit() {
    assert_eq!(
        rows(&typed("the quick brown fox\njumps"), 11),
        ["the quick ", "brown fox", "jumps"]
    );
}

#[test]
fn control_characters_are_sent_as_pasted_but_never_drawn() {
    let mut composer = typed("a\u{1b}[31mb\tc\u{7}");

    assert_eq!(rows(&composer, 40), ["a·[31mb    c·"]);
    assert_eq!(composer.take(), "a\u{1b}[31mb\tc\u{7}");
}

#[test]
fn up_goes_through_rows_then_through_the_history_and_down_comes_back() {
    let mut harness = ChatHarness::idle();
    harness.say("first");
    harness.say("second");
    harness.chat.pending =
        crate::app::chat::composer::prompts::pending_prompts::PendingPrompts::default();
    harness.type_text("draft");
    let up = Key::plain(KeyCode::Up);
    let down = Key::plain(KeyCode::Down);
    let mut seen = Vec::new();

    for key in [up, up, up, down, down] {
        harness.key(key);
        seen.push(harness.chat.draft());
    }

    assert_eq!(seen, ["second", "first", "first", "second", "draft"]);
}

#[derive(Debug, Clone)]
enum Input {
    Press(Key),
    Paste(String),
    PasteMore(String),
    Vertical(bool, u16),
    Recall(bool),
    Undo,
    Redo,
    Clear,
}

fn any_input() -> impl Strategy<Value = Input> {
    let key = prop_oneof![
        any::<char>().prop_map(Key::char),
        prop::sample::select(vec!['a', 'b', 'd', 'e', 'f', 'h', 'j', 'k', 'u', 'w', 'y'])
            .prop_map(Key::ctrl),
        prop::sample::select(vec![
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Home,
            KeyCode::End,
        ])
        .prop_map(Key::plain),
    ];
    prop_oneof![
        6 => key.prop_map(Input::Press),
        2 => any::<String>().prop_map(Input::Paste),
        1 => "(a中\n){0,20}".prop_map(Input::Paste),
        2 => "(a中\n){0,20}".prop_map(Input::PasteMore),
        1 => (any::<bool>(), 0u16..30).prop_map(|(down, width)| Input::Vertical(down, width)),
        1 => any::<bool>().prop_map(Input::Recall),
        1 => prop::sample::select(vec![Input::Undo, Input::Redo, Input::Clear]),
    ]
}

proptest! {
    #[test]
    fn what_is_typed_and_pasted_at_the_end_is_what_is_sent(
        pieces in prop::collection::vec((any::<bool>(), any::<String>(), 1usize..40), 0..12),
    ) {
        let mut composer = Composer::default();
        let mut expected = String::new();

        for (is_paste, text, times) in pieces {
            if is_paste {
                let text = text.repeat(times);
                composer.paste(&text);
                expected.push_str(&text.replace("\r\n", "\n").replace('\r', "\n"));
            } else {
                for c in text.chars().filter(|c| !c.is_control()) {
                    composer.key(Key::char(c));
                    expected.push(c);
                }
            }
        }

        prop_assert_eq!(composer.take(), expected);
    }

    #[test]
    fn any_input_leaves_a_cursor_on_the_screen_and_no_row_too_wide(
        inputs in prop::collection::vec(any_input(), 0..60),
        width in 3u16..40,
    ) {
        use unicode_width::UnicodeWidthStr;
        let mut composer = Composer::default();
        composer.remember("a prompt\nof old");

        for input in inputs {
            match input {
                Input::Press(key) => {
                    composer.key(key);
                }
                Input::Paste(text) => composer.paste(&text),
                Input::PasteMore(text) => composer.paste_more(&text),
                Input::Vertical(down, width) => {
                    composer.vertical(down, width);
                }
                Input::Recall(newer) => composer.recall(newer),
                Input::Undo => {
                    composer.undo_edit();
                }
                Input::Redo => {
                    composer.redo_edit();
                }
                Input::Clear => composer.clear(),
            }
        }

        let layout = composer.layout(width);
        prop_assert!(layout.cursor.0 < layout.rows.len());
        prop_assert!(layout.cursor.1 < usize::from(width));
        for row in &layout.rows {
            prop_assert!(row.text.width() < usize::from(width), "{:?}", row.text);
            prop_assert!(!row.text.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_paste_in_pieces_is_the_paste(
        text in "[ab中 \n]{0,40}", times in 1usize..60, size in 1usize..300,
    ) {
        let text = text.repeat(times);
        let mut composer = typed("before");

        in_pieces(&mut composer, &text, size);

        prop_assert_eq!(rows(&composer, 60), {
            let mut whole = typed("before");
            whole.paste(&text);
            rows(&whole, 60)
        });
        prop_assert_eq!(composer.take(), format!("before{text}"));
    }

    #[test]
    fn undoing_everything_gives_the_empty_text(text in "[a-z中 \n]{0,60}") {
        let mut composer = Composer::default();
        for c in text.chars() {
            if c == '\n' {
                composer.newline();
            } else {
                composer.key(Key::char(c));
            }
        }

        for _ in 0..text.chars().count() {
            composer.undo_edit();
        }

        prop_assert_eq!(composer.text(), "");
    }
}

#[test]
fn of_a_long_text_only_what_is_near_the_cursor_is_laid_out() {
    let mut composer = Composer::default();
    for line in 0..1000 {
        for c in line.to_string().chars() {
            composer.key(Key::char(c));
        }
        composer.newline();
    }

    let window = composer.window(80, 3);

    let rows: Vec<&str> = window.rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(rows, ["997", "998", "999", ""]);
    assert_eq!(window.cursor, (3, 0));
}

#[test]
fn around_the_cursor_the_window_is_the_whole_layout() {
    let mut composer = Composer::default();
    for line in ["one two three", "", "four", "five six seven eight"] {
        for c in line.chars() {
            composer.key(Key::char(c));
        }
        composer.newline();
    }
    composer.key(Key::plain(KeyCode::Up));

    assert_eq!(composer.window(8, 9), composer.layout(8));
}
