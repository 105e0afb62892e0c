//! Decides when the next frame may be drawn. Pure: time is a parameter.
//!
//! Mental model: a frame that the user caused (key, paste, mouse, an opened conversation, the end
//! of a turn) is drawn at once, at most every [`BY_HAND`]; it does not wait because a stream has
//! just caused one. A change without the user is drawn at once after a pause; while changes continue, the next frame waits for [`BY_ITSELF`] after the
//! last one, or until nothing came for [`QUIET`], whichever is first. Such early frames use up an
//! allowance that grows with time and holds two frames, so that a streaming answer never costs more
//! than 17 frames a second. No timer runs while there is nothing to draw.
//!
//! Each change of the terminal's size costs a full redraw, and dragging a window changes it every
//! few milliseconds. The first change is drawn at once, later ones when the size has been stable
//! for [`SETTLED`], at the latest [`STALE`] after the last frame.
//!
//! Tuning by symptom: too many bytes or too much CPU while an answer streams: raise `BY_ITSELF` (15
//! frames a second are enough for reading text). The end of an answer comes late: lower `QUIET`.
//! Held keys feel rough: lower `BY_HAND`. A dragged window shows old content for too long: lower
//! `STALE`.

use std::time::Duration;

use crate::domain::time::Monotonic;

/// The shortest time between two frames that the user caused: 120 a second.
pub(super) const BY_HAND: Duration = Duration::from_millis(8);
/// The cost of a frame that the user did not cause: 17 a second.
pub(super) const BY_ITSELF: Duration = Duration::from_millis(60);
/// If nothing more comes for this long, the changes so far are drawn.
const QUIET: Duration = Duration::from_millis(6);
/// The most allowance for early frames.
const SAVED: Duration = Duration::from_millis(120);
/// A size that is stable for this long is final.
const SETTLED: Duration = Duration::from_millis(60);
/// While the size keeps changing, the frame is at most this old.
const STALE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Itself,
    /// The terminal has a new size.
    Resize,
    Hand,
}

#[derive(Debug, Default)]
pub(super) struct Pacer {
    drawn: Option<Monotonic>,
    /// When the last frame that the user caused was drawn.
    by_hand: Option<Monotonic>,
    changed: Option<Cause>,
    /// When the last change for this frame came.
    last: Monotonic,
    /// When the size last changed.
    resized: Option<Monotonic>,
    /// From this time on, the allowance is unused. Any time before `now` is saved up.
    spent_until: Monotonic,
}

impl Pacer {
    /// Notes that the frame is out of date.
    pub(super) fn changed(&mut self, cause: Cause, now: Monotonic) {
        let cause = match cause {
            Cause::Resize if !self.is_resizing(now) => {
                self.resized = Some(now);
                Cause::Hand
            }
            Cause::Resize => {
                self.resized = Some(now);
                Cause::Resize
            }
            other => other,
        };
        self.changed = self.changed.max(Some(cause));
        self.last = now;
    }

    /// Whether the size changed a moment ago, and may still be changing.
    fn is_resizing(&self, now: Monotonic) -> bool {
        self.resized.is_some_and(|at| now < at + SETTLED)
    }

    /// Returns when the next frame may be drawn; `None` if there is nothing to draw.
    pub(super) fn due(&self) -> Option<Monotonic> {
        let cause = self.changed?;
        let Some(drawn) = self.drawn else {
            return Some(Monotonic::ZERO);
        };
        let due = match (cause, self.resized) {
            (Cause::Hand, _) => self.by_hand.map_or(drawn, |last| last + BY_HAND),
            // The frame has the wrong size: any change costs a full redraw.
            (Cause::Resize, Some(at)) => (at + SETTLED).min(drawn + STALE),
            (Cause::Resize | Cause::Itself, _) => {
                let calm = (self.last + QUIET).min(drawn + BY_ITSELF);
                calm.max(self.spent_until)
            }
        };
        Some(due)
    }

