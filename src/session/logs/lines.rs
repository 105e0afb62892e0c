//! The bytes of a log file → its lines, despite repeated and missing bytes.
//!
//! Chunks enter with their offset in the file, cut anywhere: a reader that resumes may repeat bytes, and one that is
//! late finds the start of the file punched out. Each line leaves once, in order, with its offset. Missing bytes are
//! counted, including the rest of the line that they tear. Nothing here knows sandboxes or streams.

use crate::net::lines::{LineSplitter, SplitLine};

/// Maximum bytes of a line; longer ones are cut.
pub(in crate::session) const LINE_CAP: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum LogItem {
    Line(SplitLine),
    /// Number of bytes that can no longer be read.
    Gone(u64),
}

/// One file, read from some offset to its end.
#[derive(Debug, Clone)]
pub(in crate::session) struct LogLines {
    splitter: LineSplitter,
    /// The offset of the next byte.
    next: u64,
    /// Where bytes are missing, until the next line begins.
    gone_from: Option<u64>,
}

impl LogLines {
    /// `from` is 0 or the offset of a line's start.
    pub(in crate::session) fn new(from: u64) -> Self {
        Self {
            splitter: LineSplitter::new(LINE_CAP, from),
            next: from,
            gone_from: None,
        }
    }

    /// The offset of the first byte not received yet.
    pub(in crate::session) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the bytes at offset `at`. A punched hole reads as zeros, which no log contains.
    pub(in crate::session) fn take(
        &mut self,
        at: u64,
        bytes: &[u8],
        found: &mut impl FnMut(LogItem),
    ) {
        let mut at = at;
        for run in bytes.chunk_by(|one, other| (*one == 0) == (*other == 0)) {
            let end = at.saturating_add(count(run));
            if run.first() != Some(&0) && end > self.next {
                let known = usize::try_from(self.next.saturating_sub(at)).unwrap_or(0);
                self.append(at.max(self.next), &run[known.min(run.len())..], found);
            }
            at = end;
        }
    }

    /// The file has ended: emits what follows the last line feed.
    pub(in crate::session) fn finish(&mut self, found: &mut impl FnMut(LogItem)) {
        if let Some(from) = self.gone_from.take() {
            found(LogItem::Gone(self.next - from));
            self.splitter = LineSplitter::new(LINE_CAP, self.next);
        }
        if let Some(line) = self.splitter.finish() {
            found(LogItem::Line(line));
        }
    }

    fn append(&mut self, at: u64, bytes: &[u8], found: &mut impl FnMut(LogItem)) {
        if at > self.next {
            if self.gone_from.is_none() {
                self.splitter
                    .finish()
                    .into_iter()
                    .for_each(|line| found(LogItem::Line(line)));
                self.gone_from = Some(self.next);
            }
            self.next = at;
        }
        let mut whole = bytes;
        if let Some(from) = self.gone_from {
            let feed = bytes.iter().position(|&byte| byte == b'\n');
            let torn = feed.map_or(bytes.len(), |feed| feed + 1);
            self.next = self.next.saturating_add(count(&bytes[..torn]));
            if feed.is_none() {
                return;
            }
            found(LogItem::Gone(self.next - from));
            self.gone_from = None;
            self.splitter = LineSplitter::new(LINE_CAP, self.next);
            whole = &bytes[torn..];
        }
        self.splitter.push(whole, |line| found(LogItem::Line(line)));
        self.next = self.next.saturating_add(count(whole));
    }
}

