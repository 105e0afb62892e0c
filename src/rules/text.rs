//! The text of `rules.toml`: read whole, and edited so that all else in it stays as it is.
//!
//! ```toml
//! [[rule]]
//! action = "allow"
//! permission = "bash"
//! pattern = "cargo test *"
//! project = "/home/me/work"   # without it: everywhere
//! ```

use serde::Deserialize;

use crate::domain::rule::{Rule, RuleAction};

/// Begins each rule.
const HEADER: &str = "[[rule]]";
/// Begins a new file.
const INTRODUCTION: &str = "\
# Rules that answer the permissions of agents. `sandbar rules` lists, adds and removes them.
# `*` matches any text, `?` one character. Deny rules take precedence over allow rules.
";

/// Without `deny_unknown_fields`, a mistyped `project` would allow it everywhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    #[serde(default)]
    rule: Vec<RuleRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    action: RuleActionRow,
    permission: String,
    pattern: String,
    project: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RuleActionRow {
    Allow,
    Deny,
}

impl From<RuleRow> for Rule {
    fn from(row: RuleRow) -> Self {
        Self {
            action: match row.action {
                RuleActionRow::Allow => RuleAction::Allow,
                RuleActionRow::Deny => RuleAction::Deny,
            },
            permission: row.permission,
            pattern: row.pattern,
            project: row.project,
        }
    }
}

/// Reads all rules.
///
/// # Errors
/// What is wrong, and where. A file with one mistake has no rules at all: a deny rule may be in it.
pub fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let file: FileRow = toml::from_str(text).map_err(|error| error.to_string())?;
    let rules: Vec<Rule> = file.rule.into_iter().map(Rule::from).collect();
    let empty = |rule: &&Rule| rule.permission.is_empty() || rule.pattern.is_empty();
    match rules.iter().position(|rule| empty(&rule)) {
        Some(at) => Err(format!(
            "rule {} has an empty pattern or permission",
            at + 1
        )),
        None => Ok(rules),
    }
}

/// The text with these rules at its end; those that it has already are not added again.
pub fn with(text: &str, rules: &[Rule]) -> Result<String, String> {
    let mut known = parse(text)?;
    let mut edited = text.to_owned();
    for rule in rules {
        if known.contains(rule) {
            continue;
        }
        if edited.is_empty() {
            edited.push_str(INTRODUCTION);
        }
        if !edited.ends_with('\n') {
            edited.push('\n');
        }
        edited.push('\n');
        edited.push_str(&written(rule));
        known.push(rule.clone());
    }
    same(edited, &known)
}

/// The text without the rule at this index, and without what is written between it and the next.
pub fn without(text: &str, at: usize) -> Result<String, String> {
    let mut rules = parse(text)?;
    if at >= rules.len() {
        return Err(format!("there is no rule {}", at + 1));
    }
    rules.remove(at);
    let mut edited = String::new();
    let mut seen = 0;
    let mut in_it = false;
    for line in text.split_inclusive('\n') {
        if is_header(line) {
            seen += 1;
            in_it = seen == at + 1;
        }
        if !in_it || is_aside(line) {
            edited.push_str(line);
        }
    }
    same(edited, &rules)
}

fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default();
    line.split_whitespace().collect::<String>() == HEADER
}

/// A comment or an empty line: it is the user's.
fn is_aside(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('#')
}

/// A rule as its table.
fn written(rule: &Rule) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "{HEADER}\naction = \"{}\"\npermission = {}\npattern = {}\n",
        rule.action.name(),
        quoted(&rule.permission),
        quoted(&rule.pattern)
    );
    if let Some(project) = &rule.project {
        text.extend(["project = ", &quoted(project), "\n"]);
    }
    text
}

/// An edit by lines can go wrong in a file that is written in an unusual way; then it is not done.
fn same(edited: String, wanted: &[Rule]) -> Result<String, String> {
    match parse(&edited) {
        Ok(rules) if rules == wanted => Ok(edited),
        _ => Err("the file is written in a way that cannot be edited here; edit it by hand".into()),
    }
}
