//! A kill is asked for: who goes with it, and what is lost. The words are made when they are drawn.

use std::collections::BTreeSet;

use super::App;
use super::cx::Cx;
use super::overlay::{Confirm, Overlay};
use super::sessions::state_of;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::State;
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;

impl App {
    /// Asks whether the sandboxes of these sessions shall be killed; all that share one go with it.
    pub(super) fn ask_kill(&mut self, keys: &[SessionKey], cx: &Cx<'_>) {
        let mut seen = BTreeSet::new();
        let mut victims = Vec::new();
        for key in keys.iter().filter(|key| !self.is_gone(key)) {
            for row in self.list.sharing(key) {
                if seen.insert(row.key.clone()) {
                    victims.push(row.key.clone());
                }
            }
        }
        if victims.is_empty() {
            let words = match keys {
                [key] => format!("{} is gone already", self.list.name(key)),
                _ => "all of them are gone already".to_owned(),
            };
            self.list.unmark();
            self.notify(words, cx);
            return;
        }
        let question = Confirm::Kill { victims, scroll: 0 };
        self.overlays.push(Overlay::Confirm(question));
    }

    /// Whom the kill takes, a paragraph each.
    pub(super) fn kill_words(&self, victims: &[SessionKey], wall: UnixMillis) -> Vec<String> {
        let sandboxes = self.by_sandbox(victims);
        if let [names] = &sandboxes[..] {
            let name = names.first().map_or("this session", |row| &row.name);
            let key = names.first().map(|row| &row.key);
            let loses = key.map_or_else(String::new, |key| self.kill_loses(key, wall));
            let mut words = vec![format!("Kill the sandbox of {name}? {loses}")];
            if names.len() > 1 {
                let others = names[1..].iter().map(|row| row.name.as_str());
                let others: Vec<&str> = others.collect();
                words.push(format!("Also in this sandbox: {}.", others.join(", ")));
            }
            return words;
        }
        let mut words = vec![
            format!(
                "Kill the sandboxes of {} sessions? What was said in them is kept.",
                victims.len()
            ),
            String::new(),
        ];
        words.extend(sandboxes.iter().map(|rows| self.victim(rows, wall)));
        words
    }

    /// `fix-login, fork (working): its files are lost`.
    fn victim(&self, rows: &[&SessionSummary], wall: UnixMillis) -> String {
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let state = |row: &&SessionSummary| state_of(row, self.open.get(&row.key));
        let at_work = rows
            .iter()
            .map(state)
            .find(|state| matches!(state, State::Working | State::NeedsYou));
        let at_work = at_work.map_or_else(String::new, |state| format!(" ({})", state.name()));
        let loses = match rows.first() {
            Some(row) if row.sandbox.id.is_some() => self.kill_loses_in_short(&row.key, wall),
            _ => "has no sandbox yet".to_owned(),
        };
        format!("{}{at_work}: {loses}", names.join(", "))
    }

    /// The victims by their sandboxes; each that has none yet by itself.
    fn by_sandbox(&self, victims: &[SessionKey]) -> Vec<Vec<&SessionSummary>> {
        let mut sandboxes: Vec<Vec<&SessionSummary>> = Vec::new();
        for row in victims.iter().filter_map(|key| self.list.row(key)) {
            let shared = |rows: &&mut Vec<&SessionSummary>| {
                row.sandbox.id.is_some() && rows[0].sandbox.id == row.sandbox.id
            };
            match sandboxes.iter_mut().find(shared) {
                Some(rows) => rows.push(row),
                None => sandboxes.push(vec![row]),
            }
        }
        sandboxes
    }
}
