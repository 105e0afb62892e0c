//! Edits a line of text that is typed at its end: filters and names.

use super::backspace::erased;
use super::key::{Key, KeyCode};

/// Handles an editing key. Returns whether it is one.
pub(in crate::app) fn edit_line(line: &mut String, key: Key) -> bool {
    match (key.code, key.ctrl, key.alt) {
        (KeyCode::Char(c), false, false) if !c.is_control() => line.push(c),
        (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
            for _ in 0..erased(line) {
                line.pop();
            }
        }
        (KeyCode::Char('u' | 'w'), true, false) | (KeyCode::Backspace, _, _) => line.clear(),
        _ => return false,
    }
    true
}
