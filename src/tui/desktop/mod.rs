//! The user's desktop: window title, a shell in a sandbox, the clipboard, the external editor, files
//! that go with a prompt, exported conversations, links, notifications.
//!
//! Input: texts from anywhere. Output: escape sequences that the texts cannot break out of. Reads
//! no environment: [`Desktop`] holds what it needs.

pub(super) mod attachment;
pub mod clipboard;
mod editor;
pub(super) mod export_file;
pub mod link_opener;
pub mod notifier;

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio_util::sync::CancellationToken;

use self::clipboard::Clipboard;
use self::link_opener::LinkOpener;
use self::notifier::Notifier;
use crate::app::event::Reply;
use crate::text::hidden::is_obeyed;
use crate::tui::terminal::is_foreground;

/// How long a shell may take to end when asked: it may first pause its sandbox again.
const SHELL_ENDS: Duration = Duration::from_secs(5);

/// What a program that had the terminal returns.
#[derive(Debug, PartialEq)]
pub(super) struct Returned {
    pub(super) reply: Option<Reply>,
    /// Where a file is that the user may want; shown when the screen is gone.
    pub(super) left_behind: Option<String>,
}

/// What is known about the desktop.
#[derive(Debug, Clone, Default)]
pub struct Desktop {
    /// VISUAL or EDITOR, a command line for the shell.
    pub editor: Option<String>,
    /// The directory for the draft while it is edited.
    pub temp_dir: PathBuf,
    /// The path of this program, which opens shells in sandboxes.
    pub program: PathBuf,
    pub clipboard: Clipboard,
    pub opener: LinkOpener,
    pub notifier: Notifier,
}

impl Desktop {
    /// Opens a shell in the sandbox of the session with this name, in a process of its own, which
    /// reads the keys until it ends. The terminal must have been released.
    pub(super) async fn shell(self, name: String, end: CancellationToken) -> Returned {
        self.shell_until(&name, &end, SHELL_ENDS).await
    }

    /// `ends`: how long the shell may take to end once it is asked to.
    async fn shell_until(self, name: &str, end: &CancellationToken, ends: Duration) -> Returned {
        let modes = tcgetattr(std::io::stdin());
        let started = tokio::process::Command::new(&self.program)
            .args(["shell", "--hold", "--", name])
            .spawn();
        let ended = match started {
            Ok(mut shell) => tokio::select! {
                status = shell.wait() => status.map(|_| ()),
                () = end.cancelled() => {
                    if let Some(pid) = pid(shell.id()) {
                        let _ = kill_process(pid, Signal::TERM);
                    }
                    if tokio::time::timeout(ends, shell.wait()).await.is_err() {
                        // Left alive, it would read the keys of whatever has the terminal next.
                        let _ = tokio::time::timeout(ends, shell.kill()).await;
                        // It has not reset them.
                        if let Ok(modes) = modes && is_foreground() {
                            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
                        }
                    }
                    Ok(())
                }
            },
            Err(error) => Err(error),
        };
        // The user of the shell has seen how it ended.
        let notice = |error| Reply::Notice(format!("the shell could not be started: {error}"));
        Returned {
            reply: ended.err().map(notice),
            left_behind: None,
        }
    }
}

/// Converts a process id of the standard library.
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
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_shell_that_does_not_want_to_end_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let [ready, program, script] =
            ["ready", "shell", "script"].map(|name| dir.path().join(name));
        let fifo = std::process::Command::new("mkfifo").arg(&ready).status();
        assert!(fifo.unwrap().success());
        let text = format!(
            "#!/bin/sh\ntrap '' TERM\necho $$ > {}\nexec sleep 4321\n",
            ready.display()
        );
        std::fs::write(&script, text).unwrap();
        // By another process: a file that is open for writing here cannot be executed.
        let copied = std::process::Command::new("cp")
            .args([&script, &program])
            .status();
        assert!(copied.unwrap().success());
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&program, executable).unwrap();
        let desktop = Desktop {
            program,
            ..Desktop::default()
        };
        let end = CancellationToken::new();

        let shell = desktop.shell_until("one", &end, Duration::from_millis(50));
        let (returned, pid) = tokio::join!(shell, async {
            let pid = tokio::fs::read_to_string(&ready).await.unwrap();
            end.cancel();
            pid
        });

        assert_eq!(returned.reply, None);
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        let alive = rustix::process::test_kill_process(pid);
        assert_eq!(alive, Err(rustix::io::Errno::SRCH));
    }

    #[test]
    fn a_title_cannot_end_its_sequence() {
        assert_eq!(title("a\x07b\x1b\\c\u{9c}d\u{202e}"), b"\x1b]2;ab\\cd\x07");
    }
}
