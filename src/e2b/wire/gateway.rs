//! Bodies that are not about one sandbox's life: errors of the control plane and of the proxy in front
//! of the sandboxes, and what envd answers to an upload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Error body of the control plane; envd's 401 has the same form.
///
/// The JS SDK decides "not found" by `code` in the body, the Python SDK by the HTTP status: both must
/// be the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status.
    pub code: u16,
    pub message: String,
    /// A slug, on some answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// Error body of the sandbox proxy (502, 403, 409, 429).
///
/// The SDKs know a dead sandbox only by 502 and the words "was not found" in `message`, and a closed
/// port only by 502 and "port is not open".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayError {
    /// Lower-case `d`, unlike the control plane's `sandboxID`; `null` where no id was recognised.
    #[serde(rename = "sandboxId", default, deserialize_with = "super::or_default")]
    pub sandbox_id: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    pub code: u16,
}

/// One element of the array that `POST /files` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    pub name: String,
    pub path: String,
    /// Always `file`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}