    /// Notes that a frame with all changes was drawn at `now`.
    pub(super) fn drawn(&mut self, now: Monotonic) {
        if self.changed == Some(Cause::Itself) {
            self.spent_until = self.spent_until.max(now.saturating_sub(SAVED)) + BY_ITSELF;
        }
        if self.changed == Some(Cause::Hand) {
            self.by_hand = Some(now);
        }
        self.drawn = Some(now);
        self.changed = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Monotonic {
        Duration::from_millis(millis)
    }

    /// Draws whenever it is due while these changes come, and returns the times in milliseconds.
    fn frames(pacer: &mut Pacer, changes: &[(Cause, u64)]) -> Vec<u64> {
        let mut frames = Vec::new();
        let mut changes = changes.iter().peekable();
        loop {
            let due = pacer.due();
            match changes.peek() {
                Some((cause, then)) if due.is_none_or(|due| at(*then) <= due) => {
                    pacer.changed(*cause, at(*then));
                    changes.next();
                    if pacer.due().is_some_and(|due| due <= at(*then)) {
                        pacer.drawn(at(*then));
                        frames.push(*then);
                    }
                }
                _ => {
                    let Some(due) = due else { return frames };
                    pacer.drawn(due);
                    frames.push(u64::try_from(due.as_millis()).unwrap());
                }
            }
        }
    }

    #[test]
    fn nothing_is_due_while_nothing_changes() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(), None);

        pacer.changed(Cause::Itself, at(0));
        assert_eq!(pacer.due(), Some(at(0)));

        pacer.drawn(at(5));
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn a_key_does_not_wait_for_the_pace_of_a_stream() {
        let mut pacer = Pacer::default();
        pacer.changed(Cause::Itself, at(1000));
        pacer.drawn(at(1000));
        pacer.changed(Cause::Itself, at(1001));
        assert_eq!(pacer.due(), Some(at(1007)));

        pacer.changed(Cause::Hand, at(1002));
        assert_eq!(pacer.due(), Some(at(1000)), "at once");
        pacer.drawn(at(1002));

        pacer.changed(Cause::Itself, at(1003));
        assert_eq!(pacer.due(), Some(at(1009)));
        pacer.changed(Cause::Hand, at(1004));
        assert_eq!(pacer.due(), Some(at(1010)), "a held key");
    }

    #[test]
    fn the_end_of_a_stream_does_not_wait_for_the_pace() {
        let mut pacer = Pacer::default();
        pacer.drawn(at(0));
        let tokens: Vec<_> = (0..66).map(|n| (Cause::Itself, 1000 + n * 2)).collect();

        let frames = frames(&mut pacer, &tokens);

        // The last token comes at 1130.
        assert_eq!(frames, [1000, 1060, 1120, 1136]);
    }

    #[test]
    fn a_change_after_a_pause_is_drawn_at_once_and_the_next_soon() {
        let mut pacer = Pacer::default();
        pacer.drawn(at(0));

        let frames = frames(&mut pacer, &[(Cause::Itself, 500), (Cause::Itself, 503)]);

        assert_eq!(frames, [500, 509]);
    }

    #[test]
    fn a_size_is_drawn_at_once_and_a_storm_of_sizes_when_it_is_over() {
        let mut pacer = Pacer::default();
        pacer.drawn(at(0));
        let storm: Vec<_> = (0..50).map(|n| (Cause::Resize, 1000 + n * 40)).collect();

        let shown = frames(&mut pacer, &storm);

        // The last size comes at 2960.
        assert_eq!(shown, [1000, 2000, 3000]);
        assert_eq!(frames(&mut pacer, &[(Cause::Resize, 4000)]), [4000]);
    }

    #[test]
    fn what_happens_by_itself_draws_no_size_that_is_changing() {
        let mut pacer = Pacer::default();
        pacer.drawn(at(0));
        let mut changes = Vec::new();
        for n in 0..10 {
            changes.push((Cause::Resize, 1000 + n * 40));
            changes.push((Cause::Itself, 1020 + n * 40));
        }

        let shown = frames(&mut pacer, &changes);

        assert_eq!(shown.len(), 3, "{shown:?}");
    }

    proptest! {
        #[test]
        fn what_happens_by_itself_costs_no_more_frames_than_its_pace(
            gaps in prop::collection::vec(0_u64..80, 1..300),
        ) {
            let mut now = 1000;
            let changes: Vec<_> = gaps.iter().map(|gap| { now += gap; (Cause::Itself, now) }).collect();
            let mut pacer = Pacer::default();
            pacer.drawn(at(0));

            let shown = frames(&mut pacer, &changes);

            let last = *shown.last().unwrap();
            prop_assert!(last >= now && last <= now + 60, "{last} for {now}");
            let most = 2 + (last - shown[0]) / 60 + 1;
            prop_assert!(shown.len() as u64 <= most, "{} frames of {most}", shown.len());
        }
    }
}
