//! Classifies a line of markdown by its first characters alone.

/// The kind of a line, as far as finding safe cuts needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    Blank,
    /// Opens a fenced code block.
    Fence(Fence),
    /// `#` to `######`: ends the block before it, but not the list item around it.
    Heading,
    /// Begins a list item whose text is indented by `content` columns. `interrupts`: it does so
    /// even in the middle of a paragraph.
    Item {
        content: usize,
        interrupts: bool,
    },
    /// A quote or a rule: closes a list.
    Closer,
    /// `|---|---|`: turns the line before it into a table header.
    TableRule,
    Other,
}

/// The opening line of a fenced code block. `info` is the byte range of its info string in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) marker: u8,
    pub(super) length: usize,
    pub(super) indent: usize,
    pub(super) info: (usize, usize),
}

impl Fence {
    /// Whether `line` ends the block that this fence opened.
    pub(super) fn is_closed_by(self, line: &str) -> bool {
        let (indent, body) = split_indent(line);
        let run = body.bytes().take_while(|b| *b == self.marker).count();
        indent <= 3 && run >= self.length && body[run..].trim().is_empty()
    }
}

/// Returns the columns of white space before the text of `line`, with tab stops of 4, and the rest.
pub(super) fn split_indent(line: &str) -> (usize, &str) {
    let mut columns = 0;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b' ' => columns += 1,
            b'\t' => columns += 4 - columns % 4,
            _ => return (columns, &line[at..]),
        }
    }
    (columns, "")
}

/// Classifies a line, with or without its line end.
pub(super) fn classify(line: &str) -> LineKind {
    let (indent, body) = split_indent(line);
    let body = body.trim_end();
    let Some(&first) = body.as_bytes().first() else {
        return LineKind::Blank;
    };
    if indent > 3 {
        return LineKind::Other;
    }
    match first {
        b'`' | b'~' => fence(line, body, first, indent).map_or(LineKind::Other, LineKind::Fence),
        b'#' => heading(body),
        b'>' => LineKind::Closer,
        b'-' | b'*' | b'_' | b'+' if is_rule(body, first) => LineKind::Closer,
        b'-' | b':' | b'|' if is_table_rule(body) => LineKind::TableRule,
        b'-' | b'*' | b'+' => item(indent, 1, body, true),
        b'0'..=b'9' => {
            let digits = body.bytes().take_while(u8::is_ascii_digit).count();
            match body.as_bytes().get(digits) {
                Some(b'.' | b')') if digits <= 9 => {
                    item(indent, digits + 1, body, &body[..digits] == "1")
                }
                _ => LineKind::Other,
            }
        }
        _ => LineKind::Other,
    }
}

fn fence(line: &str, body: &str, marker: u8, indent: usize) -> Option<Fence> {
    let length = body.bytes().take_while(|b| *b == marker).count();
    let info = body[length..].trim_start();
    if length < 3 || (marker == b'`' && info.contains('`')) {
        return None;
    }
    let end = line.trim_end().len();
    Some(Fence {
        marker,
        length,
        indent,
        info: (end - info.len(), end),
    })
}

fn heading(body: &str) -> LineKind {
    let level = body.bytes().take_while(|b| *b == b'#').count();
    match body.as_bytes().get(level) {
        None | Some(b' ' | b'\t') if level <= 6 => LineKind::Heading,
        _ => LineKind::Other,
    }
}

fn item(indent: usize, marker: usize, body: &str, may_interrupt: bool) -> LineKind {
    let (blanks, text) = split_indent(&body[marker..]);
    if blanks == 0 && !text.is_empty() {
        return LineKind::Other;
    }
    // Five or more columns after a marker are one space and an indented code block.
    let blanks = if text.is_empty() || blanks > 4 {
        1
    } else {
        blanks
    };
    LineKind::Item {
        content: indent + marker + blanks,
        interrupts: may_interrupt && !text.is_empty(),
    }
}

/// `---`, `* * *`, `___`. A row of hyphens under a paragraph underlines a heading; that closes a
/// list as well.
fn is_rule(body: &str, marker: u8) -> bool {
    marker != b'+'
        && body.bytes().filter(|b| *b == marker).count() >= 3
        && body.bytes().all(|b| b == marker || b == b' ' || b == b'\t')
}

fn is_table_rule(body: &str) -> bool {
    body.contains('-')
        && body.contains('|')
        && body
            .bytes()
            .all(|b| matches!(b, b'-' | b':' | b'|' | b' ' | b'\t'))
}
