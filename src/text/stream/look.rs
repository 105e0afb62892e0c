//! How a source is rendered.

use crate::text::highlight::CodeColours;
use crate::text::link_table::LinkTable;
use crate::text::{Columns, Palette};

/// The widths, the styles, the colours that are known, and the addresses of links.
pub(in crate::text) struct StreamLook<'a> {
    pub(in crate::text) columns: Columns,
    pub(in crate::text) palette: &'a Palette,
    pub(in crate::text) colours: &'a mut CodeColours,
    pub(in crate::text) links: &'a mut LinkTable,
}
