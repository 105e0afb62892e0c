//! Runs the grammars of Sublime Text that two-face collects.

use std::collections::VecDeque;
use std::fmt;

use syntect::parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet};

use super::language::Language;
use super::role::{SyntaxSpan, SyntaxSpans};
use super::scopes::ScopeRoles;
use super::store::{CHECKPOINTS, CodePlace, HighlightJob};

/// Longer lines stay plain: some expressions need time that grows with the square of the length,
/// and nobody reads minified code by its colours.
const LONGEST_LINE: usize = 1_500;

/// Names that people write at fences, and that the grammars do not have.
const ALIASES: [(&str, &str); 18] = [
    ("shell", "sh"),
    ("console", "sh"),
    ("shellsession", "sh"),
    ("golang", "go"),
    ("jsonc", "json"),
    ("json5", "json"),
    ("jsonl", "json"),
    ("jsx", "js"),
    ("mjs", "js"),
    ("cjs", "js"),
    ("node", "js"),
    ("c++", "cpp"),
    ("csharp", "cs"),
    ("c#", "cs"),
    ("docker", "dockerfile"),
    ("python3", "py"),
    ("patch", "diff"),
    ("udiff", "diff"),
];

/// The grammars, and where the last jobs ended. Some megabytes: load it when code is seen.
pub struct Highlighter {
    grammars: SyntaxSet,
    roles: ScopeRoles,
    checkpoints: VecDeque<(CodePlace, CodeState)>,
}

/// The grammar's state between two lines.
#[derive(Clone)]
struct CodeState {
    parser: ParseState,
    scopes: ScopeStack,
}

impl fmt::Debug for Highlighter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Highlighter").finish_non_exhaustive()
    }
}

impl Highlighter {
    /// Loads the list of grammars; each is read when a job first needs it.
    pub fn load() -> Self {
        Self {
            grammars: two_face::syntax::extra_newlines(),
            roles: ScopeRoles::new(),
            checkpoints: VecDeque::new(),
        }
    }

    /// Finds the colours of a job's lines.
    pub fn run(&mut self, job: &HighlightJob) -> Vec<SyntaxSpans> {
        let known = self.checkpoints.iter().find(|(at, _)| *at == job.from);
        let state = match known {
            Some((_, state)) => Some(state.clone()),
            None => self.grammar(&job.language).map(|grammar| CodeState {
                parser: ParseState::new(grammar),
                scopes: ScopeStack::new(),
            }),
        };
        let Some(mut state) = state else {
            return vec![SyntaxSpans::from([]); job.lines.len()];
        };
        let spans = job
            .lines
            .iter()
            .map(|line| self.line(&mut state, line))
            .collect();
        if let Some(end) = job.places().last() {
            self.checkpoints.push_back((*end, state));
            if self.checkpoints.len() > CHECKPOINTS {
                self.checkpoints.pop_front();
            }
        }
        spans
    }

    fn grammar(&self, language: &Language) -> Option<&SyntaxReference> {
        let name = language.name();
        let find = |name: &str| {
            let alias = ALIASES.iter().find(|(known, _)| *known == name);
            let name = alias.map_or(name, |(_, name)| name);
            self.grammars.find_syntax_by_token(name)
        };
        find(name)
            .or_else(|| find(name.rsplit('.').next()?))
            .filter(|grammar| grammar.name != "Plain Text")
    }

    fn line(&mut self, state: &mut CodeState, line: &str) -> SyntaxSpans {
        let plain = || SyntaxSpans::from([]);
        if line.len() > LONGEST_LINE {
            return plain();
        }
        let ended = format!("{line}\n");
        let Ok(changes) = state.parser.parse_line(&ended, &self.grammars) else {
            return plain();
        };
        let mut spans: Vec<SyntaxSpan> = Vec::new();
        let mut start = 0;
        for (at, change) in changes {
            self.add(&mut spans, line, start..at, &state.scopes);
            start = start.max(at);
            if state.scopes.apply(&change).is_err() {
                return plain();
            }
        }
        self.add(&mut spans, line, start..line.len(), &state.scopes);
        // What follows has no role anyway.
        while spans.pop_if(|last| last.role.is_none()).is_some() {}
        spans.into()
    }

    fn add(
        &mut self,
        spans: &mut Vec<SyntaxSpan>,
        line: &str,
        part: std::ops::Range<usize>,
        scopes: &ScopeStack,
    ) {
        let end = part.end.min(line.len());
        let (Some(text), Ok(offset)) = (line.get(part.start..end), u16::try_from(end)) else {
            return;
        };
        if text.is_empty() {
            return;
        }
        let role = self.roles.role(scopes.as_slice(), text);
        match spans.last_mut() {
            Some(last) if last.role == role => last.end = offset,
            _ => spans.push(SyntaxSpan { end: offset, role }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_and_what_models_write_most_has_a_grammar() {
        let highlighter = Highlighter::load();
        let names = "rust python py javascript js typescript ts tsx jsx bash sh zsh json yaml yml \
             toml html css scss sql go java kotlin swift c cpp cs ruby php lua perl haskell diff \
             dockerfile makefile cmakelists.txt markdown xml vue svelte elixir nix zig terraform \
             graphql protobuf ini r src/main.rs a.test.tsx go.mod Cargo.toml";
        let aliases = ALIASES.iter().map(|(alias, _)| *alias);
        let missing: Vec<&str> = names
            .split(' ')
            .chain(aliases)
            .filter(|name| {
                let language = Language::of_path(name);
                language.is_none_or(|language| highlighter.grammar(&language).is_none())
            })
            .collect();

        assert_eq!(missing, [""; 0]);
    }
}
