//! Tells the user outside the screen: by a sequence for the terminal, or by a program.
//!
//! Input: a [`Notification`], whose texts an agent may have written, and what the environment says about the terminal.
//! Output: bytes for the terminal, or a started program. The texts cannot end their sequence, begin
//! another one or add a field, and no shell reads them.
//!
//! The means that `auto` picks:
//!
//! | terminal | means |
//! |---|---|
//! | kitty | OSC 99 |
//! | iTerm2 | OSC 9 |
//! | Ghostty, `WezTerm`, Warp, foot, urxvt | OSC 777 |
//! | any other | the bell |
//!
//! Inside tmux and GNU screen a sequence is wrapped, so that it reaches the terminal if they pass such
//! sequences on (tmux: `allow-passthrough on`). `auto` rings the bell there as well: they mark the
//! window that rang.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tokio::process::Command;
use tokio::time::timeout;

use crate::domain::session::notification::{Notification, NotifyChoice};
use crate::text::hidden::is_obeyed;
use crate::text::visible;

const BELL: &[u8] = b"\x07";
/// The characters of a title, and those of a text: more is not shown by any desktop.
const TITLE: usize = 80;
const TEXT: usize = 200;
/// A program that takes longer is ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a sequence is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    Osc9,
    Osc777,
    Osc99,
}

/// What is between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Multiplexer {
    #[default]
    None,
    Tmux,
    Screen,
}

/// How the user is told here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notifier {
    bell: bool,
    sequence: Option<Sequence>,
    multiplexer: Multiplexer,
    /// The program and its first arguments.
    command: Vec<String>,
}

/// A title and a text, each on one line.
struct NotificationText {
    title: String,
    text: String,
}

impl Notifier {
    /// Reads the environment.
    pub fn of_environment(
        choice: &NotifyChoice,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let multiplexer = if is_set("TMUX") {
            Multiplexer::Tmux
        } else if is_set("STY") {
            Multiplexer::Screen
        } else {
            Multiplexer::None
        };
        let by = |bell, sequence| Self {
            bell,
            sequence,
            multiplexer,
            command: Vec::new(),
        };
        match choice {
            NotifyChoice::Off => Self::default(),
            NotifyChoice::Bell => by(true, None),
            NotifyChoice::Osc9 => by(false, Some(Sequence::Osc9)),
            NotifyChoice::Osc777 => by(false, Some(Sequence::Osc777)),
            NotifyChoice::Osc99 => by(false, Some(Sequence::Osc99)),
            NotifyChoice::Command(command) => Self {
                command: command.clone(),
                ..Self::default()
            },
            NotifyChoice::Auto => {
                let known = known_sequence(&variable, multiplexer);
                by(known.is_none() || multiplexer != Multiplexer::None, known)
            }
        }
    }

    /// The bytes for the terminal; empty if it is not told.
    pub(in crate::tui) fn bytes(&self, notification: &Notification) -> Vec<u8> {
        let words = NotificationText::of(notification);
        let mut bytes = Vec::new();
        if let Some(sequence) = self.sequence {
            for part in sequence.parts(&notification.session, &words) {
                bytes.extend(self.multiplexer.wrap(&part));
            }
        }
        if self.bell {
            bytes.extend(BELL);
        }
        bytes
    }

    /// Runs the program, if that is how the user is told. Returns what went wrong.
    pub(in crate::tui) async fn run(&self, notification: &Notification) -> Option<String> {
        let (program, arguments) = self.command.split_first()?;
        let words = NotificationText::of(notification);
        let child = Command::new(program)
            .args(arguments)
            .args([argument(&words.title), argument(&words.text)])
            .env("NOTIFY_SESSION", clean(&notification.session, TITLE))
            .env("NOTIFY_REASON", notification.reason.code())
            .env("NOTIFY_TEXT", &words.text)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // It must receive neither our ctrl-c nor our SIGTSTP.
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let name = visible::one_line(program);
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                return Some(format!(
                    "no notification: {name} cannot be started: {error}; check `notify` in the configuration"
                ));
            }
        };
        match timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if status.success() => None,
            Ok(Ok(status)) => Some(format!(
                "no notification: {name} failed ({status}); check `notify` in the configuration"
            )),
            Ok(Err(error)) => Some(format!(
                "no notification: {name}: {error}; check `notify` in the configuration"
            )),
            Err(_) => Some(format!(
                "no notification: {name} took too long and was stopped; check `notify` in the configuration"
            )),
        }
    }

    /// Whether a program is run.
    pub(in crate::tui) fn has_command(&self) -> bool {
        !self.command.is_empty()
    }
}

