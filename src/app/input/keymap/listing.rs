//! Rows of the key map as they are printed.

use super::binding::Binding;

/// One row of a list of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKeys {
    /// The context.
    pub place: String,
    pub keys: String,
    /// The description.
    pub what: String,
    /// The action's name in the configuration.
    pub name: &'static str,
}

impl ListedKeys {
    /// A row with some of its keys.
    pub fn of(row: &Binding, keys: String) -> Self {
        Self {
            place: row.context.name().to_owned(),
            keys,
            what: row.what.to_owned(),
            name: row.action.name(),
        }
    }
}

/// Merges adjacent rows that differ only by a number: `ctrl-x 1–9`, `show session 1–9`. The merged
/// row has the first name.
pub fn merge_numbered(rows: Vec<ListedKeys>) -> Vec<ListedKeys> {
    let mut merged: Vec<(ListedKeys, ListedKeys)> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some((_, last)) if row.follows(last) => *last = row,
            _ => merged.push((row.clone(), row)),
        }
    }
    let merged = merged.into_iter();
    merged.map(|(first, last)| first.until(&last)).collect()
}

impl ListedKeys {
    fn follows(&self, before: &Self) -> bool {
        self.place == before.place
            && counts_on(&before.keys, &self.keys)
            && counts_on(&before.what, &self.what)
    }

    fn until(self, last: &Self) -> Self {
        if self == *last {
            return self;
        }
        let until = |first: &str, last: &str| match numbered(last) {
            Some((_, number)) => format!("{first}–{number}"),
            None => first.to_owned(),
        };
        Self {
            keys: until(&self.keys, &last.keys),
            what: until(&self.what, &last.what),
            ..self
        }
    }
}

/// Splits off the last character if it is a digit.
fn numbered(text: &str) -> Option<(&str, u32)> {
    let last = text.chars().next_back()?;
    Some((&text[..text.len() - last.len_utf8()], last.to_digit(10)?))
}

fn counts_on(before: &str, after: &str) -> bool {
    match (numbered(before), numbered(after)) {
        (Some((before, first)), Some((after, next))) => before == after && first + 1 == next,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&str]) -> Vec<ListedKeys> {
        let rows = keys.iter().enumerate();
        rows.map(|(at, keys)| ListedKeys {
            place: "anywhere".to_owned(),
            keys: (*keys).to_owned(),
            what: format!("show session {}", at + 1),
            name: "app.slot",
        })
        .collect()
    }

    #[test]
    fn rows_that_count_up_become_one_and_others_stay() {
        let merged = |keys: &[&str]| {
            let rows = merge_numbered(rows(keys)).into_iter();
            rows.map(|row| format!("{}: {}", row.keys, row.what))
                .collect::<Vec<_>>()
        };

        assert_eq!(
            merged(&["ctrl-x 1", "ctrl-x 2", "ctrl-x 3"]),
            ["ctrl-x 1–3: show session 1–3"]
        );
        // The user has bound the second action to another key.
        assert_eq!(
            merged(&["1", "a", "3", "4"]),
            [
                "1: show session 1",
                "a: show session 2",
                "3–4: show session 3–4"
            ]
        );
        assert_eq!(merged(&[]), [""; 0]);
    }
}
