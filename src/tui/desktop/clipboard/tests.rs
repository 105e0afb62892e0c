//! Every target, with programs that the test writes.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::*;

/// A directory of the test's own scripts as programs, and the clipboard of an environment.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a program; `$DIR` is the test's directory.
    fn program(self, name: &str, script: &str) -> Self {
        let path = self.path("bin").join(name);
        let dir = self.dir.path().display();
        // Another process writes it: a program that a parallel test starts meanwhile would inherit
        // the open file, and a file that is open for writing cannot be executed.
        let mut writer = Command::new("sh")
            .args(["-c", r#"cat > "$0" && chmod 755 "$0""#])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let text = format!("#!/bin/sh\nDIR={dir}\n{script}\n");
        let mut stdin = writer.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(writer.wait().unwrap().success());
        self
    }

    async fn copy(&self, environment: &[(&str, &str)], text: &str) -> Copied {
        self.clipboard(environment).copy(text).await
    }

    fn clipboard(&self, environment: &[(&str, &str)]) -> Clipboard {
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        Clipboard::of_environment(variable, self.path("copied.txt")).with_variable("PATH", path)
    }

    fn got(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }
}

const LOAD: &str = r#"case "$*" in
"load-buffer -w -") cat > $DIR/buffer ;;
"show-messages -T") echo " 192: Ms: (string) \033]52;%p1%s;%p2%s\a" ;;
*) exit 1 ;;
esac"#;

#[tokio::test]
async fn inside_tmux_its_buffer_is_loaded_and_the_terminal_gets_it_too() {
    let desk = Desk::new().program("tmux", LOAD);

    let copied = desk
        .copy(&[("TMUX", "s,1,0"), ("TERM", "tmux-256color")], "hi")
        .await;

    assert_eq!(desk.got("buffer").as_deref(), Some("hi"));
    let notice = "copied to tmux's buffer and sent to the terminal's clipboard";
    assert_eq!((copied.notice.as_str(), copied.bytes), (notice, Vec::new()));
}

#[tokio::test]
async fn a_terminal_that_takes_no_clipboard_from_tmux_is_not_promised_one() {
    let desk = Desk::new().program("tmux", &LOAD.replace("Ms:", "Xx:"));

    let copied = desk.copy(&[("TMUX", "s,1,0")], "hi").await;

    let notice = "copied to tmux's buffer (its terminal has no clipboard support)";
    assert_eq!(copied.notice, notice);
}

#[tokio::test]
async fn an_old_tmux_gets_the_buffer_alone_and_a_failing_one_is_not_trusted() {
    let old = r#"case "$*" in "load-buffer -") cat > $DIR/buffer ;; *) exit 1 ;; esac"#;
    let desk = Desk::new().program("tmux", old);
    let copied = desk.copy(&[("TMUX", "s,1,0")], "hi").await;
    assert_eq!(copied.notice, "copied to tmux's buffer");

    let desk = Desk::new().program("tmux", "exit 1");
    let copied = desk.copy(&[("TMUX", "s,1,0")], "hi").await;
    assert!(copied.notice.starts_with("sent to tmux, which may drop it"));
    let both = b"\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\";
    assert_eq!(copied.bytes, both);
}

