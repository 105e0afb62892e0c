//! The one lock of a server's directory: two servers on the same files would take each other's sandboxes
//! for left behind, and end them.
//!
//! Every server holds it for as long as it lives, in the foreground, in the background or within
//! another program: an flock on `server.lock`, so it ends with its holder, however that ends. The file
//! says who holds it ([`LockHolder`]); what an earlier holder wrote is cleared before anybody can rely on it.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::os::private_file::lock_file;
use crate::os::regular_file;

const NAME: &str = "server.lock";
/// A program that asks for the holder has the lock for a moment.
const LIMIT: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(20);

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct LockHolder {
    pub(in crate::local) pid: u32,
    /// Where it serves; not said before it does.
    pub(in crate::local) url: Option<String>,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(in crate::local) struct ServerLock(File);

impl ServerLock {
    /// Takes the lock of a directory that exists; an error names who has it. Not for async threads.
    pub(in crate::local) fn take(state_dir: &Path) -> io::Result<Self> {
        let path = state_dir.join(NAME);
        let limit = Instant::now() + LIMIT;
        loop {
            match lock_file(&path, FlockOperation::NonBlockingLockExclusive) {
                Ok(file) => {
                    let mut lock = Self(file);
                    lock.say(None)?;
                    return Ok(lock);
                }
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    let message = format!("lock {}: {error}", path.display());
                    return Err(io::Error::new(error.kind(), message));
                }
                Err(_) if Instant::now() < limit => pause(),
                Err(_) => return Err(taken(state_dir)),
            }
        }
    }

    /// Says where the holder serves.
    pub(in crate::local) fn say(&mut self, url: Option<String>) -> io::Result<()> {
        let holder = LockHolder {
            pid: std::process::id(),
            url,
        };
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(&serde_json::to_vec(&holder)?)
    }
}

#[expect(clippy::disallowed_methods, reason = "never on an async thread")]
fn pause() {
    std::thread::sleep(STEP);
}

fn taken(state_dir: &Path) -> io::Error {
    let who = match read(state_dir) {
        Some(LockHolder {
            pid,
            url: Some(url),
        }) => format!(" (process {pid}, {url})"),
        Some(LockHolder { pid, url: None }) => format!(" (process {pid})"),
        None => String::new(),
    };
    let message = format!(
        "another local server{who} manages the sandboxes in {}: stop it first, or set SANDBAR_HOME to another directory",
        state_dir.display()
    );
    io::Error::new(io::ErrorKind::WouldBlock, message)
}

/// Whether a server of this directory lives. Does not wait.
pub(in crate::local) fn is_held(state_dir: &Path) -> bool {
    let taken = lock_file(&state_dir.join(NAME), FlockOperation::NonBlockingLockShared);
    taken.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// The server of this directory that lives and has said who it is.
pub(in crate::local) fn holder(state_dir: &Path) -> Option<LockHolder> {
    is_held(state_dir).then(|| read(state_dir)).flatten()
}

fn read(state_dir: &Path) -> Option<LockHolder> {
    let text = regular_file::read(&state_dir.join(NAME), regular_file::SMALL).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_with_the_name_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = ServerLock::take(dir.path()).unwrap();
        let early = ServerLock::take(dir.path()).unwrap_err().to_string();
        first.say(Some("http://127.0.0.1:4000".to_owned())).unwrap();
        let late = ServerLock::take(dir.path()).unwrap_err().to_string();
        let holder = holder(dir.path()).unwrap();
        drop(first);

        let pid = std::process::id();
        let begin = format!("another local server (process {pid}");
        assert!(
            early.starts_with(&format!("{begin}) manages the sandboxes in ")),
            "{early}"
        );
        let wanted = format!("{begin}, http://127.0.0.1:4000) manages");
        assert!(late.starts_with(&wanted), "{late}");
        assert_eq!(holder.pid, pid);
        assert!(!is_held(dir.path()) && ServerLock::take(dir.path()).is_ok());
    }

    #[test]
    fn what_an_earlier_holder_said_of_itself_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = ServerLock::take(dir.path()).unwrap();
        first.say(Some("http://127.0.0.1:4000".to_owned())).unwrap();
        drop(first);
        let gone = holder(dir.path());
        let second = ServerLock::take(dir.path()).unwrap();

        assert_eq!(gone, None);
        assert_eq!(holder(dir.path()).unwrap().url, None);
        drop(second);
    }
}
