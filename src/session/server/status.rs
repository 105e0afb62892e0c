//! The state of a session's server, the keys of its providers and logins to them, in domain types, failures in the user's words.

use secrecy::SecretString;

use crate::domain::failure::Failure;
use crate::domain::secret::SecretText;
use crate::domain::server::login::{LoginAnswers, LoginStep};
use crate::domain::server::{McpServer, ProviderOffer, ServerReport};
use crate::opencode::error::OpencodeError;
use crate::opencode::wire::login::{AuthorizeRequest, LoginMethods};
use crate::opencode::wire::session::SessionStatus;
use crate::session::chat::translate::{login, status};
use crate::session::failures;
use crate::session::server::OpencodeServer;

impl OpencodeServer {
    /// All that the server tells; what it cannot tell is among the problems.
    pub(crate) async fn status(&self) -> Result<ServerReport, Failure> {
        let (mcp, language_servers, formatters, vcs, config) = tokio::join!(
            self.client.mcp_servers(),
            self.client.language_servers(),
            self.client.formatters(),
            self.client.vcs(),
            self.client.config(),
        );
        let mut problems = Vec::new();
        let mut note = |error: Option<&OpencodeError>| {
            problems.extend(error.map(ToString::to_string));
        };
        note(mcp.as_ref().err());
        note(language_servers.as_ref().err());
        note(formatters.as_ref().err());
        note(vcs.as_ref().err());
        note(config.as_ref().err());
        // The configuration alone is the cause of all of them.
        problems.dedup();
        if let (Err(error), Err(_), Err(_), Err(_)) = (&mcp, &language_servers, &formatters, &vcs) {
            return Err(failures::opencode(error));
        }
        let language_servers = language_servers.unwrap_or_default().into_iter();
        let formatters = formatters.unwrap_or_default().into_iter();
        let formatters = formatters.filter(|formatter| formatter.enabled);
        Ok(ServerReport {
            mcp: status::mcp_servers(mcp.unwrap_or_default()),
            language_servers: language_servers.map(status::language_server).collect(),
            formatters: formatters.map(|formatter| formatter.name).collect(),
            plugins: config.map_or_else(|_| Vec::new(), |config| config.plugin),
            branch: vcs.ok().and_then(|vcs| vcs.branch),
            problems,
        })
    }

    pub(crate) async fn mcp_servers(&self) -> Result<Vec<McpServer>, Failure> {
        told(self.client.mcp_servers().await).map(status::mcp_servers)
    }

    /// Connects or disconnects an MCP server; returns the state of all.
    pub(crate) async fn switch_mcp(&self, name: &str, on: bool) -> Result<Vec<McpServer>, Failure> {
        told(if on {
            self.client.connect_mcp(name).await
        } else {
            self.client.disconnect_mcp(name).await
        })?;
        self.mcp_servers().await
    }

    /// The providers, each with the ways to log in to it.
    pub(crate) async fn provider_offers(&self) -> Result<Vec<ProviderOffer>, Failure> {
        let (providers, logins) =
            tokio::join!(self.client.all_providers(), self.client.login_methods());
        let providers = told(providers)?;
        // Without them there is still a key.
        let logins = logins.unwrap_or_else(|error| {
            tracing::info!(%error, "the ways to log in could not be listed");
            LoginMethods::default()
        });
        Ok(status::providers(providers, &logins))
    }

    /// Stores a provider's key; returns whether the server uses it from now on. That aborts what runs in the
    /// directory, so it happens only while nothing does.
    pub(crate) async fn set_provider_key(
        &self,
        provider: &str,
        key: &SecretText,
        answers: LoginAnswers,
    ) -> Result<bool, Failure> {
        let key = SecretString::from(key.expose().to_owned());
        let answers = answers.into_iter().collect();
        told(self.client.set_api_key(provider, &key, answers).await)?;
        self.use_credentials().await
    }

    /// Begins a login in the browser.
    pub(crate) async fn begin_login(
        &self,
        provider: &str,
        method: usize,
        answers: LoginAnswers,
    ) -> Result<LoginStep, Failure> {
        let body = AuthorizeRequest {
            method,
            inputs: answers.into_iter().collect(),
        };
        let begun = told(self.client.begin_login(provider, &body).await)?;
        begun.map(login::step).ok_or_else(|| {
            Failure::new("the server no longer offers this way to log in")
                .hint("its plugins may have changed: choose the provider again")
        })
    }

    /// Waits for the end of a login; returns whether the server uses it from now on.
    pub(crate) async fn finish_login(
        &self,
        provider: &str,
        method: usize,
        code: Option<SecretText>,
    ) -> Result<bool, Failure> {
        let code = code.map(|code| SecretString::from(code.expose().to_owned()));
        let finished = self.client.finish_login(provider, method, code.as_ref());
        finished.await.map_err(|error| failures::login(&error))?;
        self.use_credentials().await
    }

    /// Makes the server read its keys and logins again, unless a turn runs, which that would abort; returns whether it
    /// does.
    pub(crate) async fn use_credentials(&self) -> Result<bool, Failure> {
        let statuses = told(self.client.statuses().await)?;
        if statuses.values().any(|state| *state != SessionStatus::Idle) {
            return Ok(false);
        }
        self.forget_catalog();
        told(self.client.restart_instance().await)?;
        Ok(true)
    }
}

fn told<T>(answer: Result<T, OpencodeError>) -> Result<T, Failure> {
    answer.map_err(|error| failures::opencode(&error))
}
