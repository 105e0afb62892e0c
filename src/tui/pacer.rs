//! When the next frame may be drawn. Pure: time comes in as a number.
//!
//! Mental model: a frame that a hand asked for (key, paste, mouse, resize, a conversation that was
//! opened) is drawn at once, at most every [`BY_HAND`]. What happens by itself waits for [`BY_ITSELF`] after the last frame, so that a
//! pouring answer costs about 17 frames a second; after a pause it too is drawn at once. No timer runs
//! while nothing is to be drawn.
//!
//! Tuning by symptom: too many bytes or too much CPU while an answer streams: raise `BY_ITSELF` (the
//! eye reads text well at 15 frames a second). Held keys feel rough: lower `BY_HAND`.

use std::time::Duration;

use crate::domain::time::Monotonic;

/// The shortest time between two frames that a hand asked for: 120 a second.
pub(super) const BY_HAND: Duration = Duration::from_millis(8);
/// The shortest time from a frame to one that nobody asked for: 17 a second.
pub(super) const BY_ITSELF: Duration = Duration::from_millis(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Itself,
    Hand,
}

#[derive(Debug, Default)]
pub(super) struct Pacer {
    drawn: Option<Monotonic>,
    changed: Option<Cause>,
}

impl Pacer {
    /// Notes that the picture is out of date.
    pub(super) fn changed(&mut self, cause: Cause) {
        self.changed = self.changed.max(Some(cause));
    }

    /// Returns when the next frame may be drawn; `None` if there is nothing to draw.
    pub(super) fn due(&self) -> Option<Monotonic> {
        let pause = match self.changed? {
            Cause::Hand => BY_HAND,
            Cause::Itself => BY_ITSELF,
        };
        Some(self.drawn.map_or(Monotonic::ZERO, |drawn| drawn + pause))
    }

    /// Notes that a frame with all changes was made at `now`.
    pub(super) fn drawn(&mut self, now: Monotonic) {
        self.drawn = Some(now);
        self.changed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Duration::from_millis(millis)
    }

    #[test]
    fn nothing_is_due_while_nothing_changes() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(), None);

        pacer.changed(Cause::Itself);
        assert_eq!(pacer.due(), Some(at(0)));

        pacer.drawn(at(5));
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn a_key_does_not_wait_for_the_pace_of_a_stream() {
        let mut pacer = Pacer::default();
        pacer.drawn(at(100));
        pacer.changed(Cause::Itself);
        assert_eq!(pacer.due(), Some(at(160)));

        pacer.changed(Cause::Hand);
        assert_eq!(pacer.due(), Some(at(108)));

        pacer.changed(Cause::Itself);
        assert_eq!(pacer.due(), Some(at(108)));
    }
}
