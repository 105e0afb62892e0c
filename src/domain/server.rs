//! What a server works with, besides models and agents, and what can be asked of it.

use std::fmt;

/// A request about the server. Each is answered by a [`ServerAnswer`] or a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerCommand {
    /// Answered by [`ServerAnswer::Status`].
    Status,
    /// Connects an MCP server, or disconnects it; answered by [`ServerAnswer::McpServers`].
    SwitchMcp { name: String, on: bool },
    /// Answered by [`ServerAnswer::Providers`].
    Providers,
    /// Stores the key of a provider, and makes the server use it if no turn runs; answered by
    /// [`ServerAnswer::KeyStored`].
    SetProviderKey { provider: String, key: ProviderKey },
}

/// The answer to a [`ServerCommand`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAnswer {
    Status(Box<ServerReport>),
    /// Also told unasked, when a connection is established and after each turn.
    McpServers(Vec<McpServer>),
    Providers(Vec<ProviderOffer>),
    KeyStored {
        provider: String,
        /// Whether the server uses it already; otherwise a turn runs, which that would abort.
        is_used: bool,
    },
}

/// The state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerReport {
    pub mcp: Vec<McpServer>,
    pub language_servers: Vec<LanguageServer>,
    /// The names of those in use.
    pub formatters: Vec<String>,
    /// The checked out branch, if the directory is in a repository.
    pub branch: Option<String>,
    /// What the server could not tell, one sentence each.
    pub problems: Vec<String>,
}

/// A configured MCP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    pub name: String,
    pub state: McpState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpState {
    Connected,
    Disabled,
    /// And why.
    Failed(String),
    /// The user has to log in.
    NeedsAuth,
    /// A state that this version does not know.
    Other(String),
}

/// A language server that was started for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageServer {
    pub name: String,
    /// Relative to the directory.
    pub root: String,
    pub has_failed: bool,
}

/// A provider that the server could use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderOffer {
    pub id: String,
    pub name: String,
    /// It can be used already.
    pub is_connected: bool,
}

/// The key of a provider on its way to the server. It is never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ProviderKey(String);

impl ProviderKey {
    pub fn new(key: String) -> Self {
        Self(key)
    }

    /// For the call that stores it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let command = ServerCommand::SetProviderKey {
            provider: "acme".to_owned(),
            key: ProviderKey::new("sk-secret".to_owned()),
        };
        assert!(!format!("{command:?}").contains("secret"));
    }
}