/// The sequence that the terminal is known to show as a notification. Inside a multiplexer the
/// variables describe the terminal that its server was started from, most often the same one.
fn known_sequence(
    variable: impl Fn(&str) -> Option<String>,
    multiplexer: Multiplexer,
) -> Option<Sequence> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let text = |name: &str| variable(name).unwrap_or_default();
    let term = text("TERM");
    if term == "linux" || term == "dumb" {
        return None;
    }
    let program = match multiplexer {
        Multiplexer::None => text("TERM_PROGRAM"),
        // It names the multiplexer.
        Multiplexer::Tmux | Multiplexer::Screen => text("LC_TERMINAL"),
    };
    match program.as_str() {
        "iTerm.app" | "iTerm2" => return Some(Sequence::Osc9),
        "ghostty" | "WezTerm" | "WarpTerminal" => return Some(Sequence::Osc777),
        _ => {}
    }
    if is_set("KITTY_WINDOW_ID") || term == "xterm-kitty" {
        return Some(Sequence::Osc99);
    }
    let is_of_term = ["foot", "rxvt-unicode", "xterm-ghostty", "wezterm"]
        .iter()
        .any(|name| term.starts_with(name));
    let is_other = is_set("GHOSTTY_RESOURCES_DIR") || is_set("WEZTERM_PANE");
    (is_of_term || is_other).then_some(Sequence::Osc777)
}

impl Sequence {
    fn parts(self, session: &str, words: &NotificationText) -> Vec<String> {
        let NotificationText { title, text } = words;
        match self {
            // A text that begins with a number is progress in some terminals.
            Self::Osc9 if text.is_empty() => vec![format!("\x1b]9;{title}\x07")],
            Self::Osc9 => vec![format!("\x1b]9;{title}: {text}\x07")],
            Self::Osc777 => {
                // A semicolon would begin another field.
                let [title, text] = [title, text].map(|field| field.replace(';', "\u{ff1b}"));
                vec![format!("\x1b]777;notify;{title};{text}\x07")]
            }
            Self::Osc99 => {
                // A later one of the same session replaces it; a click goes to the window.
                let start: Vec<u8> = session.bytes().take(40).collect();
                let id = URL_SAFE_NO_PAD.encode(start);
                let part = |keys: &str, text: &str| {
                    let text = STANDARD.encode(text);
                    format!("\x1b]99;i=sandbar-{id}:e=1:o=unfocused:{keys};{text}\x07")
                };
                if text.is_empty() {
                    return vec![part("d=1:p=title", title)];
                }
                vec![part("d=0:p=title", title), part("d=1:p=body", text)]
            }
        }
    }
}

impl Multiplexer {
    /// Wraps one sequence so that it is passed on.
    fn wrap(self, sequence: &str) -> Vec<u8> {
        let wrapped = match self {
            Self::None => return sequence.as_bytes().to_vec(),
            Self::Tmux => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
            Self::Screen => format!("\x1bP{sequence}\x1b\\"),
        };
        wrapped.into_bytes()
    }
}

impl NotificationText {
    fn of(notification: &Notification) -> Self {
        let session = clean(&notification.session, TITLE);
        Self {
            title: format!("sandbar: {session} {}", notification.reason.words()),
            text: clean(&notification.detail, TEXT),
        }
    }
}

/// One line of at most `most` characters, in which whatever a terminal obeys is only named.
fn clean(text: &str, most: usize) -> String {
    let start: String = text.trim().chars().take(most).collect();
    let line = visible::one_line(&start);
    line.chars().filter(|c| !is_obeyed(*c)).take(most).collect()
}