fn count(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[(u64, &[u8])]) -> Vec<LogItem> {
        let mut lines = LogLines::new(0);
        let mut all = Vec::new();
        for (at, bytes) in pieces {
            lines.take(*at, bytes, &mut |found| all.push(found));
        }
        lines.finish(&mut |found| all.push(found));
        all
    }

    fn line(offset: u64, text: &str) -> LogItem {
        LogItem::Line(SplitLine {
            offset,
            text: text.to_owned(),
            cut: 0,
        })
    }

    #[test]
    fn repeated_bytes_give_each_line_once() {
        let found = read(&[(0, b"one\ntwo\nth"), (4, b"two\n"), (4, b"two\nthree\n")]);

        assert_eq!(found, [line(0, "one"), line(4, "two"), line(8, "three")]);
    }

    #[test]
    fn missing_bytes_are_counted_with_the_line_that_they_tear() {
        let found = read(&[(0, b"one\ntw"), (100, b"rn\nwhole\n")]);

        assert_eq!(
            found,
            [
                line(0, "one"),
                line(4, "tw"),
                LogItem::Gone(97),
                line(103, "whole")
            ]
        );
    }

    #[test]
    fn a_hole_punched_during_a_read_counts_as_missing_however_its_zeros_are_cut() {
        let found = read(&[(0, b"one\n\0\0\0"), (7, b"\0\0"), (9, b"\0rn\nwhole")]);

        assert_eq!(found, [line(0, "one"), LogItem::Gone(9), line(13, "whole")]);
    }

    #[test]
    fn a_file_that_ends_in_a_torn_line_counts_the_missing_bytes() {
        assert_eq!(read(&[(50, b"rn")]), [LogItem::Gone(52)]);
    }

    /// Content of a file, with its lines.
    fn lines_of(bytes: &[u8]) -> Vec<LogItem> {
        read(&[(0, bytes)])
    }

    fn log() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![Just(b'\n'), b'a'..=b'e', Just(b'\r')], 0..200)
    }

    proptest! {
        /// Reads break anywhere; each resumes where the previous one broke, or earlier.
        #[test]
        fn any_chunks_and_any_breaks_give_each_line_once_in_order(
            bytes in log(),
            reads in prop::collection::vec((0_usize..40, 0_usize..60, 1_usize..9), 0..30),
        ) {
            let mut lines = LogLines::new(0);
            let mut all = Vec::new();
            let mut take = |lines: &mut LogLines, from: usize, to: usize, size: usize| {
                for (index, piece) in bytes[from..to].chunks(size).enumerate() {
                    let at = u64::try_from(from + index * size).unwrap();
                    lines.take(at, piece, &mut |found| all.push(found));
                }
            };
            for (back, most, size) in reads {
                let next = usize::try_from(lines.next()).unwrap();
                let to = (next + most).min(bytes.len());
                take(&mut lines, next.saturating_sub(back), to, size);
            }
            let next = usize::try_from(lines.next()).unwrap();
            take(&mut lines, next, bytes.len(), 7);
            lines.finish(&mut |found| all.push(found));

            prop_assert_eq!(all, lines_of(&bytes));
        }

        /// Only the last line's offset survives a killed program.
        #[test]
        fn a_reader_that_knows_only_its_last_line_misses_none(
            bytes in log(),
            kills in prop::collection::vec(0_usize..200, 0..8),
        ) {
            let mut known: Vec<LogItem> = Vec::new();
            let mut last = None;
            for end in kills.into_iter().chain([bytes.len()]) {
                let from = last.unwrap_or(0);
                let mut lines = LogLines::new(from);
                let start = usize::try_from(from).unwrap();
                let end = end.min(bytes.len()).max(start);
                let mut keep = |found| {
                    let LogItem::Line(line) = &found else { panic!("{found:?}") };
                    if last.is_none_or(|last| line.offset > last) {
                        last = Some(line.offset);
                        known.push(found);
                    }
                };
                lines.take(from, &bytes[start..end], &mut keep);
                if end == bytes.len() {
                    lines.finish(&mut keep);
                }
            }

            prop_assert_eq!(known, lines_of(&bytes));
        }

        /// Complete lines beside the hole are there, and all other bytes are counted.
        #[test]
        fn around_a_hole_no_whole_line_is_missing(
            bytes in log(),
            from in 0_usize..200,
            length in 1_usize..100,
            size in 1_usize..50,
        ) {
            let from = from.min(bytes.len());
            let to = (from + length).min(bytes.len());
            let mut punched = bytes.clone();
            punched[from..to].fill(0);
            let mut lines = LogLines::new(0);
            let mut all = Vec::new();
            for (index, piece) in punched.chunks(size).enumerate() {
                let at = u64::try_from(index * size).unwrap();
                lines.take(at, piece, &mut |found| all.push(found));
            }
            lines.finish(&mut |found| all.push(found));

            let is_whole = |found: &&LogItem| {
                let LogItem::Line(line) = found else { return false };
                let start = usize::try_from(line.offset).unwrap();
                let rest = bytes[start..].iter().position(|&byte| byte == b'\n');
                let end = rest.map_or(bytes.len(), |feed| start + feed + 1);
                end <= from || (start > to && start < bytes.len())
            };
            for line in lines_of(&bytes).iter().filter(is_whole) {
                prop_assert!(all.contains(line), "{:?} is not in {:?}", line, all);
            }
            let mut places = all.iter().filter_map(|found| match found {
                LogItem::Line(line) => Some(line.offset),
                LogItem::Gone(_) => None,
            });
            prop_assert!(places.by_ref().is_sorted_by(|one, other| one < other));
        }
    }
}
