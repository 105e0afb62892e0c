use pretty_assertions::assert_eq;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::super::Composer;
use super::apply::VimUse;
use crate::app::input::key::{Key, KeyCode};

const ESC: char = '\u{1b}';
const REDO: char = '\u{12}';
const BLOCK: char = '\u{16}';

fn key(c: char) -> Key {
    match c {
        ESC => Key::plain(KeyCode::Esc),
        REDO => Key::ctrl('r'),
        BLOCK => Key::ctrl('v'),
        '\u{7f}' => Key::plain(KeyCode::Backspace),
        c => Key::char(c),
    }
}

fn press(composer: &mut Composer, keys: &str) {
    for c in keys.chars() {
        if composer.vim_key(key(c)) == VimUse::None {
            if c == '\n' {
                composer.newline();
            } else {
                composer.key(key(c));
            }
        }
    }
}

/// A composer in normal mode; `|` in the text is where the cursor stands.
fn composer(text: &str) -> Composer {
    let mut composer = Composer::default();
    composer.use_vim();
    composer.set(&text.replace('|', ""));
    let before = text.split('|').next().unwrap_or_default();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default();
    composer.vim_key(key(ESC));
    composer.jump((line, column.chars().count()));
    composer
}

fn shown(composer: &Composer) -> String {
    let (line, column) = composer.cursor();
    let mut lines: Vec<String> = composer.lines().to_vec();
    let at = lines[line].char_indices().nth(column);
    let at = at.map_or(lines[line].len(), |(at, _)| at);
    lines[line].insert(at, '|');
    lines.join("\n")
}

/// Text before, keys, text after.
fn check(cases: &[(&str, &str, &str)]) {
    for (before, keys, after) in cases {
        let mut composer = composer(before);
        press(&mut composer, keys);
        assert_eq!(shown(&composer), *after, "{keys:?} in {before:?}");
    }
}

#[test]
fn motions_lead_where_vim_goes() {
    check(&[
        ("one |two", "h", "one| two"),
        ("|one", "h", "|one"),
        ("one |two", "5l", "one tw|o"),
        ("|one two three", "w", "one |two three"),
        ("|one two three", "2w", "one two |three"),
        ("|one.two three", "W", "one.two |three"),
        ("|one.two three", "w", "one|.two three"),
        ("one\n\nt|wo", "b", "one\n\n|two"),
        ("one\n\n|two", "b", "one\n|\ntwo"),
        ("|one\n\ntwo", "w", "one\n|\ntwo"),
        ("one two|", "b", "one |two"),
        ("|one two", "e", "on|e two"),
        ("on|e two", "e", "one tw|o"),
        ("on|e.x two", "E", "one.|x two"),
        ("a one.tw|o", "B", "a |one.two"),
        ("  one tw|o", "0", "|  one two"),
        ("  one tw|o", "^", "  |one two"),
        ("  |one two", "$", "  one tw|o"),
        ("a\nb|b\nccc", "gg", "|a\nbb\nccc"),
        ("|a\nbb\nccc", "G", "a\nbb\n|ccc"),
        ("|a\nbb\nccc", "2G", "a\n|bb\nccc"),
        ("abc|d\na\nabcd", "jj", "abcd\na\nabc|d"),
        ("abcd\na\nab|cd", "kk", "ab|cd\na\nabcd"),
        ("|a,b,c", "f,", "a|,b,c"),
        ("|a,b,c", "f,;", "a,b|,c"),
        ("|a,b,c", "2f,,", "a|,b,c"),
        ("|a,b,c", "t,", "|a,b,c"),
        ("|ab,b,c", "t,", "a|b,b,c"),
        ("a,b,|c", "F,", "a,b|,c"),
        ("a,b,c|d", "T,", "a,b,|cd"),
        ("|你好世界", "w", "你好|世界"),
        ("|👩\u{200d}👩\u{200d}👧x", "l", "👩\u{200d}👩\u{200d}👧|x"),
    ]);
}

