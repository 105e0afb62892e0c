//! A kill is asked for: who goes with it, and what is lost. The words are made when they are drawn.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::App;
use super::cx::Cx;
use super::overlay::{Confirm, Overlay};
use super::sessions::Target;
use crate::domain::sandbox::State;
use crate::domain::session::SessionSummary;
use crate::domain::stranger::{Stranger, Whence};
use crate::domain::time::UnixMillis;

/// What goes with one sandbox.
enum Victim<'a> {
    /// The sessions in it; never empty.
    Sessions(Vec<&'a SessionSummary>),
    Stranger(&'a Stranger),
}

impl App {
    /// Asks whether the sandboxes of these rows shall be killed; all that share one go with it.
    pub(super) fn ask_kill(&mut self, rows: &[Target], cx: &Cx<'_>) {
        let mut seen = BTreeSet::new();
        let mut victims = Vec::new();
        for row in rows {
            let with_it = match row {
                Target::Session(key) if self.is_gone(key) => Vec::new(),
                Target::Session(key) => {
                    let sharing = self.list.sharing(key).into_iter();
                    sharing
                        .map(|row| Target::Session(row.key.clone()))
                        .collect()
                }
                Target::Sandbox(_) => vec![row.clone()],
            };
            victims.extend(with_it.into_iter().filter(|row| seen.insert(row.clone())));
        }
        if victims.is_empty() {
            let words = match rows {
                [row] => format!("{} is already gone", self.target_name(row)),
                _ => "all of them are already gone".to_owned(),
            };
            self.list.unmark();
            self.notify(words, cx);
            return;
        }
        let question = Confirm::Kill { victims, scroll: 0 };
        self.overlays.push(Overlay::Confirm(question));
    }

    /// Whom the kill takes, a paragraph each.
    pub(super) fn kill_words(&self, rows: &[Target], wall: UnixMillis) -> Vec<String> {
        let victims = self.victims(rows);
        match &victims[..] {
            [Victim::Sessions(sessions)] => return self.kill_one(sessions, wall),
            [Victim::Stranger(stranger)] => {
                let from = stranger.whence.words();
                let mut words = vec![
                    format!(
                        "Kill {}? No session here uses it: {from}.",
                        called(stranger)
                    ),
                    "Everything in it will be lost.".to_owned(),
                ];
                if stranger.whence == Whence::Foreign {
                    words.push("Another program may need it.".to_owned());
                }
                return words;
            }
            _ => {}
        }
        let is_session = |row: &&Target| matches!(row, Target::Session(_));
        let sessions = rows.iter().filter(is_session).count();
        let head = match (sessions, rows.len() - sessions) {
            (n, 0) => format!("Kill the sandboxes of {n} sessions?"),
            (0, n) => format!("Kill {n} sandboxes without a session?"),
            (1, n) => format!("Kill the sandbox of 1 session, and {n} without a session?"),
            (s, n) => format!("Kill the sandboxes of {s} sessions, and {n} without a session?"),
        };
        let kept = if sessions > 0 {
            " Conversations are kept."
        } else {
            ""
        };
        let mut words = vec![head + kept, String::new()];
        words.extend(victims.iter().map(|victim| self.victim(victim, wall)));
        words
    }

    fn kill_one(&self, sessions: &[&SessionSummary], wall: UnixMillis) -> Vec<String> {
        let Some((first, others)) = sessions.split_first() else {
            return Vec::new();
        };
        let loses = self.kill_loses(&first.key, wall);
        let mut words = vec![format!(
            "Kill the sandbox of {}? {loses}",
            quoted(&first.name)
        )];
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|row| quoted(&row.name)).collect();
            words.push(format!("Also in this sandbox: {}.", others.join(", ")));
        }
        words
    }

    /// `fix-login, fork (working): its files are lost`.
    fn victim(&self, victim: &Victim<'_>, wall: UnixMillis) -> String {
        let rows = match victim {
            Victim::Sessions(rows) => rows,
            Victim::Stranger(stranger) => {
                let from = stranger.whence.words();
                return format!(
                    "{}: {from}; everything in it will be lost",
                    called(stranger)
                );
            }
        };
        let names: Vec<_> = rows.iter().map(|row| quoted(&row.name)).collect();
        let at_work = rows
            .iter()
            .map(|row| self.state_of(row))
            .find(|state| matches!(state, State::Working | State::NeedsYou));
        let at_work = at_work.map_or_else(String::new, |state| format!(" ({})", state.name()));
        let loses = match rows.first() {
            Some(row) if row.sandbox.id.is_some() => self.kill_loses_in_short(&row.key, wall),
            _ => "has no sandbox yet".to_owned(),
        };
        format!("{}{at_work}: {loses}", names.join(", "))
    }

    /// The rows by their sandboxes; each session that has none yet by itself.
    fn victims(&self, rows: &[Target]) -> Vec<Victim<'_>> {
        let mut victims: Vec<Victim<'_>> = Vec::new();
        for row in rows {
            match row {
                Target::Sandbox(id) => {
                    victims.extend(self.list.stranger(id).map(Victim::Stranger));
                }
                Target::Session(key) => {
                    let Some(row) = self.list.row(key) else {
                        continue;
                    };
                    let shared = victims.iter_mut().find_map(|victim| match victim {
                        Victim::Sessions(rows) => (row.sandbox.id.is_some()
                            && rows[0].sandbox.id == row.sandbox.id)
                            .then_some(rows),
                        Victim::Stranger(_) => None,
                    });
                    match shared {
                        Some(rows) => rows.push(row),
                        None => victims.push(Victim::Sessions(vec![row])),
                    }
                }
            }
        }
        victims
    }
}

/// `sandbox i123 (my-work)`.
fn called(stranger: &Stranger) -> String {
    match stranger.name.as_str() {
        "" => format!("sandbox {}", stranger.id),
        name => format!("sandbox {} ({})", stranger.id, quoted(name)),
    }
}

/// A name that is more than a word is told from the sentence around it: a sandbox may have given it.
fn quoted(name: &str) -> Cow<'_, str> {
    let is_word = |c: char| c.is_alphanumeric() || "-_.:/@".contains(c);
    if !name.is_empty() && name.chars().all(is_word) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("“{}”", name.replace(['“', '”'], "\"")))
}
