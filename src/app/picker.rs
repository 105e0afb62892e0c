//! The list of models to choose from: what is typed narrows it.

use super::key::{Key, KeyCode};
use crate::domain::chat::Model;

/// A filter and a row of what it leaves; the models themselves stay with the chat that offers them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Picker {
    pub(super) filter: String,
    /// Index among the models that match.
    pub(super) selected: usize,
}

impl Picker {
    /// Takes an editing key.
    pub(super) fn type_key(&mut self, key: Key) {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(c), false, false) if !c.is_control() => self.filter.push(c),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                self.filter.pop();
            }
            (KeyCode::Char('u' | 'w'), true, false) | (KeyCode::Backspace, _, _) => {
                self.filter.clear();
            }
            _ => return,
        }
        self.selected = 0;
    }

    /// Goes down by `rows`, up where negative, and no further than the `count` models that match.
    pub(super) fn go(&mut self, rows: i16, count: usize) {
        let rows = isize::from(rows);
        let last = count.saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }

    /// The models that have every word of the filter in their name, provider or id.
    pub(super) fn matching<'a>(&self, models: &'a [Model]) -> Vec<&'a Model> {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        models
            .iter()
            .filter(|model| {
                let text = format!(
                    "{} {}/{}",
                    model.name, model.reference.provider, model.reference.model
                );
                let text = text.to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::ModelRef;

    fn model(provider: &str, id: &str, name: &str) -> Model {
        Model {
            reference: ModelRef {
                provider: provider.to_owned(),
                model: id.to_owned(),
            },
            name: name.to_owned(),
            context_limit: 0,
        }
    }

    #[test]
    fn words_narrow_the_list_in_any_order() {
        let models = [
            model("anthropic", "sonnet-5", "Claude Sonnet 5"),
            model("openai", "gpt-9", "GPT 9"),
            model("bedrock", "sonnet-5", "Claude Sonnet 5"),
        ];
        let mut picker = Picker::default();
        picker.go(5, picker.matching(&models).len());
        assert_eq!(picker.selected, 2);

        for c in "SONNET anth".chars() {
            picker.type_key(Key::char(c));
        }

        assert_eq!(picker.matching(&models), [&models[0]]);
        assert_eq!(picker.selected, 0);

        picker.type_key(Key::ctrl('u'));
        assert_eq!(picker.matching(&models).len(), 3);
    }
}
