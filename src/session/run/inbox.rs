//! The command queue of a session's task, with a signal that sent commands were executed.
//!
//! The task receives one command at a time and executes it before it receives the next: when it asks for another,
//! all earlier ones are done. Knows no command.

use std::future::Future;

use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;

/// The end that sends commands to the task.
#[derive(Debug)]
pub(in crate::session) struct CommandSender<T> {
    commands: mpsc::Sender<T>,
    sent: u64,
    done: watch::Receiver<u64>,
}

/// The task's end.
#[derive(Debug)]
pub(crate) struct CommandInbox<T> {
    commands: mpsc::Receiver<T>,
    taken: u64,
    done: watch::Sender<u64>,
}

/// Returns both ends of a queue with this capacity.
pub(in crate::session) fn command_channel<T>(
    capacity: usize,
) -> (CommandSender<T>, CommandInbox<T>) {
    let (sender, commands) = mpsc::channel(capacity);
    let (tell, done) = watch::channel(0);
    let sender = CommandSender {
        commands: sender,
        sent: 0,
        done,
    };
    let inbox = CommandInbox {
        commands,
        taken: 0,
        done: tell,
    };
    (sender, inbox)
}

impl<T> CommandSender<T> {
    /// Never waits.
    pub(in crate::session) fn try_send(&mut self, command: T) -> Result<(), TrySendError<T>> {
        self.commands.try_send(command)?;
        self.sent += 1;
        Ok(())
    }

    /// Whether the task takes no more commands: it ends, or has ended.
    pub(in crate::session) fn is_closed(&self) -> bool {
        self.commands.is_closed()
    }

    /// Whether the task has ended.
    pub(in crate::session) fn has_ended(&self) -> bool {
        self.done.has_changed().is_err()
    }

    /// Waits until everything sent so far is done, or the task has ended.
    pub(in crate::session) fn all_done(&self) -> impl Future<Output = ()> + Send + use<T> {
        let (mut done, sent) = (self.done.clone(), self.sent);
        async move {
            let _ended = done.wait_for(|done| *done >= sent).await;
        }
    }
}

impl<T> CommandInbox<T> {
    /// Receives the next command; earlier ones are done. Cancel-safe.
    pub(crate) async fn recv(&mut self) -> Option<T> {
        self.done.send_if_modified(|done| {
            let is_more = *done < self.taken;
            *done = self.taken;
            is_more
        });
        let command = self.commands.recv().await?;
        self.taken += 1;
        Some(command)
    }

    /// Accepts no more commands, and returns those that wait.
    pub(crate) fn close(&mut self) -> Vec<T> {
        self.commands.close();
        std::iter::from_fn(|| self.commands.try_recv().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_command_is_done_when_the_next_one_is_received_or_the_task_has_ended() {
        let (mut sender, mut inbox) = command_channel(4);
        assert!(sender.all_done().now_or_never().is_some());
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        let both = sender.all_done().shared();
        let is_done = || both.clone().now_or_never().is_some();

        assert_eq!(inbox.recv().await, Some(1));
        assert!(!is_done());
        assert_eq!(inbox.recv().await, Some(2));
        assert!(!is_done());
        assert!(inbox.recv().now_or_never().is_none());
        assert!(is_done());

        sender.try_send(3).unwrap();
        let last = sender.all_done();
        drop(inbox);
        last.await;
    }

    #[tokio::test]
    async fn what_waits_when_the_task_ends_is_returned_and_no_more_is_taken() {
        let (mut sender, mut inbox) = command_channel(4);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();

        assert_eq!(inbox.close(), [1, 2]);
        assert!(sender.is_closed() && sender.try_send(3).is_err());
        assert!(inbox.close().is_empty());
        assert!(!sender.has_ended());
        drop(inbox);
        assert!(sender.has_ended());
    }
}
