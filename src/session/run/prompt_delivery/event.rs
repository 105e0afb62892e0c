//! The inputs and outputs of a [`PromptDelivery`](super::PromptDelivery).

use crate::domain::failure::Failure;
use crate::domain::id::MessageId;
use crate::domain::session::Prompt;
use crate::session::chat::translate::turn::TurnState;
use crate::store::{Claim, StoredQueue};

/// An event that concerns the prompts of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryEvent {
    /// The user sends a prompt.
    Send(Prompt),
    /// The user wants a waiting prompt sent at once, even if the queue is held or a turn runs.
    SendNow(MessageId),
    /// The user takes a waiting prompt out, to edit or to discard it.
    Remove(MessageId),
    /// The user releases a held queue.
    Release,
    /// The user aborts the turn: waiting prompts are held, and sent ones need no answer.
    Abort,
    /// The stored queue: read at first, and when another process has changed it.
    Stored(StoredQueue),
    /// The store's answer to a [`DeliveryEffect::Claim`].
    Claimed(MessageId, Claim),
    /// The store's answer to a [`DeliveryEffect::Remove`]: whether the prompt still waited.
    Removed { was_waiting: bool },
    /// How a [`DeliveryCall::Post`] ended.
    PostEnded(MessageId, PostResult),
    /// How a [`DeliveryCall::Check`] ended; `None`: the server gave no answer.
    Checked {
        prompt: MessageId,
        checks: u32,
        turn: Option<TurnState>,
    },
    /// The server reported something over the event stream, or in a full fetch.
    News(ServerNews),
    /// The time of a [`DeliveryCall::Settle`] has passed.
    Settled,
    /// The connection is over: what the server was not known to have stored may be lost.
    Disconnected,
    /// The session continues in a new sandbox. These prompts wait in the store again.
    Revived(Vec<MessageId>),
}

/// How the request that posts a prompt ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PostResult {
    /// The server accepted the prompt. It stores it only some time later, and may end in between (observed on
    /// 1.18.33).
    Accepted,
    /// The server rejects it.
    Refused(Failure),
    /// Whether it arrived is unknown.
    Unreachable,
}

/// The server's reports, as far as they concern prompts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerNews {
    /// Whether a turn runs.
    Turn { runs: bool },
    /// A turn ended with an error.
    Failed,
    /// A part of this message; `says`: it has content.
    Part { message: MessageId, says: bool },
    /// The message of an answer to a prompt, empty at first; `prompt`: `None` if it does not say which. `over`: the
    /// message is complete.
    Answer {
        message: MessageId,
        prompt: Option<MessageId>,
        over: bool,
    },
    /// Everything that the server holds: after the first of a connection, prompts can be posted.
    Resync {
        runs: bool,
        /// Those of the unanswered prompts that it has, and whether it answers them.
        has: Vec<(MessageId, bool)>,
    },
}

/// What to do, in order. The store first, then the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryEffect {
    /// Store a prompt at the end of the queue.
    Enqueue(Prompt),
    /// Take a waiting prompt out of the store; answered by [`DeliveryEvent::Removed`].
    Remove(MessageId),
    /// Claim a prompt in the store, so that no other process posts it; answered by [`DeliveryEvent::Claimed`].
    /// `even_held`: even if the queue is held.
    Claim { prompt: MessageId, even_held: bool },
    /// Store a prompt as the first that waits; `hold` holds the queue too.
    Requeue { prompt: Prompt, hold: bool },
    /// Delete a prompt from the store: the server has stored it.
    Forget(MessageId),
    /// Hold or release the stored queue.
    Hold(bool),
    /// Show the user a failure.
    Fail(Failure),
    /// Call the server, concurrently.
    Call(DeliveryCall),
}

/// A call to the server, or a wait, for as long as the connection lasts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryCall {
    /// Post the prompt; ends in [`DeliveryEvent::PostEnded`].
    Post(Prompt),
    /// Ask after some time what became of the prompt; ends in [`DeliveryEvent::Checked`].
    Check { prompt: MessageId, checks: u32 },
    /// Wait until the server is ready after an error; ends in [`DeliveryEvent::Settled`]. `is_idle`: it has reported
    /// idle; otherwise no idle may follow.
    Settle { is_idle: bool },
}
