//! Unified diffs as data: read line by line, or as the changed files of a whole.
//!
//! `parse` reads what a tool or `git` printed, `file_change` is what the headers of a file say, `change_set` holds all
//! changed files, `whitespace` hides those of whitespace alone, `update` is what came of changes at home. Names and lines are as written: nothing here is safe for a screen.

pub mod apply;
pub mod change_set;
mod file_change;
mod parse;
pub mod update;
pub mod whitespace;

pub use file_change::FileChange;
use file_change::unquoted;
pub use parse::{DiffItem, DiffLine, DiffParser, DiffSign, parse};
