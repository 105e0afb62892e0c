//! The state of what a server works with: MCP servers, language servers, formatters, git; and the providers that it
//! could use.
//!
//! Source: `MCPStatus`, `LSPStatus`, `FormatterStatus`, `VcsInfo`, `VcsFileDiff` and `GET /provider` of the server's OpenAPI document,
//! 1.18.33.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::lenient;

/// `GET /mcp`: by name, in the server's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct McpStatuses(pub Vec<(String, McpStatus)>);

impl<'de> Deserialize<'de> for McpStatuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::pairs(deserializer).map(McpStatuses)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct McpStatus {
    /// `connected`, `disabled`, `failed`, `needs_auth` or `needs_client_registration`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub error: String,
}

/// An element of `GET /lsp`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LspStatus {
    pub name: String,
    /// Relative to the directory.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub root: String,
    /// `connected` or `error`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
}

/// An element of `GET /formatter`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FormatterStatus {
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub enabled: bool,
}

/// `GET /vcs`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct VcsInfo {
    #[serde(default, deserialize_with = "lenient::option")]
    pub branch: Option<String>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub default_branch: Option<String>,
}

/// An element of `GET /vcs/diff` and of `GET /session/{id}/diff`. Its counts and its status are in the patch, too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileDiff {
    pub file: String,
    /// Unified, with headers; may be empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub patch: String,
}

/// `GET /provider`. Their models and keys are not read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProviderList {
    #[serde(default, deserialize_with = "lenient::list")]
    pub all: Vec<ListedProvider>,
    /// The ids of those that can be used.
    #[serde(default, deserialize_with = "lenient::list")]
    pub connected: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedProvider {
    pub id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
}

/// Body of `PUT /auth/{provider}`. It holds the key: it is neither shown nor logged.
#[derive(Serialize)]
#[serde(tag = "type", rename = "api")]
pub struct ApiKey<'a> {
    pub key: &'a str,
    /// What else the provider has to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}
