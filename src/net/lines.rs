//! Bytes of a process's stream → lines.
//!
//! Chunks of any size enter, cut anywhere, even inside a character or a line end; whole lines with the byte offset
//! of their start leave. The offset identifies a line when the stream is read a second time. Nothing here knows
//! logs, processes or colours.
//!
//! A line is the bytes up to `\n`. A carriage return followed by anything but a line feed or another carriage return
//! restarts the line, as a terminal would show a progress bar; its offset stays where the line began. Bytes beyond
//! the cap are counted, not stored.

/// A cap that suits a log pane: longer lines are cut.
pub const DEFAULT_CAP: usize = 16 * 1024;

/// One line without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLine {
    /// Byte offset of the line's start since the splitter's start.
    pub offset: u64,
    /// Invalid UTF-8 is replaced by U+FFFD. At most the cap in bytes of the source.
    pub text: String,
    /// Bytes of the source that were cut.
    pub cut: u64,
}

/// Splits a stream into lines; holds at most one line, capped.
#[derive(Debug, Clone)]
pub struct LineSplitter {
    cap: usize,
    buffer: Vec<u8>,
    cut: u64,
    /// Offset of the line being collected.
    start: u64,
    /// Offset of the next byte.
    position: u64,
    /// The last byte was a carriage return whose meaning is still open.
    returned: bool,
}

impl LineSplitter {
    /// `cap` is the maximum number of bytes stored of one line; `start` the stream offset of the first byte that
    /// will be pushed.
    pub fn new(cap: usize, start: u64) -> Self {
        Self {
            cap,
            buffer: Vec::new(),
            cut: 0,
            start,
            position: start,
            returned: false,
        }
    }

    /// Takes a chunk and passes each line that it completes to `line`, in order.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(SplitLine)) {
        while let Some(at) = bytes
            .iter()
            .position(|&byte| byte == b'\n' || byte == b'\r')
        {
            self.keep(&bytes[..at]);
            self.position += 1;
            if bytes[at] == b'\n' {
                self.returned = false;
                line(self.take());
            } else {
                self.returned = true;
            }
            bytes = &bytes[at + 1..];
        }
        self.keep(bytes);
    }

    /// Returns the last line if the stream ended without a line feed.
    pub fn finish(&mut self) -> Option<SplitLine> {
        self.returned = false;
        (self.position > self.start).then(|| self.take())
    }

    /// Appends text without line ends, up to the cap.
    fn keep(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        if self.returned {
            self.returned = false;
            self.buffer.clear();
            self.cut = 0;
        }
        let room = self.cap.saturating_sub(self.buffer.len()).min(text.len());
        self.buffer.extend_from_slice(&text[..room]);
        self.cut += (text.len() - room) as u64;
        self.position += text.len() as u64;
    }

    fn take(&mut self) -> SplitLine {
        // A character that the cap has split is removed, otherwise it would show as damage.
        if self.cut > 0 {
            let whole = without_partial_char(&self.buffer);
            self.cut += (self.buffer.len() - whole) as u64;
            self.buffer.truncate(whole);
        }
        let line = SplitLine {
            offset: self.start,
            text: String::from_utf8_lossy(&self.buffer).into_owned(),
            cut: self.cut,
        };
        self.buffer.clear();
        self.cut = 0;
        self.start = self.position;
        line
    }
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self::new(DEFAULT_CAP, 0)
    }
}

/// Returns the length of `bytes` without an incomplete character at the end.
fn without_partial_char(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        // Earlier invalid bytes hide whether the end is complete: check the last bytes alone.
        Err(_) => {
            let tail = bytes.len().saturating_sub(3);
            (tail..bytes.len())
                .find(|&at| {
                    std::str::from_utf8(&bytes[at..])
                        .is_err_and(|error| error.error_len().is_none() && error.valid_up_to() == 0)
                })
                .unwrap_or(bytes.len())
        }
        Ok(_) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn split(cap: usize, chunks: &[&[u8]]) -> Vec<SplitLine> {
        let mut splitter = LineSplitter::new(cap, 0);
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| lines.push(line));
        }
        lines.extend(splitter.finish());
        lines
    }

    fn line(offset: u64, text: &str, cut: u64) -> SplitLine {
        SplitLine {
            offset,
            text: text.into(),
            cut,
        }
    }

    #[test]
    fn a_character_and_a_line_end_may_be_cut_by_chunks() {
        let lines = split(100, &[b"a\xc3", b"\xa4\r", b"\nb\n\nlast"]);

        assert_eq!(
            lines,
            [
                line(0, "aä", 0),
                line(5, "b", 0),
                line(7, "", 0),
                line(8, "last", 0)
            ]
        );
    }

    #[test]
    fn a_progress_bar_shows_its_last_state_at_the_offset_of_its_start() {
        let lines = split(100, &[b"x\n", b"10%\r", b"50%\r100%\r\r\ndone\n"]);

        assert_eq!(
            lines,
            [line(0, "x", 0), line(2, "100%", 0), line(17, "done", 0)]
        );
    }

    #[test]
    fn a_line_of_ten_megabytes_keeps_only_its_beginning() {
        let mut splitter = LineSplitter::new(8, 0);
        let mut lines = Vec::new();

        let chunk = vec![b'a'; 64 * 1024];
        for _ in 0..160 {
            splitter.push(&chunk, |line| lines.push(line));
        }
        let held = splitter.buffer.capacity();
        splitter.push(b"\nnext\n", |line| lines.push(line));

        let size = 160 * 64 * 1024;
        assert_eq!(
            lines,
            [line(0, "aaaaaaaa", size - 8), line(size + 1, "next", 0)]
        );
        assert!(held <= 64, "{held}");
    }

    #[test]
    fn the_cap_never_halves_a_character() {
        assert_eq!(split(4, &["ab€x".as_bytes()]), [line(0, "ab", 4)]);
        assert_eq!(
            split(4, &[b"\xff\xc3\xc3\xc3\xa4"]),
            [line(0, "\u{fffd}\u{fffd}\u{fffd}", 2)]
        );
    }

    proptest! {
        #[test]
        fn any_cutting_of_the_bytes_gives_the_same_lines(
            bytes in prop::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), Just(0xc3), Just(0xa4), any::<u8>()],
                0..200,
            ),
            cuts in prop::collection::vec(0_usize..200, 0..20),
            cap in 1_usize..40,
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);

            prop_assert_eq!(split(cap, &chunks), split(cap, &[&bytes]));
        }

        #[test]
        fn each_offset_stands_behind_a_line_feed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for line in split(1000, &[&bytes]) {
                let offset = usize::try_from(line.offset).unwrap();
                prop_assert!(offset == 0 || bytes[offset - 1] == b'\n');
            }
        }
    }
}
