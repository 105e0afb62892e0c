//! Turns outside text into styled lines of a given width; pure.
//!
//! Markdown ([`TextCache::markdown`]), diffs ([`diff`]), code ([`highlight`]), logs and plain text
//! ([`ansi`], [`wrap`]) pass through here on their way to the screen and are made safe: no span from
//! here contains a control character, and no line is wider than requested. [`visible_bytes`] does the same for what
//! commands print without the screen. Knows neither messages, parts and logs, nor positions on the
//! screen.

pub mod ansi;
mod cache;
mod columns;
pub mod copied;
pub mod diff;
pub mod hidden;
pub mod highlight;
pub mod link_table;
pub mod markdown;
mod palette;
mod stream;
pub mod visible;
pub mod visible_bytes;
pub mod wrap;

#[cfg(test)]
mod tests;

pub use cache::{Growth, Rendered, TextCache, TextKey};
pub use columns::Columns;
pub use palette::Palette;
