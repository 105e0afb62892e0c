//! Bodies that do not concern one sandbox's life: errors of the control plane and of the sandbox proxy, and envd's
//! response to an upload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient;

/// Error body of the control plane; envd's 401 has the same form.
///
/// The JS SDK detects "not found" by `code` in the body, the Python SDK by the HTTP status: both must be the same
/// number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status.
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub code: u16,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub message: String,
    /// A slug, in some responses only.
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_code: Option<String>,
}

/// Error body of the sandbox proxy (502, 403, 409, 429).
///
/// The SDKs recognise a dead sandbox only by 502 and "was not found" in `message`, and a closed port only by 502 and
/// "port is not open".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayError {
    /// Lower-case `d`, unlike the control plane's `sandboxID`; `null` if no id was recognised.
    #[serde(rename = "sandboxId", default, deserialize_with = "lenient::fitting")]
    pub sandbox_id: String,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub message: String,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub port: Option<u16>,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub code: u16,
}

/// One element of the array that `POST /files` returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::fitting")]
    pub path: String,
    /// Always `file`.
    #[serde(rename = "type", default, deserialize_with = "lenient::fitting")]
    pub kind: String,
    #[serde(
        default,
        deserialize_with = "lenient::fitting",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<BTreeMap<String, String>>,
}
