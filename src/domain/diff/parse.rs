//! A unified diff as data, line by line.

use std::collections::VecDeque;

use super::file_change::{FileChange, git_names, name, unquoted};

/// Whether a line is in both files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffSign {
    Kept,
    Added,
    Removed,
}

impl DiffSign {
    /// As diffs write it.
    pub fn sign(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Added => '+',
            Self::Removed => '-',
        }
    }
}

/// A line of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffLine<'a> {
    pub sign: DiffSign,
    /// Its number in the old file, unless it is added or the diff does not say.
    pub old: Option<u32>,
    /// Its number in the new file, unless it is removed or the diff does not say.
    pub new: Option<u32>,
    /// Without its sign and its line end; not safe.
    pub text: &'a str,
}

/// A piece of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffItem<'a> {
    /// Another file begins.
    File(FileChange),
    /// Another hunk begins; what is written behind its numbers, usually the function around it.
    Hunk {
        section: &'a str,
    },
    Line(DiffLine<'a>),
    /// The line before has no line end.
    NoLineEnd,
    /// Something else; never empty.
    Note(&'a str),
}

/// What remains of the open hunk. A line `--- x` inside a hunk is the removed line `-- x`; only the
/// counts tell.
#[derive(Debug)]
enum HunkRest {
    /// Lines that the old and the new file still have, and the numbers of the next ones.
    Counted { left: (u32, u32), next: (u32, u32) },
    /// The header had no numbers: the hunk lasts as long as its lines look like it.
    Open,
}

/// Reads a diff; ends with the text.
#[derive(Debug)]
pub struct DiffParser<'a> {
    rest: &'a str,
    hunk: Option<HunkRest>,
    /// The headers of a file before its first hunk.
    file: Option<FileChange>,
    /// The file's names come from `---` and `+++`, or from a rename: those of git's first line are
    /// not needed.
    named: bool,
    /// In the encoded contents of a binary file.
    encoded: bool,
    ready: VecDeque<DiffItem<'a>>,
}

/// Reads a unified diff, or several in a row.
pub fn parse(text: &str) -> DiffParser<'_> {
    DiffParser {
        rest: text,
        hunk: None,
        file: None,
        named: false,
        encoded: false,
        ready: VecDeque::new(),
    }
}

impl<'a> Iterator for DiffParser<'a> {
    type Item = DiffItem<'a>;

    fn next(&mut self) -> Option<DiffItem<'a>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.rest.is_empty() {
                return self.file.take().map(DiffItem::File);
            }
            let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = rest;
            self.line(line.strip_suffix('\r').unwrap_or(line), line);
        }
    }
}

impl<'a> DiffParser<'a> {
    /// Reads one line; `whole` has its `\r`, which belongs to the text of a hunk's line.
    fn line(&mut self, line: &'a str, whole: &'a str) {
        if let Some(item) = self.in_hunk(whole) {
            self.ready.push_back(item);
            return;
        }
        self.hunk = None;
        if let Some((hunk, section)) = hunk_header(line) {
            self.file_ends();
            self.hunk = Some(hunk);
            self.ready.push_back(DiffItem::Hunk { section });
        } else if !self.header(line) && !line.is_empty() && !self.encoded {
            self.file_ends();
            self.ready.push_back(DiffItem::Note(line));
        }
    }

