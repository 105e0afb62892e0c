//! One check, and the table of all checks at 80 columns.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::config::Config;
use crate::domain::failure::Failure;
use crate::text::visible_bytes::visible_line;

/// Columns of a line, as on the smallest usual terminal.
const WIDTH: usize = 80;
/// The column of the findings.
const INDENT: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CheckState {
    Ok,
    /// It works, but could be better.
    Note,
    Fails,
}

impl CheckState {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fails => "FAILS",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: CheckState,
    pub(super) found: String,
    /// What to do; empty if nothing.
    pub(super) fix: String,
}

impl Check {
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: CheckState::Ok,
            found: found.into(),
            fix: String::new(),
        }
    }

    pub(super) fn note(
        name: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            state: CheckState::Note,
            fix: fix.into(),
            ..Self::ok(name, found)
        }
    }

    pub(super) fn fails(
        name: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            state: CheckState::Fails,
            ..Self::note(name, found, fix)
        }
    }
}

/// All checks, without a final line feed.
pub(super) fn table(version: &str, checks: &[Check]) -> String {
    let mut text = format!("sandbar {version}\n");
    for check in checks {
        let head = format!("{:<7}{:<15}", check.state.word(), check.name);
        let mut lines = wrapped(&check.found);
        if !check.fix.is_empty() {
            let fix = format!("fix: {}", check.fix);
            lines.extend(wrapped(&fix));
        }
        for (index, line) in lines.iter().enumerate() {
            let start = if index == 0 { head.as_str() } else { "" };
            let _ = write!(text, "\n  {start:<22}{line}");
        }
    }
    text
}

/// Lines that fit beside the names. A longer word gets a line of its own.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().map(visible_line) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if INDENT + line.chars().count() + 1 + length <= WIDTH => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines
}

pub(super) fn configuration(config: &Config) -> Check {
    let file = &config.paths.config_file;
    let found = if file.exists() {
        file.display().to_string()
    } else {
        format!("using the defaults; there is no {}", file.display())
    };
    Check::ok("configuration", found)
}

/// What failed and why.
pub(super) fn in_a_line(failure: &Failure) -> String {
    match failure.detail.as_str() {
        "" => failure.summary.clone(),
        detail => format!("{}: {detail}", failure.summary),
    }
}

pub(super) fn configuration_failed(failure: &Failure) -> Check {
    Check::fails(
        "configuration",
        in_a_line(failure),
        "correct it; until then every command fails",
    )
}

pub(super) fn store_missing(file: &Path) -> Check {
    let found = format!("none yet; the first session makes {}", file.display());
    Check::ok("store", found)
}

pub(super) fn store(file: &Path, notices: &[String], sessions: Result<usize, String>) -> Check {
    let file = file.display();
    let fix = format!("move {file} away; sandbar begins a new one, without the old sessions");
    match sessions {
        Err(error) => Check::fails("store", error, fix),
        Ok(_) if !notices.is_empty() => Check::fails("store", notices.join(" "), fix),
        Ok(1) => Check::ok("store", format!("1 session in {file}")),
        Ok(many) => Check::ok("store", format!("{many} sessions in {file}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_well_at_80_columns() {
        let checks = [
            Check::ok("git", "version 2.47.0"),
            Check::note(
                "isolation",
                "filesystem; AppArmor blocks user namespaces on this machine, as Ubuntu has it",
                "install the AppArmor profile bwrap-userns-restrict (package apparmor-profiles)",
            ),
            Check::fails("E2B account", "the key was refused", "set E2B_API_KEY anew"),
        ];

        let text = table("0.1.0", &checks);

        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        insta::assert_snapshot!(text, @"
        sandbar 0.1.0

          ok     git            version 2.47.0
          note   isolation      filesystem; AppArmor blocks user namespaces on this
                                machine, as Ubuntu has it
                                fix: install the AppArmor profile bwrap-userns-restrict
                                (package apparmor-profiles)
          FAILS  E2B account    the key was refused
                                fix: set E2B_API_KEY anew
        ");
    }

    #[test]
    fn what_others_said_cannot_move_the_cursor() {
        let check = Check::fails("E2B account", "no \u{1b}[2Jkey\u{7}", "");

        assert!(!table("0", &[check]).contains(['\u{1b}', '\u{7}']));
    }

    #[test]
    fn a_store_that_is_another_than_expected_fails_with_the_way_out() {
        let file = Path::new("/state/sandbar.db");
        let odd = store(file, &["The store is damaged.".to_owned()], Ok(0));
        let sound = store(file, &[], Ok(1));

        assert_eq!(odd.state, CheckState::Fails);
        assert!(
            odd.fix.starts_with("move /state/sandbar.db away"),
            "{odd:?}"
        );
        assert_eq!(sound, Check::ok("store", "1 session in /state/sandbar.db"));
    }
}
