//! What the user writes: the queue of prompts ([`queue`]), what the composer holds besides its draft (`unsent`), the
//! prompts of the past (`history`), and what was typed for those that the server expanded (`command_lines`).

mod command_lines;
mod history;
pub(super) mod queue;
mod unsent;
