//! Back and forth in the conversation: what is undone, redone and sent again, what is found in it,
//! and the conversations beside it.
//!
//! In reading order: `actions` are those of the user; `sent` remembers prompts as they were
//! composed, `undo` takes them back, `again` sends one with another model, `timeline` lists them;
//! `search` goes through `matches`; `stored` shows what a search in all
//! sessions has found; `menu` is what one message offers, `links` what all of them link
//! to; `conversations` is about those beside this one, and `export` makes a document of one. The
//! server owns what is undone; here is only what was asked of it.

mod actions;
mod again;
mod conversations;
pub(in crate::app) mod export;
mod found;
mod links;
mod matches;
mod menu;
mod search;
mod sent;
mod stored;
mod timeline;
mod undo;

pub(super) use matches::Search;
pub(super) use sent::SentPrompts;
pub use sent::{MessageMenu, TimelinePrompt};
