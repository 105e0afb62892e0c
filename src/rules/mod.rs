//! Rules that answer an agent's permissions: how they match, and the file that keeps them.
//!
//! A deny rule counts as soon as it matches any part of a request. An allow rule must account for
//! everything: each command of a chain has to match a rule of its own, and what cannot be taken
//! apart with certainty (substitutions, redirections into files, subshells) is allowed by no
//! narrower pattern than `*`. Whatever is doubtful is left to the user.
//!
//! In reading order: [`decide`], `wildcard` and `subject` compare one pattern, `shell` takes a
//! command line apart, `text` reads and edits the file's text, [`mod@file`] keeps it on disk. Knows no
//! session, no server and no screen.

pub mod file;
mod shell;
mod subject;
pub mod text;
mod wildcard;

#[cfg(test)]
mod tests;

use crate::domain::chat::Permission;
use crate::domain::rule::{Rule, RuleAction};

/// The kind of permission whose subject is a command line.
const SHELL: &str = "bash";

/// What the rules say about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    Denied(&'a Rule),
    /// The rules that together allow all of it, each once.
    Allowed(Vec<&'a Rule>),
    /// The user decides.
    Undecided,
}

/// Applies the rules to a request of a session that belongs to `project`.
pub fn decide<'a>(rules: &'a [Rule], project: Option<&str>, asked: &Permission) -> Decision<'a> {
    let applies = |rule: &&Rule| {
        rule.project.is_none() || (project.is_some() && rule.project.as_deref() == project)
    };
    let is_of_kind = |rule: &&Rule| wildcard::matches(&rule.permission, &asked.kind);
    let rules: Vec<&Rule> = rules.iter().filter(applies).filter(is_of_kind).collect();
    let denies = |rule: &&Rule| rule.action == RuleAction::Deny && is_denied(rule, asked);
    if let Some(rule) = rules.iter().copied().find(denies) {
        return Decision::Denied(rule);
    }
    let allowing = rules
        .into_iter()
        .filter(|rule| rule.action == RuleAction::Allow);
    allowed(&allowing.collect::<Vec<_>>(), asked).map_or(Decision::Undecided, Decision::Allowed)
}

/// The patterns that a rule for this request would have, to be offered to the user.
pub fn suggested(asked: &Permission) -> Vec<String> {
    // For other kinds the server suggests `*`, which is everything.
    let from = match asked.kind.as_str() {
        SHELL if !asked.always.is_empty() => &asked.always,
        _ => &asked.patterns,
    };
    let mut patterns: Vec<String> = Vec::new();
    for pattern in from {
        if !patterns.contains(pattern) {
            patterns.push(pattern.clone());
        }
    }
    if patterns.is_empty() && !asked.subject.is_empty() {
        patterns.push(asked.subject.clone());
    }
    patterns
}

/// What the agent is told about a request that a rule denies.
pub fn denial(rule: &Rule) -> String {
    format!(
        "A permission rule set by the user denies this: {}",
        rule.pattern
    )
}

/// A deny rule is generous: better one question too many.
fn is_denied(rule: &Rule, asked: &Permission) -> bool {
    let whole = std::iter::once(&asked.subject).chain(&asked.patterns);
    let mut whole = whole.filter(|text| !text.is_empty());
    whole.clone().any(|text| wildcard::matches(&rule.pattern, text))
        || asked.kind == SHELL
            && whole.any(|text| {
                let mut pieces = shell::pieces(text);
                pieces.any(|piece| wildcard::matches(&rule.pattern, piece))
            })
        // With nothing to compare, only a rule for everything can be meant.
        || (asked.subject.is_empty() && asked.patterns.is_empty() && rule.pattern == "*")
}

/// The rules that allow all of a request, if it is allowed.
fn allowed<'a>(rules: &[&'a Rule], asked: &Permission) -> Option<Vec<&'a Rule>> {
    if asked.undecodable || asked.lacks_arguments || asked.kind.is_empty() {
        return None;
    }
    if let Some(rule) = rules.iter().find(|rule| rule.pattern == "*") {
        return Some(vec![rule]);
    }
    if asked.kind == SHELL && !asked.subject.is_empty() {
        // Word for word, there is nothing left to be misunderstood.
        let is_whole =
            |rule: &&&Rule| wildcard::is_literal(&rule.pattern) && rule.pattern == asked.subject;
        if let Some(rule) = rules.iter().find(is_whole) {
            return Some(vec![rule]);
        }
    }
    let mut used: Vec<&Rule> = Vec::new();
    let parts = parts(asked)?;
    for part in &parts {
        let matches = |rule: &&&Rule| match asked.kind.as_str() {
            SHELL => wildcard::matches(&rule.pattern, part),
            _ => subject::matches(&rule.pattern, part),
        };
        let rule = rules.iter().find(matches)?;
        if !used.contains(rule) {
            used.push(rule);
        }
    }
    (!used.is_empty()).then_some(used)
}

/// What has to be allowed, one by one; `None`: it cannot be told.
fn parts(asked: &Permission) -> Option<Vec<String>> {
    if asked.kind != SHELL {
        let named = asked.patterns.clone();
        return (!named.is_empty()).then_some(named);
    }
    let mut parts = shell::commands(&asked.subject)?;
    // The server has taken it apart too; what either of us sees has to be allowed.
    for pattern in &asked.patterns {
        parts.extend(shell::commands(pattern)?);
    }
    Some(parts)
}
