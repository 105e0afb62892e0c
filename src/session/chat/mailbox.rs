//! Carries chat events to a listener that may be slow: bounded, merging, never dropping.
//!
//! Order is preserved. While the listener keeps up, each event is passed on at once. When its channel is full,
//! events wait here and neighbours are merged: deltas of the same part become one delta, and a full part replaces
//! the same part just before it (a noisy command resends all its output with each line). The content stays the same
//! in fewer events.
//!
//! If too much still waits, [`Mailbox::is_full`] says so, and its owner stops reading the stream. Raise `LIMIT` if
//! streams are throttled while memory is free.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::domain::chat::ChatEvent;

/// Events that may wait after merging.
const LIMIT: usize = 256;

/// Maximum bytes of a merged delta; later deltas start another.
const DELTA_LIMIT: usize = 64 * 1024;

/// The listener is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenerGone;

/// The sending end, owned by one task.
#[derive(Debug)]
pub struct Mailbox {
    tx: mpsc::Sender<ChatEvent>,
    waiting: VecDeque<ChatEvent>,
}

impl Mailbox {
    pub fn new(tx: mpsc::Sender<ChatEvent>) -> Self {
        Self {
            tx,
            waiting: VecDeque::new(),
        }
    }

    /// Whether events wait; then call [`Self::deliver`].
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether to deliver before anything else is posted.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= LIMIT
    }

    /// Takes an event; never waits. [`Self::deliver`] reports whether the listener is gone.
    pub fn post(&mut self, event: ChatEvent) {
        if let Some(event) = merge(self.waiting.back_mut(), event) {
            self.waiting.push_back(event);
        }
        self.pass_on();
    }

    /// Waits until the listener has capacity, and sends what fits.
    ///
    /// Cancel-safe: nothing is lost when the future is dropped.
    pub async fn deliver(&mut self) -> Result<(), ListenerGone> {
        let permit = self.tx.reserve().await.map_err(|_| ListenerGone)?;
        match self.waiting.pop_front() {
            Some(event) => permit.send(event),
            None => drop(permit),
        }
        self.pass_on();
        Ok(())
    }

    /// Delivers everything that waits.
    pub async fn flush(&mut self) -> Result<(), ListenerGone> {
        while self.has_waiting() {
            self.deliver().await?;
        }
        Ok(())
    }

    fn pass_on(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(event) | TrySendError::Closed(event)) =
                self.tx.try_send(event)
            {
                self.waiting.push_front(event);
                return;
            }
        }
    }
}

/// Merges `event` into the one before it, or gives it back.
fn merge(before: Option<&mut ChatEvent>, event: ChatEvent) -> Option<ChatEvent> {
    match (before, event) {
        (
            Some(ChatEvent::Delta {
                part: known,
                text: grown,
                ..
            }),
            ChatEvent::Delta {
                message,
                part,
                text,
            },
        ) if *known == part && grown.len() < DELTA_LIMIT => {
            grown.push_str(&text);
            drop(message);
            None
        }
        // A text may have been truncated: an empty one must not replace a full one.
        (Some(ChatEvent::Part(known)), ChatEvent::Part(part))
            if known.id == part.id
                && matches!(part.kind, crate::domain::chat::PartKind::Tool(_)) =>
        {
            *known = part;
            None
        }
        (_, event) => Some(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Part, PartKind, TurnStatus};
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn delta(part: &str, text: &str) -> ChatEvent {
        ChatEvent::Delta {
            message: "msg".into(),
            part: part.into(),
            text: text.into(),
        }
    }

    fn drain(rx: &mut mpsc::Receiver<ChatEvent>) -> Vec<ChatEvent> {
        std::iter::from_fn(|| rx.try_recv().ok()).collect()
    }

    #[tokio::test]
    async fn a_listener_that_keeps_up_gets_every_delta_as_it_came() {
        let (tx, mut rx) = mpsc::channel(8);
        let mut mailbox = Mailbox::new(tx);

        mailbox.post(delta("a", "1"));
        mailbox.post(delta("a", "2"));

        assert_eq!(drain(&mut rx), [delta("a", "1"), delta("a", "2")]);
    }

    #[tokio::test]
    async fn neighbours_are_merged_while_the_listener_is_slow_and_others_are_not() {
        let (tx, mut rx) = mpsc::channel(1);
        let mut mailbox = Mailbox::new(tx);

        for event in [
            delta("a", "1"),
            delta("a", "2"),
            delta("a", "3"),
            delta("b", "4"),
            ChatEvent::Status(TurnStatus::Busy),
            delta("b", "5"),
            delta("b", "6"),
        ] {
            mailbox.post(event);
        }
        let mut received = Vec::new();
        while mailbox.has_waiting() {
            received.extend(drain(&mut rx));
            mailbox.deliver().await.unwrap();
        }
        received.extend(drain(&mut rx));

        assert_eq!(
            received,
            [
                delta("a", "1"),
                delta("a", "23"),
                delta("b", "4"),
                ChatEvent::Status(TurnStatus::Busy),
                delta("b", "56"),
            ]
        );
    }

    #[tokio::test]
    async fn a_listener_that_is_gone_is_noticed() {
        let (tx, rx) = mpsc::channel(1);
        let mut mailbox = Mailbox::new(tx);
        drop(rx);

        mailbox.post(delta("a", "1"));

        assert_eq!(mailbox.flush().await, Err(ListenerGone));
    }

    proptest! {
        #[test]
        fn merging_loses_no_text_and_keeps_the_order(
            steps in prop::collection::vec((0_u8..3, "[a-z]{1,4}", 0_usize..3), 0..200),
        ) {
            let (tx, mut rx) = mpsc::channel(2);
            let mut mailbox = Mailbox::new(tx);
            let (mut sent, mut received) = (String::new(), String::new());
            let mut take = |rx: &mut mpsc::Receiver<ChatEvent>, most: usize| {
                for _ in 0..most {
                    match rx.try_recv() {
                        Ok(ChatEvent::Delta { part, text, .. }) => {
                            for letter in text.chars() {
                                received.push_str(part.as_str());
                                received.push(letter);
                            }
                        }
                        Ok(ChatEvent::Part(Part { id, .. })) => received.push_str(id.as_str()),
                        _ => {}
                    }
                }
            };
            for (kind, text, taken) in steps {
                let part = ["x", "y"][usize::from(kind % 2)];
                if kind == 2 {
                    sent.push_str("step");
                    mailbox.post(ChatEvent::Part(Part {
                        id: "step".into(),
                        message: "msg".into(),
                        kind: PartKind::StepStart,
                    }));
                } else {
                    for letter in text.chars() {
                        sent.push_str(part);
                        sent.push(letter);
                    }
                    mailbox.post(delta(part, &text));
                }
                take(&mut rx, taken);
                mailbox.pass_on();
            }
            while mailbox.has_waiting() {
                take(&mut rx, 2);
                mailbox.pass_on();
            }
            take(&mut rx, 2);
            prop_assert_eq!(received, sent);
        }
    }
}
