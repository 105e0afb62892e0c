//! What the user writes: the queue of prompts ([`queue`]), what the composer holds besides its draft (`unsent`), and
//! the prompts of the past (`history`).

mod history;
pub(super) mod queue;
mod unsent;
