//! A look at a file: folded, its line says it all; unfolded, the lines that were read.

use ratatui::text::Line;

use super::rows::ToolLook;
use crate::domain::chat::{ReadCall, ToolCall};
use crate::text::highlight::{CodeColours, Language, ListingLook, listing};

/// No more lines are drawn.
const MOST: usize = 5_000;

pub(super) fn read(
    call: &ToolCall,
    read: &ReadCall,
    look: ToolLook<'_>,
    colours: &mut CodeColours,
) -> Vec<Line<'static>> {
    if !look.is_open {
        return Vec::new();
    }
    if read.is_folder || read.count.is_none() {
        return look.ending(&call.output, look.theme.text);
    }
    let language = Language::of_path(&read.path);
    let mut lines = listing(
        &call.output,
        ListingLook {
            width: look.columns,
            first: Some(read.from.unwrap_or(1)),
            most: MOST,
            language: language.as_ref(),
            palette: &look.theme.palette,
        },
        colours,
    );
    look.and_more(&mut lines, call.output.lines().count().saturating_sub(MOST));
    lines
}
