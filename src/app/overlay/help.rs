//! The help: all keys, and a filter that narrows them.

use super::picker::Picker;

/// The filter, and the first row that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct HelpOverlay {
    pub(super) picker: Picker,
    pub(super) scroll: u16,
}

impl HelpOverlay {
    /// Clears the filter. Returns whether there was one.
    pub(in crate::app) fn clear(&mut self) -> bool {
        let had_filter = !self.picker.filter().is_empty();
        *self = Self::default();
        had_filter
    }
}
