//! The user's desktop, reached through the terminal: window title, and a shell in a sandbox. The clipboard has a
//! room of its own, and the external editor a file.
//!
//! Enters: texts, which may be anybody's. Leaves: escape sequences in which they can do no harm. Reads no
//! environment: what it needs is in [`Desktop`].

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

use super::clipboard::Clipboard;
use crate::app::event::Reply;
use crate::text::hidden::is_obeyed;

/// How long a shell is waited for that was asked to end: it may pause its sandbox again.
const SHELL_ENDS: Duration = Duration::from_secs(5);

/// What a program that had the terminal leaves.
#[derive(Debug, PartialEq)]
pub(super) struct Returned {
    pub(super) reply: Option<Reply>,
    /// Where something lies that the user may want, to be read when the screen is gone.
    pub(super) left_behind: Option<String>,
}

/// What is known of the desktop.
#[derive(Debug, Clone, Default)]
pub struct Desktop {
    /// VISUAL or EDITOR, a command line for the shell.
    pub editor: Option<String>,
    /// Where the draft is while it is edited.
    pub temp_dir: PathBuf,
    /// This program, which opens shells in sandboxes.
    pub program: PathBuf,
    pub clipboard: Clipboard,
}

impl Desktop {
    /// Opens a shell in the sandbox of the session of this name, by a process of its own: it reads the
    /// keys to its end. The terminal must have been given back.
    pub(super) async fn shell(self, name: String, end: CancellationToken) -> Returned {
        let started = tokio::process::Command::new(&self.program)
            .args(["shell", "--hold", "--", &name])
            .spawn();
        let ended = match started {
            Ok(mut shell) => tokio::select! {
                status = shell.wait() => status.map(|_| ()),
                () = end.cancelled() => {
                    if let Some(pid) = pid(shell.id()) {
                        let _ = kill_process(pid, Signal::TERM);
                    }
                    let _ = tokio::time::timeout(SHELL_ENDS, shell.wait()).await;
                    Ok(())
                }
            },
            Err(error) => Err(error),
        };
        // How the shell ended was seen by whoever used it.
        let notice = |error| Reply::Notice(format!("the shell could not be started: {error}"));
        Returned {
            reply: ended.err().map(notice),
            left_behind: None,
        }
    }
}

/// The process of this id, as the standard library tells it.
pub(super) fn pid(id: Option<u32>) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id?).ok()?)
}

/// Returns the sequence that sets the window's title.
pub(super) fn title(text: &str) -> Vec<u8> {
    let clean: String = text.chars().filter(|c| !is_obeyed(*c)).take(80).collect();
    format!("\x1b]2;{clean}\x07").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_end_its_sequence() {
        assert_eq!(title("a\x07b\x1b\\c\u{9c}d\u{202e}"), b"\x1b]2;ab\\cd\x07");
    }
}
