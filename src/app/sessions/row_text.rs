//! What a row says of its session in words, open or not.

use super::Sessions;
use crate::app::session::OpenSession;
use crate::domain::sandbox::{Phase, SessionStatus};
use crate::domain::session::SessionSummary;
use crate::domain::session::activity::Activity;

/// The conversation's title, whatever the state.
pub(super) fn title_of(row: &SessionSummary, open: Option<&OpenSession>) -> String {
    match open.map(|session| session.chat.title()) {
        Some(title) if !title.is_empty() => title.to_owned(),
        _ => row.title.clone(),
    }
}

/// Whether something has happened in it that nobody has seen.
pub(super) fn is_unread(row: &SessionSummary, open: Option<&OpenSession>) -> bool {
    open.map_or(row.unread, OpenSession::is_unread)
}

impl Sessions {
    /// What it waits for, or why it does not work. It is the agent's text, and may be hostile.
    pub(in crate::app) fn reason_of(
        &self,
        row: &SessionSummary,
        open: Option<&OpenSession>,
    ) -> Option<String> {
        let phase = open.map_or(&row.phase, OpenSession::phase);
        let activity = self.activity(&row.key).filter(|_| open.is_none());
        match (self.state_of(row, open), activity, phase) {
            (SessionStatus::NeedsYou, Some(Activity::NeedsYou(line)), _) => Some(line.clone()),
            (SessionStatus::NeedsYou, ..) => open?.chat.waits_for_you(),
            (SessionStatus::Reconnecting, Some(Activity::Silent(failure)), _) => {
                Some(failure.summary.clone())
            }
            (
                SessionStatus::Failed | SessionStatus::Gone,
                _,
                Phase::Failed(failure) | Phase::Gone(failure),
            ) => Some(failure.summary.clone()),
            (_, _, Phase::Reconnecting(outage)) => Some(outage.reason.clone()),
            _ => None,
        }
    }
}