#[test]
fn operators_take_what_the_motion_or_the_object_says() {
    check(&[
        ("one |two three", "dw", "one |three"),
        ("|one two three", "d2w", "|three"),
        ("|one two three", "2dw", "|three"),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("on|e two", "de", "o|n"),
        ("one t|wo", "db", "one |wo"),
        ("one |two", "d$", "one| "),
        ("one |two", "D", "one| "),
        ("one tw|o", "d0", "|o"),
        ("a(b|c)d", "di(", "a(|)d"),
        ("a(b|c)d", "da(", "a|d"),
        ("f(a, g(|b), c)", "dib", "f(a, g(|), c)"),
        ("f(a|, g(b), c)", "dib", "f(|)"),
        ("say |\"hi there\" now", "di\"", "say \"|\" now"),
        ("say \"hi| there\" now", "da\"", "say |now"),
        ("one t|wo three", "diw", "one | three"),
        ("one t|wo three", "daw", "one |three"),
        ("one t|wo", "daw", "on|e"),
        ("a\nb|b\nc", "dd", "a\n|c"),
        ("a\nb|b", "dd", "|a"),
        ("a|", "dd", "|"),
        ("|a\nb\nc", "2dd", "|c"),
        ("|a\nb\nc", "dj", "|c"),
        ("a\nb\n|c", "dk", "|a"),
        ("a\nb|b\nc", "dG", "|a"),
        ("|a,b,c", "df,", "|b,c"),
        ("|a,b,c", "dt,", "|,b,c"),
        ("one |two three", "cwx\u{1b}", "one |x three"),
        ("one |two", "ccx\u{1b}", "|x"),
        ("one |two", "Cx\u{1b}", "one |x"),
        ("o|ne", "sx\u{1b}", "o|xe"),
        ("o|ne", "Sx\u{1b}", "|x"),
        ("o|ne", "x", "o|e"),
        ("o|nety", "3x", "o|y"),
        ("on|e", "X", "o|e"),
        ("o|ne", "rx", "o|xe"),
        ("o|ne", "2rx", "ox|x"),
        ("o|ne", "5rx", "o|ne"),
        ("o|nE", "~~", "oN|e"),
        ("a|\n  b\nc", "J", "a| b\nc"),
        ("|a\nb\nc", "3J", "a b| c"),
    ]);
}

#[test]
fn text_is_put_typed_and_selected() {
    check(&[
        ("|one two", "dwep", "twoone| "),
        ("|one two", "ywP", "one| one two"),
        ("|ab", "xp", "b|a"),
        ("|ab", "x3p", "baa|a"),
        ("a\n|b", "yyp", "a\nb\n|b"),
        ("a\n|b", "yyP", "a\n|b\nb"),
        ("|a\nb", "ddp", "b\n|a"),
        ("o|ne", "ix\u{1b}", "o|xne"),
        ("o|ne", "ax\u{1b}", "on|xe"),
        ("  on|e", "Ix\u{1b}", "  |xone"),
        ("o|ne", "Ax\u{1b}", "one|x"),
        ("o|ne", "ox\u{1b}", "one\n|x"),
        ("o|ne", "Ox\u{1b}", "|x\none"),
        ("|one two", "vey", "|one two"),
        ("|one two", "ved", "| two"),
        ("|one two", "vec1\u{1b}", "|1 two"),
        ("o|ne two", "viwd", "| two"),
        ("a\n|b\nc\nd", "Vjd", "a\n|d"),
        ("one t|wo", "vbod", "one |o"),
        ("|one two", "ywwviwp", "one one| "),
        ("|abc", "vlrx", "|xxc"),
        ("|abc", "vl~", "|ABc"),
        ("|abc", "vl\u{1b}x", "a|c"),
    ]);
}

#[test]
fn what_is_typed_is_typed_as_often_as_the_count_says() {
    check(&[
        ("o|ne", "3ix\u{1b}", "oxx|xne"),
        ("o|ne", "3ix\u{1b}u", "o|ne"),
        ("o|ne", "3ix\u{1b}u\u{12}", "o|xxxne"),
        ("|a", "2Ab \u{1b}", "ab b| "),
        ("|a", "2ob\u{1b}", "a\nb\n|b"),
        ("|a", "2Ob\u{1b}", "b\n|b\na"),
        ("|a", "2Ib\u{1b}.", "b|bbba"),
        ("|a", "3i\u{1b}", "|a"),
        ("|a b c", "3cwx\u{1b}", "|x"),
    ]);
}

