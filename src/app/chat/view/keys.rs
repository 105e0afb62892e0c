//! The names of the keys that the chat's view shows, as the user has bound them.
//!
//! The root builds them from the key map, which the chat does not know.

use std::collections::BTreeMap;

use crate::app::chat::{ChatAction, ChatContext};

/// The key of each action in each part of the chat.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatKeys(BTreeMap<(ChatContext, ChatAction), String>);

impl ChatKeys {
    /// `name` returns the key of an action in a part of the chat; `None` if it is unbound.
    pub fn new(name: impl Fn(ChatContext, ChatAction) -> Option<String>) -> Self {
        let contexts = ChatContext::ALL.into_iter();
        let pairs = contexts
            .flat_map(|context| ChatAction::ALL.iter().map(move |action| (context, *action)));
        let named = pairs.filter_map(|(context, action)| {
            name(context, action).map(|name| ((context, action), name))
        });
        Self(named.collect())
    }

    /// Empty if the action is unbound.
    pub(in crate::app::chat) fn name(&self, context: ChatContext, action: ChatAction) -> &str {
        self.0.get(&(context, action)).map_or("", String::as_str)
    }
}
