//! The calls for commands and shell lines, and for what a prompt can name.

use std::time::Duration;

use super::{ApiCall, OpencodeClient, OpencodeError};
use crate::opencode::wire::command::{
    CommandInfo, CommandRequest, FileNode, McpResource, McpResources, ShellRequest,
};
use crate::opencode::wire::message::List;

/// A command's turn, and a shell line, may take as long as they want: the answer comes at their end.
pub(super) const WHOLE_TURN: Duration = Duration::from_hours(7 * 24);

impl OpencodeClient {
    /// The server's commands, the project's, skills, and prompts of MCP servers.
    pub async fn commands(&self) -> Result<Vec<CommandInfo>, OpencodeError> {
        let List(commands) = self.fetch_slowly("list the commands", &["command"]).await?;
        Ok(commands)
    }

    /// What the MCP servers offer to read.
    pub async fn resources(&self) -> Result<Vec<McpResource>, OpencodeError> {
        let path = ["experimental", "resource"];
        let McpResources(resources) = self.fetch_slowly("list the resources", &path).await?;
        Ok(resources)
    }

    /// Files and directories whose paths resemble the query, relative to the directory, at most `limit` (up to 200);
    /// directories end with a slash. An empty query lists the root.
    pub async fn find_files(&self, query: &str, limit: u32) -> Result<Vec<String>, OpencodeError> {
        let limit = limit.to_string();
        let query = [("query", query), ("limit", limit.as_str())];
        let call = ApiCall {
            query: &query,
            ..self.get("find files", &["find", "file"])
        };
        let List(paths) = self.fetch(&call).await?;
        Ok(paths)
    }

    /// The files of a directory.
    pub async fn list_files(&self, path: &str) -> Result<Vec<FileNode>, OpencodeError> {
        let query = [("path", path)];
        let call = ApiCall {
            query: &query,
            ..self.get("list files", &["file"])
        };
        let List(files) = self.fetch(&call).await?;
        Ok(files)
    }

    /// Runs a command; answered when its turn is over. Not idempotent.
    pub async fn run_command(&self, id: &str, body: &CommandRequest) -> Result<(), OpencodeError> {
        let path = ["session", id, "command"];
        let call = ApiCall {
            limit: WHOLE_TURN,
            ..self.post("run the command", &path)
        };
        self.request(&call, Some(body)).await.map(drop)
    }

    /// Runs a line in a shell; answered when it has ended. Not idempotent.
    ///
    /// # Errors
    /// 409 while a turn runs.
    pub async fn run_shell(&self, id: &str, body: &ShellRequest) -> Result<(), OpencodeError> {
        let path = ["session", id, "shell"];
        let call = ApiCall {
            limit: WHOLE_TURN,
            ..self.post("run the shell line", &path)
        };
        self.request(&call, Some(body)).await.map(drop)
    }
}
