//! The temporary texts of the status line: the last notice, and that another key quits.

use std::time::Duration;

use crate::domain::time::Monotonic;

/// How long a second press quits.
const QUIT_ARMED: Duration = Duration::from_millis(1_500);
/// How long a notice stays.
const SHORT: Duration = Duration::from_secs(4);
/// How long a notice stays that takes longer to read: a failure, or an operation on several rows.
pub(super) const LONG: Duration = Duration::from_secs(8);
/// How long the warning about a sandbox's end stays.
const WARNING: Duration = Duration::from_secs(20);

/// The notice, and whether the next press quits; both expire.
#[derive(Debug, Default)]
pub(super) struct StatusLine {
    notice: Option<(String, Monotonic)>,
    quit_armed: Option<Monotonic>,
}

impl StatusLine {
    /// Shows a short notice.
    pub(super) fn notify(&mut self, text: impl Into<String>, now: Monotonic) {
        self.show(text.into(), now.saturating_add(SHORT));
    }

    /// Shows a notice that takes longer to read.
    pub(super) fn notify_long(&mut self, text: impl Into<String>, now: Monotonic) {
        self.show(text.into(), now.saturating_add(LONG));
    }

    /// Shows a warning that something is about to end.
    pub(super) fn warn(&mut self, text: String, now: Monotonic) {
        self.show(text, now.saturating_add(WARNING));
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
        self.notice.as_ref().map(|(text, _)| text.as_str())
    }

    /// When one of them expires.
    pub(super) fn due(&self) -> Option<Monotonic> {
        let notice = self.notice.as_ref().map(|(_, until)| *until);
        [notice, self.quit_armed].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Monotonic) {
        self.notice.take_if(|(_, until)| now >= *until);
        self.quit_armed.take_if(|until| now >= *until);
    }

    fn show(&mut self, text: String, until: Monotonic) {
        self.notice = Some((text, until));
    }
}
