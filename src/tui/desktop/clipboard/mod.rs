//! Copies text to the user's clipboard, and says truthfully where the text went.
//!
//! Input: a text from anywhere, and what the environment says about the terminal. Output: bytes for
//! the terminal, if that is the target, and a notice that says where the text is now. The notice
//! says "copied" if a program confirmed the copy, and "sent" if a terminal may silently drop it; a
//! text that no target accepts is saved to a file. This module writes to no terminal, and knows
//! neither screen nor session.
//!
//! The targets, in order:
//!
//! 1. inside tmux, its buffer. `load-buffer -w` (tmux 3.2) also passes the text to the terminal,
//!    regardless of `set-clipboard`, if the terminal accepts one; tmux drops an application's own
//!    OSC 52 by default;
//! 2. on the desktop that this program runs on, the desktop's own program ([`programs`]);
//! 3. the terminal, by OSC 52, unless it is known not to work ([`Takes`]);
//! 4. a file.

mod image;
mod programs;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::copied;

/// The most bytes that common terminals accept for the clipboard (xterm and tmux truncate longer
/// ones).
const SEQUENCE_LIMIT: usize = 74_994;

/// How the terminal treats a text for the clipboard (OSC 52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Takes {
    /// It probably accepts it; there is no answer.
    #[default]
    Likely,
    /// A multiplexer on another machine is in between, which drops it by default.
    ThroughMultiplexer,
    /// It is known to ignore it.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DesktopKind {
    Wayland,
    X11,
    MacOs,
}

/// The known paths to a clipboard.
#[derive(Debug, Clone, Default)]
pub struct Clipboard {
    /// tmux is between us and the terminal, and can be run.
    tmux: bool,
    /// The desktops that this program runs on, the preferred one first.
    desktops: Vec<DesktopKind>,
    takes: Takes,
    /// The user sits at another machine.
    remote: bool,
    /// The file for a text that no target accepts.
    file: PathBuf,
    /// Additional variables for the started programs.
    variables: Vec<(String, OsString)>,
}

/// The result of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// The bytes to send to the terminal; empty if another target was used.
    pub bytes: Vec<u8>,
    /// Where the text is now, or why it is nowhere.
    pub notice: String,
}

impl Clipboard {
    /// Reads the environment; `file` is written if there is no other target.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>, file: PathBuf) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        // ssh may forward a desktop's variables; its clipboard is not that of the remote user.
        let remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
        let term = variable("TERM").unwrap_or_default();
        let tmux = is_set("TMUX");
        let inside = term.starts_with("tmux") || term.starts_with("screen");
        let takes = if term == "linux" || is_set("STY") || takes_none(&variable) {
            Takes::Nothing
        } else if inside && !tmux {
            Takes::ThroughMultiplexer
        } else {
            Takes::Likely
        };
        let desktops = [
            (is_set("WAYLAND_DISPLAY"), DesktopKind::Wayland),
            (is_set("DISPLAY"), DesktopKind::X11),
            (cfg!(target_os = "macos"), DesktopKind::MacOs),
        ];
        let here = desktops
            .into_iter()
            .filter(|(is_here, _)| *is_here && !remote);
        Self {
            tmux,
            desktops: here.map(|(_, kind)| kind).collect(),
            takes,
            remote,
            file,
            variables: Vec::new(),
        }
    }

    /// Sets a variable for the started programs; `PATH` also determines where they are found.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Copies `text` to the clipboard without what a terminal would interpret or what is invisible.
    /// Each program has two seconds.
    pub async fn copy(&self, text: &str) -> Copied {
        let (text, removed) = copied::clean(text);
        if text.is_empty() {
            return Copied::notice("nothing to copy".to_owned());
        }
        let mut copied = self.bring(&text).await;
        if removed > 0 {
            let noun = if removed == 1 {
                "character"
            } else {
                "characters"
            };
            let without = format!(", without {removed} hidden or control {noun}");
            copied.notice.push_str(&without);
        }
        copied
    }

    async fn bring(&self, text: &str) -> Copied {
        let mut confirmed = Vec::new();
        if self.tmux
            && let Some(by) = self.to_tmux(text).await
        {
            confirmed.push(by);
        }
        if let Some(program) = self.to_desktop(text).await {
            confirmed.push(format!("to the clipboard ({program})"));
        }
        if !confirmed.is_empty() {
            return Copied::notice(format!("copied {}", confirmed.join(" and ")));
        }
        let too_long = text.len() > SEQUENCE_LIMIT;
        if too_long || self.takes == Takes::Nothing {
            let why = if too_long {
                "too long for the terminal's clipboard"
            } else {
                "this terminal has no clipboard support"
            };
            return self.to_file(text.to_owned(), why).await;
        }
        let notice = match (self.tmux, self.takes) {
            (true, _) => "sent to tmux, which may drop it",
            (false, Takes::ThroughMultiplexer) => {
                "sent to the terminal; tmux or screen around it may drop it (tmux: set-clipboard on)"
            }
            (false, _) => "sent to the terminal's clipboard",
        };
        Copied {
            bytes: self.sequence(text),
            notice: notice.to_owned(),
        }
    }

    /// The sequence (OSC 52) that asks a terminal to copy `text` to the clipboard.
    fn sequence(&self, text: &str) -> Vec<u8> {
        let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        let mut bytes = sequence.clone().into_bytes();
        if self.tmux {
            // tmux accepts the plain sequence with `set-clipboard on`, passes the wrapped one
            // through with `allow-passthrough on`, and ignores the other.
            let inner = sequence.replace('\x1b', "\x1b\x1b");
            bytes.extend_from_slice(format!("\x1bPtmux;{inner}\x1b\\").as_bytes());
        }
        bytes
    }

    async fn to_file(&self, text: String, why: &str) -> Copied {
        let file = self.file.clone();
        let shown = file.display().to_string();
        let written = tokio::task::spawn_blocking(move || write_private(&file, &text)).await;
        let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        Copied::notice(match written {
            Ok(()) => format!("saved to {shown}: {why}"),
            Err(error) => format!("not copied: {why}, and {shown} could not be written: {error}"),
        })
    }
}

impl Copied {
    fn notice(notice: String) -> Self {
        Self {
            bytes: Vec::new(),
            notice,
        }
    }
}

/// Terminals that identify themselves and accept no clipboard from programs: Apple's Terminal, and
/// those based on VTE (GNOME Terminal and its relatives).
fn takes_none(variable: impl Fn(&str) -> Option<String>) -> bool {
    let inside_tmux = variable("TMUX").is_some();
    let apple = variable("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal");
    // Inside tmux, these describe the terminal that its server was once started from.
    !inside_tmux && (apple || variable("VTE_VERSION").is_some())
}

/// Writes a file that only its owner can read, completely or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
