//! The names of the keys that the chat's view shows, as the user has bound them.
//!
//! The root makes them from the key map, which the chat does not know.

use std::collections::BTreeMap;

use crate::app::chat::{ChatAction, ChatContext};

/// A key's name for each action of the chat in each of its parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatKeys(BTreeMap<(ChatContext, ChatAction), String>);

impl ChatKeys {
    /// `name` tells the key of an action in a part of the chat; `None` where the user took all away.
    pub fn new(name: impl Fn(ChatContext, ChatAction) -> Option<String>) -> Self {
        let contexts = ChatContext::ALL.into_iter();
        let pairs = contexts
            .flat_map(|context| ChatAction::ALL.iter().map(move |action| (context, *action)));
        let named = pairs.filter_map(|(context, action)| {
            name(context, action).map(|name| ((context, action), name))
        });
        Self(named.collect())
    }

    /// Empty where there is no key.
    pub(in crate::app::chat) fn name(&self, context: ChatContext, action: ChatAction) -> &str {
        self.0.get(&(context, action)).map_or("", String::as_str)
    }
}
