//! How a source is rendered.

use crate::text::highlight::CodeColours;
use crate::text::{Columns, Palette};

/// The widths, the styles, and the colours that are known.
pub(in crate::text) struct StreamLook<'a> {
    pub(in crate::text) columns: Columns,
    pub(in crate::text) palette: &'a Palette,
    pub(in crate::text) colours: &'a mut CodeColours,
}
