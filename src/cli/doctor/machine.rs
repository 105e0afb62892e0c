//! The machine: its terminal and the programs that sandbar calls.

use std::io::IsTerminal;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::super::report;
use super::check::Check;
use crate::config::{Config, Env};
use crate::domain::sandbox::EngineKind;

/// Timeout for a program to print its version.
const LIMIT: Duration = Duration::from_secs(10);
/// With fewer cells the panes do not fit.
const SMALLEST: (u16, u16) = (60, 16);

/// What is known of the terminal without querying it.
#[derive(Debug, Clone, Default)]
pub(super) struct TerminalFacts {
    is_terminal: bool,
    /// Columns and rows.
    size: Option<(u16, u16)>,
    /// The value of TERM.
    term: Option<String>,
    /// The value of COLORTERM.
    colours: Option<String>,
}

impl TerminalFacts {
    pub(super) fn here(env: &Env) -> Self {
        let size = report::screen();
        Self {
            is_terminal: size.is_some() && std::io::stdin().is_terminal(),
            size,
            term: env.text("TERM").map(str::to_owned),
            colours: env.text("COLORTERM").map(str::to_owned),
        }
    }
}

pub(super) fn terminal(screen: &TerminalFacts, no_color: bool) -> Check {
    let name = "terminal";
    if !screen.is_terminal {
        let found =
            "standard input and output are not a terminal; commands such as `sandbar run` work";
        return Check::note(name, found, "");
    }
    let term = screen.term.as_deref().unwrap_or_default();
    if matches!(term, "" | "dumb") {
        let found = format!("TERM is \"{term}\", which cannot draw a screen");
        return Check::fails(name, found, "set TERM, for example to xterm-256color");
    }
    let colours = match screen.colours.as_deref() {
        _ if no_color => "no colours (NO_COLOR or no_color)",
        Some("truecolor" | "24bit") => "16 million colours",
        _ if term.contains("256color") => "256 colours",
        _ => "16 colours",
    };
    let Some((columns, rows)) = screen.size.filter(|size| size.0 > 0) else {
        let found = format!("{term}, {colours}; of unknown size");
        return Check::note(name, found, "");
    };
    let found = format!("{term}, {columns} columns and {rows} rows, {colours}");
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        let fix = format!("make it {} by {} or larger", SMALLEST.0, SMALLEST.1);
        return Check::note(name, found, fix);
    }
    Check::ok(name, found)
}

/// The version that a program prints; `None` if it is missing.
pub(super) async fn version(program: &str, env: &Env) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(env.text(name).map(|value| (name, value)));
    }
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(LIMIT, output).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = text.lines().next()?.split_whitespace();
    let mut numbers = words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let number = numbers.next_back().unwrap_or("of an unknown version");
    output.status.success().then(|| number.to_owned())
}

pub(super) fn git(version: Option<&str>) -> Check {
    match version {
        Some(version) => Check::ok("git", version),
        None => Check::note(
            "git",
            "not found: sandbar cannot copy code into sandboxes or bring changes back",
            "install the package git",
        ),
    }
}

/// npm is called only to install the local template.
pub(super) fn npm(version: Option<&str>, config: &Config) -> Check {
    let template = config
        .paths
        .cache_dir
        .join(format!("opencode-{}", config.opencode_version.value));
    let is_needed = config.engine.value == EngineKind::Local && !template.exists();
    npm_for(version, is_needed)
}

fn npm_for(version: Option<&str>, is_needed: bool) -> Check {
    let fix = "install Node.js with npm";
    match (version, is_needed) {
        (Some(version), _) => Check::ok("npm", version),
        (None, true) => Check::fails(
            "npm",
            "not found: OpenCode cannot be installed for local sandboxes",
            fix,
        ),
        (None, false) => Check::note("npm", "not found, and not needed now", fix),
    }
}

pub(super) fn bubblewrap(version: Option<&str>) -> Check {
    match version {
        Some(version) => Check::ok("bubblewrap", version),
        None if !cfg!(target_os = "linux") => {
            Check::ok("bubblewrap", "not available on this system")
        }
        None => Check::note(
            "bubblewrap",
            "not found: local sandboxes are not fully isolated",
            "install the package bubblewrap, then `sandbar local stop`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(term: &str, colours: Option<&str>, size: (u16, u16)) -> TerminalFacts {
        TerminalFacts {
            is_terminal: true,
            size: Some(size),
            term: Some(term.to_owned()),
            colours: colours.map(str::to_owned),
        }
    }

    #[test]
    fn a_terminal_is_told_with_its_size_and_colours() {
        let checked = |screen: TerminalFacts, no_color| {
            let check = terminal(&screen, no_color);
            format!("{:?}: {}; {}", check.state, check.found, check.fix)
        };
        let said = [
            checked(screen("xterm-256color", None, (80, 24)), false),
            checked(screen("foot", Some("truecolor"), (200, 50)), false),
            checked(screen("linux", None, (80, 24)), true),
            checked(screen("linux", None, (40, 10)), false),
            checked(screen("dumb", None, (80, 24)), false),
            checked(TerminalFacts::default(), false),
        ];

        insta::assert_snapshot!(said.join("\n"), @r#"
        Ok: xterm-256color, 80 columns and 24 rows, 256 colours; 
        Ok: foot, 200 columns and 50 rows, 16 million colours; 
        Ok: linux, 80 columns and 24 rows, no colours (NO_COLOR or no_color); 
        Note: linux, 40 columns and 10 rows, 16 colours; make it 60 by 16 or larger
        Fails: TERM is "dumb", which cannot draw a screen; set TERM, for example to xterm-256color
        Note: standard input and output are not a terminal; commands such as `sandbar run` work; 
        "#);
    }

    #[test]
    fn a_missing_npm_fails_only_where_it_is_needed() {
        assert_eq!(npm_for(Some("10.9"), true), Check::ok("npm", "10.9"));
        assert_eq!(npm_for(None, true).state, super::super::CheckState::Fails);
        assert_eq!(npm_for(None, false).state, super::super::CheckState::Note);
    }
}
