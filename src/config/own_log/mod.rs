//! The program's own log: a bounded file in the state directory, never the screen.
//!
//! In: `tracing` records. Out: `sandbar.log` and its predecessor. Secrets are replaced by dots on the way
//! ([`Redactor`]). An unwritable state directory costs the log, not the program: [`start`] then returns a warning
//! for the user.

mod redact;
mod rotate;

pub use redact::Redactor;

use std::io::{self, Write};
use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::LogLevel;
use rotate::Rotating;

/// At most two files of this size.
const MAX_BYTES: u64 = 5 * 1024 * 1024;
/// Records that may wait for the disk; more are dropped. The buffer is allocated at the start (the library's default
/// of 128,000 costs 4 MB).
const WAITING: usize = 1_000;

/// Keeps the log's thread alive; dropping it writes everything recorded so far.
#[must_use]
#[derive(Debug)]
pub struct OwnLog {
    _guard: Option<WorkerGuard>,
    /// Why there is no log, for the user.
    pub warning: Option<String>,
}

/// Starts the log at `path`. Never fails: the program continues without a log.
pub fn start(path: &Path, level: LogLevel, redactor: &Redactor) -> OwnLog {
    let nothing = |warning: Option<String>| OwnLog {
        _guard: None,
        warning,
    };
    if level == LogLevel::Off {
        return nothing(None);
    }
    let file = match Rotating::open(path, MAX_BYTES) {
        Ok(file) => file,
        Err(error) => {
            let path = path.display();
            return nothing(Some(format!("the log {path} cannot be written: {error}")));
        }
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .finish(file);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(filter(level))
        .with_ansi(false)
        .with_writer(Redacting {
            writer,
            redactor: redactor.clone(),
        })
        .finish();
    // A second start in one process (tests) keeps the first log.
    if subscriber.try_init().is_err() {
        return nothing(None);
    }
    OwnLog {
        _guard: Some(guard),
        warning: None,
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Passes every record through the redactor; a record arrives in one write.
struct Redacting {
    writer: NonBlocking,
    redactor: Redactor,
}

struct RecordLine {
    writer: NonBlocking,
    redactor: Redactor,
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = RecordLine;

    fn make_writer(&'a self) -> RecordLine {
        RecordLine {
            writer: self.writer.clone(),
            redactor: self.redactor.clone(),
        }
    }
}

impl Write for RecordLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.writer
            .write_all(self.redactor.clean(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwritable_directory_costs_the_log_and_not_the_program() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let below = file.path().join("state/sandbar.log");

        let log = start(&below, LogLevel::Info, &Redactor::default());

        let warning = log.warning.unwrap();
        assert!(warning.starts_with("the log "), "{warning}");
    }

    #[test]
    fn a_record_reaches_the_file_without_its_secrets() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sandbar.log");
        let file = Rotating::open(&path, MAX_BYTES).unwrap();
        let (writer, guard) = tracing_appender::non_blocking(file);
        let redactor = Redactor::default();
        redactor.add(&secrecy::SecretString::from("swordfish"));
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(Redacting { writer, redactor })
            .finish();

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(password = "swordfish", "opened \u{1b}[31m with swordfish");
        });
        drop(guard);

        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("opened") && text.contains("••••"), "{text}");
        assert!(!text.contains("swordfish"), "{text}");
    }
}
