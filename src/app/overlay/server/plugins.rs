//! Plugins that did not start, as far as the server tells.
//!
//! No call says it (1.18.33): a plugin that cannot be read or installed is an event when the server starts itself in a
//! directory, and one that fails when it starts is a line of the server's log. Both name the plugin as the
//! configuration does.

use crate::domain::log::{LogLine, LogStream};

/// How the line of the log is recognised.
const LOGGED: &str = r#"message="failed to load plugin""#;

/// How the events begin.
const TOLD: [&str; 2] = ["Failed to load plugin ", "Failed to install plugin "];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PluginFailure {
    /// As the configuration names it.
    pub(super) plugin: String,
    pub(super) why: String,
}

/// What failed since the server's last start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct PluginFailures {
    start: u32,
    failed: Vec<PluginFailure>,
}

impl PluginFailures {
    /// Reads lines of the log.
    pub(in crate::app) fn logged(&mut self, lines: &[LogLine]) {
        let of_server = lines
            .iter()
            .filter(|line| line.stream != LogStream::Sandbar);
        for line in of_server {
            if line.start > self.start {
                self.start = line.start;
                self.failed.clear();
            }
            if line.text.contains(LOGGED)
                && let (Some(plugin), Some(why)) =
                    (field(&line.text, " path="), field(&line.text, " error="))
            {
                self.add(plugin, why);
            }
        }
    }

    /// Reads an error of the server that belongs to no conversation.
    pub(in crate::app) fn told(&mut self, message: &str) {
        let named = TOLD.iter().find_map(|begin| message.strip_prefix(begin));
        if let Some((plugin, why)) = named.and_then(|named| named.split_once(": ")) {
            self.add(plugin.to_owned(), why.to_owned());
        }
    }

    fn add(&mut self, plugin: String, why: String) {
        self.failed.retain(|known| known.plugin != plugin);
        self.failed.push(PluginFailure { plugin, why });
    }

    pub(super) fn all(&self) -> &[PluginFailure] {
        &self.failed
    }

    /// Why this plugin did not start, if it is known.
    pub(super) fn why(&self, plugin: &str) -> Option<&str> {
        let mut failed = self.failed.iter();
        let failure = failed.find(|failure| failure.plugin == plugin)?;
        Some(&failure.why)
    }
}

/// The value of a field of the log: a word, or a text in quotes.
fn field(line: &str, name: &str) -> Option<String> {
    let (_, value) = line.split_once(name)?;
    let Some(quoted) = value.strip_prefix('"') else {
        return Some(value.split(' ').next()?.to_owned());
    };
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next()? {
                'n' | 't' | 'r' => text.push(' '),
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::UnixMillis;

    fn line(start: u32, text: &str) -> LogLine {
        LogLine {
            stream: LogStream::Stderr,
            start,
            ..LogLine::ours(UnixMillis(1), text)
        }
    }

    #[test]
    fn plugins_that_failed_are_named_with_the_reason_until_the_server_starts_again() {
        let mut failures = PluginFailures::default();
        let logged = r#"timestamp=2026-11-30T17:09:28.796Z level=ERROR run=b21602f4 message="failed to load plugin" path=file:///w/.opencode/plugin/broken.js error="it \"broke\"\non purpose""#;
        failures.logged(&[line(1, logged), line(1, logged)]);
        failures.told("Failed to load plugin file:///w/.opencode/plugin/syntax.js: Unexpected =>");
        failures
            .told("Failed to install plugin no-such@1.0.0: request to https://e.org failed: 404");
        failures.told("Another error: of a turn");

        let known: Vec<(&str, &str)> = failures
            .all()
            .iter()
            .map(|failure| (failure.plugin.as_str(), failure.why.as_str()))
            .collect();
        assert_eq!(
            known,
            [
                (
                    "file:///w/.opencode/plugin/broken.js",
                    "it \"broke\" on purpose"
                ),
                ("file:///w/.opencode/plugin/syntax.js", "Unexpected =>"),
                ("no-such@1.0.0", "request to https://e.org failed: 404"),
            ]
        );

        failures.logged(&[LogLine::ours(UnixMillis(1), logged), line(2, "listening")]);
        assert_eq!(
            failures,
            PluginFailures {
                start: 2,
                failed: Vec::new()
            }
        );
    }

    proptest! {
        #[test]
        fn any_line_is_read(text in ".{0,80}", cut in 0_usize..160) {
            let line_text = format!(r#"{LOGGED} path="{text} error="{text}"#);
            let cut: String = line_text.chars().take(cut).collect();
            PluginFailures::default().logged(&[line(1, &cut), line(1, &text)]);
            PluginFailures::default().told(&text);
        }
    }
}
