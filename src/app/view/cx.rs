//! What a view may use besides the model.

use super::theme::Theme;
use super::viewport::Viewport;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::TextCache;

/// Passed to every view.
pub struct ViewCx<'a> {
    pub theme: &'a Theme,
    /// Rendered texts; the event loop owns them.
    pub cache: &'a mut TextCache,
    /// Written while drawing; start each frame with the default.
    pub viewport: &'a mut Viewport,
    pub now: Monotonic,
    pub wall: UnixMillis,
}
