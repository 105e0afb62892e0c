//! What the translation of a call takes its values from.

use crate::opencode::wire::part::Input;
use crate::opencode::wire::tool_metadata::ToolMetadata;
use crate::session::chat::translate::plain::relative;

/// What a call's translation takes from.
pub(super) struct CallSource<'a> {
    pub(super) tool: &'a str,
    pub(super) input: Input,
    pub(super) metadata: ToolMetadata,
    pub(super) output: String,
    /// The session's; paths below it are shown relative to it.
    pub(super) directory: &'a str,
}

impl CallSource<'_> {
    /// Takes an argument; empty if there is none.
    pub(super) fn take(&mut self, name: &str) -> String {
        let found = self.input.0.iter().position(|(known, _)| known == name);
        found.map_or_else(String::new, |at| self.input.0.remove(at).1)
    }

    /// Takes an argument that is a path.
    pub(super) fn take_path(&mut self, name: &str) -> String {
        let path = self.take(name);
        relative(&path, self.directory).to_owned()
    }
}