#[tokio::test]
async fn a_desktop_is_reached_by_its_own_program_but_not_over_ssh() {
    let serve = "cat > $DIR/wayland; sleep 60 &";
    let desk = Desk::new()
        .program("wl-copy", serve)
        .program("xclip", r#"cat > /dev/null; echo "$*" > $DIR/x11"#);
    let both = [("WAYLAND_DISPLAY", "w"), ("DISPLAY", ":0")];

    let copied = desk.copy(&both, "größe\n").await;
    assert_eq!(copied.notice, "copied to the clipboard (wl-copy)");
    assert_eq!(desk.got("wayland").as_deref(), Some("größe\n"));
    let copied = desk.copy(&both[1..], "x").await;
    assert_eq!(copied.notice, "copied to the clipboard (xclip)");
    assert_eq!(
        desk.got("x11").as_deref(),
        Some("-selection clipboard -in\n")
    );

    let remote = [both[0], both[1], ("SSH_CONNECTION", "a b c d")];
    let copied = desk.copy(&remote, "hi").await;
    assert_eq!(copied.notice, "sent to the terminal's clipboard");
    assert_eq!(copied.bytes, b"\x1b]52;c;aGk=\x07");
}

#[tokio::test]
async fn a_program_that_fails_leads_to_the_next() {
    let desk = Desk::new()
        .program("wl-copy", "exit 1")
        .program("xclip", "exit 1")
        .program("xsel", "cat > $DIR/x11");
    let both = [("WAYLAND_DISPLAY", "w"), ("DISPLAY", ":0")];

    let copied = desk.copy(&both, "hi").await;

    assert_eq!(copied.notice, "copied to the clipboard (xsel)");
}

#[tokio::test]
async fn what_no_terminal_takes_is_saved_to_a_file_of_the_users_own() {
    let desk = Desk::new();
    let file = desk.path("copied.txt");
    for environment in [
        [("TERM", "linux")],
        [("STY", "1.pts")],
        [("TERM_PROGRAM", "Apple_Terminal")],
        [("VTE_VERSION", "7006")],
    ] {
        let copied = desk.copy(&environment, "hi").await;
        let notice = format!(
            "saved to {}: this terminal has no clipboard support",
            file.display()
        );
        assert_eq!((copied.notice, copied.bytes), (notice, Vec::new()));
    }
    assert_eq!(desk.got("copied.txt").as_deref(), Some("hi"));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let long = "x".repeat(100_000);
    let copied = desk.copy(&[("TERM", "xterm")], &long).await;
    assert!(
        copied
            .notice
            .ends_with("too long for the terminal's clipboard")
    );
    assert_eq!(desk.got("copied.txt"), Some(long));
}

#[tokio::test]
async fn what_reaches_nobody_is_not_called_copied() {
    let desk = Desk::new();
    let nowhere = desk.path("missing/copied.txt");
    let clipboard = Clipboard {
        takes: Takes::Nothing,
        file: nowhere,
        ..Clipboard::default()
    };

    let copied = clipboard.copy("hi").await;
    assert!(
        copied.notice.starts_with("not copied: "),
        "{}",
        copied.notice
    );
    let copied = clipboard.copy("\u{200b}").await;
    assert_eq!(copied.notice, "nothing to copy");
}

#[tokio::test]
async fn a_multiplexer_of_another_machine_may_drop_it_and_the_notice_says_so() {
    let copied = Desk::new().copy(&[("TERM", "tmux-256color")], "hi").await;

    assert!(copied.notice.contains("may drop it"), "{}", copied.notice);
    assert_eq!(copied.bytes, b"\x1b]52;c;aGk=\x07");
}

#[tokio::test]
async fn no_sequence_in_a_text_takes_effect_and_removals_are_reported() {
    let copied = Desk::new().copy(&[("TERM", "xterm")], "\x1b]0;x\x07").await;

    assert_eq!(copied.bytes, b"\x1b]52;c;XTA7eA==\x07");
    let notice = "sent to the terminal's clipboard, without 2 hidden or control characters";
    assert_eq!(copied.notice, notice);
}

#[cfg(not(target_os = "macos"))]
#[tokio::test]
async fn an_image_is_read_in_the_first_type_that_models_see() {
    let wayland = r#"case "$*" in
"--list-types") printf 'text/html\nimage/bmp\nimage/jpeg\nimage/png\n' ;;
"--no-newline --type image/png") printf 'an image' ;;
*) exit 1 ;;
esac"#;
    let desk = Desk::new().program("wl-paste", wayland);
    let clipboard = desk.clipboard(&[("WAYLAND_DISPLAY", "wayland-0")]);

    assert_eq!(clipboard.image(8).await, Ok(b"an image".to_vec()));
    let large = clipboard.image(7).await.unwrap_err();
    assert!(large.starts_with("the image in the clipboard is larger"));
}

#[cfg(not(target_os = "macos"))]
#[tokio::test]
async fn without_an_image_the_reason_is_said() {
    let text = r#"case "$*" in *TARGETS*) echo UTF8_STRING ;; *) printf text ;; esac"#;
    let desk = Desk::new().program("xclip", text);
    let why = async |desk: &Desk, environment: &[(&str, &str)]| {
        desk.clipboard(environment).image(9).await.unwrap_err()
    };
    let here = ("DISPLAY", ":0");

    let none = why(&desk, &[here]).await;
    assert_eq!(none, "there is no image in the clipboard");
    let remote = why(&desk, &[here, ("SSH_TTY", "/dev/pts/1")]).await;
    assert!(remote.contains("over ssh"), "{remote}");
    let no_desktop = why(&desk, &[]).await;
    assert!(no_desktop.contains("no desktop"), "{no_desktop}");
    let empty = Desk::new();
    let path = empty
        .clipboard(&[here])
        .with_variable("PATH", empty.path("bin"));
    let missing = path.image(9).await.unwrap_err();
    assert_eq!(missing, "to paste images, install xclip");
}
