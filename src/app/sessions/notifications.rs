//! Which changes of sessions the user is told outside the screen: only those that happen while the
//! terminal has no focus, and each state once.

use std::collections::BTreeMap;

use super::all_sessions::AllSessions;
use super::row_text::title_of;
use crate::app::session::OpenSession;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::SessionStatus;
use crate::domain::session::SessionSummary;
use crate::domain::session::notification::{Notification, NotificationReason};

/// Whether the terminal has the focus, and the last known state of each session.
#[derive(Debug, Default)]
pub(in crate::app) struct Notifications {
    /// `None`: the terminal has never told.
    has_focus: Option<bool>,
    /// A terminal that has never told counts as one without the focus.
    tells_unknown: bool,
    states: BTreeMap<SessionKey, SessionStatus>,
}

impl Notifications {
    pub(in crate::app) fn new(tells_unknown: bool) -> Self {
        Self {
            tells_unknown,
            ..Self::default()
        }
    }

    /// The terminal got the focus, or lost it.
    pub(in crate::app) fn focus_changed(&mut self, has_focus: bool) {
        self.has_focus = Some(has_focus);
    }

    /// Runs after each event. Returns what the user is to be told.
    pub(in crate::app) fn observe(&mut self, all: AllSessions<'_>) -> Vec<Notification> {
        let is_away = !self.has_focus.unwrap_or(!self.tells_unknown);
        let mut told = Vec::new();
        for (key, row, open) in sessions(all) {
            let state = match (row, open) {
                (Some(row), _) => all.state_of(row),
                (None, Some(session)) => session.state(),
                (None, None) => continue,
            };
            // What is queued goes on by itself.
            let is_queued = open.is_some_and(|session| session.chat.queue_len() > 0);
            let state = match state {
                SessionStatus::Idle if is_queued => SessionStatus::Working,
                state => state,
            };
            if let Some(reason) = self.entered(key, state)
                && is_away
            {
                told.push(notification(all, key, reason));
            }
        }
        if self.states.len() > all.list().rows().len() + all.open().values().count() {
            self.states
                .retain(|key, _| all.list().row(key).is_some() || all.open().get(key).is_some());
        }
        told
    }

    /// Notes a session's state. Returns the reason to tell the user, if it is new and one.
    fn entered(&mut self, key: &SessionKey, state: SessionStatus) -> Option<NotificationReason> {
        let before = self.states.get(key).copied();
        // A connection that comes back changes nothing.
        let is_passing = matches!(state, SessionStatus::Booting | SessionStatus::Reconnecting);
        if before == Some(state) || (is_passing && before.is_some()) {
            return None;
        }
        self.states.insert(key.clone(), state);
        match (before, state) {
            (_, SessionStatus::NeedsYou) => Some(NotificationReason::NeedsYou),
            (Some(SessionStatus::Working), SessionStatus::Idle) => Some(NotificationReason::Ended),
            (Some(_), SessionStatus::Failed) => Some(NotificationReason::Failed),
            (Some(_), SessionStatus::Gone) => Some(NotificationReason::Gone),
            _ => None,
        }
    }
}

/// All sessions; those that are attached to a server have no row.
fn sessions(
    all: AllSessions<'_>,
) -> impl Iterator<Item = (&SessionKey, Option<&SessionSummary>, Option<&OpenSession>)> {
    let rows = all.list().rows().iter();
    let rows = rows.map(move |row| (&row.key, Some(row), all.open().get(&row.key)));
    let open = all.open().iter();
    let open = open.filter(move |(key, _)| all.list().row(key).is_none());
    rows.chain(open.map(|(key, session)| (key, None, Some(session))))
}

fn notification(
    all: AllSessions<'_>,
    key: &SessionKey,
    reason: NotificationReason,
) -> Notification {
    let open = all.open().get(key);
    let title = match (all.list().row(key), open) {
        (Some(row), _) => title_of(row, open),
        (None, Some(session)) => session.chat.title().to_owned(),
        (None, None) => String::new(),
    };
    let (session, detail) = match all.list().row(key) {
        Some(row) if reason == NotificationReason::Ended => (row.name.clone(), title),
        Some(row) => {
            let detail = all.list().reason_of(row, open);
            (row.name.clone(), detail.unwrap_or_default())
        }
        None => {
            let waits = open.and_then(|session| session.chat.waits_for_you());
            let title = if title.is_empty() {
                "the conversation".to_owned()
            } else {
                title
            };
            (title, waits.unwrap_or_default())
        }
    };
    Notification {
        session,
        reason,
        detail,
    }
}
