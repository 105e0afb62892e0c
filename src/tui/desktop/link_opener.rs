//! Opens a link with the program of the user's desktop.
//!
//! Input: an address that a model may have written, and what the environment says about the desktop. Output: a notice
//! that says what became of it. Only web pages and mail addresses are opened, and no shell reads the address.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::text::link_table::is_harmless_link;

/// Some of these programs end only with the browser: after this time the link counts as opened.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a link is opened here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LinkOpener {
    /// The desktop's program.
    Program(PathBuf),
    /// The user sits at another machine.
    Remote,
    #[default]
    NoDesktop,
}

impl LinkOpener {
    /// Reads the environment.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
            Self::Remote
        } else if cfg!(target_os = "macos") {
            Self::Program("open".into())
        } else if is_set("WAYLAND_DISPLAY") || is_set("DISPLAY") {
            Self::Program("xdg-open".into())
        } else {
            Self::NoDesktop
        }
    }

    /// Opens a link, and says what became of it.
    pub async fn open(&self, url: &str) -> String {
        let program = match self {
            _ if !is_harmless_link(url) => {
                return "not opened: not a web or mail address".to_owned();
            }
            Self::Program(program) => program,
            Self::Remote => {
                return "cannot open links over ssh: copy the link instead".to_owned();
            }
            Self::NoDesktop => {
                return "no desktop here: copy the link instead".to_owned();
            }
        };
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let child = Command::new(program)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A browser must receive neither our ctrl-c nor our SIGTSTP.
            .process_group(0)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => return format!("cannot start {name}: {error}; copy the link instead"),
        };
        match timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if !status.success() => {
                format!("{name} cannot open the link: copy it instead")
            }
            _ => format!("opened the link with {name}"),
        }
    }
}

/// Whether the terminal may be sent hyperlinks (OSC 8). Terminals ignore sequences that they do not know, but for the
/// few that are named here.
pub fn shows_hyperlinks(variable: impl Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    let is_plain = ["linux", "dumb", "eterm", "screen"]
        .iter()
        .any(|name| term.starts_with(name));
    let apple = variable("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal");
    // Early versions of VTE crashed.
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    let is_early = vte.is_some_and(|version| version < 5000);
    !is_plain && !apple && !is_early && variable("STY").is_none()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use pretty_assertions::assert_eq;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> LinkOpener {
        LinkOpener::of_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn a_desktop_is_used_only_by_whoever_sits_at_it() {
        let program = LinkOpener::Program("xdg-open".into());
        assert_eq!(of(&[("DISPLAY", ":0")]), program);
        assert_eq!(of(&[("WAYLAND_DISPLAY", "wayland-0")]), program);
        assert_eq!(of(&[("DISPLAY", "")]), LinkOpener::NoDesktop);
        assert_eq!(
            of(&[("DISPLAY", ":10"), ("SSH_CONNECTION", "a")]),
            LinkOpener::Remote
        );
    }

    #[test]
    fn only_terminals_that_would_show_the_sequence_get_no_hyperlinks() {
        let shows = |variables: &[(&str, &str)]| {
            shows_hyperlinks(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(shows(&[("TERM", "xterm-256color")]));
        assert!(shows(&[
            ("TERM", "xterm-256color"),
            ("VTE_VERSION", "7200")
        ]));
        assert!(shows(&[("TERM", "tmux-256color")]));
        for variables in [
            [("TERM", "linux"), ("X", "")],
            [("TERM", "screen-256color"), ("X", "")],
            [("TERM", "xterm"), ("STY", "1.x")],
            [("TERM", "xterm"), ("TERM_PROGRAM", "Apple_Terminal")],
            [("TERM", "xterm"), ("VTE_VERSION", "4800")],
        ] {
            assert!(!shows(&variables), "{variables:?}");
        }
    }

    #[tokio::test]
    async fn the_program_gets_the_link_alone_and_only_a_harmless_one() {
        let dir = tempfile::tempdir().unwrap();
        let [script, program, seen] =
            ["script", "opener", "seen"].map(|name| dir.path().join(name));
        let text = format!("#!/bin/sh\nprintf '%s|' \"$@\" >> {}\n", seen.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        // By another process: a file that is open for writing here cannot be executed.
        let mut copy = std::process::Command::new("cp");
        let copied = copy.arg("-p").args([&script, &program]).status();
        assert!(copied.unwrap().success());
        let opener = LinkOpener::Program(program);

        let url = "https://e.org/a?b=$(id);x";
        assert_eq!(opener.open(url).await, "opened the link with opener");
        for bad in ["file:///etc/passwd", "-x", "https://e.org/\u{1b}"] {
            let said = opener.open(bad).await;
            assert_eq!(said, "not opened: not a web or mail address", "{bad}");
        }

        assert_eq!(std::fs::read_to_string(seen).unwrap(), format!("{url}|"));
        let missing = LinkOpener::Program(dir.path().join("none"));
        let said = missing.open(url).await;
        assert!(said.starts_with("cannot start none"));
    }
}
