//! Mistakes in the configuration, each with its position, the offending line and the remedy.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::value::ValueSource;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "there is no home directory: HOME is not set\n  \
         set SANDBAR_HOME to a directory where sandbar may keep its files"
    )]
    NoHome,
    #[error(
        "SANDBAR_HOME is not an absolute path: {}\n  it must begin with /", _0.display()
    )]
    RelativeHome(PathBuf),
    #[error("the configuration file {} cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}", listed(_0))]
    Invalid(Vec<Problem>),
    #[error(transparent)]
    Credentials(#[from] super::credentials::CredentialsError),
}

fn listed(problems: &[Problem]) -> String {
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    problems.join("\n\n")
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: ProblemPlace,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// Line and column; mistakes outside the file come after it.
    pub(super) fn position(&self) -> (usize, usize) {
        match &self.place {
            ProblemPlace::File(place) => (place.line, place.column),
            ProblemPlace::Given(_) => (usize::MAX, 0),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemPlace {
    File(FilePlace),
    /// A variable or a flag.
    Given(ValueSource),
}

/// A position in the file. Line and column count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    pub path: PathBuf,
    pub line: usize,
    pub column: usize,
    /// Characters to underline, at least 1.
    pub length: usize,
    /// The whole line, with control characters replaced.
    pub text: String,
}

impl FilePlace {
    /// Finds the position of `span` (byte offsets) in `source`.
    pub fn of(path: &std::path::Path, source: &str, span: &Range<usize>) -> Self {
        let mut start = span.start.min(source.len());
        while !source.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = source[..start].rfind('\n').map_or(0, |index| index + 1);
        let rest = &source[line_start..];
        let text = rest.split('\n').next().unwrap_or_default();
        let text = text.strip_suffix('\r').unwrap_or(text);
        let before = source[line_start..start].chars().count();
        let end = span
            .end
            .clamp(start, line_start + text.len().max(start - line_start));
        let marked = source.get(start..end).unwrap_or_default();
        Self {
            path: path.to_owned(),
            line: source[..line_start].matches('\n').count() + 1,
            column: before + 1,
            length: marked.chars().count().max(1),
            text: shown(text),
        }
    }

    /// Hides the text after the equals sign, which may be a secret.
    #[must_use]
    pub fn without_value(mut self) -> Self {
        if let Some((name, _)) = self.text.split_once('=') {
            self.text = format!("{name}= ••••••••");
        }
        self
    }
}

/// Control characters of the file never reach the terminal; a tab becomes one space, so that the underline matches.
fn shown(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            ProblemPlace::File(place) => {
                let path = place.path.display();
                let FilePlace { line, column, .. } = place;
                writeln!(f, "{path}:{line}:{column}: {}", self.what)?;
                writeln!(f, "  {line} | {}", place.text)?;
                let indent = " ".repeat(line.to_string().len());
                let before = " ".repeat((column - 1).min(200));
                let marks = "^".repeat(place.length.min(200));
                write!(f, "  {indent} | {before}{marks}")?;
            }
            ProblemPlace::Given(source) => write!(f, "{source}: {}", self.what)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}