#[test]
fn paragraphs_and_tags_are_objects() {
    check(&[
        ("a\n\nb|\nc\n\nd", "dip", "a\n\n|\nd"),
        ("a\n\nb|\nc\n\nd", "dap", "a\n\n|d"),
        ("a\n|\n\nb", "dip", "a\n|b"),
        ("a\n\n|b", "dap", "|a"),
        ("|a\nb\n\nc", "yipGp", "a\nb\n\nc\n|a\nb"),
        ("|a\nb\n\nc", "vipd", "|\nc"),
        ("<p>a <b>x|y</b> c</p>", "dit", "<p>a <b>|</b> c</p>"),
        ("<p>a <b>x|y</b> c</p>", "dat", "<p>a | c</p>"),
        ("<p>a| <b>xy</b><br> c</p>", "cit1\u{1b}", "<p>|1</p>"),
        ("<p class=\"x\">a|<i/></p>", "dit", "<p class=\"x\">|</p>"),
        ("|a < b > c", "dit", "|a < b > c"),
        ("|<a>", "dat", "|<a>"),
    ]);
}

#[test]
fn letters_change_their_case() {
    check(&[
        ("|one two", "gUiw", "|ONE two"),
        ("ONE T|WO", "guiw", "ONE |two"),
        ("|One two", "g~~", "|oNE TWO"),
        ("o|ne\ntwo\nsix", "gUj", "O|NE\nTWO\nsix"),
        ("ONE| TWO", "gugu", "one| two"),
        ("|one two", "gUw.", "|ONE two"),
        ("|one two", "veU", "|ONE two"),
        ("|ONE two", "veu", "|one two"),
        ("|ONE two", "vegu", "|one two"),
        ("straß|e", "gUiw", "|STRASSE"),
        ("|one", "gUz", "|one"),
    ]);
}

#[test]
fn the_bracket_that_belongs_to_one_is_found() {
    check(&[
        ("|f(a, [b(c)])", "%", "f(a, [b(c)]|)"),
        ("f(a, [b(c)]|)", "%", "f|(a, [b(c)])"),
        ("f(a,| [b\n(c)])", "%", "f(a, [b\n(c)|])"),
        ("f|(a)b", "d%", "f|b"),
        ("f(a|)b", "d%", "f|b"),
        ("|no", "%", "|no"),
        ("|(", "%", "|("),
        ("|1\n2\n3\n4", "50%", "1\n|2\n3\n4"),
    ]);
}

#[test]
fn a_block_is_deleted_yanked_changed_and_typed_into() {
    let text = "a|bcd\nefgh\nijkl";
    check(&[
        (text, "\u{16}jld", "a|d\neh\nijkl"),
        (text, "\u{16}jldu", "|abcd\nefgh\nijkl"),
        (text, "\u{16}jldjl.", "ad\n|e\nil"),
        (text, "\u{16}jly", "a|bcd\nefgh\nijkl"),
        (text, "\u{16}jlyP", "a|bcbcd\nefgfgh\nijkl"),
        (text, "\u{16}jlyGp", "abcd\nefgh\ni|bcjkl\n fg"),
        (text, "\u{16}jlcx\u{1b}", "a|xd\nexh\nijkl"),
        (text, "\u{16}jlcx\u{1b}u", "|abcd\nefgh\nijkl"),
        (text, "\u{16}jI- \u{1b}", "a|- bcd\ne- fgh\nijkl"),
        (text, "\u{16}jI-\u{1b}u", "a|bcd\nefgh\nijkl"),
        (text, "\u{16}jA-\u{1b}", "ab|-cd\nef-gh\nijkl"),
        (text, "\u{16}jU", "a|Bcd\neFgh\nijkl"),
        (text, "\u{16}jl~", "a|BCd\neFGh\nijkl"),
        (text, "\u{16}jlrx", "a|xxd\nexxh\nijkl"),
        (text, "jl\u{16}khd", "a|d\neh\nijkl"),
        (text, "\u{16}jlo\u{1b}", "a|bcd\nefgh\nijkl"),
        ("abc|d\ne\nijkl", "\u{16}jjd", "ab|c\ne\nijk"),
        ("ab|cd\ne\nijkl", "\u{16}jjI-\u{1b}", "ab|-cd\ne\nij-kl"),
        ("ab|cd\ne\nijkl", "\u{16}jjA-\u{1b}", "abc|-d\ne  -\nijk-l"),
        ("你|好\nabcd", "\u{16}jld", "|你\nab"),
    ]);
}

