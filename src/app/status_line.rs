//! The temporary texts of the status line: the last notice, and that another key quits.

use std::time::Duration;

use super::session::situation::{EndingSandbox, Situation};
use crate::domain::time::Monotonic;

/// How long a second press quits.
const QUIT_ARMED: Duration = Duration::from_millis(1_500);
/// How long a notice stays.
const SHORT: Duration = Duration::from_secs(4);
/// How long a notice stays that takes longer to read: a failure, or an operation on several rows.
pub(super) const LONG: Duration = Duration::from_secs(8);
/// How long the warning about a sandbox's end stays.
const WARNING: Duration = Duration::from_secs(20);

/// How long a notice is true.
#[derive(Debug)]
enum NoticeHolds {
    Always,
    /// As long as nothing that it depends on has changed since it came; `None` in the event that
    /// brought it.
    InSituation(Option<Situation>),
    /// As long as this sandbox is about to end, on the screen or not.
    WhileEnding(EndingSandbox),
}

#[derive(Debug)]
struct Notice {
    text: String,
    until: Monotonic,
    holds: NoticeHolds,
}

/// The notice, and whether the next press quits; both expire.
#[derive(Debug, Default)]
pub(super) struct StatusLine {
    notice: Option<Notice>,
    quit_armed: Option<Monotonic>,
}

impl StatusLine {
    /// Shows a short notice.
    pub(super) fn notify(&mut self, text: impl Into<String>, now: Monotonic) {
        self.show(text.into(), now.saturating_add(SHORT), NoticeHolds::Always);
    }

    /// Shows what can be done now, or why something cannot; it leaves once the situation is
    /// another one.
    pub(super) fn advise(&mut self, text: impl Into<String>, now: Monotonic) {
        let holds = NoticeHolds::InSituation(None);
        self.show(text.into(), now.saturating_add(SHORT), holds);
    }

    /// Shows a notice that takes longer to read.
    pub(super) fn notify_long(&mut self, text: impl Into<String>, now: Monotonic) {
        self.show(text.into(), now.saturating_add(LONG), NoticeHolds::Always);
    }

    /// Shows a warning that a sandbox is about to end.
    pub(super) fn warn(&mut self, text: String, ending: EndingSandbox, now: Monotonic) {
        let holds = NoticeHolds::WhileEnding(ending);
        self.show(text, now.saturating_add(WARNING), holds);
    }

    /// Runs after each event: removes advice that no longer applies.
    pub(super) fn settle(
        &mut self,
        situation: Situation,
        is_ending: impl Fn(&EndingSandbox) -> bool,
    ) {
        if !situation.composer_is_empty {
            // The next press would clear the text.
            self.quit_armed = None;
        }
        self.notice.take_if(|notice| match &mut notice.holds {
            NoticeHolds::Always => false,
            NoticeHolds::InSituation(Some(then)) => *then != situation,
            NoticeHolds::InSituation(then @ None) => {
                *then = Some(situation);
                false
            }
            NoticeHolds::WhileEnding(ending) => !is_ending(ending),
        });
    }

    /// Removes the notice.
    pub(super) fn clear(&mut self) {
        self.notice = None;
    }

    /// Notes a request to quit. Returns whether there was another one a moment ago.
    pub(super) fn arm_quit(&mut self, now: Monotonic) -> bool {
        let is_second = self.quit_armed.is_some_and(|until| now <= until);
        if !is_second {
            self.quit_armed = Some(now.saturating_add(QUIT_ARMED));
        }
        is_second
    }

    pub(super) fn is_quit_armed(&self) -> bool {
        self.quit_armed.is_some()
    }

    pub(super) fn notice(&self) -> Option<&str> {
        self.notice.as_ref().map(|notice| notice.text.as_str())
    }

    /// When one of them expires.
    pub(super) fn due(&self) -> Option<Monotonic> {
        let notice = self.notice.as_ref().map(|notice| notice.until);
        [notice, self.quit_armed].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Monotonic) {
        self.notice.take_if(|notice| now >= notice.until);
        self.quit_armed.take_if(|until| now >= *until);
    }

    fn show(&mut self, text: String, until: Monotonic, holds: NoticeHolds) {
        self.notice = Some(Notice { text, until, holds });
    }
}
