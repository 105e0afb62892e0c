//! REST bodies of the control plane, of the sandbox proxy and of envd's `/files`, as E2B spells them.
//!
//! Client and embedded server both use these, so each type can be serialised and parsed. Parsing is lenient: unknown
//! fields are ignored, `null` and a missing field are the default, only the id of a sandbox is required, and in
//! responses a value that does not fit is the default too ([`lenient`]). Unset fields are not written, except those
//! that the Python SDK's models require.
//!
//! Sources: the request and response bodies recorded from the official SDKs (npm `e2b` 2.51.0 and 2.8.1, Python
//! `e2b` 2.63.0, `@e2b/cli` 2.19.0), and E2B's public `openapi.yml` of August 2026. envd's RPC messages are
//! generated, see [`super::proto`]. Nothing here knows HTTP or what a field is for.

mod gateway;
mod lenient;
mod time;

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

pub use gateway::{ErrorBody, GatewayError, WrittenFile};
pub use time::{to_rfc3339, unix_millis};

/// Body of `POST /v2/sandboxes` and `POST /sandboxes`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSandbox {
    /// Name, id, `namespace/name`, `name:tag` or a snapshot's id.
    #[serde(rename = "templateID")]
    pub template_id: String,
    /// Timeout in whole seconds. Unset: 300 on `/v2`, 15 on the older path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    #[serde(
        default,
        deserialize_with = "lenient::or_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub metadata: BTreeMap<String, String>,
    /// Environment of every process in the sandbox. The values may be provider keys.
    #[serde(
        default,
        deserialize_with = "lenient::or_null",
        serialize_with = "exposed_values",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub env_vars: BTreeMap<String, SecretString>,
    /// On timeout the sandbox is paused instead of killed. Default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pause: Option<bool>,
    /// False: the pause stores files only, and the resume is a cold boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pause_memory: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resume: Option<AutoResume>,
    /// Snake case in requests, camel case in responses, as in the recorded SDKs.
    #[serde(
        rename = "allow_internet_access",
        alias = "allowInternetAccess",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_internet_access: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Only on the older path, where the default is false and means: no envd access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
}

/// Whether traffic to a paused sandbox resumes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoResume {
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub enabled: bool,
}

/// The part of `network` that we use; the rest is passed through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// False: public URLs need the traffic access token. Default true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_public_traffic: Option<bool>,
    /// By host. Only written: a parsed body has them in `other`.
    #[serde(skip_deserializing, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Vec<EgressRule>>,
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// How requests are changed on their way out of the sandbox.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EgressRule {
    pub transform: Transform,
}

impl PartialEq for EgressRule {
    fn eq(&self, other: &Self) -> bool {
        let exposed = |rule: &Self| -> Vec<(String, String)> {
            let headers = rule.transform.headers.iter();
            headers
                .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
                .collect()
        };
        exposed(self) == exposed(other)
    }
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Transform {
    /// Replace headers of the same name.
    #[serde(serialize_with = "exposed_values")]
    pub headers: BTreeMap<String, SecretString>,
}

/// Response to create (201), connect (200 was running, 201 was resumed) and the old resume (201).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sandbox {
    #[serde(rename = "sandboxID")]
    pub sandbox_id: String,
    #[serde(rename = "templateID", default, deserialize_with = "lenient::fitting")]
    pub template_id: String,
    /// Legacy; the Python model requires the key.
    #[serde(rename = "clientID", default, deserialize_with = "lenient::fitting")]
    pub client_id: String,
    /// SDKs switch features by it, and kill a new sandbox below 0.1.0.
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub envd_version: String,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub alias: Option<String>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        serialize_with = "exposed",
        skip_serializing_if = "Option::is_none"
    )]
    pub envd_access_token: Option<SecretString>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        serialize_with = "exposed",
        skip_serializing_if = "Option::is_none"
    )]
    pub traffic_access_token: Option<SecretString>,
    /// Domain of the sandbox's hosts, perhaps with a port; unset: the client's own default.
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub domain: Option<String>,
}

/// Response to `GET /sandboxes/{id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxDetail {
    #[serde(flatten)]
    pub listed: ListedSandbox,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub domain: Option<String>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        serialize_with = "exposed",
        skip_serializing_if = "Option::is_none"
    )]
    pub envd_access_token: Option<SecretString>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_internet_access: Option<bool>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub network: Option<Network>,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub lifecycle: Option<Lifecycle>,
}

/// One element of the array that `GET /v2/sandboxes` returns, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedSandbox {
    #[serde(rename = "sandboxID")]
    pub sandbox_id: String,
    #[serde(rename = "templateID", default, deserialize_with = "lenient::fitting")]
    pub template_id: String,
    #[serde(rename = "clientID", default, deserialize_with = "lenient::fitting")]
    pub client_id: String,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub alias: Option<String>,
    /// RFC 3339, UTC; see [`unix_millis`].
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub started_at: String,
    /// RFC 3339, UTC: when the sandbox times out.
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub end_at: String,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub cpu_count: u32,
    #[serde(rename = "memoryMB", default, deserialize_with = "lenient::fitting")]
    pub memory_mb: u64,
    #[serde(rename = "diskSizeMB", default, deserialize_with = "lenient::fitting")]
    pub disk_size_mb: u64,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub state: SandboxState,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub envd_version: String,
    #[serde(default, deserialize_with = "lenient::fitting_values")]
    pub metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxState {
    Running,
    Paused,
    /// A state that was introduced after this version.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What happens on timeout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// `kill` or `pause`.
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub on_timeout: String,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub auto_resume: bool,
}

/// Body of `POST [/v2]/sandboxes/{id}/connect`. On the older path the timeout is required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectSandbox {
    /// Seconds from now; only extends a running sandbox. Unset: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// Body of `POST /sandboxes/{id}/resume`, which very old SDKs use. Unset timeout: 15.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResumeSandbox {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pause: Option<bool>,
}

/// Body of `POST /sandboxes/{id}/timeout`: seconds from now, shorter or longer; negative means now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTimeout {
    pub timeout: i64,
}

/// Body of `POST /sandboxes/{id}/refreshes`, the old keep-alive: seconds, only extends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshSandbox {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
}

/// Body of `POST /sandboxes/{id}/pause`; the SDKs send `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseSandbox {
    /// False stores files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<bool>,
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn exposed<S: Serializer>(secret: &Option<SecretString>, output: S) -> Result<S::Ok, S::Error> {
    secret
        .as_ref()
        .map(ExposeSecret::expose_secret)
        .serialize(output)
}

fn exposed_values<S: Serializer>(
    secrets: &BTreeMap<String, SecretString>,
    output: S,
) -> Result<S::Ok, S::Error> {
    output.collect_map(
        secrets
            .iter()
            .map(|(name, value)| (name, value.expose_secret())),
    )
}

#[cfg(test)]
mod tests;
