//! A server's status (MCP servers, language servers, formatters, branch), and requests about it; [`login`] is about its providers.

pub mod login;

use std::path::PathBuf;

use self::login::{LoginAnswers, LoginMethod, LoginStep};
use super::diff::apply::{Applied, ApplyRequest, DiscardRequest};
use super::diff::change_set::{ChangeSet, ChangesScope};
use super::diff::update::UpdateResult;
use super::failure::Failure;
use super::secret::SecretText;

/// A request about the server. Each is answered by a [`ServerAnswer`] or a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerCommand {
    /// Answered by [`ServerAnswer::Status`].
    Status,
    /// Connects an MCP server, or disconnects it; answered by [`ServerAnswer::McpServers`].
    SwitchMcp { name: String, on: bool },
    /// Answered by [`ServerAnswer::Providers`].
    Providers,
    /// Answered by [`ServerAnswer::Changes`], also when it fails.
    Changes(ChangesScope),
    /// Applies a part of the changes to the user's work tree; answered by [`ServerAnswer::Applied`], also when it fails.
    Apply(ApplyRequest),
    /// Takes a part of the changes back in the sandbox; answered by [`ServerAnswer::Discarded`], also when it fails.
    Discard(DiscardRequest),
    /// Takes what has changed in this work tree of the user's into the sandbox; answered by [`ServerAnswer::Updated`],
    /// also when it fails.
    Update(PathBuf),
    /// Stores the key of a provider, and makes the server use it if no turn runs; answered by
    /// [`ServerAnswer::KeyStored`].
    SetProviderKey {
        provider: String,
        key: SecretText,
        /// What else the provider has to know.
        answers: LoginAnswers,
    },
    /// Makes the server read the keys and logins of its providers again in this directory, if no turn runs; not
    /// answered.
    ReloadProviders,
    /// Begins a login in the browser; answered by [`ServerAnswer::LoginBegun`]. One that is under way ends.
    BeginLogin {
        provider: String,
        method: usize,
        answers: LoginAnswers,
    },
    /// Goes on with it, with the code that the page showed or without one; answered by [`ServerAnswer::LoginEnded`] once
    /// the user has logged in.
    FinishLogin {
        provider: String,
        method: usize,
        code: Option<SecretText>,
    },
    /// Waits for the login no longer.
    CancelLogin,
}

impl ServerCommand {
    /// Whether the last snapshot answers it: then it needs no server.
    pub fn is_about_snapshot(&self) -> bool {
        match self {
            Self::Changes(scope) => *scope == ChangesScope::Snapshot,
            Self::Apply(request) => request.from_snapshot,
            _ => false,
        }
    }
}

/// The answer to a [`ServerCommand`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAnswer {
    Status(Box<ServerReport>),
    /// The status could not be asked for.
    StatusFailed(Failure),
    /// Also told unasked, when a connection is established and after each turn.
    McpServers(Vec<McpServer>),
    Providers(Vec<ProviderOffer>),
    Changes(ChangesScope, Result<ChangeSet, Failure>),
    /// Providers could not be asked for.
    ProvidersFailed(Failure),
    Applied(ApplyRequest, Result<Applied, Failure>),
    Discarded(DiscardRequest, Result<(), Failure>),
    Updated(Result<UpdateResult, Failure>),
    KeyStored {
        provider: String,
        /// Whether the server uses it already; otherwise a turn runs, which that would abort.
        is_used: bool,
    },
    LoginBegun {
        provider: String,
        method: usize,
        step: Result<LoginStep, Failure>,
    },
    LoginEnded {
        provider: String,
        /// As in [`ServerAnswer::KeyStored`].
        is_used: Result<bool, Failure>,
    },
}

/// The state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerReport {
    pub mcp: Vec<McpServer>,
    pub language_servers: Vec<LanguageServer>,
    /// The names of those in use.
    pub formatters: Vec<String>,
    /// The configured ones, by package or by the address of their file.
    pub plugins: Vec<String>,
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
    /// How to log in; never empty.
    pub methods: Vec<LoginMethod>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let command = ServerCommand::SetProviderKey {
            provider: "acme".to_owned(),
            key: SecretText::new("sk-secret"),
            answers: Vec::new(),
        };
        assert!(!format!("{command:?}").contains("secret"));
        let command = ServerCommand::FinishLogin {
            provider: "acme".to_owned(),
            method: 0,
            code: Some(SecretText::new("a-secret")),
        };
        assert!(!format!("{command:?}").contains("secret"));
    }
}
