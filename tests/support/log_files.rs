//! The output of `opencode serve` in the files of its sandbox, compared with a log.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sandbar::domain::log::{LogLine, LogStream};

const STREAMS: [(LogStream, &str); 2] = [(LogStream::Stdout, "out"), (LogStream::Stderr, "err")];
/// Words in sandbar's own log lines about missing output.
const ABOUT_GAPS: [&str; 4] = ["missing", "gone", "skipped", "kept"];

/// The files of a server's start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogFiles {
    /// Without its extension.
    path: PathBuf,
}

impl LogFiles {
    /// The files of all starts in the sandboxes below a directory, as the machine sees them.
    pub(crate) fn below(sandboxes: &Path) -> Vec<Self> {
        let files = files_below(sandboxes).into_iter();
        let files = files.filter(|path| path.parent().is_some_and(|dir| dir.ends_with("logs")));
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "out"));
        let mut files: Vec<Self> = files
            .map(|file| Self {
                path: file.with_extension(""),
            })
            .collect();
        files.sort();
        files
    }

    /// Appends lines as the server does.
    pub(crate) fn print(&self, lines: Range<u32>) {
        for (_, end) in STREAMS {
            let file = File::options()
                .append(true)
                .open(self.path.with_extension(end));
            let mut file = file.unwrap();
            for line in lines.clone() {
                writeln!(file, "{end} {line}").unwrap();
            }
        }
    }

    /// The start number.
    pub(crate) fn start(&self) -> u32 {
        let name = self.path.file_name().unwrap();
        name.to_str().unwrap().parse().unwrap()
    }

    fn read(&self, end: &str) -> String {
        let bytes = fs::read(self.path.with_extension(end)).unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

/// How a log differs from the content of these files, in their order, without extra lines or reported gaps; empty:
/// it does not.
pub(crate) fn unlike(lines: &[LogLine], files: &[LogFiles]) -> String {
    let mut told = String::new();
    let mut ours = 0;
    for (file, (stream, end)) in files.iter().flat_map(|file| STREAMS.map(|end| (file, end))) {
        let printed = file.read(end);
        let start = file.start();
        let found = lines
            .iter()
            .filter(|line| (line.start, line.stream) == (start, stream));
        let found: Vec<&str> = found.map(|line| line.text.as_str()).collect();
        ours += found.len();
        let printed: Vec<&str> = printed.lines().collect();
        if found != printed {
            let same = found.iter().zip(&printed).take_while(|(a, b)| a == b);
            let same = same.count();
            let _ = writeln!(
                told,
                "{start}.{end}: {} of {} lines, the first {same} are the same; then {:?}, printed was {:?}",
                found.len(),
                printed.len(),
                found.get(same),
                printed.get(same),
            );
        }
    }
    let (said, printed): (Vec<&LogLine>, Vec<&LogLine>) = lines
        .iter()
        .partition(|line| line.stream == LogStream::Sandbar);
    if printed.len() != ours {
        let _ = writeln!(told, "{} lines are in no file", printed.len() - ours);
    }
    let is_gap = |line: &&&LogLine| ABOUT_GAPS.iter().any(|word| line.text.contains(word));
    for gap in said.iter().filter(is_gap) {
        let _ = writeln!(told, "a gap is told: {}", gap.text);
    }
    told
}

/// All readable files below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut all = Vec::new();
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all.extend(files_below(&entry.path())),
            _ => all.push(entry.path()),
        }
    }
    all
}