    /// Takes a line of the open hunk; `None` if it cannot be one.
    fn in_hunk(&mut self, line: &'a str) -> Option<DiffItem<'a>> {
        let hunk = self.hunk.as_mut()?;
        let sign = match line.as_bytes().first() {
            Some(b'+') => DiffSign::Added,
            Some(b'-') => DiffSign::Removed,
            // Some tools strip the blank of an empty line.
            Some(b' ') | None => DiffSign::Kept,
            Some(b'\\') => return Some(DiffItem::NoLineEnd),
            _ => return None,
        };
        let text = line.get(1..).unwrap_or_default();
        let (mut old, mut new) = (None, None);
        match hunk {
            HunkRest::Counted { left, next } => {
                let (of_old, of_new) = (sign != DiffSign::Added, sign != DiffSign::Removed);
                if (of_old && left.0 == 0) || (of_new && left.1 == 0) {
                    return None;
                }
                if of_old {
                    old = Some(next.0);
                    left.0 -= 1;
                    next.0 = next.0.saturating_add(1);
                }
                if of_new {
                    new = Some(next.1);
                    left.1 -= 1;
                    next.1 = next.1.saturating_add(1);
                }
            }
            HunkRest::Open => {
                let begins_file = line.starts_with("--- ") && self.rest.starts_with("+++ ");
                if begins_file || (line.is_empty() && self.rest.is_empty()) {
                    return None;
                }
            }
        }
        Some(DiffItem::Line(DiffLine {
            sign,
            old,
            new,
            text,
        }))
    }

    fn file_ends(&mut self) {
        self.named = false;
        self.encoded = false;
        if let Some(file) = self.file.take() {
            self.ready.push_back(DiffItem::File(file));
        }
    }

    /// Reads a line of a file's headers.
    fn header(&mut self, line: &str) -> bool {
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.file_ends();
            let names = git_names(names).unwrap_or_default();
            self.file = Some(FileChange {
                old: Some(names.0),
                new: Some(names.1),
                ..FileChange::default()
            });
            return true;
        }
        if let Some(old) = line.strip_prefix("--- ") {
            if self.named || (self.file.is_none() && !self.rest.starts_with("+++ ")) {
                self.file_ends();
            }
            self.file.get_or_insert_default().old = name(old);
            self.named = true;
            return true;
        }
        if let Some(new) = line.strip_prefix("+++ ") {
            self.file.get_or_insert_default().new = name(new);
            return true;
        }
        if line.starts_with("Index: ") || line.starts_with("=====") {
            self.file_ends();
            return true;
        }
        self.file.is_some() && self.extended_header(line)
    }

    /// Reads what git tells about a file besides its names.
    fn extended_header(&mut self, line: &str) -> bool {
        let Some(file) = &mut self.file else {
            return false;
        };
        let modes = file.mode.get_or_insert_default();
        if let Some(mode) = line.strip_prefix("old mode ") {
            mode.clone_into(&mut modes.0);
        } else if let Some(mode) = line.strip_prefix("new mode ") {
            mode.clone_into(&mut modes.1);
        }
        if modes.0.is_empty() && modes.1.is_empty() {
            file.mode = None;
        }
        let after = |prefixes: [&str; 2]| prefixes.iter().find_map(|p| line.strip_prefix(p));
        if let Some(old) = after(["rename from ", "copy from "]) {
            file.old = Some(unquoted(old).into_owned());
            file.copied = line.starts_with("copy");
        } else if let Some(new) = after(["rename to ", "copy to "]) {
            file.new = Some(unquoted(new).into_owned());
        } else if line.starts_with("new file mode ") {
            file.old = None;
        } else if line.starts_with("deleted file mode ") {
            file.new = None;
        } else if line.starts_with("Binary files ") {
            file.binary = true;
        } else if line == "GIT binary patch" {
            file.binary = true;
            self.encoded = true;
        } else {
            let known = [
                "old mode ",
                "new mode ",
                "index ",
                "similarity index ",
                "dissimilarity index ",
            ];
            return known.iter().any(|known| line.starts_with(known));
        }
        true
    }
}

/// Parses `@@ -1,3 +1,4 @@ section`; a missing count is 1, and the numbers may be missing.
fn hunk_header(line: &str) -> Option<(HunkRest, &str)> {
    let rest = line.strip_prefix("@@")?;
    let Some(counted) = counted_header(rest) else {
        // As in patches that models write: `@@`, `@@ fn main() {`, `@@ @@`.
        let section = rest.strip_prefix(' ').or(rest.is_empty().then_some(rest))?;
        return Some((HunkRest::Open, section.trim_end_matches("@@").trim()));
    };
    Some(counted)
}

fn counted_header(rest: &str) -> Option<(HunkRest, &str)> {
    let (old, rest) = rest.strip_prefix(" -")?.split_once(" +")?;
    let (new, section) = rest.split_once(" @@")?;
    let range = |range: &str| match range.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((range.parse().ok()?, 1)),
    };
    let ((old, old_count), (new, new_count)) = (range(old)?, range(new)?);
    let hunk = HunkRest::Counted {
        left: (old_count, new_count),
        next: (old, new),
    };
    Some((hunk, section.trim()))
}
