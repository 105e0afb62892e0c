//! `sandbar keys`: the key map as it holds, with the user's own keys.

use super::args::{KeysArgs, Options};
use super::ls::aligned;
use super::report::{self, Ended};
use super::setup;
use crate::app::keymap::{Binding, Context, Keymap};
use crate::config::Env;

pub(super) fn keys(options: &Options, args: &KeysArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    let keymap = setup::keymap(&config)?;
    let text = if args.markdown {
        markdown(&keymap)
    } else {
        plain(&keymap)
    };
    report::line(text.trim_end())
}

/// The contexts that have rows, in the order of the help.
fn groups(keymap: &Keymap) -> impl Iterator<Item = (Context, Vec<&Binding>)> {
    let rows = |context| {
        let all = keymap.bindings().iter();
        all.filter(move |row| row.context == context).collect()
    };
    let groups = Context::ALL.into_iter();
    let groups = groups.map(move |context| (context, rows(context)));
    groups.filter(|(_, rows): &(Context, Vec<&Binding>)| !rows.is_empty())
}

fn keys_of(row: &Binding, between: &str) -> String {
    let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
    keys.join(between)
}

/// One alignment for all groups.
fn plain(keymap: &Keymap) -> String {
    let mut lines = Vec::new();
    let empty = String::new;
    for (context, rows) in groups(keymap) {
        if !lines.is_empty() {
            lines.push([empty(), empty(), empty()]);
        }
        lines.push([context.name().to_owned(), empty(), empty()]);
        for row in rows {
            let keys = if row.keys.is_empty() {
                "(none)".to_owned()
            } else {
                keys_of(row, ", ")
            };
            let name = row.action.name().to_owned();
            lines.push([format!("  {keys}"), row.hint.to_owned(), name]);
        }
    }
    aligned(&lines)
}

fn markdown(keymap: &Keymap) -> String {
    let mut text = String::new();
    for (context, rows) in groups(keymap) {
        let mut name = context.name().to_owned();
        name[..1].make_ascii_uppercase();
        text.extend(["\n**", &name, "**\n\n| Keys | What |\n|---|---|\n"]);
        for row in rows.into_iter().filter(|row| !row.keys.is_empty()) {
            let keys = keys_of(row, "`, `").replace('|', "\\|");
            text.extend(["| `", &keys, "` | ", row.hint, " |\n"]);
        }
    }
    text.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_keys_are_a_table() {
        let text = plain(&Keymap::default());

        assert!(text.lines().all(|line| line.chars().count() <= 100));
        assert!(text.starts_with("composer\n  enter "), "{text}");
        assert!(text.contains("\n\nsessions\n"), "{text}");
    }

    #[test]
    fn taken_away_keys_are_said_to_be_none_and_left_out_of_the_readme() {
        let keymap = Keymap::with(&[("app.zoom".to_owned(), Vec::new())]).unwrap();

        assert!(plain(&keymap).contains("(none)"));
        assert!(!markdown(&keymap).contains("zoom"));
        assert!(
            markdown(&keymap).starts_with("**Composer**\n\n| Keys | What |\n|---|---|\n| `enter`")
        );
    }
}
