use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::text::Line;

use super::scanner::{HARD, SOFT, Scanner, StreamPiece};
use super::{Stream, StreamLook};
use crate::text::highlight::CodeColours;
use crate::text::link_table::LinkTable;
use crate::text::wrap::spans_width;
use crate::text::{Columns, Palette, markdown};

fn all(stream: &Stream) -> Vec<Line<'static>> {
    [stream.settled(), stream.tail()].concat()
}

fn advance(stream: &mut Stream, source: &str, columns: impl Into<Columns>) -> bool {
    let mut look = StreamLook {
        columns: columns.into(),
        palette: &Palette::default(),
        colours: &mut CodeColours::default(),
        links: &mut LinkTable::default(),
    };
    stream.advance(source, &mut look)
}

fn one_shot(source: &str, columns: impl Into<Columns>) -> Vec<Line<'static>> {
    let mut stream = Stream::default();
    assert!(advance(&mut stream, source, columns));
    all(&stream)
}

fn pieces(source: &str) -> Vec<String> {
    let mut scanner = Scanner::default();
    let mut pieces = Vec::new();
    while let Some(piece) = scanner.next(source) {
        pieces.push(match piece {
            StreamPiece::Blocks { range, .. } => source[range].to_owned(),
            StreamPiece::FenceOpen { info } => format!("open {}", &source[info]),
            StreamPiece::Code { range, .. } => format!("code {}", &source[range]),
            StreamPiece::Nothing => "close".to_owned(),
        });
    }
    pieces
}

#[test]
fn a_paragraph_is_settled_when_the_next_block_begins() {
    assert_eq!(pieces("a\nb\n\n"), Vec::<String>::new());
    assert_eq!(pieces("a\nb\n\nc\n"), ["a\nb\n\n"]);
    assert_eq!(pieces("a\n# b\n"), ["a\n"]);
}

#[test]
fn lines_of_an_open_code_block_are_settled_one_by_one() {
    assert_eq!(
        pieces("a\n```rust\nx\n\ny\n```\nb\n\nc\n"),
        [
            "a\n",
            "open rust",
            "code x",
            "code ",
            "code y",
            "close",
            "b\n\n"
        ]
    );
}

#[test]
fn a_list_is_kept_whole_with_all_that_is_indented_below_it() {
    assert_eq!(
        pieces("- a\n\n  b\n\n  ```\n  c\n\n  d\n  ```\n\n- e\n\nf\n"),
        ["- a\n\n  b\n\n  ```\n  c\n\n  d\n  ```\n\n- e\n\n"]
    );
    assert_eq!(pieces("1. a\n```\nb\n"), ["1. a\n", "open ", "code b"]);
}

#[test]
fn a_fence_in_the_middle_of_a_line_or_with_backticks_behind_is_text() {
    assert_eq!(
        pieces("a ```\n``` b ```\n    ```\n\nc\n"),
        ["a ```\n``` b ```\n    ```\n\n"]
    );
}

#[test]
fn a_long_list_is_cut_between_items_and_goes_on_counting() {
    let source = (1..2_000)
        .map(|n| format!("{n}. item\n"))
        .collect::<Vec<_>>()
        .concat();

    let lines = one_shot(&source, 40);

    assert_eq!(lines.len(), 1_999);
    assert_eq!(lines[1_500].to_string(), "1501. item");
    assert!(pieces(&source).len() > 3);
}

#[test]
fn a_long_table_repeats_its_header() {
    let rows = (0..1_000)
        .map(|n| format!("| {n} | b |\n"))
        .collect::<Vec<_>>()
        .concat();

    let shown: Vec<String> = one_shot(&format!("| n | x |\n|---|---|\n{rows}\nend\n"), 40)
        .iter()
        .map(Line::to_string)
        .collect();

    let headers = shown.iter().filter(|line| line.starts_with("n ")).count();
    assert!(headers > 2, "{headers}");
    assert!(
        !shown.iter().any(|line| line.contains('|')),
        "a row lost its table"
    );
    assert_eq!(shown.last().map(String::as_str), Some("end"));
}

