//! Rules of the user that answer permissions; `rules` matches them and keeps them.

use std::fmt;

/// What answered a permission instead of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomaticAnswer {
    /// The permission on one line.
    pub asked: String,
    pub allowed: bool,
    pub by: AnsweredBy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The patterns of the rules; several for the commands of a chain.
    Rules(Vec<String>),
    AutoMode,
}

impl fmt::Display for AutomaticAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.allowed { "allowed" } else { "denied" };
        write!(f, "{done} by {}: {}", self.by, self.asked)
    }
}

impl fmt::Display for AnsweredBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(patterns) => match &patterns[..] {
                [pattern] => write!(f, "rule \"{pattern}\""),
                patterns => write!(f, "rules \"{}\"", patterns.join("\", \"")),
            },
            Self::AutoMode => f.write_str("auto mode"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleAction {
    Allow,
    Deny,
}

impl RuleAction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    pub action: RuleAction,
    /// The kind of permission: `bash`, `edit`, `webfetch`, …; may have wildcards.
    pub permission: String,
    /// What it matches: a command, a path, an address; `*` is any text, `?` one character.
    pub pattern: String,
    /// Only for sessions of this project: a directory, or the URL that was cloned. `None`:
    /// everywhere.
    pub project: Option<String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.action.name(),
            self.permission,
            self.pattern
        )
    }
}
