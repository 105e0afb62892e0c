//! The output of a process on its way to those who read it.
//!
//! Each subscriber has a queue of its own of up to [`MOST`] bytes. Putting output into it never
//! waits: when a queue is full its subscriber is cut off, told so, and its memory is free again. Thus
//! one that is slow or dead neither holds the process nor the other subscribers.
//!
//! A process can write faster than any network reads. So that its readers are not all cut off, the
//! process is asked to slow down ([`OutputBroadcast::publish`] says so) while even the best of them is far
//! behind. It is paced then, a pause of a millisecond for each chunk, but never held.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::local::helper::protocol::ProcessExit;
use crate::local::sync::lock;

/// Bytes that wait for one subscriber at most.
const MOST: usize = 64 * 1024 * 1024;
/// With so many the process is asked to slow down.
const FAR: usize = MOST / 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) enum ProcessOutput {
    Stdout(Bytes),
    Stderr(Bytes),
    Terminal(Bytes),
    Ended(ProcessExit),
}

impl ProcessOutput {
    pub(in crate::local) fn len(&self) -> usize {
        match self {
            Self::Stdout(bytes) | Self::Stderr(bytes) | Self::Terminal(bytes) => bytes.len(),
            Self::Ended(_) => 0,
        }
    }
}

/// Why a subscription gave no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum SubscriptionEnd {
    /// It did not keep up.
    TooSlow,
    /// The sandbox was paused or killed.
    Sandbox,
}

#[derive(Default)]
struct SubscriberQueue {
    waiting: Mutex<QueueState>,
    news: Notify,
}

#[derive(Default)]
struct QueueState {
    outputs: VecDeque<ProcessOutput>,
    /// Of all in `outputs`.
    bytes: usize,
    /// Comes after what is still waiting.
    lost: Option<SubscriptionEnd>,
    /// Nobody reads any more.
    left: bool,
}

impl SubscriberQueue {
    fn lose(&self, lost: SubscriptionEnd) {
        lock(&self.waiting).lost.get_or_insert(lost);
        self.news.notify_one();
    }

    /// Bytes that wait now; `None` if its subscriber left or is cut off.
    fn put(&self, output: ProcessOutput) -> Option<usize> {
        let mut waiting = lock(&self.waiting);
        if waiting.left {
            return None;
        }
        waiting.bytes += output.len();
        let behind = if waiting.bytes > MOST {
            *waiting = QueueState {
                lost: Some(SubscriptionEnd::TooSlow),
                ..QueueState::default()
            };
            None
        } else {
            waiting.outputs.push_back(output);
            Some(waiting.bytes)
        };
        self.news.notify_one();
        behind
    }
}

/// One reader of a process's output.
pub(in crate::local) struct Subscriber(Arc<SubscriberQueue>);

impl Subscriber {
    /// The next output; after [`ProcessOutput::Ended`] nothing sensible follows. Cancel-safe.
    pub(in crate::local) async fn next(&mut self) -> Result<ProcessOutput, SubscriptionEnd> {
        loop {
            {
                let mut waiting = lock(&self.0.waiting);
                if let Some(output) = waiting.outputs.pop_front() {
                    waiting.bytes -= output.len();
                    return Ok(output);
                }
                if let Some(lost) = waiting.lost {
                    return Err(lost);
                }
            }
            // News between the look above and this are kept for the next who asks.
            self.0.news.notified().await;
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        *lock(&self.0.waiting) = QueueState {
            left: true,
            ..QueueState::default()
        };
    }
}

/// The subscribers of one process, and its end.
#[derive(Default)]
pub(in crate::local) struct OutputBroadcast(Mutex<BroadcastState>);

#[derive(Default)]
struct BroadcastState {
    queues: Vec<Arc<SubscriberQueue>>,
    ended: Option<ProcessExit>,
}

impl OutputBroadcast {
    /// How the process ended, if it did.
    pub(in crate::local) fn exit(&self) -> Option<ProcessExit> {
        lock(&self.0).ended
    }

    /// Subscribes to output from now on; to the end alone if the process has ended.
    pub(in crate::local) fn subscribe(&self) -> Subscriber {
        let queue = Arc::new(SubscriberQueue::default());
        let mut state = lock(&self.0);
        match state.ended {
            Some(exit) => {
                queue.put(ProcessOutput::Ended(exit));
                queue.lose(SubscriptionEnd::Sandbox);
            }
            None => state.queues.push(Arc::clone(&queue)),
        }
        Subscriber(queue)
    }

    /// Hands output to all subscribers. Tells whether all who are left are far behind.
    pub(in crate::local) fn publish(&self, output: &ProcessOutput) -> bool {
        let mut state = lock(&self.0);
        let mut least = usize::MAX;
        state.queues.retain(|queue| {
            let behind = queue.put(output.clone());
            least = least.min(behind.unwrap_or(usize::MAX));
            behind.is_some()
        });
        !state.queues.is_empty() && least > FAR
    }

    /// The process has ended: the last that subscribers get.
    pub(in crate::local) fn finish(&self, exit: ProcessExit) {
        // In one step, so that a subscriber sees the end either here or in `subscribe`.
        let mut state = lock(&self.0);
        state.ended = Some(exit);
        for queue in state.queues.drain(..) {
            queue.put(ProcessOutput::Ended(exit));
            queue.lose(SubscriptionEnd::Sandbox);
        }
    }

    /// Drops all subscribers, after what they have waiting: the sandbox is paused or gone.
    pub(in crate::local) fn drop_subscribers(&self) {
        let queues = std::mem::take(&mut lock(&self.0).queues);
        for queue in queues {
            queue.lose(SubscriptionEnd::Sandbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn chunk(size: usize) -> ProcessOutput {
        ProcessOutput::Stdout(vec![b'x'; size].into())
    }

    #[tokio::test]
    async fn one_who_does_not_read_is_cut_off_and_the_others_miss_nothing() {
        let broadcast = OutputBroadcast::default();
        let (mut dead, mut good) = (broadcast.subscribe(), broadcast.subscribe());
        let chunk = chunk(1024 * 1024);

        for _ in 0..=64 {
            assert!(!broadcast.publish(&chunk), "the good one keeps up");
            assert_eq!(good.next().await, Ok(chunk.clone()));
        }
        broadcast.finish(ProcessExit::Code(0));

        assert_eq!(dead.next().await, Err(SubscriptionEnd::TooSlow));
        assert_eq!(
            good.next().await,
            Ok(ProcessOutput::Ended(ProcessExit::Code(0)))
        );
    }

    #[tokio::test]
    async fn the_process_is_slowed_down_only_while_the_best_reader_is_far_behind() {
        let broadcast = OutputBroadcast::default();
        let (chunk, mut reader) = (chunk(FAR), broadcast.subscribe());

        let slow = [&chunk, &chunk].map(|chunk| broadcast.publish(chunk));
        reader.next().await.unwrap();
        reader.next().await.unwrap();
        let caught_up = broadcast.publish(&chunk);
        drop(reader);
        let alone = broadcast.publish(&chunk);

        assert_eq!((slow, caught_up, alone), ([false, true], false, false));
    }

    #[tokio::test]
    async fn a_pause_ends_subscriptions_after_what_they_have_waiting() {
        let broadcast = OutputBroadcast::default();
        let mut reader = broadcast.subscribe();
        broadcast.publish(&chunk(1));

        broadcast.drop_subscribers();

        assert_eq!(reader.next().await, Ok(chunk(1)));
        assert_eq!(reader.next().await, Err(SubscriptionEnd::Sandbox));
    }
}
