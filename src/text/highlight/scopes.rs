//! Sublime's scopes, in which the grammars speak, as our roles.

use std::collections::HashMap;

use syntect::parsing::Scope;

use super::role::SyntaxRole;

/// What a scope says about the text in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeMeaning {
    Role(SyntaxRole),
    /// A keyword if it is a word.
    Operator,
    /// Code of its own: what is around it says nothing about it.
    Plain,
}

/// The first row that is a prefix of a scope counts.
const MEANINGS: [(&str, ScopeMeaning); 48] = {
    use ScopeMeaning::{Operator, Plain, Role};
    use SyntaxRole::{
        Added, Comment, Constant, Function, Keyword, Number, Property, Removed, String, Type,
    };
    [
        ("comment", Role(Comment)),
        ("punctuation.definition.comment", Role(Comment)),
        ("meta.mapping.key", Role(Property)),
        ("support.type.property-name", Role(Property)),
        ("constant.character.escape", Role(Constant)),
        ("constant.other.placeholder", Role(Constant)),
        ("constant.numeric", Role(Number)),
        ("constant.other.color", Role(Number)),
        ("constant", Role(Constant)),
        ("support.constant", Role(Constant)),
        ("variable.language", Role(Constant)),
        ("string.unquoted", Role(String)),
        ("string", Role(String)),
        ("storage.type.numeric", Role(Type)),
        ("storage.type.built-in", Role(Type)),
        ("storage", Role(Keyword)),
        ("keyword.operator.word", Role(Keyword)),
        ("keyword.operator", Operator),
        ("keyword", Role(Keyword)),
        ("entity.name.function", Role(Function)),
        ("entity.name.macro", Role(Function)),
        ("entity.name.label", Role(Constant)),
        ("entity.name.tag.toml", Role(Property)),
        ("entity.name.tag.yaml", Role(Property)),
        ("entity.name.tag", Role(Keyword)),
        ("entity.name.section", Role(Type)),
        ("entity.name.type", Role(Type)),
        ("entity.name.class", Role(Type)),
        ("entity.name.struct", Role(Type)),
        ("entity.name.enum", Role(Type)),
        ("entity.name.union", Role(Type)),
        ("entity.name.trait", Role(Type)),
        ("entity.name.interface", Role(Type)),
        ("entity.other.inherited-class", Role(Type)),
        ("entity.other.attribute-name", Role(Property)),
        ("support.function", Role(Function)),
        ("support.macro", Role(Function)),
        ("support.type", Role(Type)),
        ("support.class", Role(Type)),
        ("variable.function", Role(Function)),
        ("variable.annotation", Role(Function)),
        ("markup.inserted", Role(Added)),
        ("markup.deleted", Role(Removed)),
        ("markup.heading", Role(Keyword)),
        ("markup.raw", Role(String)),
        ("meta.interpolation", Plain),
        ("meta.template.expression", Plain),
        ("source", Plain),
    ]
};

/// Finds roles; remembers the meaning of each scope.
#[derive(Debug)]
pub(super) struct ScopeRoles {
    rows: Vec<(Scope, ScopeMeaning)>,
    known: HashMap<Scope, Option<ScopeMeaning>>,
}

impl ScopeRoles {
    pub(super) fn new() -> Self {
        let row = |(name, meaning): (&str, ScopeMeaning)| Some((Scope::new(name).ok()?, meaning));
        Self {
            rows: MEANINGS.into_iter().filter_map(row).collect(),
            known: HashMap::new(),
        }
    }

    /// The role of text in these scopes, innermost last.
    pub(super) fn role(&mut self, stack: &[Scope], text: &str) -> Option<SyntaxRole> {
        let mut found = None;
        for scope in stack.iter().rev() {
            match (self.meaning(*scope), found) {
                (Some(ScopeMeaning::Role(role)), None) if role != SyntaxRole::String => {
                    return Some(role);
                }
                (Some(ScopeMeaning::Role(role)), None) => found = Some(role),
                // A key of JSON is a string too.
                (Some(ScopeMeaning::Role(SyntaxRole::Property)), Some(_)) => {
                    return Some(SyntaxRole::Property);
                }
                (Some(ScopeMeaning::Operator), None) => {
                    let is_word = text.chars().all(|c| c.is_alphabetic() || c == ' ')
                        && !text.trim().is_empty();
                    return is_word.then_some(SyntaxRole::Keyword);
                }
                (Some(ScopeMeaning::Plain), _) => return found,
                _ => {}
            }
        }
        found
    }

    fn meaning(&mut self, scope: Scope) -> Option<ScopeMeaning> {
        *self.known.entry(scope).or_insert_with(|| {
            let row = self
                .rows
                .iter()
                .find(|(prefix, _)| prefix.is_prefix_of(scope));
            row.map(|(_, meaning)| *meaning)
        })
    }
}
