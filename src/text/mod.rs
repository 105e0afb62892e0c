//! Outside text in, styled lines of a given width out; pure.
//!
//! Markdown ([`TextCache::markdown`]), diffs ([`diff`]), logs and plain text ([`ansi`], [`wrap`]) all
//! pass through here on their way to the screen, and all are made safe here: no span that leaves this
//! room holds a control character, and no line is wider than asked. What commands print without the
//! screen is made visible by [`visible_bytes`]. Does not know what a message, a part or a log is, nor where
//! on the screen its lines will stand.

pub mod ansi;
mod cache;
pub mod copied;
pub mod diff;
pub mod hidden;
mod markdown;
mod palette;
mod stream;
pub mod visible;
pub mod visible_bytes;
pub mod wrap;

#[cfg(test)]
mod tests;

pub use cache::{Growth, Rendered, TextCache, TextKey};
pub use palette::Palette;