/// A text that no program takes for an option.
fn argument(text: &str) -> String {
    if text.starts_with('-') {
        format!(" {text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::session::notification::NotificationReason;

    fn of(choice: &NotifyChoice, variables: &[(&str, &str)]) -> Notifier {
        Notifier::of_environment(choice, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn waits(session: &str, detail: &str) -> Notification {
        Notification {
            session: session.to_owned(),
            reason: NotificationReason::NeedsYou,
            detail: detail.to_owned(),
        }
    }

    fn written(choice: &NotifyChoice, variables: &[(&str, &str)], told: &Notification) -> String {
        let bytes = of(choice, variables).bytes(told);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn each_terminal_is_told_by_what_it_shows() {
        let told = waits("fix", "bash: cargo publish");
        let auto = |variables: &[(&str, &str)]| written(&NotifyChoice::Auto, variables, &told);
        let osc777 = "\x1b]777;notify;sandbar: fix needs you;bash: cargo publish\x07";
        let osc9 = "\x1b]9;sandbar: fix needs you: bash: cargo publish\x07";

        assert_eq!(auto(&[("TERM", "xterm-256color")]), "\x07");
        assert_eq!(auto(&[("TERM", "linux"), ("KITTY_WINDOW_ID", "1")]), "\x07");
        assert_eq!(auto(&[("TERM", "foot")]), osc777);
        assert_eq!(auto(&[("TERM_PROGRAM", "WezTerm")]), osc777);
        assert_eq!(auto(&[("TERM_PROGRAM", "ghostty")]), osc777);
        assert_eq!(auto(&[("TERM_PROGRAM", "iTerm.app")]), osc9);
        assert_eq!(auto(&[("TERM_PROGRAM", "Apple_Terminal")]), "\x07");
        let kitty = auto(&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "3")]);
        let title = STANDARD.encode("sandbar: fix needs you");
        let text = STANDARD.encode("bash: cargo publish");
        let head = "\x1b]99;i=sandbar-Zml4:e=1:o=unfocused";
        let whole = format!("{head}:d=0:p=title;{title}\x07{head}:d=1:p=body;{text}\x07");
        assert_eq!(kitty, whole);
    }

    #[test]
    fn a_multiplexer_gets_the_bell_and_passes_the_sequence_on() {
        let told = waits("fix", "ls");
        let auto = |variables: &[(&str, &str)]| written(&NotifyChoice::Auto, variables, &told);

        assert_eq!(
            auto(&[("TMUX", "/tmp/x"), ("TERM", "tmux-256color")]),
            "\x07"
        );
        let iterm = auto(&[("TMUX", "/tmp/x"), ("LC_TERMINAL", "iTerm2")]);
        let wrapped = "\x1bPtmux;\x1b\x1b]9;sandbar: fix needs you: ls\x07\x1b\\\x07";
        assert_eq!(iterm, wrapped);
        let screen = written(&NotifyChoice::Osc9, &[("STY", "1.x")], &told);
        assert_eq!(screen, "\x1bP\x1b]9;sandbar: fix needs you: ls\x07\x1b\\");
        // What describes tmux itself describes no terminal.
        assert_eq!(
            auto(&[("TMUX", "/tmp/x"), ("TERM_PROGRAM", "WezTerm")]),
            "\x07"
        );
    }

    #[test]
    fn the_choice_of_the_user_counts() {
        let told = waits("fix", "ls");
        let kitty = [("KITTY_WINDOW_ID", "1")];
        let by = |choice: NotifyChoice| written(&choice, &kitty, &told);

        assert_eq!(by(NotifyChoice::Off), "");
        assert_eq!(by(NotifyChoice::Bell), "\x07");
        assert_eq!(
            by(NotifyChoice::Osc9),
            "\x1b]9;sandbar: fix needs you: ls\x07"
        );
        assert_eq!(by(NotifyChoice::Command(vec!["x".to_owned()])), "");
    }

    proptest! {
        #[test]
        fn no_text_ends_its_sequence_or_adds_a_field(session in any::<String>(), detail in any::<String>()) {
            let told = waits(&session, &detail);
            for choice in [NotifyChoice::Osc9, NotifyChoice::Osc777, NotifyChoice::Osc99] {
                let bytes = written(&choice, &[], &told);
                let parts: Vec<&str> = bytes.split_terminator('\x07').collect();

                prop_assert!(bytes.ends_with('\x07') && parts.len() <= 2, "{bytes:?}");
                for part in parts {
                    let inner = part.strip_prefix("\x1b]");
                    let inner = inner.ok_or_else(|| TestCaseError::fail("no sequence"))?;
                    prop_assert!(!inner.chars().any(char::is_control), "{bytes:?}");
                    let fields = inner.split(';').count();
                    let most = match choice { NotifyChoice::Osc777 => 4, NotifyChoice::Osc99 => 3, _ => fields };
                    prop_assert!(fields <= most, "{bytes:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_program_gets_the_texts_as_arguments_and_no_shell_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let [script, program, seen] = ["script", "told", "seen"].map(|name| dir.path().join(name));
        let text = format!(
            "#!/bin/sh\nprintf '%s|' \"$@\" \"$NOTIFY_SESSION\" \"$NOTIFY_REASON\" \"$NOTIFY_TEXT\" > {}\n",
            seen.display()
        );
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        // By another process: a file that is open for writing here cannot be executed.
        let mut copy = std::process::Command::new("cp");
        let copied = copy.arg("-p").args([&script, &program]).status();
        assert!(copied.unwrap().success());
        let command = vec![program.display().to_string(), "first".to_owned()];
        let notifier = of(&NotifyChoice::Command(command), &[]);

        let told = notifier.run(&waits("fix", "-x $(id); rm\n\x1b[2J")).await;

        assert_eq!(told, None);
        let text = "-x $(id); rm␊␛[2J";
        let expected = format!("first|sandbar: fix needs you| {text}|fix|needs-you|{text}|");
        assert_eq!(std::fs::read_to_string(seen).unwrap(), expected);
        let missing = of(&NotifyChoice::Command(vec!["/nowhere/x".to_owned()]), &[]);
        let told = missing.run(&waits("fix", "ls")).await.unwrap();
        assert!(
            told.starts_with("no notification: /nowhere/x cannot be started: "),
            "{told}"
        );
        let failing = of(&NotifyChoice::Command(vec!["false".to_owned()]), &[]);
        let told = failing.run(&waits("fix", "ls")).await.unwrap();
        assert!(told.contains("false failed"), "{told}");
    }
}
