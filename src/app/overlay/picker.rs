//! A list with a filter.

use crate::app::input::key::Key;
use crate::app::input::line_edit::edit_line;

/// A filter and a selected row; the choices themselves stay with their owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct Picker {
    filter: String,
    /// Index into the choices that match.
    selected: usize,
}

impl Picker {
    /// With this text, as if it was typed.
    pub(in crate::app) fn with(text: &str) -> Self {
        Self {
            filter: text.to_owned(),
            selected: 0,
        }
    }

    /// The same text with another row selected.
    pub(in crate::app) fn at(self, selected: usize) -> Self {
        Self { selected, ..self }
    }

    /// The typed text.
    pub(in crate::app) fn filter(&self) -> &str {
        &self.filter
    }

    pub(in crate::app) fn selected(&self) -> usize {
        self.selected
    }

    /// Handles an editing key.
    pub(in crate::app) fn type_key(&mut self, key: Key) {
        if edit_line(&mut self.filter, key) {
            self.selected = 0;
        }
    }

    /// Moves the selection by `rows`, negative is up, within the `count` choices that match.
    pub(in crate::app) fn go(&mut self, rows: i16, count: usize) {
        let rows = isize::from(rows);
        let last = count.saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// The choices whose text contains every word of the filter.
    pub(in crate::app) fn matching<'a, T>(
        &self,
        choices: impl IntoIterator<Item = &'a T>,
        text: impl Fn(&T) -> String,
    ) -> Vec<&'a T> {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let has_all = |choice: &&T| {
            let text = text(choice).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        choices.into_iter().filter(has_all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_narrow_the_list_in_any_order() {
        let models = [
            "Claude Sonnet 5 anthropic/sonnet-5",
            "GPT 9 openai/gpt-9",
            "Claude Sonnet 5 bedrock/sonnet-5",
        ];
        let matching = |picker: &Picker| picker.matching(&models, ToString::to_string);
        let mut picker = Picker::default();
        picker.go(5, matching(&picker).len());
        assert_eq!(picker.selected, 2);

        for c in "SONNET anth".chars() {
            picker.type_key(Key::char(c));
        }

        assert_eq!(matching(&picker), [&models[0]]);
        assert_eq!(picker.selected, 0);

        picker.type_key(Key::ctrl('u'));
        assert_eq!(matching(&picker).len(), 3);
    }
}
