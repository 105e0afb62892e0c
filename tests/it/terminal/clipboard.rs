//! The clipboard inside a real tmux, attached to a terminal of the test.

use std::path::Path;
use std::process::Command;

use sandbar::tui::desktop::clipboard::{Clipboard, Copied};

use crate::support::home::Home;
use crate::support::optional::Optional;

/// A tmux with its defaults.
struct Tmux<'a>(&'a Path);

impl Tmux<'_> {
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let output = command.arg("-S").arg(self.0).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn copy(&self, text: &str) -> Copied {
        let tmux = format!("{},0,0", self.0.display());
        let variable = |name: &str| (name == "TMUX").then(|| tmux.clone());
        let clipboard = Clipboard::of_environment(variable, self.0.with_extension("txt"));
        let clipboard = clipboard.with_variable("TMUX", &tmux);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(clipboard.copy(text))
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ended = command.arg("-S").arg(self.0).arg("kill-server").output();
    }
}

#[test]
fn what_is_copied_inside_tmux_is_in_its_buffer_and_reaches_the_terminal() {
    let there = Command::new("tmux").arg("-V").output();
    let lacks = there.err().map(|error| format!("no tmux: {error}"));
    if !Optional::Tmux.is_there(lacks.as_deref()) {
        return;
    }
    let home = Home::new();
    let socket = home.work().join("tmux");
    let tmux = Tmux(&socket);
    let shown = "echo ready; exec sleep 600";
    let socket_name = socket.to_str().unwrap();
    let arguments = ["-S", socket_name, "-f", "/dev/null", "new-session", shown];
    let screen = home.terminal_of("tmux", &arguments).start();
    screen.wait_for("ready");
    assert_eq!(
        tmux.run(&["show-options", "-gv", "set-clipboard"]),
        "external\n"
    );

    let copied = tmux.copy("größe\nof it");

    let notice = "copied to tmux's buffer and sent to the terminal's clipboard";
    assert_eq!((copied.notice.as_str(), copied.bytes), (notice, Vec::new()));
    assert_eq!(tmux.run(&["show-buffer"]), "größe\nof it");
    screen.wait_for_bytes(b";Z3LDtsOfZQpvZiBpdA==");
}
