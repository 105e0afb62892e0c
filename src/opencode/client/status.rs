//! Calls for the status of MCP servers, language servers, formatters and git, and for providers' API keys.

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::{ApiCall, OpencodeClient, OpencodeError};
use crate::opencode::wire::message::List;
use crate::opencode::wire::status::{
    ApiKey, FormatterStatus, LspStatus, McpStatus, McpStatuses, ProviderList, VcsInfo,
};

impl OpencodeClient {
    /// The configured MCP servers, by name.
    pub async fn mcp_servers(&self) -> Result<Vec<(String, McpStatus)>, OpencodeError> {
        let McpStatuses(servers) = self.fetch_slowly("list the MCP servers", &["mcp"]).await?;
        Ok(servers)
    }

    /// Connects an MCP server. Whether that succeeded is in [`Self::mcp_servers`] alone.
    pub async fn connect_mcp(&self, name: &str) -> Result<(), OpencodeError> {
        let path = ["mcp", name, "connect"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("connect the MCP server", &path)
        };
        self.request(&call, None::<&()>).await.map(drop)
    }

    pub async fn disconnect_mcp(&self, name: &str) -> Result<(), OpencodeError> {
        let path = ["mcp", name, "disconnect"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("disconnect the MCP server", &path)
        };
        self.request(&call, None::<&()>).await.map(drop)
    }

    /// The language servers that were started for files so far.
    pub async fn language_servers(&self) -> Result<Vec<LspStatus>, OpencodeError> {
        let call = self.fetch_slowly("list the language servers", &["lsp"]);
        let List(servers) = call.await?;
        Ok(servers)
    }

    pub async fn formatters(&self) -> Result<Vec<FormatterStatus>, OpencodeError> {
        let List(formatters) = self
            .fetch_slowly("list the formatters", &["formatter"])
            .await?;
        Ok(formatters)
    }

    pub async fn vcs(&self) -> Result<VcsInfo, OpencodeError> {
        self.fetch_slowly("get the branch", &["vcs"]).await
    }

    /// All providers that the server knows, with a key or without.
    pub async fn all_providers(&self) -> Result<ProviderList, OpencodeError> {
        self.fetch_slowly("list the providers", &["provider"]).await
    }

    /// Stores the key of a provider. The server uses it from the next start of its instance on, see
    /// [`Self::restart_instance`].
    pub async fn set_api_key(
        &self,
        provider: &str,
        key: &SecretString,
        metadata: BTreeMap<String, String>,
    ) -> Result<(), OpencodeError> {
        let path = ["auth", provider];
        let call = ApiCall {
            method: Method::PUT,
            ..self.get("store the key", &path)
        };
        let body = ApiKey {
            key: key.expose_secret(),
            metadata,
        };
        self.request(&call, Some(&body)).await.map(drop)
    }

    /// Makes the server read its configuration and its providers again. Aborts all turns of the directory.
    pub async fn restart_instance(&self) -> Result<(), OpencodeError> {
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("restart OpenCode's instance", &["instance", "dispose"])
        };
        self.request(&call, None::<&()>).await.map(drop)
    }
}
