//! What a session's server has reported about itself.

use super::plugins::PluginFailures;
use crate::domain::failure::Failure;
use crate::domain::server::{McpServer, McpState, ServerAnswer, ServerReport};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::app) struct ServerState {
    /// Newer than those of the status.
    mcp: Vec<McpServer>,
    /// `None` until it was asked for.
    status: Option<ServerReport>,
    /// Why the last request for it failed.
    failure: Option<Failure>,
    pub(in crate::app) plugins: PluginFailures,
}

impl ServerState {
    pub(in crate::app) fn receive(&mut self, answer: ServerAnswer) {
        match answer {
            ServerAnswer::Status(status) => {
                self.mcp.clone_from(&status.mcp);
                self.status = Some(*status);
                self.failure = None;
            }
            ServerAnswer::StatusFailed(failure) => self.failure = Some(failure),
            ServerAnswer::McpServers(servers) => self.mcp = servers,
            ServerAnswer::Providers(_)
            | ServerAnswer::ProvidersFailed(_)
            | ServerAnswer::Changes(..)
            | ServerAnswer::Discarded(..)
            | ServerAnswer::Updated(_)
            | ServerAnswer::Applied(..)
            | ServerAnswer::KeyStored { .. }
            | ServerAnswer::LoginBegun { .. }
            | ServerAnswer::LoginEnded { .. } => {}
        }
    }

    /// The status is asked for.
    pub(in crate::app) fn asked(&mut self) {
        self.failure = None;
    }

    pub(in crate::app) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(in crate::app) fn mcp(&self) -> &[McpServer] {
        &self.mcp
    }

    pub(in crate::app) fn status(&self) -> Option<&ServerReport> {
        self.status.as_ref()
    }

    /// What is wrong with MCP servers or plugins, in a few words: `1 MCP server failed`.
    pub(in crate::app) fn complaint(&self) -> Option<String> {
        let count = |test: fn(&McpState) -> bool| {
            self.mcp.iter().filter(|server| test(&server.state)).count()
        };
        let failed = count(|state| matches!(state, McpState::Failed(_)));
        let logged_out = count(|state| *state == McpState::NeedsAuth);
        match (failed, logged_out) {
            (0, 0) => match self.plugins.all().len() {
                0 => None,
                1 => Some("1 plugin failed".to_owned()),
                n => Some(format!("{n} plugins failed")),
            },
            (0, 1) => Some("1 MCP server needs a login".to_owned()),
            (0, n) => Some(format!("{n} MCP servers need a login")),
            (1, _) => Some("1 MCP server failed".to_owned()),
            (n, _) => Some(format!("{n} MCP servers failed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_failed_is_told_before_one_that_needs_a_login() {
        let complaint = |states: &[McpState]| {
            let servers = states.iter().map(|state| McpServer {
                name: "a".to_owned(),
                state: state.clone(),
            });
            let mut known = ServerState::default();
            known.receive(ServerAnswer::McpServers(servers.collect()));
            known.complaint().unwrap_or_default()
        };
        let failed = McpState::Failed("why".to_owned());

        assert_eq!(complaint(&[McpState::Connected, McpState::Disabled]), "");
        assert_eq!(
            complaint(&[failed.clone(), McpState::NeedsAuth]),
            "1 MCP server failed"
        );
        assert_eq!(complaint(&[failed.clone(), failed]), "2 MCP servers failed");
        assert_eq!(
            complaint(&[McpState::NeedsAuth]),
            "1 MCP server needs a login"
        );
    }
}
