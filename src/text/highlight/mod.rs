//! Colours for code, found in the background.
//!
//! A grammar is too slow for the way to a frame, and loading the grammars more so. Views therefore
//! render code plain, and ask [`CodeColours`] on the way for the colours of its lines. What is
//! missing there becomes a [`HighlightJob`]; whoever owns the threads runs a [`Highlighter`] on it
//! and brings the result back, and the next frame has the colours. Nothing here knows threads or
//! time: with no one to run the jobs, code stays plain.
//!
//! A line's colours depend on the language, the line and all lines before it, and on nothing else.
//! So they are kept by a hash of exactly these ([`CodePlace`]): the same code has its colours at
//! any width, in any message, however it arrived.

mod grammars;
mod language;
mod listing;
mod paint;
mod role;
mod scopes;
mod store;
#[cfg(test)]
mod tests;

pub use grammars::Highlighter;
pub use language::Language;
pub use listing::{ListingLook, listing};
pub(super) use paint::paint;
pub use role::{SyntaxRole, SyntaxSpan, SyntaxSpans, SyntaxStyles};
pub use store::{CodeColours, CodePlace, HighlightJob};
