//! JSON as a table: a row for each value, by the names that lead to it.
//!
//! The arguments and the results of MCP servers and plugins have any shape. `{"filter":{"state":"open"}}` becomes
//! `filter.state: open`; a list of words becomes one row.

use serde_json::Value;

use crate::opencode::wire::part::Input;

/// Deeper values, and longer tables, are cut.
const DEPTH: usize = 8;
const ROWS: usize = 500;
/// A longer text is not read as JSON.
const LONGEST: usize = 256 * 1024;

/// The arguments of a call, each value in a row of its own.
pub(super) fn arguments(input: &Input) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for (name, value) in &input.0 {
        match parsed(value) {
            Some(value) => add(&mut rows, name, &value, 0),
            None => rows.push((name.clone(), value.clone())),
        }
    }
    rows
}

/// A text that is an object or a list as lines `name: value`; any other text as it is.
pub(super) fn text(text: String) -> String {
    let Some(value) = parsed(&text) else {
        return text;
    };
    let mut rows = Vec::new();
    add(&mut rows, "", &value, 0);
    let lines: Vec<String> = rows
        .into_iter()
        .map(|(name, value)| match (name.as_str(), value.as_str()) {
            ("", value) => value.to_owned(),
            (name, value) => format!("{name}: {value}"),
        })
        .collect();
    lines.join("\n")
}

/// The value of a text that is an object or a list.
fn parsed(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    if !begins || text.len() > LONGEST {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn add(rows: &mut Vec<(String, String)>, name: &str, value: &Value, depth: usize) {
    if rows.len() >= ROWS {
        return;
    }
    match value {
        Value::Object(fields) if depth < DEPTH && !fields.is_empty() => {
            for (field, value) in fields {
                let name = match name {
                    "" => field.clone(),
                    name => format!("{name}.{field}"),
                };
                add(rows, &name, value, depth + 1);
            }
        }
        Value::Array(items) if items.iter().all(|item| word(item).is_some()) => {
            let words: Vec<String> = items.iter().filter_map(word).collect();
            rows.push((name.to_owned(), words.join(", ")));
        }
        Value::Array(items) if depth < DEPTH => {
            for (number, item) in items.iter().enumerate() {
                add(rows, &format!("{name}[{}]", number + 1), item, depth + 1);
            }
        }
        value => rows.push((
            name.to_owned(),
            word(value).unwrap_or_else(|| "…".to_owned()),
        )),
    }
}

/// A value that fits in a row.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("none".to_owned()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("none".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
