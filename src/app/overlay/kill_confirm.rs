//! The dialog before a kill: which sessions it affects, and what they lose. The text is built on
//! each draw.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::app::session::OpenSession;
use crate::app::sessions::RowTarget;
use crate::app::sessions::all_sessions::AllSessions;
use crate::app::time::format::LocalClock;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::SessionStatus;
use crate::domain::sandbox::unattached::{Provenance, UnattachedSandbox};
use crate::domain::session::SessionSummary;
use crate::domain::time::UnixMillis;

/// What is killed with one sandbox.
enum KillTarget<'a> {
    /// The sessions in it; never empty.
    Sessions(Vec<&'a SessionSummary>),
    Sandbox(&'a UnattachedSandbox),
}

/// What is known about a session's last snapshot.
enum LastSnapshot {
    At(UnixMillis),
    /// None was taken.
    None,
    /// The session is not open, so its snapshot was not looked up.
    Unknown,
}

/// The sandboxes of these rows, with all sessions that share one of them. Skips sessions whose
/// sandbox is already gone.
pub(in crate::app) fn kill_targets(rows: &[RowTarget], all: AllSessions<'_>) -> Vec<RowTarget> {
    let mut seen = BTreeSet::new();
    let mut targets = Vec::new();
    for row in rows {
        let with_it = match row {
            RowTarget::Session(key) if all.is_gone(key) => Vec::new(),
            RowTarget::Session(key) => {
                let sharing = all.list().sharing(key).into_iter();
                sharing
                    .map(|row| RowTarget::Session(row.key.clone()))
                    .collect()
            }
            RowTarget::Sandbox(_) => vec![row.clone()],
        };
        targets.extend(with_it.into_iter().filter(|row| seen.insert(row.clone())));
    }
    targets
}

/// The dialog that asks whether to kill sandboxes.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct KillConfirm<'a> {
    all: AllSessions<'a>,
    clock: LocalClock,
}

impl<'a> KillConfirm<'a> {
    pub(in crate::app) fn new(all: AllSessions<'a>, clock: LocalClock) -> Self {
        Self { all, clock }
    }

    /// What the kill affects, one paragraph each.
    pub(in crate::app) fn words(self, rows: &[RowTarget]) -> Vec<String> {
        let targets = self.targets(rows);
        match &targets[..] {
            [KillTarget::Sessions(sessions)] => return self.kill_one(sessions),
            [KillTarget::Sandbox(unattached_sandbox)] => {
                let from = unattached_sandbox.provenance.words();
                let mut words = vec![
                    format!(
                        "Kill {}? No session here uses it: {from}.",
                        called(unattached_sandbox)
                    ),
                    "Everything in it will be lost.".to_owned(),
                ];
                if unattached_sandbox.provenance == Provenance::ThirdParty {
                    words.push("Another program may need it.".to_owned());
                }
                return words;
            }
            _ => {}
        }
        let is_session = |row: &&RowTarget| matches!(row, RowTarget::Session(_));
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
        words.extend(targets.iter().map(|target| self.target(target)));
        words
    }

    fn kill_one(self, sessions: &[&SessionSummary]) -> Vec<String> {
        let Some((first, others)) = sessions.split_first() else {
            return Vec::new();
        };
        let loses = self.kill_loses(&first.key);
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
    fn target(self, target: &KillTarget<'_>) -> String {
        let rows = match target {
            KillTarget::Sessions(rows) => rows,
            KillTarget::Sandbox(unattached_sandbox) => {
                let from = unattached_sandbox.provenance.words();
                return format!(
                    "{}: {from}; everything in it will be lost",
                    called(unattached_sandbox)
                );
            }
        };
        let names: Vec<_> = rows.iter().map(|row| quoted(&row.name)).collect();
        let at_work = rows
            .iter()
            .map(|row| self.all.state_of(row))
            .find(|state| matches!(state, SessionStatus::Working | SessionStatus::NeedsYou));
        let at_work = at_work.map_or_else(String::new, |state| format!(" ({})", state.name()));
        let loses = match rows.first() {
            Some(row) if row.sandbox.id.is_some() => self.kill_loses_in_short(&row.key),
            _ => "has no sandbox yet".to_owned(),
        };
        format!("{}{at_work}: {loses}", names.join(", "))
    }

    /// The rows grouped by sandbox; a session without a sandbox is a group of its own.
    fn targets(self, rows: &[RowTarget]) -> Vec<KillTarget<'a>> {
        let mut targets: Vec<KillTarget<'a>> = Vec::new();
        for row in rows {
            match row {
                RowTarget::Sandbox(id) => {
                    targets.extend(
                        self.all
                            .list()
                            .unattached_sandbox(id)
                            .map(KillTarget::Sandbox),
                    );
                }
                RowTarget::Session(key) => {
                    let Some(row) = self.all.list().row(key) else {
                        continue;
                    };
                    let shared = targets.iter_mut().find_map(|target| match target {
                        KillTarget::Sessions(rows) => (row.sandbox.id.is_some()
                            && rows[0].sandbox.id == row.sandbox.id)
                            .then_some(rows),
                        KillTarget::Sandbox(_) => None,
                    });
                    match shared {
                        Some(rows) => rows.push(row),
                        None => targets.push(KillTarget::Sessions(vec![row])),
                    }
                }
            }
        }
        targets
    }

    /// What a kill loses.
    fn kill_loses(self, key: &SessionKey) -> String {
        match self.last_snapshot(key) {
            LastSnapshot::At(at) => {
                let since = self.clock.since(at);
                format!("Changes since {since} will be lost; the rest can be revived.")
            }
            LastSnapshot::None => "Its files will be lost; the conversation is kept.".to_owned(),
            LastSnapshot::Unknown => {
                "Changes since the last snapshot will be lost; the conversation is kept.".to_owned()
            }
        }
    }

    /// The same in a few words, for one of several.
    fn kill_loses_in_short(self, key: &SessionKey) -> String {
        match self.last_snapshot(key) {
            LastSnapshot::At(at) => format!("changes since {} will be lost", self.clock.since(at)),
            LastSnapshot::None => "its files will be lost".to_owned(),
            LastSnapshot::Unknown => "changes since the last snapshot will be lost".to_owned(),
        }
    }

    fn last_snapshot(self, key: &SessionKey) -> LastSnapshot {
        match self.all.open().get(key).map(OpenSession::snapshot) {
            Some(Some(snapshot)) => LastSnapshot::At(snapshot.at),
            Some(None) => LastSnapshot::None,
            None => LastSnapshot::Unknown,
        }
    }
}

/// `sandbox i123 (my-work)`.
fn called(unattached_sandbox: &UnattachedSandbox) -> String {
    match unattached_sandbox.name.as_str() {
        "" => format!("sandbox {}", unattached_sandbox.id),
        name => format!("sandbox {} ({})", unattached_sandbox.id, quoted(name)),
    }
}

/// Quotes a name that is more than one word, because a sandbox may have chosen it and it must stand
/// out from the sentence.
fn quoted(name: &str) -> Cow<'_, str> {
    let is_word = |c: char| c.is_alphanumeric() || "-_.:/@".contains(c);
    if !name.is_empty() && name.chars().all(is_word) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("“{}”", name.replace(['“', '”'], "\"")))
}