#[test]
fn no_tail_is_longer_than_the_limit() {
    for unit in [
        "word ", "word\n", "漢", "x", "- a\n", "  - a\n", "> a\n", "    a\n", "a\n\n", "|a|\n",
    ] {
        for start in ["", "```\n", "- a\n", "<div>\n", "|a|\n|-|\n"] {
            let source = format!("{start}{}", unit.repeat(40_000 / unit.len()));
            let mut scanner = Scanner::default();
            while scanner.next(&source).is_some() {}
            assert!(
                source.len() - scanner.settled() <= HARD,
                "{start:?} {unit:?}"
            );
        }
    }
}

#[test]
fn a_source_that_is_not_the_known_one_is_refused() {
    let mut stream = Stream::default();
    assert!(advance(&mut stream, "one\n\ntwo\n", 20));
    let before = all(&stream);

    assert!(!advance(&mut stream, "eno\n\ntwo\n", 20));
    assert!(!advance(&mut stream, "o", 20));
    assert_eq!(all(&stream), before);
}

/// Blocks as models write them; none depends on another.
fn well_formed() -> impl Strategy<Value = String> {
    let block = prop::sample::select(vec![
        "A paragraph with **strong** text\nand a second line.",
        "# Heading",
        "Text right before\n\n```rust\nlet a = 1;\n\n# not a heading\n- not a list\n```",
        "~~~\n```\n~~~",
        "- a\n- b\n  - c\n\n    more of c\n- d",
        "1. one\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n2. two",
        "> quote\n> more\n>\n> > deep",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "---",
        "    indented code\n\n    more of it",
        "<p>\nhtml\n</p>",
        "[^1]: A note\n    that goes on.",
        "Prices of $5, math $a_b$ and <b>text</b>",
    ]);
    prop::collection::vec(block, 0..8).prop_map(|blocks| {
        let mut source = String::new();
        for block in blocks {
            // A comment-like paragraph keeps lists and indented code from merging.
            source.push_str(block);
            source.push_str("\n\nbetween\n\n");
        }
        source
    })
}

/// Cuts `source` at char boundaries near the given fractions.
fn prefixes(source: &str, cuts: &[prop::sample::Index]) -> Vec<usize> {
    let mut at: Vec<usize> = cuts
        .iter()
        .map(|cut| source.floor_char_boundary(cut.index(source.len() + 1)))
        .collect();
    at.push(source.len());
    at.sort_unstable();
    at
}

proptest! {
    #[test]
    fn any_cutting_gives_the_lines_of_a_one_shot_render(
        source in crate::text::tests::markdownish(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        (width, prose) in (1_u16..60, 1_u16..60),
    ) {
        let mut stream = Stream::default();
        for end in prefixes(&source, &cuts) {
            prop_assert!(advance(&mut stream, &source[..end], Columns::new(width, prose)));
            prop_assert_eq!(all(&stream), one_shot(&source[..end], Columns::new(width, prose)));
            for line in all(&stream) {
                prop_assert!(spans_width(&line.spans) <= usize::from(width), "{:?}", line);
                prop_assert!(!line.to_string().contains(char::is_control), "{:?}", line);
            }
        }
    }

    #[test]
    fn well_formed_text_looks_as_if_rendered_whole(source in well_formed(), width in 20_u16..80) {
        prop_assert_eq!(one_shot(&source, width), markdown::render(
            &source,
            width.into(),
            &Palette::default(),
            (&mut CodeColours::default(), &mut LinkTable::default()),
        ));
    }
}

proptest! {
    // Each case renders about ten pieces of full size.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_passes_the_limits_is_cut_at_the_same_places(
        unit in crate::text::tests::markdownish(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let source = unit.repeat((3 * HARD / unit.len().max(1)).min(HARD) + 1);
        let source = &source[..source.floor_char_boundary(5 * SOFT)];
        let mut stream = Stream::default();
        for end in prefixes(source, &cuts) {
            prop_assert!(advance(&mut stream, &source[..end], 30));
        }
        prop_assert_eq!(all(&stream), one_shot(source, 30));
    }
}
