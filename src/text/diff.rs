//! Unified diffs as styled lines.
//!
//! Input: a diff as a tool or `git` printed it. Output: one line for each file's headers, hunk
//! headers cut to the width, and changed lines with their `+` and `-` (so that they are readable
//! without colours), wrapped without losing a character. Anything else is shown dim, so a text that
//! is not a diff is still visible.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Palette;
use super::ansi;
use super::wrap::{Breaking, fold, truncate};

/// Headers that add nothing to the names of the files.
const NOISE: [&str; 3] = ["index ", "Index: ", "====="];

/// Renders a unified diff `width` columns wide; 0 counts as 1.
pub fn unified(text: &str, width: usize, palette: &Palette) -> Vec<Line<'static>> {
    let mut writer = DiffWriter {
        palette,
        width: width.max(1),
        lines: Vec::new(),
        hunk: Hunk::default(),
        old: String::new(),
    };
    for line in text.lines() {
        writer.line(line);
    }
    writer.lines
}

/// How many lines of the two files remain in the open hunk. A line `--- x` inside a hunk is the
/// removed line `-- x`; only the counts tell.
#[derive(Default)]
struct Hunk {
    old: usize,
    new: usize,
}

struct DiffWriter<'a> {
    palette: &'a Palette,
    width: usize,
    lines: Vec<Line<'static>>,
    hunk: Hunk,
    /// The name of the old file, until the new file's name is known.
    old: String,
}

impl DiffWriter<'_> {
    fn line(&mut self, line: &str) {
        if self.hunk.old > 0 || self.hunk.new > 0 {
            if let Some(style) = self.take_of_hunk(line) {
                return self.changed(line, style);
            }
            // The hunk is shorter than its header says.
            self.hunk = Hunk::default();
        }
        if let Some(hunk) = hunk_header(line) {
            self.hunk = hunk;
            self.single(line, self.palette.hunk);
        } else if let Some(name) = line.strip_prefix("--- ") {
            file_name(name).clone_into(&mut self.old);
        } else if let Some(name) = line.strip_prefix("+++ ") {
            let old = std::mem::take(&mut self.old);
            self.single(&file_line(&old, file_name(name)), self.palette.heading);
        } else if line.starts_with("diff --git ") || NOISE.iter().any(|n| line.starts_with(n)) {
            // The names follow in the next lines.
        } else if !line.is_empty() {
            self.single(line, self.palette.dim);
        }
    }

    /// Counts a line of the open hunk and returns its style; `None` if the line cannot be in a
    /// hunk.
    fn take_of_hunk(&mut self, line: &str) -> Option<Style> {
        let Hunk { old, new } = &mut self.hunk;
        match line.as_bytes().first() {
            Some(b'+') if *new > 0 => {
                *new -= 1;
                Some(self.palette.added)
            }
            Some(b'-') if *old > 0 => {
                *old -= 1;
                Some(self.palette.removed)
            }
            // Some tools strip the blank of an empty context line.
            Some(b' ') | None => {
                *old = old.saturating_sub(1);
                *new = new.saturating_sub(1);
                Some(self.palette.text)
            }
            Some(b'\\') => Some(self.palette.dim),
            _ => None,
        }
    }

    /// A line of a hunk; its first character is ASCII.
    fn changed(&mut self, line: &str, style: Style) {
        let (sign, text) = line.split_at_checked(1).unwrap_or(("", ""));
        // Tab stops count from the text, not from the sign.
        let text = ansi::plain(text).replace('\n', " ");
        let hang = usize::from(self.width > 4);
        let span = Span::styled(format!("{sign}{text}"), style);
        let pieces = fold(&[span], self.width, self.width - hang, Breaking::Anywhere);
        for (at, mut piece) in pieces.into_iter().enumerate() {
            if at > 0 && hang > 0 {
                piece.insert(0, Span::styled(" ", style));
            }
            self.lines.push(Line::from(piece));
        }
    }

    fn single(&mut self, line: &str, style: Style) {
        let text = truncate(line, self.width).into_owned();
        self.lines.push(Line::from(Span::styled(text, style)));
    }
}

/// Parses `@@ -1,3 +1,4 @@`; a missing count is 1.
fn hunk_header(line: &str) -> Option<Hunk> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some(Hunk {
        old: count(old)?,
        new: count(new)?,
    })
}

/// The name in a `---` or `+++` line, without the timestamp after a tab and without git's `a/` and
/// `b/`.
fn file_name(name: &str) -> &str {
    let name = name.split('\t').next().unwrap_or_default().trim_end();
    name.strip_prefix("a/")
        .or_else(|| name.strip_prefix("b/"))
        .unwrap_or(name)
}

fn file_line(old: &str, new: &str) -> String {
    match (old, new) {
        ("/dev/null", new) => format!("{new} (new)"),
        (old, "/dev/null") => format!("{old} (deleted)"),
        ("", new) => new.to_owned(),
        (old, new) if old == new => new.to_owned(),
        (old, new) => format!("{old} → {new}"),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use ratatui::style::{Color, Style};

    use super::unified;
    use crate::text::Palette;
    use crate::text::wrap::spans_width;

    fn shown(text: &str, width: usize) -> Vec<String> {
        unified(text, width, &Palette::default())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const TWO_FILES: &str = "\
diff --git a/src/a.rs b/src/a.rs
index 1234567..89abcde 100644
--- a/src/a.rs
+++ b/src/a.rs
@@ -1,4 +1,4 @@ fn main() {
 same
--- a comment
+++ an increment and a long line
 \tend

\\ No newline at end of file
Index: b
===================================================================
--- /dev/null\t2020
+++ b/b
@@ -0,0 +1 @@
+new
";

    #[test]
    fn headers_are_compact_and_lines_keep_their_signs() {
        assert_eq!(
            shown(TWO_FILES, 20),
            [
                "src/a.rs",
                "@@ -1,4 +1,4 @@ fn …",
                " same",
                "--- a comment",
                "+++ an increment and",
                "  a long line",
                "     end",
                "",
                "\\ No newline at end…",
                "b (new)",
                "@@ -0,0 +1 @@",
                "+new",
            ]
        );
    }

    #[test]
    fn each_kind_of_line_has_its_style() {
        let palette = Palette {
            added: Style::new().fg(Color::Green),
            removed: Style::new().fg(Color::Red),
            hunk: Style::new().fg(Color::Cyan),
            ..Palette::default()
        };

        let lines = unified("@@ -1 +1 @@\n-a\n+b\n", 20, &palette);

        let styles: Vec<Style> = lines.iter().map(|line| line.spans[0].style).collect();
        assert_eq!(styles, [palette.hunk, palette.removed, palette.added]);
    }

    #[test]
    fn a_text_that_is_no_diff_is_shown() {
        assert_eq!(shown("what\n\nis \x1b[31mthis", 20), ["what", "is this"]);
    }

    proptest! {
        #[test]
        fn any_text_fits_any_width(
            text in "(@@ -[0-9],[0-9] [+][0-9] @@|[-+ ]|\n|\t|\x1b\\[31m|\u{202e}|漢|\\PC){0,60}",
            width in 0_usize..30,
        ) {
            for line in unified(&text, width, &Palette::default()) {
                prop_assert!(spans_width(&line.spans) <= width.max(1), "{line:?}");
                prop_assert!(!line.to_string().contains(char::is_control), "{line:?}");
            }
        }
    }
}
