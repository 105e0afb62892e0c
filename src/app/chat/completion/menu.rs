//! The rows of the menu: candidates, ranked.

use std::collections::BTreeSet;

use super::files::FileSearch;
use super::mentions::line_range;
use super::trigger::Trigger;
use crate::app::action::Action;
use crate::app::input::keymap::SlashAction;
use crate::app::input::rank::{Candidates, ranked};
use crate::domain::prompt::{Attachment, Command, PromptOffers};

/// More rows than this are of no use to anybody.
const ROWS: usize = 100;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MenuChoice {
    /// A command of the server, by its name.
    Command(String),
    Own(Action),
    Mention(Attachment),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct MenuRow {
    /// What would stand in the text.
    pub(super) label: String,
    pub(super) detail: String,
    pub(super) choice: MenuChoice,
}

impl MenuRow {
    /// Its name in the text, without the lines of a file.
    pub(super) fn name(&self) -> &str {
        match &self.choice {
            MenuChoice::Mention(Attachment::SandboxFile { path, .. }) => path,
            _ => self.label.trim_start_matches(['@', '/']),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(&self.choice, MenuChoice::Mention(Attachment::SandboxFile { path, .. }) if path.ends_with('/'))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Menu {
    pub(super) trigger: Trigger,
    pub(super) rows: Vec<MenuRow>,
    pub(super) selected: usize,
}

impl Menu {
    pub(super) fn new(trigger: Trigger, rows: Vec<MenuRow>, selected: usize) -> Self {
        Self {
            selected: selected.min(rows.len().saturating_sub(1)),
            trigger,
            rows,
        }
    }

    /// Moves the selection, round at the ends.
    pub(super) fn go(&mut self, down: bool) {
        let count = self.rows.len().max(1);
        let step = if down { 1 } else { count - 1 };
        self.selected = (self.selected + step) % count;
    }
}

/// The commands that match: the server's first, skills last where nothing is typed.
pub(super) fn commands(
    query: &str,
    of_server: &[Command],
    own: impl Iterator<Item = SlashAction>,
) -> Vec<MenuRow> {
    let mut rows: Vec<(u8, Vec<String>, MenuRow)> = Vec::new();
    for command in of_server {
        let row = MenuRow {
            label: format!("/{}", command.name),
            detail: described(command),
            choice: MenuChoice::Command(command.name.clone()),
        };
        let rank = if command.is_skill { 2 } else { 0 };
        rows.push((rank, vec![command.name.clone()], row));
    }
    for own in own {
        let Some(name) = own.names.first() else {
            continue;
        };
        if of_server.iter().any(|command| command.name == *name) {
            continue;
        }
        let row = MenuRow {
            label: format!("/{name}"),
            detail: own.what.to_owned(),
            choice: MenuChoice::Own(own.action),
        };
        let names = own.names.iter().map(|name| (*name).to_owned());
        rows.push((1, names.collect(), row));
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let found = ranked(query, Candidates::Names, rows, |(_, names, _)| {
        names.clone()
    });
    found
        .into_iter()
        .map(|(_, _, row)| row)
        .take(ROWS)
        .collect()
}

fn described(command: &Command) -> String {
    let first = command.description.lines().next().unwrap_or_default();
    if command.is_skill {
        format!("skill: {first}")
    } else {
        first.to_owned()
    }
}

/// What a query of a mention says about the file: without the lines.
pub(super) fn file_query(query: &str) -> &str {
    match query.rsplit_once('#') {
        Some((name, "")) => name,
        Some((name, lines)) if line_range(lines.trim_end_matches('-')).is_some() => name,
        _ => query,
    }
}

/// What can be named: files, agents, resources.
pub(super) fn mentions(query: &str, offers: &PromptOffers, files: &FileSearch) -> Vec<MenuRow> {
    let name = file_query(query);
    let lines = &query[name.len()..];
    let agents = offers.agents.iter().map(|(name, description)| MenuRow {
        label: format!("@{name}"),
        detail: format!("agent: {}", description.lines().next().unwrap_or_default()),
        choice: MenuChoice::Mention(Attachment::Agent { name: name.clone() }),
    });
    let resources = offers.resources.iter().map(|found| MenuRow {
        label: format!("@{}", found.name),
        detail: format!("{}: {}", found.server, found.uri),
        choice: MenuChoice::Mention(Attachment::Resource(found.clone())),
    });
    let mut paths: BTreeSet<String> = files.paths().iter().cloned().collect();
    paths.extend(files.paths().iter().flat_map(|path| parents(path)));
    // What is in the typed directory, not the directory itself.
    paths.remove(name);
    let mut order: Vec<String> = files
        .paths()
        .iter()
        .filter(|path| paths.remove(*path))
        .cloned()
        .collect();
    order.extend(paths);
    let paths = order.into_iter().map(|path| MenuRow {
        label: format!("@{path}{lines}"),
        detail: String::new(),
        choice: MenuChoice::Mention(Attachment::SandboxFile { path, lines: None }),
    });
    let all = paths.chain(agents).chain(resources);
    let found = ranked(name, Candidates::Paths, all, |row| {
        vec![row.name().to_owned()]
    });
    found.into_iter().take(ROWS).collect()
}

/// The directories above a path.
fn parents(path: &str) -> Vec<String> {
    let inner = path.trim_end_matches('/');
    let slashes = inner.match_indices('/');
    slashes.map(|(at, _)| inner[..=at].to_owned()).collect()
}
