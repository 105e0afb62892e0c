//! The user's clipboard, by whatever way leads to it, and the truth about which way that was.
//!
//! Enters: a text, which may be anybody's, and what the environment says of the terminal. Leaves: bytes for the
//! terminal, if that is the way, and a line that says where the text is now. "Copied" is said of what somebody
//! confirmed, "sent" of what a terminal may drop without a word, and what reaches nobody is saved to a file. It
//! writes to no terminal, and knows neither screen nor session.
//!
//! The ways, in order:
//!
//! 1. inside tmux, its buffer. `load-buffer -w` (tmux 3.2) also hands the text to the terminal, whatever
//!    `set-clipboard` says, if the terminal takes one; an application's own OSC 52 is dropped by default;
//! 2. on the desktop that this program runs on, the desktop's own program ([`programs`]);
//! 3. the terminal, by OSC 52, where nothing is known against it ([`Takes`]);
//! 4. a file.

mod programs;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::copied;

/// The most bytes that common terminals accept for the clipboard (xterm and tmux cut longer ones).
const SEQUENCE_LIMIT: usize = 74_994;

/// What the terminal does with a text for the clipboard (OSC 52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Takes {
    /// Nothing speaks against it; there is no answer.
    #[default]
    Likely,
    /// A multiplexer on another machine stands between, which drops it by default.
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

/// What is known of the ways to a clipboard.
#[derive(Debug, Clone, Default)]
pub struct Clipboard {
    /// tmux stands between us and the terminal, and can be spoken to.
    tmux: bool,
    /// The desktops that this program runs on, the one to be asked first in front.
    desktops: Vec<DesktopKind>,
    takes: Takes,
    /// Where a text lies that nobody takes.
    file: PathBuf,
    /// Variables of the programs that are started, besides our own.
    variables: Vec<(String, OsString)>,
}

/// What became of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// What the terminal is to be sent; empty where another way was taken.
    pub bytes: Vec<u8>,
    /// Where the text is now, or why it is nowhere.
    pub notice: String,
}

impl Clipboard {
    /// Looks at the environment; `file` is written where there is no other way.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>, file: PathBuf) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        // A desktop's variables may come along with ssh; its clipboard is not that of who sits there.
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
            file,
            variables: Vec::new(),
        }
    }

    /// Gives the programs that are started a variable; for `PATH`, they are found by it too.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Brings `text` to the clipboard without what a terminal obeys or nobody sees. Programs get two seconds
    /// each.
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
                "this terminal takes no clipboard"
            };
            return self.to_file(text.to_owned(), why).await;
        }
        let notice = match (self.tmux, self.takes) {
            (true, _) => "sent to tmux, which could not be asked: it may drop it",
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

    /// The sequence (OSC 52) that asks a terminal to put `text` on the clipboard.
    fn sequence(&self, text: &str) -> Vec<u8> {
        let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        let mut bytes = sequence.clone().into_bytes();
        if self.tmux {
            // tmux takes the plain one with `set-clipboard on`, hands this one on with
            // `allow-passthrough on`, and ignores the other.
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

/// Terminals that say who they are and take no clipboard from programs: Apple's Terminal, and those made of VTE
/// (GNOME Terminal and its relatives).
fn takes_none(variable: impl Fn(&str) -> Option<String>) -> bool {
    let inside_tmux = variable("TMUX").is_some();
    let apple = variable("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal");
    // Inside tmux this is what its server was started from, once.
    !inside_tmux && (apple || variable("VTE_VERSION").is_some())
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
