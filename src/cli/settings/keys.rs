//! `sandbar keys`: the effective key map, including the user's own keys.

use crate::app::input::keymap::{
    Binding, KeyContext, KeyGroup, Keymap, ListedKeys, merge_numbered,
};
use crate::cli::args::{GlobalOptions, KeysArgs};
use crate::cli::ls::aligned;
use crate::cli::report::{self, CommandError};
use crate::cli::setup;
use crate::config::Env;

pub(in crate::cli) fn keys(
    options: &GlobalOptions,
    args: &KeysArgs,
    env: &Env,
) -> Result<(), CommandError> {
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
fn groups(keymap: &Keymap) -> impl Iterator<Item = (KeyContext, Vec<&Binding>)> {
    let rows = |context| {
        let all = keymap.bindings().iter();
        all.filter(move |row| row.context == context).collect()
    };
    let groups = KeyContext::ALL.into_iter();
    let groups = groups.map(move |context| (context, rows(context)));
    groups.filter(|(_, rows): &(KeyContext, Vec<&Binding>)| !rows.is_empty())
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
            lines.push([format!("  {keys}"), row.what.to_owned(), name]);
        }
    }
    aligned(&lines)
}

/// A table for each group of actions, with a row for each action that has a key.
fn markdown(keymap: &Keymap) -> String {
    let mut text = String::new();
    for group in KeyGroup::ALL {
        let rows = keymap.bindings().iter();
        let rows = rows.filter(|row| row.group == group && !row.keys.is_empty());
        text.extend(["\n**", group.name(), "**\n\n"]);
        text.push_str("| keys | where | what it does |\n|---|---|---|\n");
        for row in listed(rows) {
            let keys = row.keys.replace('\n', "`, `").replace('|', "\\|");
            text.extend(["| `", &keys, "` | ", &row.place, " | ", &row.what, " |\n"]);
        }
    }
    text.trim_start().to_owned()
}

/// One row if an action has the same keys in several contexts, each key on a line.
fn listed<'a>(rows: impl Iterator<Item = &'a Binding>) -> Vec<ListedKeys> {
    let mut listed: Vec<ListedKeys> = Vec::new();
    for row in rows {
        let row = ListedKeys::of(row, keys_of(row, "\n"));
        match listed.last_mut() {
            Some(last) if last.name == row.name && last.keys == row.keys => {
                last.place = format!("{}, {}", last.place, row.place);
            }
            _ => listed.push(row),
        }
    }
    merge_numbered(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::action::{Action, AppAction};

    #[test]
    fn the_default_keys_are_a_table() {
        let text = plain(&Keymap::default());

        assert!(text.lines().all(|line| line.chars().count() <= 100));
        assert!(text.starts_with("composer\n  enter "), "{text}");
        assert!(text.contains("\n\nsession list\n"), "{text}");
    }

    #[test]
    fn removed_keys_are_shown_as_none_and_left_out_of_the_readme() {
        let keymap = Keymap::with(&[("app.zoom".to_owned(), Vec::new())]).unwrap();

        assert!(plain(&keymap).contains("(none)"));
        assert!(markdown(&Keymap::default()).contains("full screen"));
        assert!(!markdown(&keymap).contains("full screen"));
    }

    #[test]
    fn the_readme_has_the_table_of_keys() {
        let readme = include_str!("../../../README.md");
        let begin = "<!-- keys: `sandbar keys --markdown` -->\n";
        let table = readme.split_once(begin).unwrap().1;
        let table = table.split_once("\n<!-- /keys -->").unwrap().0;

        assert_eq!(table, markdown(&Keymap::default()).trim_end());
        let help = Action::App(AppAction::Help);
        let keymap = Keymap::default();
        let help = keymap.key_for(help, &[KeyContext::Anywhere]).unwrap();
        assert!(readme.contains(&format!("`{help}` shows all of them")));
    }
}