#[test]
fn what_was_typed_into_a_block_is_typed_into_another() {
    let text = "|abcd\nefgh\nijkl\nmnop";
    check(&[
        (text, "\u{16}jlcx\u{1b}jj.", "xcd\nxgh\n|xkl\nxop"),
        (text, "\u{16}jlcx\u{1b}jj.u", "xcd\nxgh\n|ijkl\nmnop"),
        (
            text,
            "\u{16}jI- \u{1b}jj.",
            "- abcd\n- efgh\n-| ijkl\n- mnop",
        ),
        (text, "\u{16}jA-\u{1b}jjh.", "a-bcd\ne-fgh\ni|-jkl\nm-nop"),
        (
            text,
            "\u{16}jA-\u{1b}jjh..",
            "a-bcd\ne-fgh\ni-|-jkl\nm--nop",
        ),
        (text, "\u{16}jI-\u{1b}jjj.", "-abcd\n-efgh\nijkl\n|-mnop"),
    ]);
}

#[test]
fn a_block_is_marked_in_each_line() {
    let mut composer = composer("a|bcd\ne\nijkl");
    press(&mut composer, "\u{16}jjl");

    assert_eq!(composer.vim_mode().unwrap(), "VISUAL BLOCK");
    let marked = [((0, 1), (0, 3)), ((1, 1), (1, 1)), ((2, 1), (2, 3))];
    assert_eq!(composer.selection(), marked);
}

#[test]
fn changes_are_undone_redone_and_repeated_whole() {
    check(&[
        ("|one two three", "dwu", "|one two three"),
        ("|one two three", "dwdwuu", "|one two three"),
        ("|one two", "cwxyz\u{1b}u", "|one two"),
        ("|one two", "cwxyz\u{1b}u\u{12}", "|xyz two"),
        ("|a b c d", "dw..", "|d"),
        ("|a b c", "cwx\u{1b}w.", "x |x c"),
        ("|a\nb", "Ax\u{1b}j.", "ax\nb|x"),
        ("|a", "ox\u{1b}.", "a\nx\n|x"),
        ("|abcdef", "vld.", "|ef"),
        ("|abcd", "x2.", "|d"),
    ]);
}

#[test]
fn without_a_motion_an_operator_changes_nothing() {
    check(&[
        ("|one", "d\u{1b}x", "|ne"),
        ("|one", "dz", "|one"),
        ("|one", "dfx", "|one"),
        ("|one", "di(", "|one"),
        ("|", "dwxp~JD", "|"),
    ]);
}

#[test]
fn the_mode_is_named_with_the_keys_so_far() {
    let mut composer = Composer::default();
    composer.use_vim();
    let mut names = Vec::new();
    for keys in ["ab", "\u{1b}", "2d", "w", "v", "\u{1b}", "V", "\u{1b}", "i"] {
        press(&mut composer, keys);
        names.push(composer.vim_mode().unwrap());
    }

    assert_eq!(
        names.join(", "),
        "INSERT, NORMAL, NORMAL 2d, NORMAL, VISUAL, NORMAL, VISUAL LINE, NORMAL, INSERT"
    );
}

#[test]
fn a_paste_is_text_in_every_mode() {
    let mut composer = composer("a|b");
    composer.paste("dd");
    assert_eq!(composer.text(), "addb");

    press(&mut composer, "v");
    composer.paste("dd");
    assert_eq!(composer.text(), "addddb");
    assert_eq!(composer.vim_mode().unwrap(), "NORMAL");
}

#[test]
fn what_was_yanked_is_put_into_the_next_prompt_too() {
    let mut composer = composer("one |two");
    press(&mut composer, "yiw");
    composer.take();
    press(&mut composer, "\u{1b}p");

    assert_eq!(composer.text(), "two");
}

proptest! {
    #[test]
    fn any_keys_leave_the_cursor_between_graphemes(
        text in "([a-z .,()<>/\"\n]|e\u{301}|👩\u{200d}👧|你|\u{100000}){0,20}",
        keys in "([dcyxXDCSsr~JoOaAiIpPuUvV0-9hjklwbeWBE^$gGfFtT;,.%<( \"'\n\u{1b}\u{12}\u{16}\u{7f}]|👩|\u{301}){0,50}",
    ) {
        let mut composer = composer(&text);
        for c in keys.chars() {
            press(&mut composer, &c.to_string());
            composer.selection();
            // Typed text may become part of the grapheme behind the cursor.
            if !composer.is_commanded() {
                continue;
            }
            let (line, column) = composer.cursor();
            let line = &composer.lines()[line];
            let mut starts = vec![0];
            for grapheme in line.graphemes(true) {
                starts.push(starts.last().unwrap() + grapheme.chars().count());
            }
            prop_assert!(starts.contains(&column), "{line:?} {column}");
        }
    }
}
