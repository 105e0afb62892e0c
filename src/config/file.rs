//! `config.toml` as raw entries with their positions; `load` interprets them.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{FilePlace, Problem, ProblemPlace};
use super::schema::{KEYS, SETTINGS, nearest};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RawValue {
    Text(String),
    Bool(bool),
    List(Vec<String>),
    /// A whole number that is not negative.
    Number(u64),
    /// A number with a decimal point, as written.
    Decimal(String),
    /// Any other type, by its name.
    Other(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileEntry {
    /// A setting's name, or an action in the `[keys]` table.
    pub(super) name: String,
    pub(super) value: RawValue,
    /// The position of the value.
    pub(super) place: FilePlace,
}

#[derive(Debug, Default)]
pub(super) struct FileEntries {
    pub(super) settings: Vec<FileEntry>,
    pub(super) keys: Vec<FileEntry>,
    pub(super) problems: Vec<Problem>,
}

/// Parses a file's bytes; never fails, but collects `problems`.
pub(super) fn read(path: &Path, bytes: &[u8], actions: &[&str]) -> FileEntries {
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(error) => return not_text(path, bytes, error.valid_up_to()),
    };
    let mut reader = FileReader {
        path,
        source,
        actions,
        entries: FileEntries::default(),
    };
    let (table, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let place = FilePlace::of(path, source, &span);
        let place = if names_a_secret(&place.text) {
            place.without_value()
        } else {
            place
        };
        reader.problem(place, error.message(), None);
    }
    // Entries around a syntax error may be incomplete: one kind of error at a time.
    if errors.is_empty() {
        reader.table("", table.get_ref());
    }
    reader.entries
}

fn not_text(path: &Path, bytes: &[u8], valid: usize) -> FileEntries {
    let source = String::from_utf8_lossy(bytes);
    // The valid part has the same offsets in the lossy copy.
    let place = FilePlace::of(path, &source, &(valid..valid + 1));
    FileEntries {
        problems: vec![Problem {
            place: ProblemPlace::File(place),
            what: "this is not UTF-8 text".to_owned(),
            hint: Some("save the file as UTF-8".to_owned()),
        }],
        ..FileEntries::default()
    }
}

struct FileReader<'a> {
    path: &'a Path,
    source: &'a str,
    actions: &'a [&'a str],
    entries: FileEntries,
}

impl FileReader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            let is_group = name == KEYS || SETTINGS.iter().any(|s| group(s.name) == Some(&name));
            match value.get_ref() {
                DeValue::Table(inner) if name == KEYS => self.keys("", inner),
                DeValue::Table(inner) if is_group => self.table(&name, inner),
                _ if is_group => {
                    let what = format!("\"{name}\" is a table, not a value");
                    let hint = format!("write [{name}] and its settings below it");
                    self.problem(self.place(key), &what, Some(hint));
                }
                value_ref => match SETTINGS.iter().find(|s| s.name == name) {
                    Some(_) if self.entries.settings.iter().any(|entry| entry.name == name) => {
                        self.twice(&name, key);
                    }
                    Some(_) => {
                        let entry = FileEntry {
                            value: raw(value_ref),
                            place: self.place(value),
                            name,
                        };
                        self.entries.settings.push(entry);
                    }
                    None => self.unknown(&name, key),
                },
            }
        }
    }

    /// Action names contain dots: `"chat.send" = …`, `chat.send = …` and `[keys.chat]` are the same.
    fn keys(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.keys(&format!("{name}."), inner);
            } else if !self.actions.is_empty() && !self.actions.contains(&name.as_str()) {
                let hint = nearest(&name, self.actions.iter().copied())
                    .map(|near| format!("did you mean \"{near}\"?"));
                let what = format!("there is no action \"{}\"", shown(&name));
                self.problem(self.place(key), &what, hint);
            } else if self.entries.keys.iter().any(|entry| entry.name == name) {
                self.twice(&name, key);
            } else {
                let entry = FileEntry {
                    name,
                    value: raw(value.get_ref()),
                    place: self.place(value),
                };
                self.entries.keys.push(entry);
            }
        }
    }

    /// To TOML, `"a.b"` and `b` in the table `a` are different keys.
    fn twice(&mut self, name: &str, key: &Spanned<std::borrow::Cow<'_, str>>) {
        let what = format!("\"{}\" is set twice", shown(name));
        let hint = "remove one of the two".to_owned();
        self.problem(self.place(key), &what, Some(hint));
    }

    fn unknown(&mut self, name: &str, key: &Spanned<std::borrow::Cow<'_, str>>) {
        let what = format!("there is no setting \"{}\"", shown(name));
        if names_a_secret(name) {
            let place = self.place(key).without_value();
            let hint = "secrets do not belong here: give them as environment variables, such as \
                        E2B_API_KEY";
            self.problem(place, &what, Some(hint.to_owned()));
            return;
        }
        // The whole name first; then its last part, for a setting in the wrong table.
        let last = name.rsplit('.').next().unwrap_or(name);
        let names = || SETTINGS.iter().map(|setting| setting.name);
        let near = names()
            .find(|full| full.rsplit('.').next() == Some(last))
            .or_else(|| nearest(name, names().chain([KEYS])))
            .or_else(|| nearest(last, names()));
        let hint = near.map(|near| format!("did you mean \"{near}\"?"));
        self.problem(self.place(key), &what, hint);
    }

    fn place<T>(&self, at: &Spanned<T>) -> FilePlace {
        FilePlace::of(self.path, self.source, &at.span())
    }

    fn problem(&mut self, place: FilePlace, what: &str, hint: Option<String>) {
        self.entries.problems.push(Problem {
            place: ProblemPlace::File(place),
            what: what.replace('\n', " ").trim_end().to_owned(),
            hint,
        });
    }
}

fn group(name: &str) -> Option<&str> {
    name.split_once('.').map(|(group, _)| group)
}

/// Whether the value of this name must not be quoted.
fn names_a_secret(name: &str) -> bool {
    let name = name.split('=').next().unwrap_or_default().to_lowercase();
    let words = ["key", "token", "secret", "password"];
    words.iter().any(|word| name.contains(word))
}

/// Names come from the file and may contain anything.
fn shown(name: &str) -> String {
    name.chars().take(60).flat_map(char::escape_debug).collect()
}

fn raw(value: &DeValue<'_>) -> RawValue {
    match value {
        DeValue::String(text) => RawValue::Text(text.to_string()),
        DeValue::Boolean(value) => RawValue::Bool(*value),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map_or(
                RawValue::Other("list with values that are not text"),
                RawValue::List,
            ),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map_or(RawValue::Other("number"), RawValue::Number),
        DeValue::Float(number) => RawValue::Decimal(number.as_str().to_owned()),
        DeValue::Datetime(_) => RawValue::Other("date"),
        DeValue::Table(_) => RawValue::Other("table"),
    }
}
