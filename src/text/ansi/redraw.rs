//! What a terminal shows in the end of lines that a program redraws: progress bars, spinners.
//!
//! Input: a program's output. Output: the last state of each line. Text that a user reviews, such
//! as a diff, does not come here: something could be hidden in it.

use std::borrow::Cow;

/// The sequences that clear a line: erase to its end, all of it, and everything below.
const ERASES: [&str; 5] = ["\x1b[K", "\x1b[0K", "\x1b[2K", "\x1b[J", "\x1b[0J"];

/// Returns `text` without what a carriage return or a backspace has overwritten. Borrows if it has
/// neither.
pub fn last_states(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\u{8}']) {
        return Cow::Borrowed(text);
    }
    let mut left = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            left.push('\n');
        }
        let shown = overstruck(last_state(line));
        // Spaces written over the text have cleared the line.
        if !shown.chars().all(|c| c == ' ') {
            left.push_str(&shown);
        }
    }
    Cow::Owned(left)
}

/// The last state of a line that shows something or clears the line. Nothing follows the carriage
/// return of a line end, nor that of a state which waits for the next.
fn last_state(line: &str) -> &str {
    let states = line.rsplit('\r');
    for state in states {
        if !super::plain(state).trim().is_empty() {
            return state;
        }
        let blanks = !state.is_empty() && state.chars().all(|c| c == ' ');
        if blanks || ERASES.iter().any(|erase| state.contains(erase)) {
            return "";
        }
    }
    ""
}

/// Each backspace moves back one character; the next character replaces it.
fn overstruck(state: &str) -> Cow<'_, str> {
    // Among escape sequences, characters cannot be told apart; both the sequences and the
    // backspaces are removed later.
    if !state.contains('\u{8}') || state.contains('\x1b') {
        return Cow::Borrowed(state);
    }
    let mut shown: Vec<char> = Vec::new();
    let mut column = 0_usize;
    for c in state.chars() {
        if c == '\u{8}' {
            column = column.saturating_sub(1);
            continue;
        }
        match shown.get_mut(column) {
            Some(cell) => *cell = c,
            None => shown.push(c),
        }
        column += 1;
    }
    Cow::Owned(shown.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_a_line_that_is_drawn_over_itself_the_last_state_is_left() {
        for (printed, left) in [
            (
                "\r  1% [#]\r  2% [##]\r100% [###]\ndone\n",
                "100% [###]\ndone\n",
            ),
            ("50%\r100%, done.\r\nnext", "100%, done.\nnext"),
            ("50%\r", "50%"),
            ("one\r\ntwo\r\n", "one\ntwo\n"),
            ("long state\rend", "end"),
            // Cleared by spaces, and by a sequence.
            ("working\r       \r\ndone", "\ndone"),
            ("working\r\x1b[K\ndone", "\ndone"),
            (
                "50%\r\x1b[32m100%\x1b[0m\r\x1b[0m\n",
                "\x1b[32m100%\x1b[0m\n",
            ),
            ("wait -\u{8}\\\u{8}|\u{8}/ ok", "wait / ok"),
            ("10%\u{8}\u{8}\u{8}20%", "20%"),
            ("\u{8}\u{8}a", "a"),
            ("a\u{8} \nb", "\nb"),
        ] {
            assert_eq!(last_states(printed), left, "{printed:?}");
        }
        assert!(matches!(last_states("plain\ntext"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn lines_stay_and_nothing_is_left_to_redraw(text in "[a\\-\r\n\u{8}\x1b é漢]{0,60}") {
            let left = last_states(&text);

            prop_assert_eq!(left.matches('\n').count(), text.matches('\n').count());
            prop_assert!(!left.contains('\r'));
            prop_assert_eq!(last_states(&left), left.as_ref());
        }
    }
}
