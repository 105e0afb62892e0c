//! The programs with access to a clipboard: tmux, and those of the desktop.
//!
//! Each receives the text on its standard input and has two seconds. Their output is discarded:
//! some leave a child process behind that serves the clipboard and would keep the output open. That
//! child must outlive us and receive neither our ctrl-c nor our SIGTSTP, so each program has a
//! process group of its own.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::{Clipboard, DesktopKind};

/// How long a program may take; a compositor or a tmux that hangs must not block the next copy.
const PATIENCE: Duration = Duration::from_secs(2);

impl Clipboard {
    /// Loads tmux's buffer, and says where else the text went; `None`: tmux did not accept it.
    pub(super) async fn to_tmux(&self, text: &str) -> Option<String> {
        // Before 3.2 the flag is an error, and the terminal receives nothing.
        if self.feed("tmux", &["load-buffer", "-w", "-"], text).await {
            let terminals = self.ask("tmux", &["show-messages", "-T"]).await;
            return Some(if takes_clipboard(&terminals.unwrap_or_default()) {
                "to tmux's buffer and sent to the terminal's clipboard".to_owned()
            } else {
                "to tmux's buffer (its terminal has no clipboard support)".to_owned()
            });
        }
        let loaded = self.feed("tmux", &["load-buffer", "-"], text).await;
        loaded.then(|| "to tmux's buffer".to_owned())
    }

    /// Passes the text to the first program of the desktop that accepts it, and returns its name.
    pub(super) async fn to_desktop(&self, text: &str) -> Option<&'static str> {
        for (program, arguments) in self.desktops.iter().flat_map(|kind| programs(*kind)) {
            if self.feed(program, arguments, text).await {
                return Some(program);
            }
        }
        None
    }

    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .process_group(0)
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a program with the text as its input. Returns whether it exists and succeeded in time.
    async fn feed(&self, program: &str, arguments: &[&str], text: &str) -> bool {
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let run = async {
            let mut child = command.spawn()?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all(text.as_bytes()).await?;
            }
            child.wait().await
        };
        let ended = timeout(PATIENCE, run).await;
        matches!(ended, Ok(Ok(status)) if status.success())
    }

    /// Runs a program and returns its output; `None` if it failed.
    pub(super) async fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::null());
        let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }
}

/// A desktop's clipboard programs with their arguments; the usual one first.
fn programs(kind: DesktopKind) -> &'static [(&'static str, &'static [&'static str])] {
    match kind {
        DesktopKind::Wayland => &[("wl-copy", &[])],
        DesktopKind::X11 => &[
            ("xclip", &["-selection", "clipboard", "-in"]),
            ("xsel", &["--clipboard", "--input"]),
        ],
        DesktopKind::MacOs => &[("pbcopy", &[])],
    }
}

/// Whether tmux can set the clipboard of an attached terminal: the capability Ms in the list that
/// `show-messages -T` prints (tmux 3.3).
fn takes_clipboard(terminals: &str) -> bool {
    terminals.lines().any(|line| line.contains(" Ms: (string)"))
}
