//! Arguments of tool calls that ask for a permission.
//!
//! A request of a tool that is not OpenCode's own (of a plugin, or of an MCP server) does not contain the call's
//! arguments; they come with the call's part, before the request or after it.

use std::collections::HashMap;

use crate::opencode::wire::part::{Input, ToolPart};
use crate::opencode::wire::request::PermissionRequest;

/// Calls under way, by id.
#[derive(Debug, Default)]
pub(super) struct CallArguments {
    known: HashMap<String, Input>,
    waiting: Vec<PermissionRequest>,
}

impl CallArguments {
    /// Takes the current state of a call. Returns a pending request whose arguments were unknown until now.
    pub(super) fn part(&mut self, tool: &ToolPart) -> Option<PermissionRequest> {
        if !matches!(tool.state.status.as_str(), "pending" | "running") {
            self.known.remove(&tool.call_id);
            self.waiting
                .retain(|request| !is_of(request, &tool.call_id));
            return None;
        }
        let input = &tool.state.input;
        if input.0.is_empty() || self.known.get(&tool.call_id) == Some(input) {
            return None;
        }
        self.known.insert(tool.call_id.clone(), input.clone());
        let waiting = self.waiting.iter();
        waiting
            .rev()
            .find(|request| is_of(request, &tool.call_id))
            .cloned()
    }

    /// Remembers a request, in case its call's arguments come later.
    pub(super) fn asked(&mut self, request: PermissionRequest) {
        self.replied(&request.id);
        self.waiting.push(request);
    }

    pub(super) fn replied(&mut self, id: &str) {
        self.waiting.retain(|request| request.id != id);
    }

    /// The arguments of the call that asks.
    pub(super) fn of(&self, request: &PermissionRequest) -> Option<&Input> {
        self.known.get(&request.tool.as_ref()?.call_id)
    }
}

fn is_of(request: &PermissionRequest, call: &str) -> bool {
    let tool = request.tool.as_ref();
    tool.is_some_and(|tool| tool.call_id == call)
}
