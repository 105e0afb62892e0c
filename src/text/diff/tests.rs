use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use super::{DiffItem, DiffLook, DiffSign, counts, parse, rows};
use crate::text::highlight::CodeColours;
use crate::text::wrap::spans_width;
use crate::text::{Palette, ansi};

fn look(width: usize, palette: &Palette) -> DiffLook<'_> {
    DiffLook {
        width,
        names: true,
        most: usize::MAX,
        language: None,
        largest: 0,
        old_numbers: false,
        palette,
    }
}

fn drawn(text: &str, look: DiffLook<'_>) -> Vec<Line<'static>> {
    rows(text, look, &mut CodeColours::default()).lines
}

fn shown(text: &str, width: usize) -> String {
    drawn(text, look(width, &Palette::default()))
        .iter()
        .flat_map(|line| ["|".to_owned(), line.to_string(), "\n".to_owned()])
        .collect()
}

const TWO_FILES: &str = "\
diff --git a/src/a.rs b/src/a.rs
index 1234567..89abcde 100644
--- a/src/a.rs
+++ b/src/a.rs
@@ -8,4 +8,4 @@ fn main() {
 same
--- a comment
+++ an increment and a long line
 \tend

@@ -100,2 +100,3 @@ fn later() {
 x
+y
 z
\\ No newline at end of file
Index: b
===================================================================
--- /dev/null\t2020
+++ b/b
@@ -0,0 +1 @@
+new
";

#[test]
fn rows_have_numbers_and_signs() {
    insta::assert_snapshot!(shown(TWO_FILES, 30));
}

#[test]
fn a_narrow_diff_has_signs_only() {
    insta::assert_snapshot!(shown(TWO_FILES, 14));
}

#[test]
fn the_name_of_an_only_file_can_be_left_out() {
    let text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    let palette = Palette::default();
    let look = DiffLook {
        names: false,
        ..look(30, &palette)
    };
    let lines: Vec<String> = drawn(text, look).iter().map(Line::to_string).collect();

    assert_eq!(lines, [" 1 - a", " 1 + b"]);
}

#[test]
fn what_git_says_about_files_is_told() {
    let text = "\
diff --git a/old name.txt b/new name.txt
similarity index 100%
rename from old name.txt
rename to new name.txt
diff --git a/run b/run
old mode 100644
new mode 100755
diff --git a/p.png b/p.png
index 1..2
Binary files a/p.png and b/p.png differ
diff --git a/q.bin b/q.bin
new file mode 100644
index 0..2
GIT binary patch
literal 3
KcmZQzWMYs2

diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-bye
diff --git \"a/\\303\\244\" \"b/\\303\\244\"
--- \"a/\\303\\244\"
+++ \"b/\\303\\244\"
@@ -1 +1 @@
-a
+b
";
    insta::assert_snapshot!(shown(text, 60));
}

#[test]
fn hunks_without_numbers_are_read_too() {
    assert_eq!(
        shown("@@ fn main() {\n a\n-b\n+c\n@@\n d\n", 40),
        "| a\n|-b\n|+c\n|…\n| d\n"
    );
}

#[test]
fn each_kind_of_line_has_its_style() {
    let palette = Palette {
        added: Style::new().fg(Color::Green),
        removed: Style::new().fg(Color::Red),
        added_word: Style::new().bold(),
        removed_word: Style::new().underlined(),
        ..Palette::default()
    };

    let lines = drawn(
        "@@ -1 +1 @@\n-let a = 1;\n+let b = 1;\n",
        look(30, &palette),
    );

    let marked = |line: &Line<'static>, with: Modifier| -> Vec<String> {
        let marked = |span: &&ratatui::text::Span<'_>| span.style.add_modifier.contains(with);
        line.spans
            .iter()
            .filter(marked)
            .map(|span| span.content.to_string())
            .collect()
    };
    assert_eq!(marked(&lines[0], Modifier::UNDERLINED), ["a"]);
    assert_eq!(marked(&lines[1], Modifier::BOLD), ["b"]);
    assert_eq!(lines[0].spans[1].style, palette.removed);
    assert_eq!(lines[1].spans[2].style, palette.added);
}

#[test]
fn a_background_fills_the_row() {
    let palette = Palette {
        added_line: Style::new().bg(Color::Indexed(22)),
        ..Palette::default()
    };

    let lines = drawn("@@ -1 +1 @@\n-a\n+b\n", look(30, &palette));

    assert_eq!(spans_width(&lines[1].spans), 30);
    assert!(
        lines[1]
            .spans
            .iter()
            .all(|span| span.style.bg == palette.added_line.bg)
    );
    assert_eq!(lines[0].to_string(), " 1 - a");
}

#[test]
fn different_lines_have_no_marked_words() {
    let palette = Palette {
        added_word: Style::new().bold(),
        ..Palette::default()
    };
    let text = "@@ -1 +1 @@\n-the quick brown fox\n+import numpy as np\n";

    let lines = drawn(text, look(40, &palette));

    assert!(
        lines
            .iter()
            .flat_map(|line| &line.spans)
            .all(|span| span.style.add_modifier.is_empty())
    );
}

#[test]
fn only_the_rows_that_were_asked_for_are_made() {
    let lines = (0..50_000).map(|n| format!("+line {n}\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    let text = format!("@@ -0,0 +1,50000 @@\n{lines}");
    let palette = Palette::default();
    let some = |most| {
        let look = DiffLook {
            most,
            ..look(40, &palette)
        };
        rows(&text, look, &mut CodeColours::default())
    };

    let first = some(3);
    let texts: Vec<String> = first.lines.iter().map(Line::to_string).collect();
    assert_eq!(
        texts,
        ["    1 + line 0", "    2 + line 1", "    3 + line 2"]
    );
    assert!(first.cut);
    assert!(!some(50_000).cut);
}

#[test]
fn what_is_added_and_removed_is_counted_by_hunks() {
    assert_eq!(counts(TWO_FILES), (3, 1));
    assert_eq!(counts("--- a\n+++ b\n"), (0, 0));
}

#[test]
fn a_text_that_is_no_diff_is_shown() {
    assert_eq!(shown("what\n\nis \x1b[31mthis", 20), "|what\n|is this\n");
}

/// Lines of a hunk: sign and text.
fn hunk() -> impl Strategy<Value = Vec<(DiffSign, String)>> {
    let sign = prop::sample::select(vec![DiffSign::Kept, DiffSign::Added, DiffSign::Removed]);
    let text = prop_oneof![
        "(-- |\\+\\+ |@@ -1 @@|diff --git a/x b/x|\\\\|\t|fn |a\\.b\\(|[a-z]{1,4} ?|漢|e\u{301}){0,6}",
        "\\PC{0,12}",
    ];
    prop::collection::vec((sign, text), 0..20)
}

fn written(hunks: &[Vec<(DiffSign, String)>]) -> String {
    let mut text = "--- a/x.rs\n+++ b/x.rs\n".to_owned();
    for lines in hunks {
        let count = |not| lines.iter().filter(|(sign, _)| *sign != not).count();
        let (old, new) = (count(DiffSign::Added), count(DiffSign::Removed));
        text.extend([format!("@@ -7,{old} +9,{new} @@ fn x\n")]);
        for (sign, line) in lines {
            text.extend([format!("{}{line}\n", sign.sign())]);
        }
    }
    text
}

proptest! {
    #[test]
    fn any_text_fits_any_width(
        text in "(@@ -[0-9],[0-9] [+][0-9] @@|@@|[-+ ]|--- a\n[+]{3} b\n|diff --git a/x b/y\n|rename (from|to) z|\n|\t|\x1b\\[31m|\u{202e}|漢|\\\\|\"|\\PC){0,60}",
        width in 0_usize..40,
    ) {
        for line in drawn(&text, look(width, &Palette::default())) {
            prop_assert!(spans_width(&line.spans) <= width.max(1), "{line:?}");
            prop_assert!(!line.to_string().contains(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn what_a_diff_says_can_be_read_back(hunks in prop::collection::vec(hunk(), 0..4)) {
        let text = written(&hunks);
        let mut read: Vec<Vec<(DiffSign, String)>> = Vec::new();
        for item in parse(&text) {
            match item {
                DiffItem::Hunk { .. } => read.push(Vec::new()),
                DiffItem::Line(line) => {
                    read.last_mut().unwrap().push((line.sign, line.text.to_owned()));
                }
                DiffItem::File(file) => prop_assert_eq!(file.path(), "x.rs"),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(read, hunks);
    }

    #[test]
    fn every_character_of_a_line_is_on_the_screen(hunks in prop::collection::vec(hunk(), 1..3), width in 24_usize..60) {
        let lines = drawn(&written(&hunks), look(width, &Palette::default()));
        let rows: Vec<String> = lines.iter().map(Line::to_string).collect();
        // A row that begins with a number begins a line; the gutter is 5 columns wide.
        let mut seen: Vec<String> = Vec::new();
        for row in rows.iter().skip(1) {
            let (gutter, text) = row.split_at(row.len().min(5));
            match gutter.trim_start().chars().next() {
                Some('0'..='9') => seen.push(text.to_owned()),
                Some('…') => {}
                _ => seen.last_mut().unwrap().push_str(text),
            }
        }
        let wanted: Vec<String> = hunks
            .iter()
            .flatten()
            .map(|(_, line)| ansi::plain(line).into_owned())
            .collect();
        prop_assert_eq!(seen, wanted);
    }
}
