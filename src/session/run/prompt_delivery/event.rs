//! What a [`PromptDelivery`](super::PromptDelivery) is told, and what it asks for.

use crate::domain::failure::Failure;
use crate::domain::id::MessageId;
use crate::domain::session::Prompt;
use crate::session::chat::translate::turn::TurnState;
use crate::store::{Claim, StoredQueue};

/// Something that matters to the prompts of a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryEvent {
    /// The user sends a prompt.
    Send(Prompt),
    /// The user wants a waiting prompt sent at once, past a held queue and beside a running turn.
    SendNow(MessageId),
    /// The user takes a waiting prompt out, to edit it or to drop it.
    Remove(MessageId),
    /// The user lets a held queue go on.
    Release,
    /// The user stops the turn: what waits is held, and what was sent needs no answer.
    Abort,
    /// The queue as the store has it: read at first, and when another process has changed it.
    Stored(StoredQueue),
    /// What the store says to a [`DeliveryEffect::Claim`].
    Claimed(MessageId, Claim),
    /// What the store says to a [`DeliveryEffect::Remove`]: whether the prompt still waited.
    Removed { was_waiting: bool },
    /// How a [`DeliveryCall::Post`] ended.
    PostEnded(MessageId, PostResult),
    /// How a [`DeliveryCall::Check`] ended; `None`: the server did not say.
    Checked {
        prompt: MessageId,
        checks: u32,
        turn: Option<TurnState>,
    },
    /// The server tells something over the event stream, or when it was asked for everything.
    News(ServerNews),
    /// The time of a [`DeliveryCall::Settle`] has passed.
    Settled,
    /// The connection is over: what was not known to be kept may be lost.
    Disconnected,
    /// The session goes on in a new sandbox. These prompts wait in the store again.
    Revived(Vec<MessageId>),
}

/// How the request ended that hands a prompt over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PostResult {
    /// The server says that it took the prompt. It keeps it only some time later, and may end in
    /// between (observed on 1.18.33).
    Accepted,
    /// The server will not take it.
    Refused(Failure),
    /// Nobody knows whether it arrived.
    Unreachable,
}

/// What the server tells, as far as it matters to prompts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerNews {
    /// Whether a turn runs.
    Turn { runs: bool },
    /// A turn ended with an error.
    Failed,
    /// A part of this message; `says`: it is more than a frame.
    Part { message: MessageId, says: bool },
    /// The message of an answer to a prompt, empty at first; `prompt`: `None` where it does not say to
    /// which. `over`: there will be no more of it.
    Answer {
        message: MessageId,
        prompt: Option<MessageId>,
        over: bool,
    },
    /// All that the server holds: with the first of a connection prompts can be posted.
    Resync {
        runs: bool,
        /// Of the prompts that are not answered yet, those that it has, and whether it answers them.
        has: Vec<(MessageId, bool)>,
    },
}

/// What is to be done, in order. The store first, then the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryEffect {
    /// Store a prompt behind the others.
    Enqueue(Prompt),
    /// Take a waiting prompt out of the store; told as [`DeliveryEvent::Removed`].
    Remove(MessageId),
    /// Ask the store for a prompt, so that no other process posts it; told as
    /// [`DeliveryEvent::Claimed`]. `even_held`: also past a held queue.
    Claim { prompt: MessageId, even_held: bool },
    /// Store a prompt as the first that waits; `hold` holds the queue too.
    Requeue { prompt: Prompt, hold: bool },
    /// Forget a prompt in the store: the server keeps it.
    Forget(MessageId),
    /// Hold the stored queue, or let it go on.
    Hold(bool),
    /// Tell the user.
    Fail(Failure),
    /// Call the server, beside all else.
    Call(DeliveryCall),
}

/// A call to the server, or a wait, for as long as the connection lasts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DeliveryCall {
    /// Hand the prompt over; ends in [`DeliveryEvent::PostEnded`].
    Post(Prompt),
    /// Ask after some time what has become of the prompt; ends in [`DeliveryEvent::Checked`].
    Check { prompt: MessageId, checks: u32 },
    /// Wait until the server is ready after an error; ends in [`DeliveryEvent::Settled`]. `is_idle`:
    /// it has said that no turn runs; else none may follow.
    Settle { is_idle: bool },
}
